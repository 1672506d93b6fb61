"""Kills the router with SIGKILL: at each named crash point, and at random."""

from __future__ import annotations

import random
import time
from typing import ClassVar

from services.runtime.crash import POINTS
from tests.fault.fleet import GIVEN
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.stage import Stage

AT_RANDOM = "killed at random"
RANDOM_MOST_S = 2.5
"""A worker that is killed at random dies within so long after the group gave it its lanes."""
BATCHES_MOST = 12
"""Another one dies at the first to twelfth passing of its crash point."""


def killed_at(point: str) -> str:
    """The name in the ledger."""
    return f"killed at {point}"


class KillAtRandom(Nemesis):
    """One life of the only worker, from its start to a violent end at any moment."""

    name: ClassVar[str] = "kill at random"
    rest_s: ClassVar[tuple[float, float]] = (0.0, 0.0)

    def plan(self, chance: random.Random) -> Blow:
        """Draw how long it lives."""
        return Blow(what=AT_RANDOM, words={"lives_s": round(chance.uniform(0, RANDOM_MOST_S), 3)})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Start, wait, kill; the group need not wait for the session of the dead to end."""
        worker = stage.arena.worker(fresh=False)
        worker.await_log(GIVEN)
        time.sleep(float(blow.words["lives_s"]))
        worker.kill()
        stage.arena.evict()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """The next life heals it."""


class KillAtPoint(Nemesis):
    """One life of the only worker, to the moment when it passes a crash point."""

    point: ClassVar[str]
    rest_s: ClassVar[tuple[float, float]] = (0.0, 0.0)

    def plan(self, chance: random.Random) -> Blow:
        """Draw the passing at which it dies."""
        words = {"passing": chance.randint(1, BATCHES_MOST)}
        return Blow(what=killed_at(self.point), words=words)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """It must die there and of nothing else."""
        after = int(blow.words["passing"])
        stage.arena.worker(crash_at=self.point, after=after, fresh=False).await_kill()
        stage.arena.evict()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """The next life heals it."""


KILLS: tuple[type[Nemesis], ...] = (
    KillAtRandom,
    *(
        type(f"Kill_{point}", (KillAtPoint,), {"name": killed_at(point), "point": point})
        for point in POINTS
    ),
)
"""At random, and one class for each crash point of the services."""
