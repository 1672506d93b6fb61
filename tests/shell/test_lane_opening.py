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


class Owns:
    """A producer that fences at once; afterwards it is fenced itself, or not."""

    def __init__(self, *, fenced: bool) -> None:
        self._fenced = fenced

    async def fence(self, _limit: float) -> None:
        """Nobody is there."""

    async def prove(self, _key: InputKey, _limit: float) -> None:
        """Whose lane it is."""
        if self._fenced:
            raise LaneLost("fenced")


class Reads:
    """A reader of one short partition."""

    async def start(self, _limit: float) -> None:
        """Nothing to connect to."""

    async def bounds(self, _limit: float) -> tuple[dict[InputKey, int], dict[InputKey, int]]:
        """First and end offset."""
        return {HERE: 0}, {HERE: 9}


async def open_lane(*, fenced: bool) -> None:
    """Open a lane whose memory is further on than what the coordinator says."""

    async def read_committed(_keys: object) -> dict[InputKey, Stood]:
        return {HERE: Stood(5)}

    keeper = LaneKeeper(
        0,
        LanePlan(lanes=1, partitions=1, inputs=(EVENTS,)),
        access=KafkaAccess(),
        settings=LaneSettings(service="router"),
        make_job=cast("Any", Disagrees),
        asked=Asked(read_committed, lambda: None),
        turns=Turns(),
    )
    fakes = cast("Any", Disagrees()), cast("Any", Owns(fenced=fenced)), cast("Any", Reads())
    await keeper._open_life(*fakes)


async def test_positions_that_disagree_are_somebody_elses_where_we_were_fenced() -> None:
    """Law: a successor committed between our two reads, and half of it is seen; nobody is asked."""
    with pytest.raises(LaneLost):
        await open_lane(fenced=True)


async def test_positions_of_our_own_lane_that_disagree_stop_the_process() -> None:
    """Law: nobody else is there: a person must look."""
    with pytest.raises(Stop) as stopped:
        await open_lane(fenced=False)
    assert stopped.value.code == "offsets_and_memory_disagree"
