"""`omniroute rules explain` on files, as a shell sees it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import msgspec
import pytest

from services.cli import rules
from services.contact.decision import Decision
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default
from tests.rules.test_cli import SCORED, TWO_EXCHANGES, write
from tests.rules.test_verifying import table_of
from tests.rules.traffic import decide_all, make_traffic, write_line

PHONE = "+359888123456"


@pytest.fixture(autouse=True)
def _no_rules_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMNIROUTE_RULES", raising=False)


def explained(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What the command prints."""
    assert rules.main(["explain", *words]) == code
    return capsys.readouterr().out


def put_decisions(path: Path, made: list[Decision]) -> str:
    """Decisions as a consumer keeps them."""
    path.write_bytes(b"\n".join(msgspec.json.encode(one) for one in made))
    return str(path)


def test_a_story_is_explained_by_its_last_decision_without_an_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What, for whom, the way with its values, channels, times; the phone number nowhere."""
    said = explained(capsys, write(tmp_path / "day.jsonl", list(TWO_EXCHANGES)))
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines[0] == "callback: call the customer"
    assert "for customer c1, contact t1" in lines
    way = lines.index("● default")
    assert lines[way + 1 : way + 4] == [
        "● email-to-phone",
        "✓ channel = email",
        "✓ thread.exchanges >= 2 it is 2",
    ]
    assert "taken phone, at the address that is on file" in lines
    assert "answer by 2026-11-20 11:40:00 UTC (13:40 in Europe/Sofia)" in lines
    assert PHONE not in said
    assert PHONE[4:] not in said


def test_a_revision_is_told_with_its_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The score two seconds later made it sooner."""
    said = explained(capsys, write(tmp_path / "day.jsonl", [*TWO_EXCHANGES, SCORED]))
    lines = [" ".join(line.split()) for line in said.splitlines()]
    at = lines.index("Revisions")
    assert lines[at + 1].startswith("0 2026-11-20 09:40:00 UTC first callback on phone")
    assert lines[at + 2].startswith("1 2026-11-20 09:40:02 UTC sentiment callback on phone")
    assert lines[at + 2].endswith("rule email-to-phone-upset <- this one")


def test_why_not_phone_names_the_nearest_rule_and_what_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After one exchange one more is missing; the number is known, so it could have been used."""
    name = write(tmp_path / "day.jsonl", list(TWO_EXCHANGES[:3]))
    said = explained(capsys, name, "--why-not", "phone")
    assert "✗ thread.exchanges >= 2 (thread.exchanges is 1)" in said
    assert "with thread.exchanges 1 -> 2 the way is default > email-to-phone" in said
    assert "Phone could have been used" in said


def test_why_not_phone_without_a_number_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rules asked for the phone: an address would have to be known."""
    events = [{**one, "customer_handles": []} for one in TWO_EXCHANGES]
    said = explained(capsys, write(tmp_path / "d.jsonl", list(events)), "--why-not", "phone")
    assert "It was to be phone, but no address of the customer is known there" in said
    assert "an address would have to be known (profile.updated)" in said
    shorter = explained(capsys, write(tmp_path / "e.jsonl", list(events[:3])), "--why-not", "phone")
    assert "And phone cannot be used: no address" in shorter


def test_json_holds_the_same_without_the_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For programs: the way, the decision, why not."""
    name = write(tmp_path / "day.jsonl", list(TWO_EXCHANGES))
    said = explained(capsys, name, "--why-not", "chat", "--format", "json")
    data = json.loads(said)
    assert data["way"]["path"] == data["made"]["path"] == ["default", "email-to-phone"]
    assert data["why_not"]["because"] == "rules"
    assert data["differences"] == []
    assert PHONE not in said


def test_a_decision_from_a_file_needs_neither_kafka_nor_its_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a consumer keeps it, and what `omniroute decide` prints; standard input too."""
    made = decide_all(table_of(find_default()), make_traffic(1, 80))
    name = put_decisions(tmp_path / "made.jsonl", made[:5])
    assert f"decision {made[4].decision_id}" in explained(capsys, name)
    line = b'{"line":1,"decisions":[%s]}' % msgspec.json.encode(made[0])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))
    assert f"decision {made[0].decision_id}" in explained(capsys, "-")


def test_a_version_that_is_not_at_hand_is_named_with_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file that decided is asked for; with the history of a rules directory it is found."""
    text = find_default().read_text("utf-8").replace("priority: 3", "priority: 4")
    table = load_table(text)
    assert not isinstance(table, list)
    made = decide_all(table, make_traffic(1, 80))
    name = put_decisions(tmp_path / "made.jsonl", made)
    assert rules.main(["explain", name]) == 2
    assert f"rules version {table.version} is not at hand" in capsys.readouterr().err
    assert rules.main(["explain", "--verify", name]) == 1
    assert f"{len(made)} decisions were not verified" in capsys.readouterr().out
    (tmp_path / "rules" / "history").mkdir(parents=True)
    (tmp_path / "rules" / "live").mkdir()
    (tmp_path / "rules" / "live" / "routing.yaml").write_text(text, "utf-8")
    (tmp_path / "rules" / "history" / f"{table.version}.yaml").write_text(text, "utf-8")
    where = ["--rules", str(tmp_path / "rules")]
    assert "decision " in explained(capsys, name, *where)
    assert "all are what the rules say" in explained(capsys, "--verify", name, *where)


def test_verify_finds_the_one_decision_that_was_altered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of many decisions and of events it finds none; of one that was altered it names the field."""
    words = make_traffic(4, 300)
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"\n".join(map(write_line, words)))
    assert "all are what the rules say" in explained(capsys, "--verify", str(events))
    made = decide_all(table_of(find_default()), words)
    made[7] = msgspec.structs.replace(made[7], queue="elsewhere")
    name = put_decisions(tmp_path / "made.jsonl", made)
    said = explained(capsys, "--verify", name, code=1)
    assert f"{name}:8 {made[7].decision_id}" in said
    assert "queue: recorded 'elsewhere'" in said
    assert "1 decisions are NOT" in said
    data = json.loads(explained(capsys, "--verify", name, "--format", "json", code=1))
    assert (data["good"], len(data["wrong"])) == (False, 1)
    one = put_decisions(tmp_path / "one.jsonl", [made[7]])
    assert "NOT WHAT THE RULES SAY" in explained(capsys, one, code=1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "name a decision id or a file"),
        (["no-such-thing"], 2, "neither a file nor a decision id"),
        # The client asks for 20 s before it says that nobody is there.
        pytest.param(
            ["5f0c2a9e", "--brokers", "127.0.0.1:1"], 2, "127.0.0.1:1", marks=pytest.mark.slow
        ),
        (["5f0c2a9e", "--rules", "no-such.yaml"], 2, "no-such.yaml"),
    ],
)
def test_what_cannot_be_explained_is_said(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong use and no Kafka end with 2 and a sentence."""
    assert rules.main(["explain", *words]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("{", "line 1 is rejected: not_json"),
        ('{"decision_id": "d", "rules_version": "v"}', "not a decision"),
    ],
)
def test_a_file_without_a_decision_says_what_it_holds(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 and the reason."""
    (tmp_path / "f.jsonl").write_text(text, "utf-8")
    assert rules.main(["explain", str(tmp_path / "f.jsonl")]) == 1
    assert said in capsys.readouterr().err
