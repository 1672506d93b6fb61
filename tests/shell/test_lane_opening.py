"""What a lane makes of positions that seem to disagree while it opens, without a broker."""

from __future__ import annotations

from typing import Any, cast

import pytest

from services.contact.topics import EVENTS
from services.runtime.assignor import LanePlan
from services.runtime.connection import KafkaAccess
from services.runtime.keeper import Asked, LaneKeeper
from services.runtime.lane import InputKey, LaneLost, Opening, Start, Stop
from services.runtime.lane_note import Stood
from services.runtime.lane_settings import LaneSettings
from services.runtime.turns import Turns

HERE: InputKey = (EVENTS, 0)


class Disagrees:
    """A job that finds its memory further on than the offsets it was told."""

    inputs = (EVENTS,)

    async def open(self, opening: Opening) -> Start:
        """Refuse them."""
        raise Stop("offsets_and_memory_disagree", f"memory 8, group {opening.committed[HERE]}")


class Fences:
    """A producer that fences at once."""

    async def fence(self, _limit: float) -> None:
        """Nobody is there."""


class Reads:
    """A reader of one short partition."""

    async def start(self, _limit: float) -> None:
        """Nothing to connect to."""

    async def bounds(self, _limit: float) -> tuple[dict[InputKey, int], dict[InputKey, int]]:
        """First and end offset."""
        return {HERE: 0}, {HERE: 9}


async def open_with(*committed: int) -> None:
    """Open a lane to which the coordinator gives these answers, one after the other."""
    answers = iter(committed)

    async def read_committed(_keys: object) -> dict[InputKey, Stood]:
        return {HERE: Stood(next(answers))}

    keeper = LaneKeeper(
        0,
        LanePlan(lanes=1, partitions=1, inputs=(EVENTS,)),
        access=KafkaAccess(),
        settings=LaneSettings(service="router"),
        make_job=cast("Any", Disagrees),
        asked=Asked(read_committed, lambda: None),
        turns=Turns(),
    )
    fakes = cast("Any", Disagrees()), cast("Any", Fences()), cast("Any", Reads())
    await keeper._open_life(*fakes)


async def test_offsets_that_moved_meanwhile_are_somebody_elses() -> None:
    """Another owner committed between the two reads: this one is fenced, nobody is asked."""
    with pytest.raises(LaneLost):
        await open_with(5, 8)


async def test_offsets_that_stand_still_and_disagree_stop_the_process() -> None:
    """Nobody else is there: a person must look."""
    with pytest.raises(Stop) as stopped:
        await open_with(5, 5)
    assert stopped.value.code == "offsets_and_memory_disagree"
