"""What the ledger of campaigns counts, and the times that are taken from the topics."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.fault.ledger import BROKEN, KEPT, Line, append, find_quantile, read, sum_row
from tests.fault.nemesis import describe_plan
from tests.fault.round import plan_strands
from tests.fault.rows.table import ROWS
from tests.fault.scene import EVENTS, Limit, Row
from tests.fault.verdict import find_late
from tests.fault.watch import find_gaps, find_resume

ROW = Row(
    number=9,
    title="made up",
    scenes=(),
    short=(),
    targets={EVENTS: 300, "killed": 4, "proxy: *": 3},
    limits={"resumes": Limit(seconds=5, quantile=0.5)},
)


def line(*, verdict: str = KEPT, row: int = 9, measured: tuple[float, ...] = (1.0,)) -> Line:
    """A round of 100 events, two kills and two faults by a proxy."""
    return Line(
        row=row,
        scene="made up",
        at="2026-11-26T02:00Z",
        commit="abc",
        seed=1,
        broker="none",
        seconds=60.0,
        events=100,
        faults={"killed": 2, "proxy: cut": 1, "proxy: reset": 1},
        measured={"resumes": measured},
        verdict=verdict,
    )


def test_rounds_of_a_row_are_summed_up_to_its_targets() -> None:
    """Law: a target with a star sums all that begin so; other rows count nothing."""
    total = sum_row(ROW, [line(), line(row=8), line()])
    assert total.reached == {EVENTS: 200, "killed": 4, "proxy: *": 4}
    assert [one.split(" (")[0] for one in total.missing] == ["100 more events"]
    assert sum_row(ROW, [line(), line(), line()]).missing == []


def test_a_red_round_resets_its_row_and_no_other() -> None:
    """Law: what was counted before a red line counts no more, the line itself neither."""
    lines = [line(), line(), line(), line(verdict=BROKEN), line()]
    total = sum_row(ROW, lines)
    assert (total.runs, total.broken, total.reached["killed"]) == (1, 1, 2)
    assert sum_row(ROW, [line(row=8, verdict=BROKEN), line()]).runs == 1


def test_rounds_of_a_program_that_has_changed_since_count_no_more() -> None:
    """Law: what ended before the row's `since` is not counted; what ended then or later is."""
    changed = msgspec.structs.replace(ROW, since=line().at)
    assert sum_row(changed, [line(), line()]).runs == 2
    later = msgspec.structs.replace(ROW, since="2026-11-26T02:01Z")
    assert sum_row(later, [line(), line()]).runs == 0


def test_a_limit_on_a_share_holds_over_all_runs_together() -> None:
    """Law: half of the times may be longer than the median's limit, not more."""
    slow = line(measured=(9.0,))
    assert sum_row(ROW, [line(), slow, line()]).missing == []
    assert "9.00 s" in sum_row(ROW, [slow, slow, line()]).missing[-1]
    assert "never measured" in sum_row(ROW, [line(measured=())] * 3).missing[-1]


def test_one_time_beyond_its_limit_makes_a_round_red() -> None:
    """Law: a limit without a share allows none to be longer; one with a share is judged in sum."""
    limits = {"resumes": Limit(seconds=5), "leaves": Limit(seconds=5, quantile=0.99)}
    assert find_late({"resumes": [1.0, 5.0], "leaves": [9.0]}, limits) == []
    assert "5.01 s" in find_late({"resumes": [5.01, 1.0]}, limits)[0]


def test_quantiles_are_times_that_were_measured() -> None:
    """Law: the share of times that is not longer is at least the one asked for."""
    times = [float(n) for n in range(1, 101)]
    assert [find_quantile(times, q) for q in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert find_quantile([3.0], 0.99) == 3.0


def test_lines_are_added_and_read_again(tmp_path: Path) -> None:
    """Law: what was written stands, in its order."""
    path = tmp_path / "ledger.jsonl"
    assert read(path) == []
    append(line(), path)
    append(line(verdict=BROKEN), path)
    assert read(path) == [line(), line(verdict=BROKEN)]


def test_the_longest_silence_around_a_fault_is_measured_of_each_lane() -> None:
    """Law: a silence counts that begins before the span, and one that has not ended."""
    times = {0: [1_000, 2_000, 6_500, 7_000], 1: [1_500, 2_500]}
    assert find_gaps(times, 3, 3_000, 8_000) == [4.5, 5.5, 5.0]


def test_going_on_is_measured_from_the_heal_to_the_last_lane() -> None:
    """Law: the end of the longest silence that the heal fell into, or that began just behind it."""
    times = {0: [900, 4_000, 4_100], 1: [1_900, 2_100, 9_000]}
    assert find_resume(times, 2, 2_000, late_ms=500, quiet_ms=1_000) == 7.0
    assert find_resume(times, 2, 2_000, late_ms=0, quiet_ms=1_000) == 2.0
    assert find_resume({0: [900]}, 1, 2_000, late_ms=0, quiet_ms=1_000) == 3_600.0


def test_a_seed_gives_the_same_plan_again_and_another_seed_another() -> None:
    """Law: the plan of every scene follows from the seed."""
    for row in ROWS.values():
        for scene in (*row.scenes, *row.short):
            if scene.by is not None:
                continue  # it has no faults to plan
            told = [
                [describe_plan(plan) for plan in plan_strands(scene, seed)] for seed in (1, 1, 2)
            ]
            assert told[0] == told[1] != told[2]
