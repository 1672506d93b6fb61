"""Row 6: poison among a day's events, nothing but poison, threads with repeats and out of order."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from services.cli.judging.report import tell_text
from services.runtime.embedded import ApacheKafka, Valkey
from tests.fault.arena import Arena
from tests.fault.poison import CALLED, POISON, STARTS, Found, Say, disorder, flood, mix
from tests.fault.round import FINDINGS, Result
from tests.fault.scene import EVENTS, Row, Scene, Topology

Part = Callable[[Arena, int, Say], Found]


def _play(name: str, part: Part, seed: int, say: Say) -> Result:
    """One part on servers of its own."""
    say(f"{name}, seed {seed}: the servers start")
    with (
        ApacheKafka() as kafka,
        Valkey() as valkey,
        tempfile.TemporaryDirectory() as folder,
        Arena((kafka.bootstrap, valkey.url), f"r6-{secrets.token_hex(3)}.", Path(folder)) as arena,
    ):
        found = part(arena, seed, say)
    findings = sum(len(one.findings) for one in found.judged)
    wrong = [*found.wrong, *([f"the judge has {findings} findings"] if findings else [])]
    if not all(one.folded for one in found.judged):
        wrong.append("not everything could be compared with a fold of the core")
    return Result(
        scene=name,
        seed=seed,
        seconds=round(found.seconds, 1),
        events=sum(sum(one.outcomes.values()) for one in found.judged),
        faults=found.counts,
        measured={},
        wrong=wrong,
        verdict=tell_text(found.judged, FINDINGS),
        notes=found.notes,
    )


def _scene(name: str, part: Part) -> Scene:
    return Scene(name=name, topology=Topology(), strands=(), by=partial(_play, name, part))


def _mix(events: int) -> Scene:
    def part(arena: Arena, seed: int, say: Say) -> Found:
        return mix(arena, events=events, seed=seed, say=say)

    return _scene("poison in a day", part)


def _flood(events: int, starts: int) -> Scene:
    def part(arena: Arena, seed: int, say: Say) -> Found:
        del seed
        return flood(arena, events=events, starts=starts, say=say)

    return _scene("nothing but poison", part)


def _disorder(threads: int) -> Scene:
    def part(arena: Arena, seed: int, say: Say) -> Found:
        return disorder(arena, threads=threads, seed=seed, say=say)

    return _scene("repeats and disorder", part)


ROW = Row(
    number=6,
    title="poison, repeats and disorder",
    scenes=(_mix(300_000), _flood(30_000, 10), _disorder(50_000)),
    short=(_mix(4_000), _flood(2_000, 3), _disorder(600)),
    targets={EVENTS: 600_000, POISON: 3_000, STARTS: 10, CALLED: 50_000},
)
