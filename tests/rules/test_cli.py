"""The commands `omniroute rules` and `omniroute decide`, as a shell sees them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from services.cli import decide, rules
from services.router.rules.packaged import find_default

HERE = Path(__file__).parent
BAD = HERE / "bad" / "many-mistakes-at-once.yaml"
START = "2026-11-20T09:{minute:02d}:00Z"


@pytest.fixture(autouse=True)
def _no_rules_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMNIROUTE_RULES", raising=False)


def message(number: int, side: str, text: str, **more: Any) -> dict[str, Any]:
    """The n-th e-mail of one thread, ten minutes after the one before."""
    return {
        "event_id": f"e{number}",
        "source": "desk/acme",
        "kind": "message",
        "customer_id": "c1",
        "channel": "email",
        "side": side,
        "contact_id": "t1",
        "message_id": f"<m{number}@shop.test>",
        "references": [f"<m{n}@shop.test>" for n in range(1, number)],
        "text": text,
        "timezone": "Europe/Sofia",
        "customer_handles": [{"kind": "phone", "value": "+359888123456"}],
        "received_at": START.format(minute=number * 10 - 10),
        **more,
    }


TWO_EXCHANGES = [
    message(1, "customer", "My order has not come. Where is it?"),
    message(2, "agent", "It is on its way."),
    message(3, "customer", "It still has not come. Where is it?"),
    message(4, "agent", "It left yesterday."),
    message(5, "customer", "Nothing here. What now?"),
]
SCORED = {
    "event_id": "e5",
    "source": "desk/acme",
    "customer_id": "c1",
    "contact_id": "t1",
    "label": "negative",
    "score": -0.9,
    "p_neg": 0.95,
    "scored_at": "2026-11-20T09:40:02Z",
}


def write(path: Path, lines: list[Any]) -> str:
    """A file of JSON lines; its name."""
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("".join(f"{text}\n" for text in texts), "utf-8")
    return str(path)


def decided(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, Any]]:
    """What `omniroute decide` prints; it must end well."""
    assert decide.main(argv) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_check_prints_every_mistake_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    """file:line:col CODE message, in the order of the file, exit 1."""
    assert rules.main(["check", str(BAD)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[0].startswith(f"{BAD}:8:13 unknown-zone ")
    assert lines[-1].startswith(f"{BAD}:17:22 bad-duration ")


def test_check_of_several_files_ends_with_the_worst(capsys: pytest.CaptureFixture[str]) -> None:
    """A good file beside a bad one does not hide it; a file that is not there is wrong use."""
    good = str(find_default())
    assert rules.main(["check", good]) == 0
    assert rules.main(["check", good, str(BAD)]) == 1
    assert rules.main(["check", good, "no-such-file.yaml"]) == 2
    assert "no-such-file.yaml" in capsys.readouterr().err


def test_check_without_a_file_checks_the_one_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """OMNIROUTE_RULES, else the packaged default."""
    assert rules.main(["check"]) == 0
    assert "good; " in capsys.readouterr().out
    monkeypatch.setenv("OMNIROUTE_RULES", str(BAD))
    assert rules.main(["check"]) == 1


def test_check_reads_standard_input_and_names_bytes_that_are_not_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`-` is standard input; bytes that are no UTF-8 are one mistake with a code."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"route: \xff\n")))
    assert rules.main(["check", "-"]) == 1
    assert "yaml-character" in capsys.readouterr().out


def test_show_draws_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    """Each rule with its condition and what it changes."""
    assert rules.main(["show"]) == 0
    shown = capsys.readouterr().out
    assert "├─ email-to-phone\n" in shown
    assert "if channel = email and thread.exchanges >= 2 and message.closing = false" in shown
    assert "once per thread" in shown
    assert "-> channel phone, queue callbacks, priority 2\n" in shown
    assert "│  └─ email-to-phone-upset\n" in shown


def test_decide_follows_a_thread_to_the_callback_and_its_revision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two exchanges by e-mail lead to a call; a bad mood two seconds later makes it sooner."""
    said = decided(capsys, write(tmp_path / "day.jsonl", [*TWO_EXCHANGES, SCORED]))
    assert [one["outcome"] for one in said] == [
        *("decided", "remembered", "decided", "remembered", "decided", "decided")
    ]
    assert [one["line"] for one in said] == [1, 2, 3, 4, 5, 6]
    assert len({one["thread_key"] for one in said[:5]}) == 1
    (call,) = said[4]["decisions"]
    assert (call["action"], call["rule"]) == ("callback", "email-to-phone")
    assert call["decided_at"] == "2026-11-20T09:40:00Z"
    (revised,) = said[5]["decisions"]
    assert (revised["revises"], revised["cause"]) == (call["decision_id"], "sentiment")
    assert (revised["rule"], revised["priority"]) == ("email-to-phone-upset", 1)


def test_decide_gives_the_same_bytes_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clock is in the events, so a second run differs in nothing."""
    name = write(tmp_path / "day.jsonl", TWO_EXCHANGES)
    assert decided(capsys, name) == decided(capsys, name)


def test_decide_in_two_runs_with_a_memory_equals_one_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is remembered goes through the file whole, the clock included."""
    whole = decided(capsys, write(tmp_path / "whole.jsonl", [*TWO_EXCHANGES, SCORED]))
    memory = str(tmp_path / "day.state")
    first = write(tmp_path / "first.jsonl", TWO_EXCHANGES[:3])
    second = write(tmp_path / "second.jsonl", [*TWO_EXCHANGES[3:], SCORED])
    parts = decided(capsys, first, "--memory", memory) + decided(capsys, second, "--memory", memory)
    assert [drop_line(one) for one in parts] == [drop_line(one) for one in whole]


def drop_line(said: dict[str, Any]) -> dict[str, Any]:
    """An outcome without its line number."""
    return {key: value for key, value in said.items() if key != "line"}


def test_decide_rejects_bad_lines_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each bad line is an outcome with a code and a reason; its neighbours are decided."""
    lines = [
        "{not json",
        TWO_EXCHANGES[0],
        "",
        "[1, 2]",
        {**TWO_EXCHANGES[1], "customer_id": ""},
        {**TWO_EXCHANGES[1], "thread_key": "from convert"},
    ]
    said = decided(capsys, write(tmp_path / "day.jsonl", lines))
    assert [(one["line"], one["outcome"]) for one in said] == [
        (1, "rejected"),
        (2, "decided"),
        (4, "rejected"),
        (5, "rejected"),
        (6, "remembered"),
    ]
    codes = [one["reject"]["code"] for one in said if "reject" in one]
    assert codes == ["not_json", "not_an_object", "customer_missing"]
    assert all(one["reject"]["why"] for one in said if "reject" in one)


def test_decide_takes_one_event_written_over_many_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The event of the README, saved as it stands there, is one event."""
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    event = tmp_path / "event.json"
    event.write_text(text.partition("```json\n")[2].partition("```")[0])
    (said,) = decided(capsys, str(event))
    assert (said["event_id"], said["outcome"]) == ("e-1", "decided")


def test_an_event_without_receipt_time_came_at_the_latest_receipt_time_so_far(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first one came when it happened, if it says so."""
    fresh = {"source": "desk/acme", "kind": "message", "channel": "chat"}
    lines = [
        {**fresh, "event_id": "a", "customer_id": "c2", "occurred_at": "2026-11-20T08:00:00Z"},
        TWO_EXCHANGES[0],
        {**fresh, "event_id": "b", "customer_id": "c3"},
    ]
    said = decided(capsys, write(tmp_path / "day.jsonl", lines))
    assert [one["decisions"][0]["decided_at"] for one in said] == [
        "2026-11-20T08:00:00Z",
        "2026-11-20T09:00:00Z",
        "2026-11-20T09:00:00Z",
    ]


def test_decide_uses_the_rules_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another file, another answer and another version."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("queues: {first: {}}\nroute: {queue: first, priority: 1}\n", "utf-8")
    (said,) = decided(
        capsys, write(tmp_path / "day.jsonl", TWO_EXCHANGES[:1]), "--rules", str(mine)
    )
    assert (said["decisions"][0]["queue"], said["decisions"][0]["priority"]) == ("first", 1)


def test_decide_refuses_a_bad_rule_file_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mistakes are printed as by `rules check`; nothing is decided."""
    name = write(tmp_path / "day.jsonl", TWO_EXCHANGES)
    assert decide.main([name, "--rules", str(BAD)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "unknown-queue" in printed.err


def test_decide_refuses_a_broken_memory_and_leaves_it_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A memory that cannot be read is never overwritten."""
    name = write(tmp_path / "day.jsonl", TWO_EXCHANGES)
    memory = tmp_path / "day.state"
    broken = '{"clock":1}\n{"id":"c1","state":"AAAA"}\n'
    memory.write_text(broken, "utf-8")
    assert decide.main([name, "--memory", str(memory)]) == 1
    assert f"{memory}:2" in capsys.readouterr().err
    assert memory.read_text("utf-8") == broken


def test_decide_says_when_there_is_no_such_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong use is exit 2 and a sentence."""
    assert decide.main(["no-such-file.jsonl"]) == 2
    assert "no-such-file.jsonl" in capsys.readouterr().err
