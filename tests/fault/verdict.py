"""What a round is found guilty of: by the judge, the second reader, the workers' ends, the clock."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from services.cli.judging.court import Judged
from services.runtime.lane import EXIT_CODES
from tests.fault.scene import Limit
from tests.fault.stage import Stage
from tests.fault.watch import find_gaps, find_resume

FINDINGS = 5
LATE_MS = 3_000
QUIET_MS = 2_000
BEFORE_NEXT_MS = 1_000
ALLOWED_EXITS = frozenset({EXIT_CODES["fenced"], EXIT_CODES["stuck"]})
"""With which a worker may end by itself under faults: a supervisor starts it again."""


def find_wrong(stage: Stage, judged: Sequence[Judged], limits: Mapping[str, Limit]) -> list[str]:
    """What is wrong: by the judge, the concurrent reader, the workers' ends, and the clock."""
    _measure(stage)
    wrong = [
        f"{f.promise.value}: partition {f.partition}: {f.what}"
        for one in judged
        for f in one.findings
    ]
    wrong = (
        [*wrong[:FINDINGS], f"and {len(wrong) - FINDINGS} more"] if len(wrong) > FINDINGS else wrong
    )
    if judged and not all(one.folded for one in judged):
        wrong.append("outcomes and states were not compared with a fold of the core")
    final = sum(one.records["decisions"] for one in judged)
    if judged and not final:
        wrong.append("nothing was decided")
    if judged and not stage.watch.await_count(final, 10.0):
        wrong.append(f"the concurrent reader saw {stage.watch.count} decisions, the last {final}")
    if stage.watch.twice:
        wrong.append(f"the concurrent reader saw {stage.watch.twice} decisions twice")
    if stage.fleet.failure is not None:
        wrong.append(f"the fleet broke: {stage.fleet.failure}")
    for code, times in sorted(stage.fleet.exits.items()):
        if code not in ALLOWED_EXITS:
            wrong.append(f"{times} workers ended by themselves: {stage.fleet.last_words[code]}")
        else:
            stage.note(f"{times} workers ended by themselves with {code} and were replaced")
    return [*wrong, *find_late(stage.measured, limits)]


def find_late(measured: Mapping[str, Sequence[float]], limits: Mapping[str, Limit]) -> list[str]:
    """The limits that a single time of this round exceeds."""
    return [
        f"{name}: {max(measured[name]):.2f} s, at most {limit.seconds:.0f} s are allowed"
        for name, limit in limits.items()
        if limit.quantile >= 1 and measured.get(name) and max(measured[name]) > limit.seconds
    ]


def _measure(stage: Stage) -> None:
    """Interruptions, from the times at which committed decisions were appended."""
    times, lanes = stage.watch.times, stage.arena.lanes
    now = int(time.time() * 1000)
    begins = sorted(struck.began_ms for _, struck in stage.struck)
    for nemesis, struck in list(stage.struck):
        if nemesis.gap:
            # What begins just before the next strike is not the doing of this one.
            next_ms = next((at for at in begins if at > struck.began_ms), now)
            seen_ms = struck.began_ms + int(nemesis.gap_after_s * 1000)
            end = max(struck.began_ms, min(seen_ms, next_ms - BEFORE_NEXT_MS))
            for gap in find_gaps(times, lanes, struck.began_ms, end):
                stage.measure(nemesis.gap, gap)
        if nemesis.resume:
            # What begins behind the next strike is the next one's doing.
            next_ms = next((at for at in begins if at > struck.healed_ms), now)
            late_ms = min(LATE_MS, next_ms - struck.healed_ms)
            took = find_resume(times, lanes, struck.healed_ms, late_ms=late_ms, quiet_ms=QUIET_MS)
            stage.measure(nemesis.resume, took)
