"""Workers that join, leave as they should, and leave by SIGKILL."""

from __future__ import annotations

import random
import time
from typing import ClassVar

from tests.fault.arena import SESSION_S
from tests.fault.fleet import GIVEN
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.stage import Stage
from tests.fault.workers import Worker

JOINS, LEAVES, LOST = "joins", "leaves", "workers lost by SIGKILL"
JOIN_GAP = "a join interrupts a lane"
LEAVE_GAP = "a clean leave interrupts a lane"
LOST_GAP = "a SIGKILL interrupts a lane"
SEE_S = 3.0
"""What a rebalance interrupts is seen within so long."""


ENOUGH, MOST = 3, 5
"""Workers before one leaves, and before one more joins."""


class Join(Nemesis):
    """One more worker; it leaves again by the nemesis `Leave`, which a round has as often."""

    name: ClassVar[str] = "join"
    gap: ClassVar[str] = JOIN_GAP
    gap_after_s: ClassVar[float] = SEE_S
    rest_s: ClassVar[tuple[float, float]] = (SEE_S, SEE_S + 0.5)

    def plan(self, chance: random.Random) -> Blow:
        """Nothing to draw."""
        del chance
        return Blow(what=JOINS)

    def prepare(self, stage: Stage, blow: Blow) -> None:
        """Where there are many, one leaves first."""
        del blow
        while len(stage.fleet.workers) >= MOST:
            _let_leave(stage.fleet.take(random.Random(0), replace=False))
            stage.count(LEAVES)
            time.sleep(SEE_S)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """It has joined when the group has given it its lanes."""
        del blow
        stage.fleet.add().await_log(GIVEN)

    def heal(self, stage: Stage, blow: Blow) -> None:
        """It stays."""


class Leave(Nemesis):
    """SIGTERM: finish the batch, leave the group, end with 0."""

    name: ClassVar[str] = "leave"
    gap: ClassVar[str] = LEAVE_GAP
    gap_after_s: ClassVar[float] = SEE_S
    rest_s: ClassVar[tuple[float, float]] = (SEE_S, SEE_S + 0.5)

    def plan(self, chance: random.Random) -> Blow:
        """Draw which one."""
        return Blow(what=LEAVES, words={"seed": chance.randrange(2**31)})

    def prepare(self, stage: Stage, blow: Blow) -> None:
        """Where fewer than two would stay, another one joins first."""
        del blow
        _keep_enough(stage)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Ask it to end."""
        _let_leave(stage.fleet.take(random.Random(blow.words["seed"]), replace=False))

    def heal(self, stage: Stage, blow: Blow) -> None:
        """It stays away."""


class Lose(Nemesis):
    """SIGKILL, and nobody tells the group: its session must end first. Another one joins then."""

    name: ClassVar[str] = "lose"
    gap: ClassVar[str] = LOST_GAP
    gap_after_s: ClassVar[float] = SESSION_S + 8.0
    rest_s: ClassVar[tuple[float, float]] = (SEE_S, SEE_S + 0.5)

    def plan(self, chance: random.Random) -> Blow:
        """Draw which one."""
        return Blow(what=LOST, hold_s=SESSION_S + 6.0, words={"seed": chance.randrange(2**31)})

    def prepare(self, stage: Stage, blow: Blow) -> None:
        """Where fewer than two would stay, another one joins first."""
        del blow
        _keep_enough(stage)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Kill one; the others must take over by themselves."""
        stage.fleet.take(random.Random(blow.words["seed"]), replace=False).kill()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """One joins in its place."""
        del blow
        stage.fleet.add().await_log(GIVEN)


def _keep_enough(stage: Stage) -> None:
    while len(stage.fleet.workers) < ENOUGH:
        stage.fleet.add().await_log(GIVEN)
        stage.count(JOINS)
        time.sleep(SEE_S)


def _let_leave(worker: Worker) -> None:
    code = worker.stop()
    if code != 0:
        raise worker.complain(f"left with {code}")
