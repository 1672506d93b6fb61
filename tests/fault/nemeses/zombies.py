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
        """Draw for how long beyond its session it stands still, which one, and whether two do."""
        words = {"seed": chance.randrange(2**31), "at_once": chance.choice((1, 2, 2))}
        hold = round(SESSION_S + chance.uniform(0.7, 2.5), 2)
        return Blow(what=ZOMBIES, hold_s=hold, words=words)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Freeze some in the middle of their work; successors join at once."""
        chance, at_once = random.Random(blow.words["seed"]), int(blow.words["at_once"])
        for _ in range(at_once):
            worker = stage.fleet.take(chance, replace=True)
            worker.pause()
            self._frozen.append(worker)
        stage.count(ZOMBIES, at_once - 1)

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Wake them one after the other and measure their ends."""
        del blow
        while self._frozen:
            worker = self._frozen.pop()
            woken = time.monotonic()
            worker.resume()
            code = worker.await_end(WAIT_S)
            stage.measure(EXIT, time.monotonic() - woken)
            if code != EXIT_CODES["fenced"]:
                raise worker.complain(f"woke and ended with {code}, not as one that was fenced")
