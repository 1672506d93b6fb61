"""One round of a scene: traffic, faults as planned, quiet, and the judge."""

from __future__ import annotations

import random
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from services.cli.judging.court import Judged
from services.cli.judging.report import tell_text
from services.runtime.lane import EXIT_CODES
from tests.fault.cluster import Brokers
from tests.fault.nemesis import Planned, draw_plan
from tests.fault.scene import EVENTS, Limit, Scene
from tests.fault.stage import Stage, Struck, open_stage
from tests.fault.watch import Sample, find_gaps, find_resume

TELL_S = 3.0
QUIET_S = 6.0
"""Traffic goes on for so long after the last fault, so that what it interrupted is seen."""
RESUME_WITHIN_S = 60.0
LATE_MS = 3_000
QUIET_MS = 2_000
FINDINGS = 5
ALLOWED_EXITS = frozenset({EXIT_CODES["fenced"], EXIT_CODES["stuck"]})
"""With which a worker may end by itself under faults: a supervisor starts it again."""

Say = Callable[[str], None]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a round did and what was found."""

    scene: str
    seed: int
    seconds: float
    events: int
    faults: Mapping[str, int]
    measured: Mapping[str, Sequence[float]]
    wrong: Sequence[str]
    """Everything that breaks a promise or a limit; empty if all was kept."""
    verdict: str
    """The judge's words."""
    struck: Sequence[Struck] = ()
    samples: Sequence[Sample] = ()
    notes: Sequence[str] = ()
    plan: Sequence[str] = ()

    @property
    def kept(self) -> bool:
        """Was everything kept?"""
        return not self.wrong


def plan_strands(scene: Scene, seed: int) -> list[list[Planned]]:
    """The plan of each strand; a seed gives the same one again."""
    return [
        draw_plan(counts, random.Random(f"{seed}/{number}"))
        for number, counts in enumerate(scene.strands)
    ]


def play(
    scene: Scene,
    seed: int,
    limits: Mapping[str, Limit],
    *,
    say: Say = lambda _: None,
    keep: Path | None = None,
) -> Result:
    """Play one round; raises only where the servers themselves do not start.

    The logs of a red round are copied to `keep`.
    """
    begin = time.monotonic()
    strands = plan_strands(scene, seed)
    say(f"{scene.name}, seed {seed}: the servers start")
    with open_stage(scene.topology, f"chaos-{secrets.token_hex(3)}.") as stage:
        failures: list[str] = []
        judged: Sequence[Judged] = ()
        try:
            _attack(stage, scene, strands, (seed, failures, say))
            say("the faults are over; waiting for lag 0, then the judge reads")
            judged = _settle(stage)
        except Exception as error:  # noqa: BLE001 - a round that breaks off is a red one
            failures.append(f"the round broke off: {type(error).__name__}: {error}")
        wrong = [*failures, *_judge(stage, judged, limits)]
        if wrong and keep is not None:
            _keep_logs(stage, keep)
        return Result(
            scene=scene.name,
            seed=seed,
            seconds=round(time.monotonic() - begin, 1),
            events=sum(sum(one.outcomes.values()) for one in judged),
            faults=dict(sorted(stage.counts.items())),
            measured={name: sorted(times) for name, times in sorted(stage.measured.items())},
            wrong=wrong,
            verdict=tell_text(judged, FINDINGS) if judged else "the judge was not asked",
            struck=[struck for _, struck in stage.struck],
            samples=list(stage.watch.samples),
            notes=list(stage.notes),
            plan=[f"{one.nemesis.name}: {one.blow.what}" for plan in strands for one in plan],
        )


def _attack(
    stage: Stage,
    scene: Scene,
    strands: Sequence[Sequence[Planned]],
    tools: tuple[int, list[str], Say],
) -> None:
    """Traffic, what goes on throughout, and every strand in a thread of its own."""
    seed, failures, say = tools
    stage.arena.begin_traffic(scene.rate, seed)
    stage.fleet.start()
    time.sleep(scene.lead_s)
    throughout = [
        (nemesis := kind(), nemesis.plan(random.Random(f"{seed}/{kind.name}")), _now())
        for kind in scene.throughout
    ]
    threads = [
        threading.Thread(target=_run_strand, args=(stage, plan, failures), daemon=True)
        for plan in strands
    ]
    try:
        for nemesis, blow, _ in throughout:
            nemesis.strike(stage, blow)
        for thread in threads:
            thread.start()
        _watch_strands(stage, strands, threads, say)
    finally:
        for nemesis, blow, began in throughout:
            nemesis.heal(stage, blow)
            stage.remember(nemesis, blow, began)
    time.sleep(QUIET_S)


def _watch_strands(
    stage: Stage, strands: Sequence[Sequence[Planned]], threads: list[threading.Thread], say: Say
) -> None:
    begin, planned = time.monotonic(), sum(len(plan) for plan in strands)
    while any(thread.is_alive() for thread in threads):
        deadline = time.monotonic() + TELL_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        last = stage.watch.samples[-1:]
        lag = "?" if not last or last[0].lag is None else f"{last[0].lag:,}"
        done = Counter(struck.nemesis for _, struck in list(stage.struck))
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(done.items()))
        say(
            f"{time.monotonic() - begin:5.0f} s  {len(stage.struck):>3} of {planned} faults  "
            f"{stage.watch.count:>7,} decisions  lag {lag}  {kinds}"
        )


def _run_strand(stage: Stage, plan: Sequence[Planned], failures: list[str]) -> None:
    """Blow after blow; the first that fails ends the strand and makes the round red."""
    for one in plan:
        nemesis, blow, began = one.nemesis, one.blow, _now()
        try:
            try:
                nemesis.strike(stage, blow)
                stage.count(blow.what)
                time.sleep(blow.hold_s)
            finally:
                nemesis.heal(stage, blow)
        except Exception as error:  # noqa: BLE001 - told with the verdict
            failures.append(f"{blow.what}: {type(error).__name__}: {error}")
            return
        stage.remember(nemesis, blow, began)
        if nemesis.resume and not stage.watch.await_all_lanes(_now(), RESUME_WITHIN_S):
            failures.append(f"{blow.what}: a lane stood still {RESUME_WITHIN_S:.0f} s after it")
            return
        time.sleep(one.rest_s)


def _settle(stage: Stage) -> list[Judged]:
    """Wait for lag 0 and judge; whoever runs then must end cleanly."""
    if stage.fleet.workers:
        stage.arena.end_traffic()
        judged = stage.arena.judge()
        stage.fleet.close()
        return judged
    return stage.arena.settle()


def _judge(stage: Stage, judged: Sequence[Judged], limits: Mapping[str, Limit]) -> list[str]:
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
    return [*wrong, *_find_late(stage.measured, limits)]


def _find_late(measured: Mapping[str, Sequence[float]], limits: Mapping[str, Limit]) -> list[str]:
    return [
        f"{name}: {max(measured[name]):.2f} s, at most {limit.seconds:.0f} s are allowed"
        for name, limit in limits.items()
        if limit.quantile >= 1 and measured.get(name) and max(measured[name]) > limit.seconds
    ]


def _measure(stage: Stage) -> None:
    """Interruptions, from the times at which committed decisions were appended."""
    times, lanes = stage.watch.times, stage.arena.lanes
    begins = sorted(struck.began_ms for _, struck in stage.struck)
    for nemesis, struck in list(stage.struck):
        if nemesis.gap:
            end = struck.began_ms + int(nemesis.gap_after_s * 1000)
            for gap in find_gaps(times, lanes, struck.began_ms, end):
                stage.measure(nemesis.gap, gap)
        if nemesis.resume:
            # What begins behind the next strike is the next one's doing.
            next_ms = next((at for at in begins if at > struck.healed_ms), _now())
            late_ms = min(LATE_MS, next_ms - struck.healed_ms)
            took = find_resume(times, lanes, struck.healed_ms, late_ms=late_ms, quiet_ms=QUIET_MS)
            stage.measure(nemesis.resume, took)


def _keep_logs(stage: Stage, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for log in stage.arena.folder.glob("*.log"):
        shutil.copy(log, folder)
    nodes = stage.kafka.nodes if isinstance(stage.kafka, Brokers) else [stage.kafka]
    for node in nodes:
        shutil.copy(node.log, folder / f"broker-{node.port}.log")


def _now() -> int:
    return int(time.time() * 1000)


def sum_counts(counts: Mapping[str, int], target: str, events: int) -> int:
    """How much of a target these counts are."""
    if target == EVENTS:
        return events
    if target.endswith("*"):
        return sum(n for name, n in counts.items() if name.startswith(target[:-1]))
    return Counter(counts)[target]
