"""Shifts the wall clock of a worker, and lets it jump while the worker runs (libfaketime)."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import ClassVar

from services.runtime.lane import EXIT_CODES
from tests.fault.fleet import GIVEN
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.stage import Stage
from tests.fault.workers import Worker
from tests.machine import find_libfaketime

SHIFTED = "clocks shifted"
LEFT = frozenset({0, EXIT_CODES["fenced"], EXIT_CODES["shutdown_too_slow"]})
MOST_S = 1_200
"""Twenty minutes each way: what the stories of the traffic expect stays true within an hour."""


class ShiftClock(Nemesis):
    """One more worker whose clock is wrong from its start, and then wrong in another way."""

    name: ClassVar[str] = "shift a clock"
    needs: ClassVar[tuple[str, ...]] = ("libfaketime",)
    rest_s: ClassVar[tuple[float, float]] = (0.5, 1.5)

    def __init__(self) -> None:
        self._shifted: Worker | None = None

    def plan(self, chance: random.Random) -> Blow:
        """Draw both shifts, seconds, forwards or back."""
        words = {name: chance.randint(-MOST_S, MOST_S) for name in ("first_s", "then_s")}
        return Blow(what=SHIFTED, hold_s=4.0, words=words)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Let it join, work for a while, and jump."""
        library = find_libfaketime()
        if library is None:
            raise AssertionError("no libfaketime here: apt install libfaketime")
        shift = stage.arena.folder / f"clock-{time.monotonic_ns()}"
        _set(shift, int(blow.words["first_s"]))
        environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(shift),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self._shifted = stage.arena.worker(environment=environment)
        self._shifted.await_log(GIVEN)
        time.sleep(3.0)
        _set(shift, int(blow.words["then_s"]))

    def heal(self, stage: Stage, blow: Blow) -> None:
        """It leaves; where its connections fail meanwhile, by the way out for that."""
        del stage, blow
        if self._shifted is None:
            return
        code = self._shifted.stop()
        if code not in LEFT:
            raise self._shifted.complain(f"left with {code}")


def _set(file: Path, seconds: int) -> None:
    file.write_text(f"{seconds:+d}s\n", "ascii")
