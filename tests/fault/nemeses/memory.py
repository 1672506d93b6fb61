"""Kills and freezes a single Redis."""

from __future__ import annotations

import random
import time
from typing import ClassVar

from tests.fault.lasting import LastingValkey
from tests.fault.nemeses.damage import Damage
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.stage import Stage

WITH_LOG, EMPTY, OLDER = "with its log", "empty", "as it was before"
PAUSED = "Redis paused"
RESUME = "resumes after Redis is back"


def killed(how: str) -> str:
    """The name in the ledger."""
    return f"Redis killed, back {how}"


class QuickDamage(Damage):
    """The same, several times as often."""

    every_s: ClassVar[float] = 0.6


class OfRedis(Nemesis):
    """Measures how long after the return the last lane decides again."""

    resume: ClassVar[str] = RESUME
    rest_s: ClassVar[tuple[float, float]] = (1.0, 3.0)

    @staticmethod
    def server(stage: Stage) -> LastingValkey:
        """The only one."""
        assert isinstance(stage.redis, LastingValkey), "this topology has another Redis"
        return stage.redis


class KillRedis(OfRedis):
    """SIGKILL; it comes back with its log, empty, or as it was a moment ago."""

    name: ClassVar[str] = "kill Redis"

    def plan(self, chance: random.Random) -> Blow:
        """Draw how it comes back, and after how long."""
        how = chance.choice((WITH_LOG, WITH_LOG, EMPTY, OLDER))
        ago = round(chance.uniform(0.5, 3.0), 1)
        hold = round(chance.uniform(0.0, 4.0), 1)
        return Blow(what=killed(how), hold_s=hold, words={"ago_s": ago})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """End it at once; what is kept for later is copied before."""
        server = self.server(stage)
        if blow.what == killed(OLDER):
            server.keep()
            time.sleep(float(blow.words["ago_s"]))
        server.kill()
        if blow.what == killed(EMPTY):
            server.lose_log()
        if blow.what == killed(OLDER):
            server.go_back()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Start it."""
        del blow
        self.server(stage).start()


class PauseRedis(OfRedis):
    """SIGSTOP: connections stay open and nothing answers."""

    name: ClassVar[str] = "pause Redis"

    def plan(self, chance: random.Random) -> Blow:
        """Draw for how long."""
        return Blow(what=PAUSED, hold_s=round(chance.uniform(1.0, 10.0), 1))

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Freeze it."""
        del blow
        self.server(stage).pause()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Thaw it."""
        del blow
        self.server(stage).resume()
