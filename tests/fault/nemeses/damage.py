"""Damages what Redis holds while everything runs; what it does is that of `tests/fault/vandal.py`."""

from __future__ import annotations

import random
from typing import ClassVar

from tests.fault.nemesis import Blow, Nemesis
from tests.fault.stage import Stage
from tests.fault.vandal import Vandal

EVERY_S = 2.0


class Damage(Nemesis):
    """From the strike to the heal somebody flushes and rolls back the hashes of the deployment."""

    name: ClassVar[str] = "damage to Redis"
    every_s: ClassVar[float] = EVERY_S

    def __init__(self) -> None:
        self._vandal: Vandal | None = None

    def plan(self, chance: random.Random) -> Blow:
        """Draw the vandal's own seed."""
        return Blow(what=self.name, words={"seed": chance.randrange(2**31)})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Let it begin."""
        arena, seed = stage.arena, int(blow.words["seed"])
        self._vandal = Vandal(arena.direct_redis, arena.keys, seed=seed, every_s=self.every_s)
        self._vandal.__enter__()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Let it end; what it did is counted by name."""
        del blow
        if self._vandal is None:
            return
        self._vandal.stop()
        for deed, times in self._vandal.done.items():
            stage.count(f"Redis: {deed}", times)
