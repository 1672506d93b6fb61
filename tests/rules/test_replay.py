"""Two folds side by side: an unchanged file changes nothing; what changes is what differs."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cli import rules
from services.cli.progress import Progress
from services.cli.replaying.lines import FileSource, read_share
from services.cli.replaying.sums import Sums
from services.cli.replaying.work import Job, fold_share, run
from services.contact.decision import Decision
from services.router.core.table import Table
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default
from services.router.rules.recorded import compare_recorded
from services.router.rules.replay import NOT_COMPARED, Input, Replay, list_peaks
from tests.rules.test_explaining import loaded, tree_of
from tests.rules.test_why_not import trees
from tests.rules.traffic import as_recorded, decide_all, make_traffic, write_line

DEFAULT = find_default().read_text("utf-8")
THREE = DEFAULT.replace("thread.exchanges: {gte: 2}", "thread.exchanges: {gte: 3}")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_rules_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMNIROUTE_RULES", raising=False)


def table_of(text: str) -> Table:
    """The table of a rule file."""
    table = load_table(text)
    assert isinstance(table, Table), table
    return table


def put(folder: Path, words: list[Any], name: str = "day.jsonl") -> Path:
    """A traffic as a file."""
    path = folder / name
    path.write_bytes(b"\n".join(map(write_line, words)) + b"\n{broken\n\n")
    return path


def job_of(path: Path, candidate: str, current: str = DEFAULT) -> Job:
    """A replay of a file."""
    source = FileSource(path=str(path), began=BEGAN)
    return Job(current=current, candidate=candidate, source=source)


def shares_of(job: Job, shares: int) -> Sums:
    """The sums of all shares, added up in another order than they were folded."""
    total = Sums()
    parts = [
        fold_share(msgspec.structs.replace(job, share=n, shares=shares), lambda _: None)
        for n in range(shares)
    ]
    for part in reversed(parts):
        total.add(part)
    total.sort()
    return total


def alike(one: Sums, other: Sums) -> bool:
    """Do two sums say the same?"""
    names = [n for n in Sums.__struct_fields__ if n != "given"]
    given = [{a: sorted(m) for a, m in s.given[i].items()} for s in (one, other) for i in (0, 1)]
    return given[:2] == given[2:] and all(getattr(one, n) == getattr(other, n) for n in names)


def naive(current: Table, candidate: Table, words: list[Any]) -> dict[str, tuple[Any, Any]]:
    """The pairs of decisions that differ, by two whole folds and a plain look."""
    sides = [{d.decision_id: d for d in decide_all(t, words)} for t in (current, candidate)]
    names = [n for n in Decision.__struct_fields__ if n not in NOT_COMPARED]
    found = {}
    for known in sides[0].keys() | sides[1].keys():
        pair = sides[0].get(known), sides[1].get(known)
        values = [one and [getattr(one, n) for n in names] for one in pair]
        if values[0] != values[1]:
            found[known] = pair
    return found


@settings(max_examples=15, deadline=None)
@given(trees(), st.integers(0, 10_000), st.integers(1, 5))
def test_an_unchanged_file_changes_nothing_on_any_traffic_at_any_count(
    tmp_path_factory: pytest.TempPathFactory, tree: list[dict[str, Any]], seed: int, shares: int
) -> None:
    """Any rules, any traffic, any number of shares: zero changes, and nothing else differs."""
    text = yaml.safe_dump(tree_of(tree), sort_keys=False)
    path = put(tmp_path_factory.mktemp("replay"), make_traffic(seed, 40))
    sums = shares_of(job_of(path, text, text), shares)
    assert sums.changes == []
    assert sums.made[0] == sums.made[1]
    assert sums.decisions[0] == sums.decisions[1]
    assert all(before == after for before, after in sums.outcomes)


@settings(max_examples=15, deadline=None)
@given(trees(), trees(), st.integers(0, 10_000))
def test_what_changes_is_what_two_whole_folds_differ_in(
    one: list[dict[str, Any]], other: list[dict[str, Any]], seed: int
) -> None:
    """For any two files the exact list is that of a plain comparison of both folds."""
    (_, current), (_, candidate) = loaded(tree_of(one)), loaded(tree_of(other))
    words = make_traffic(seed, 40)
    wanted = naive(current, candidate, words)
    changes = changes_of(current, candidate, words)
    assert {c.decision_id: (c.before, c.after) for c in changes} == wanted
    assert len(changes) == len(wanted)


def changes_of(current: Table, candidate: Table, words: list[Any]) -> list[Any]:
    """The changes that a replay of a traffic tells."""
    from services.cli.event_lines import Timer  # noqa: PLC0415 - as the file's own reader does

    timer, replay = Timer(), Replay(current, candidate)
    changes: list[Any] = []
    for number, word in enumerate(words, 1):
        timed = timer.time(word)
        step = replay.take(Input(place=(0, number), word=timed, now=timer.clock or 0))
        changes += step.changes
    return [*changes, *replay.close()]


def test_the_number_of_processes_does_not_matter(tmp_path: Path) -> None:
    """One process, shares in this one, and two real processes: the same list."""
    path = put(tmp_path, make_traffic(5, 400))
    job = job_of(path, THREE)
    with Progress("", quiet=True) as quiet:
        alone, two = run(job, 1, quiet), run(job, 2, quiet)
    assert alone.changes
    assert alike(alone, two)
    for shares in (3, 7):
        assert alike(alone, shares_of(job, shares))


def test_a_change_follows_only_where_the_same_customer_would_get_the_same(tmp_path: Path) -> None:
    """A mail attached to a call that is not made any more follows; the call itself is at once."""
    sums = shares_of(job_of(put(tmp_path, make_traffic(5, 800)), THREE), 1)
    at_once = [one for one in sums.changes if not one.follows]
    follows = [one for one in sums.changes if one.follows]
    assert {one.before.rule for one in at_once if one.before} == {"email-to-phone"}
    assert any(one.before and one.before.action == "attach" for one in follows)
    assert not any(one.before and one.before.action == "callback" and not one.before.revision
                   for one in follows)  # fmt: skip


def test_a_range_counts_only_what_lies_in_it_but_folds_all(tmp_path: Path) -> None:
    """The state comes from before; the parts of a day add up to the day."""
    path = put(tmp_path, make_traffic(6, 300))
    clocks = [tick.one.now for tick in read_share(FileSource(path=str(path), began=BEGAN), 0, 1)
              if tick.one]  # fmt: skip
    middle = sorted(clocks)[len(clocks) // 2]
    job = job_of(path, THREE)
    whole = shares_of(job, 1)
    parts = []
    for since, until in ((None, middle), (middle, None)):
        source = FileSource(path=str(path), began=BEGAN, since=since, until=until)
        parts.append(shares_of(msgspec.structs.replace(job, source=source), 1))
    assert parts[0].inputs + parts[1].inputs == whole.inputs
    assert parts[0].outside == parts[1].inputs > 0
    assert parts[0].made[0] + parts[1].made[0] == whole.made[0]
    assert parts[1].changes


@settings(max_examples=25, deadline=None)
@given(trees(), st.integers(0, 10_000))
def test_recorded_facts_change_nothing_under_the_same_file(
    tree: list[dict[str, Any]], seed: int
) -> None:
    """Where history is gone: the same file says the same of the facts, on any traffic."""
    _, table = loaded(tree_of(tree))
    made = [
        ((0, n), as_recorded(one))
        for n, one in enumerate(decide_all(table, make_traffic(seed, 40)))
    ]
    found = list(compare_recorded(table, table, made))
    assert len(found) == len(made)
    assert all(one.said is not None and one.change is None for one in found)


def test_recorded_facts_tell_a_rule_that_changed() -> None:
    """A call that needs three exchanges now is none; a file that reads more cannot be asked."""
    current, candidate = table_of(DEFAULT), table_of(THREE)
    made = [((0, n), one) for n, one in enumerate(decide_all(current, make_traffic(5, 400)))]
    found = [c.change for c in compare_recorded(current, candidate, made) if c.change]
    assert found
    assert all(one.before and one.before.rule.startswith("email-to-phone") for one in found)
    assert all(one.recorded and one.after and one.after.rule != "email-to-phone" for one in found)
    more = table_of(DEFAULT.replace("kind: callback.requested", "message.attachments: {gt: 2}"))
    assert all(one.said is None for one in compare_recorded(current, more, made))


def test_a_peak_is_the_most_within_a_window() -> None:
    """Work given at moments, summed over the window that holds most."""
    assert list_peaks([], 100) == (0, 0)
    assert list_peaks([(0, 1), (50, 2), (99, 1), (100, 1), (300, 3)], 100) == (4, 99)
    assert list_peaks([(100, 1), (0, 1)], 100) == (1, 0)


# ------------------------------------------------------------------------------------- the command
@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A day, and a file that needs three exchanges."""
    (tmp_path / "three.yaml").write_text(THREE, "utf-8")
    return str(put(tmp_path, make_traffic(5, 400))), str(tmp_path / "three.yaml")


def test_the_command_counts_and_names_what_changes(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 with counts, ways and ids; `--list` names every one; what it means is said."""
    day, three = files
    assert rules.main(["replay", day, "--against", three, "--quiet"]) == 1
    said = capsys.readouterr().out
    wanted = naive(table_of(DEFAULT), table_of(THREE), make_traffic(5, 400))
    assert f"{len(wanted)} decisions change" in said
    assert "callback -> stay" in said
    assert "Both files folded all inputs by themselves" in said
    assert rules.main(["replay", day, "--against", three, "--quiet", "--list"]) == 1
    listed = capsys.readouterr().out
    assert all(known in listed for known in wanted)
    assert rules.main(["replay", day, "--against", str(find_default()), "--quiet"]) == 0
    assert "no decision changes" in capsys.readouterr().out


def test_json_holds_every_change_and_standard_input_is_read(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For programs; the same from a pipe."""
    day, three = files
    assert rules.main(["replay", day, "--against", three, "--format", "json", "--quiet"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert len(data["changes"]) == data["changed"] == data["at_once"] + data["follows"] > 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(day).read_bytes())))
    assert rules.main(["replay", "-", "--against", three, "--format", "json", "--quiet"]) == 1
    piped = json.loads(capsys.readouterr().out)
    assert piped["changes"] == data["changes"]


def test_the_page_stands_alone_and_shows_no_address(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One file: no script, nothing from elsewhere; charts inside; no address of a customer."""
    day, three = files
    page = tmp_path / "replay.html"
    words = ["replay", day, "--against", three, "--format", "html", "--output", str(page)]
    assert rules.main(words) == 1
    assert f"written to {page}" in capsys.readouterr().out
    html = page.read_text("utf-8")
    assert html.count("<svg") >= 4
    for foreign in ("http:", "https:", "<script", "<link", "url(", "@import"):
        assert foreign not in html
    addresses = {d.address for d in decide_all(table_of(DEFAULT), make_traffic(5, 400))} - {""}
    assert addresses
    assert not any(address in html for address in addresses)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["no-such.jsonl", "--against", str(find_default())], 2, "no-such.jsonl"),
        (["x", "--against", "no-such.yaml"], 2, "no-such.yaml"),
        # The client asks for 20 s before it says that nobody is there.
        pytest.param(
            ["--against", str(find_default()), "--brokers", "127.0.0.1:1"],
            2,
            "127.0.0.1:1",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_cannot_be_replayed_is_said(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong use and no Kafka end with 2 and a sentence."""
    assert rules.main(["replay", *words, "--workers", "1"]) == code
    assert said in capsys.readouterr().err


def test_a_candidate_that_does_not_load_is_refused_with_its_mistakes(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and where it is wrong."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("route: {priority: 12}\n", "utf-8")
    assert rules.main(["replay", files[0], "--against", str(bad)]) == 1
    assert "bad.yaml:1:19 out-of-range" in capsys.readouterr().err
