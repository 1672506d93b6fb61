"""Workers that stand still for longer than their session, are replaced, and wake."""

from __future__ import annotations

import random
import time
from typing import ClassVar

from services.runtime.lane import EXIT_CODES
from tests.fault.arena import SESSION_S
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.stage import Stage
from tests.fault.workers import Worker

ZOMBIES = "zombies"
EXIT = "a zombie ends after waking"
WAIT_S = 10.0


class Zombie(Nemesis):
    """SIGSTOP past the session time-out, a successor joins, SIGCONT: it must end by itself."""

    name: ClassVar[str] = "zombie"
    rest_s: ClassVar[tuple[float, float]] = (0.3, 1.0)

    def __init__(self) -> None:
        self._frozen: list[Worker] = []

    def plan(self, chance: random.Random) -> Blow:
        """Draw for how long beyond its session it stands still, and which one."""
        hold = round(SESSION_S + chance.uniform(0.7, 2.5), 2)
        return Blow(what=ZOMBIES, hold_s=hold, words={"seed": chance.randrange(2**31)})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Freeze one that is in the middle of its work; its successor joins at once."""
        worker = stage.fleet.take(random.Random(blow.words["seed"]), replace=True)
        worker.pause()
        self._frozen.append(worker)

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Wake it and measure its end."""
        del blow
        worker = self._frozen.pop()
        woken = time.monotonic()
        worker.resume()
        code = worker.await_end(WAIT_S)
        stage.measure(EXIT, time.monotonic() - woken)
        if code != EXIT_CODES["fenced"]:
            raise worker.complain(f"woke and ended with {code}, not as one that was fenced")
