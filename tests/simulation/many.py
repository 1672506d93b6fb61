"""Runs many seeds, alone or in several processes, and sums up in a ledger."""

from __future__ import annotations

import gc
import multiprocessing
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice, takewhile
from pathlib import Path

import msgspec

from tests.simulation.schedule import Verdict, run_schedule

CHUNK = 25
"""Seeds that a process runs before it tells; between two of them it collects its garbage."""
COLUMNS = ("day", "commit", "first", "schedules", "records", "accidents", "seconds", "found")
CLONE = Path(__file__).parents[2]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run."""

    first: int
    schedules: int
    budget_s: float | None
    jobs: int
    ledger: Path | None
    until_found: bool
    """End at the first seed that finds something."""


class Outcome(msgspec.Struct, kw_only=True):
    """What came of it."""

    first: int
    schedules: int = 0
    records: int = 0
    virtual_s: float = 0.0
    deeds: Counter[str] = msgspec.field(default_factory=Counter)
    found: list[tuple[int, tuple[str, ...]]] = msgspec.field(default_factory=list)
    """(seed, what it found)."""


def run_one(seed: int, *, trace: bool) -> int:
    """Run one seed; 1 if something is not as promised."""
    verdict = run_schedule(seed)
    write = sys.stdout.write
    if trace:
        for at, who, what, *more in verdict.trace:
            write(f"{at:10.6f}  {who:<10} {what} {' '.join(str(one) for one in more)}\n")
    for finding in verdict.findings:
        write(f"  {finding}\n")
    deeds = ", ".join(f"{n} {deed}" for deed, n in sorted(verdict.deeds.items()))
    write(
        f"{verdict.records} records, {verdict.seconds:.1f} s of virtual time; {deeds or 'calm'}\n"
    )
    write(f"seed {seed}: {'BROKEN' if verdict.findings else 'kept'}, trace {verdict.digest}\n")
    return 1 if verdict.findings else 0


def run(request: Request) -> Outcome:
    """Run them all, or as many as the budget allows."""
    first = request.first
    if request.ledger is not None and request.ledger.exists():
        first = max(first, read_next(request.ledger))
    outcome = Outcome(first=first)
    begin = time.monotonic()
    starts = range(first, first + request.schedules, CHUNK)
    chunks = [range(at, min(at + CHUNK, first + request.schedules)) for at in starts]
    try:
        for done in _run_chunks(chunks, request):
            _add(outcome, done)
            _show(outcome, request, begin)
            if request.until_found and outcome.found:
                break
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\n")
        if request.ledger is not None and outcome.schedules:
            _note(request.ledger, outcome, time.monotonic() - begin)
    return outcome


def _run_chunks(chunks: list[range], request: Request) -> Iterator[list[Verdict]]:
    """In order, so that what was run is a range of seeds."""
    deadline = time.monotonic() + request.budget_s if request.budget_s else None

    def in_time(_: object) -> bool:
        return deadline is None or time.monotonic() < deadline

    work = partial(_run_chunk, until_found=request.until_found)
    if request.jobs == 1:
        yield from map(work, takewhile(in_time, chunks))
        return
    waiting = iter(chunks)
    with multiprocessing.get_context("fork").Pool(request.jobs) as pool:
        running = [pool.apply_async(work, (c,)) for c in islice(waiting, request.jobs * 2)]
        while running:
            yield running.pop(0).get()
            if in_time(None):
                running += [pool.apply_async(work, (c,)) for c in islice(waiting, 1)]


def _run_chunk(seeds: range, *, until_found: bool) -> list[Verdict]:
    gc.collect()
    gc.freeze()
    gc.disable()
    verdicts = []
    try:
        for seed in seeds:
            verdict = run_schedule(seed)
            verdicts.append(msgspec.structs.replace(verdict, trace=[]))
            if until_found and verdict.findings:
                break
    finally:
        gc.enable()
    return verdicts


def _add(outcome: Outcome, verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        outcome.schedules += 1
        outcome.records += verdict.records
        outcome.virtual_s += verdict.seconds
        outcome.deeds.update(verdict.deeds)
        if verdict.findings:
            outcome.found.append((verdict.seed, verdict.findings))


def _show(outcome: Outcome, request: Request, begin: float) -> None:
    if not sys.stderr.isatty():
        return
    seconds = time.monotonic() - begin
    told = f"{outcome.schedules:>7} of {request.schedules}  {outcome.schedules / seconds:5.1f}/s"
    sys.stderr.write(f"\r{told}  {len(outcome.found)} found ")
    sys.stderr.flush()


def tell(outcome: Outcome, seconds: float) -> str:
    """The result in words."""
    lines = []
    for seed, findings in outcome.found[:20]:
        lines.append(f"seed {seed}: {findings[0]}")
        lines += [f"    {finding}" for finding in findings[1:4]]
        lines.append(f"    again: python -m tests.simulation.run --seed {seed} --trace")
    deeds = ", ".join(f"{n} {deed}" for deed, n in outcome.deeds.most_common())
    lines.append(f"accidents: {deeds or 'none'}")
    rate = outcome.schedules / seconds if seconds else 0
    lines.append(
        f"{outcome.schedules} schedules from seed {outcome.first} on, {outcome.records} records,"
        f" {outcome.virtual_s / 3600:.1f} h of virtual time in {seconds:.0f} s ({rate:.0f}/s):"
        f" {f'{len(outcome.found)} BROKEN' if outcome.found else 'all promises kept'}"
    )
    return "\n".join(lines) + "\n"


# -- the ledger


def read_next(ledger: Path) -> int:
    """The seed behind the last one in a ledger."""
    rows = [line.split("\t") for line in ledger.read_text("utf-8").splitlines()[1:]]
    return max((int(row[2]) + int(row[3]) for row in rows), default=0)


def read_sum(ledger: Path) -> int:
    """Schedules since the last red run."""
    total = 0
    for line in ledger.read_text("utf-8").splitlines()[1:]:
        row = line.split("\t")
        total = 0 if row[7] else total + int(row[3])
    return total


def _note(ledger: Path, outcome: Outcome, seconds: float) -> None:
    if not ledger.exists():
        ledger.parent.mkdir(parents=True, exist_ok=True)
        ledger.write_text("\t".join(COLUMNS) + "\n", "utf-8")
    row = (
        f"{datetime.now(UTC):%Y-%m-%d}",
        _commit(),
        outcome.first,
        outcome.schedules,
        outcome.records,
        sum(outcome.deeds.values()),
        round(seconds),
        " ".join(str(seed) for seed, _ in outcome.found),
    )
    with ledger.open("a", encoding="utf-8") as file:
        file.write("\t".join(str(cell) for cell in row) + "\n")
    sys.stdout.write(f"{ledger}: {read_sum(ledger)} schedules since the last red run\n")


def _commit() -> str:
    words = ["git", "-C", str(CLONE), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
