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
from tests.fault.cluster import Brokers
from tests.fault.nemesis import Missed, Planned, draw_plan
from tests.fault.scene import Limit, Scene
from tests.fault.stage import Stage, Struck, open_stage
from tests.fault.verdict import find_wrong
from tests.fault.watch import Sample

TELL_S = 3.0
QUIET_S = 6.0
"""Traffic goes on for so long after the last fault, so that what it interrupted is seen."""
DRAIN_S = 600.0
"""What gathered while nobody worked is worked off within so long, or the judge says so."""
RESUME_WITHIN_S = 60.0
FINDINGS = 5

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
    missed: int = 0
    """Planned blows that found nothing to strike."""
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
    always: bool = False,
) -> Result:
    """Play one round; raises only where the servers themselves do not start.

    The logs of a red round are copied to `keep`, with `always` those of every round.
    """
    if scene.by is not None:
        result: Result = scene.by(seed, say)
        return result
    begin = time.monotonic()
    strands = plan_strands(scene, seed)
    say(f"{scene.name}, seed {seed}: the servers start")
    with open_stage(scene.topology, f"chaos-{secrets.token_hex(3)}.") as stage:
        failures: list[str] = []
        judged: Sequence[Judged] = ()
        try:
            _attack(stage, scene, strands, (seed, failures, say))
            judged = _settle(stage, say)
        except Exception as error:  # noqa: BLE001 - a round that breaks off is a red one
            failures.append(f"the round broke off: {type(error).__name__}: {error}")
        wrong = [*failures, *find_wrong(stage, judged, limits)]
        if (wrong or always) and keep is not None:
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
            missed=stage.missed,
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
        lag = _find_lag(stage)
        done = Counter(struck.nemesis for _, struck in list(stage.struck))
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(done.items()))
        say(
            f"{time.monotonic() - begin:5.0f} s  {len(stage.struck):>3} of {planned} faults  "
            f"{stage.watch.count:>7,} decisions  lag {'?' if lag is None else f'{lag:,}'}  {kinds}"
        )


def _run_strand(stage: Stage, plan: Sequence[Planned], failures: list[str]) -> None:
    """Blow after blow; the first that fails ends the strand and makes the round red."""
    for one in plan:
        nemesis, blow = one.nemesis, one.blow
        try:
            nemesis.prepare(stage, blow)
            began = _now()
            try:
                nemesis.strike(stage, blow)
                stage.count(blow.what)
                time.sleep(blow.hold_s)
            finally:
                nemesis.heal(stage, blow)
        except Missed as why:
            stage.miss(f"{blow.what}: {why}")
            continue
        except Exception as error:  # noqa: BLE001 - told with the verdict
            failures.append(f"{blow.what}: {type(error).__name__}: {error}")
            return
        stage.remember(nemesis, blow, began)
        # Nobody is struck while he still recovers from the blow before.
        if (nemesis.resume or nemesis.gap) and not stage.watch.await_all_lanes(
            _now(), RESUME_WITHIN_S
        ):
            failures.append(f"{blow.what}: a lane stood still {RESUME_WITHIN_S:.0f} s after it")
            return
        time.sleep(one.rest_s)


def _settle(stage: Stage, say: Say) -> list[Judged]:
    """Wait for lag 0 and judge; whoever runs then must end cleanly."""
    if not stage.fleet.workers:
        stage.arena.evict()
        stage.fleet.add()
    stage.arena.end_traffic()
    deadline = time.monotonic() + DRAIN_S
    while (lag := _find_lag(stage)) != 0 and time.monotonic() < deadline:
        say(f"the faults are over; lag {'?' if lag is None else f'{lag:,}'}")
        time.sleep(TELL_S)
    say("the judge reads")
    judged = stage.arena.judge()
    stage.fleet.close()
    return judged


def _find_lag(stage: Stage) -> int | None:
    """Events that wait, as of the last look at the brokers."""
    last = stage.watch.samples[-1:]
    return last[0].lag if last else None


def _keep_logs(stage: Stage, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for log in stage.arena.folder.glob("*.log"):
        shutil.copy(log, folder)
    nodes = stage.kafka.nodes if isinstance(stage.kafka, Brokers) else [stage.kafka]
    for node in nodes:
        shutil.copy(node.log, folder / f"broker-{node.port}.log")


def _now() -> int:
    return int(time.time() * 1000)
