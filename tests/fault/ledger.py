"""The ledger of campaigns: one line per round in docs/campaigns/ledger.jsonl, and its sums.

    python -m tests.fault.ledger              what is reached and what is still missing, per row
    python -m tests.fault.ledger --row 2

A row's sums begin anew behind its last red line: what was proved of a program that then failed
counts no more. The red line stays. So do lines from before a row's `since`, which count no more either.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.fault.round import Result
from tests.fault.rows.table import ROWS
from tests.fault.scene import Row, sum_counts
from tests.fault.workers import CLONE

LEDGER = CLONE / "docs" / "campaigns" / "ledger.jsonl"
KEPT, BROKEN = "kept", "broken"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One round, as it is kept."""

    row: int
    scene: str
    at: str
    """When it ended, UTC."""
    commit: str
    """With `-dirty` where files differed from it."""
    seed: int
    broker: str
    seconds: float
    events: int
    """With an outcome that was judged."""
    faults: Mapping[str, int]
    measured: Mapping[str, tuple[float, ...]]
    """Seconds, sorted; the names are those of the row's limits."""
    verdict: str
    wrong: tuple[str, ...] = ()


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """A row's standing since its last red line, and since its `since`."""

    runs: int
    broken: int
    """Red lines before, which reset it."""
    seconds: float
    reached: Mapping[str, int]
    """By target."""
    faults: Mapping[str, int]
    measured: Mapping[str, Sequence[float]]
    missing: Sequence[str]
    """Sentences; none: the row is proved."""


def enter(row: Row, result: Result, broker: str) -> Line:
    """The line of a round."""
    return Line(
        row=row.number,
        scene=result.scene,
        at=f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
        commit=name_commit(),
        seed=result.seed,
        broker=broker,
        seconds=result.seconds,
        events=result.events,
        faults=result.faults,
        measured={name: tuple(times) for name, times in result.measured.items()},
        verdict=KEPT if result.kept else BROKEN,
        wrong=tuple(line[:400] for line in result.wrong),
    )


def append(line: Line, path: Path = LEDGER) -> None:
    """At the end; what stands there is never touched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as ledger:
        ledger.write(msgspec.json.encode(line) + b"\n")


def read(path: Path = LEDGER) -> list[Line]:
    """All lines; none where there is no ledger yet."""
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Line) for line in path.read_bytes().splitlines() if line]


def sum_row(row: Row, lines: Sequence[Line]) -> Sum:
    """Everything of the row since its last red line, and since the program changed in what it is about."""
    mine = [line for line in lines if line.row == row.number]
    red = [place for place, line in enumerate(mine) if line.verdict != KEPT]
    counted = [one for one in mine[red[-1] + 1 if red else 0 :] if one.at >= row.since]
    faults: Counter[str] = Counter()
    measured: dict[str, list[float]] = defaultdict(list)
    for line in counted:
        faults.update(line.faults)
        for name, times in line.measured.items():
            measured[name].extend(times)
    events = sum(line.events for line in counted)
    reached = {target: sum_counts(faults, target, events) for target in row.targets}
    return Sum(
        runs=len(counted),
        broken=len(red),
        seconds=sum(line.seconds for line in counted),
        reached=reached,
        faults=dict(sorted(faults.items())),
        measured={name: sorted(times) for name, times in sorted(measured.items())},
        missing=[*_find_short(row, reached), *_find_late(row, measured)],
    )


def _find_short(row: Row, reached: Mapping[str, int]) -> list[str]:
    return [
        f"{wanted - reached[target]:,} more {target} ({reached[target]:,} of {wanted:,})"
        for target, wanted in row.targets.items()
        if reached[target] < wanted
    ]


def _find_late(row: Row, measured: Mapping[str, Sequence[float]]) -> list[str]:
    late = []
    for name, limit in row.limits.items():
        times = measured.get(name, ())
        if not times:
            late.append(f"{name}: never measured")
        elif (took := find_quantile(times, limit.quantile)) > limit.seconds:
            late.append(f"{name}: {took:.2f} s, at most {limit.seconds:.0f} s are allowed")
    return late


def find_quantile(times: Sequence[float], quantile: float) -> float:
    """The least of the times that so large a share of them does not exceed."""
    ordered = sorted(times)
    place = -(-len(ordered) * quantile // 1)
    return ordered[max(0, int(place) - 1)]


def name_commit() -> str:
    """The commit that runs; `-dirty` where files of the clone differ from it, this ledger excepted."""
    commit = _ask_git("rev-parse", "--short=12", "HEAD")
    changed = _ask_git("status", "--porcelain", "--untracked-files=no", "--", ":!docs/campaigns")
    return (commit or "unknown") + ("-dirty" if changed else "")


def _ask_git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(CLONE), *words], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def describe(row: Row, total: Sum) -> str:
    """The row's standing, for a person."""
    lines = [f"row {row.number}: {row.title}"]
    told = f"  {total.runs} rounds that count, {total.seconds / 60:.0f} min"
    lines.append(told + (f"; {total.broken} red before them" if total.broken else ""))
    lines += [
        f"  {total.reached[target]:>9,} of {wanted:>7,}  {target}"
        for target, wanted in row.targets.items()
    ]
    for name, times in total.measured.items():
        limit = row.limits.get(name)
        share = limit.quantile if limit else 1.0
        word = "longest" if share >= 1 else f"p{share * 100:.0f}"
        allowed = f", at most {limit.seconds:.0f} s" if limit else ""
        took = find_quantile(times, share)
        lines.append(f"  {took:8.2f} s          {name}: {word} of {len(times):,}{allowed}")
    lines.append("  proved" if not total.missing else "  missing: " + "; ".join(total.missing))
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Print the sums; 0 if every row asked for is proved, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fault.ledger",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--row", type=int, choices=sorted(ROWS), help="only this one")
    parser.add_argument("--ledger", type=Path, default=LEDGER)
    options = parser.parse_args(list(argv))
    lines = read(options.ledger)
    rows = [ROWS[options.row]] if options.row else list(ROWS.values())
    totals = [sum_row(row, lines) for row in rows]
    for row, total in zip(rows, totals, strict=True):
        sys.stdout.write(describe(row, total) + "\n")
    return 1 if any(total.missing for total in totals) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
