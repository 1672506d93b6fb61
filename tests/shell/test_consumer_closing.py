"""A consumer is closed whatever its library makes of it, and no lane ends by accident with it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from services.contact.topics import EVENTS
from services.runtime.assignor import LanePlan
from services.runtime.connection import KafkaAccess, close_consumer
from services.runtime.keeper import LaneKeeper
from services.runtime.lane_settings import LaneSettings
from services.runtime.turns import Turns


class _Client:
    closed = False

    async def close(self) -> None:
        self.closed = True


class _Consumer:
    """Stops as aiokafka 0.14 does when a broker was lost during a fetch."""

    def __init__(self) -> None:
        self._client = _Client()

    async def stop(self) -> None:
        fetching = asyncio.ensure_future(asyncio.sleep(60))
        await asyncio.sleep(0)
        fetching.cancel()
        await fetching


async def test_a_cancellation_inside_the_library_is_not_taken_for_ours() -> None:
    """Law: closing ends normally, and the connections are closed although stop() broke off."""
    consumer = _Consumer()
    await close_consumer(cast("Any", consumer))
    assert consumer._client.closed


async def test_our_own_cancellation_goes_through() -> None:
    """Law: whoever is cancelled while closing is cancelled."""

    class Stuck(_Consumer):
        async def stop(self) -> None:
            await asyncio.sleep(60)

    closing = asyncio.ensure_future(close_consumer(cast("Any", Stuck())))
    await asyncio.sleep(0.01)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing


async def test_a_lane_that_nobody_cancelled_is_rebuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: a stray cancellation rebuilds the lane; without, it would be gone for a minute."""
    lives: list[int] = []

    async def live(self: LaneKeeper) -> None:
        lives.append(len(lives))
        if len(lives) == 1:
            lost = asyncio.ensure_future(asyncio.sleep(60))
            await asyncio.sleep(0)
            lost.cancel()
            await lost
        self.stop()

    monkeypatch.setattr(LaneKeeper, "_live", live)
    keeper = LaneKeeper(
        0,
        LanePlan(lanes=1, partitions=1, inputs=(EVENTS,)),
        access=KafkaAccess(),
        settings=LaneSettings(service="router", backoff_first=0.01),
        make_job=cast("Any", None),
        asked=cast("Any", (None, lambda: None)),
        turns=Turns(),
    )
    await asyncio.wait_for(keeper.run(), 5)
    assert lives == [0, 1]


async def test_a_lane_that_is_cancelled_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: a batch that takes too long when the lane is to stop is really dropped."""

    async def live(self: LaneKeeper) -> None:
        del self
        await asyncio.sleep(60)

    monkeypatch.setattr(LaneKeeper, "_live", live)
    keeper = LaneKeeper(
        0,
        LanePlan(lanes=1, partitions=1, inputs=(EVENTS,)),
        access=KafkaAccess(),
        settings=LaneSettings(service="router"),
        make_job=cast("Any", None),
        asked=cast("Any", (None, lambda: None)),
        turns=Turns(),
    )
    running = asyncio.ensure_future(keeper.run())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
