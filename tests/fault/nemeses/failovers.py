"""Fail-overs by Sentinel that lose acknowledged writes."""

from __future__ import annotations

import random
from typing import ClassVar

from tests.fault.nemeses.memory import RESUME
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.sentinels import SentinelSet
from tests.fault.stage import Stage

LOST = "Sentinel fail-overs with lost writes"


class FailOver(Nemesis):
    """The primary is cut off from its replicas, acknowledges on, and is then lost."""

    name: ClassVar[str] = "fail over"
    resume: ClassVar[str] = RESUME

    def plan(self, chance: random.Random) -> Blow:
        """Draw how the primary is lost, how long it is cut off before, and when it is back."""
        how = chance.choice(("frozen", "killed", "split"))
        words = {"cut_s": chance.uniform(1.0, 4.0), "back_s": chance.uniform(0.0, 4.0)}
        drawn = {name: round(seconds, 1) for name, seconds in words.items()}
        return Blow(what=f"Sentinel fail-overs, primary {how}", words={"how": how, **drawn})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Do all of it; it is over when two follow the new primary."""
        found = stage.redis
        assert isinstance(found, SentinelSet), "this topology has another Redis"
        cut_s, back_s = float(blow.words["cut_s"]), float(blow.words["back_s"])
        lost = found.fail_over(stage.arena.keys, str(blow.words["how"]), cut_s=cut_s, back_s=back_s)
        if lost:
            stage.count(LOST)
        else:
            stage.note("a fail-over lost nothing: nothing was written in its time")

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Nothing: the strike ends with a set that is whole."""
