"""Workers of one group share the lanes, hand them over, and refuse who counts differently."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from services.contact.topics import DECISIONS, EVENTS
from services.runtime.embedded import Broker
from services.runtime.lane import Batch, Stop, Work
from services.runtime.service import run_service
from services.runtime.transaction import Transactor
from tests.shell.lanework import PARTITIONS, Copy, Deployment, running, until


@pytest.fixture
async def deployment(broker: Broker, prefix: str) -> Deployment:
    """Topics on the broker in turn."""
    return await Deployment(broker.bootstrap, prefix).create()


def values(numbers: range) -> list[tuple[str, int, bytes, bytes]]:
    """One event per number, over all partitions."""
    return [(EVENTS, i % PARTITIONS, b"k", b"%05d" % i) for i in numbers]


def count(made: list[Copy]) -> int:
    """Records of which the jobs were told that they stand."""
    return sum(batch.count for job in made for batch in job.stood)


async def test_two_workers_share_the_lanes_and_hand_them_over(deployment: Deployment) -> None:
    """Law: through a join and a leave each record has one outcome, in order per partition."""
    first: list[Copy] = []
    second: list[Copy] = []
    one, two = (deployment.lanes(partial(Copy, made=made)) for made in (first, second))
    await deployment.send(values(range(200)))
    async with running(one):
        await until(lambda: count(first) == 200)
        async with running(two):
            await until(lambda: len(one.statuses()) == len(two.statuses()) == 1)
            await until(lambda: one.is_ready and two.is_ready)
            await deployment.send(values(range(200, 400)))
            await until(lambda: count(first) + count(second) == 400)
            assert count(second) == 100
        await deployment.send(values(range(400, 600)))
        await until(lambda: count(first) + count(second) == 600, 30)
        assert len(one.statuses()) == 2
    found = await deployment.read(DECISIONS)
    for partition in range(PARTITIONS):
        told = [r.value for r in found if r.partition == partition]
        assert told == [v for _, p, _, v in values(range(600)) if p == partition]


async def test_a_worker_with_another_number_of_lanes_ends_and_the_group_goes_on(
    deployment: Deployment,
) -> None:
    """Law: mixed membership is refused clearly; the worker that fits keeps all lanes."""
    made: list[Copy] = []
    lanes = deployment.lanes(lambda n: Copy(n, made))
    async with running(lanes):
        await until(lambda: lanes.is_ready)
        stranger = deployment.lanes(lambda n: Copy(n, made), lanes=3)
        with pytest.raises(Stop) as stopped:
            await asyncio.wait_for(stranger.run(), 30)
        assert stopped.value.code == "lanes_changed"
        assert "--lanes 2" in stopped.value.why
        await until(lambda: lanes.is_ready and len(lanes.statuses()) == 2)
        await deployment.send(values(range(40)))
        await until(lambda: count(made) == 40)


async def test_a_worker_that_miscounts_the_partitions_ends(deployment: Deployment) -> None:
    """Law: topics that do not have the agreed number of partitions give nobody a lane."""
    made: list[Copy] = []
    with pytest.raises(Stop) as stopped:
        await asyncio.wait_for(deployment.lanes(lambda n: Copy(n, made), partitions=8).run(), 30)
    assert stopped.value.code == "partitions_changed"


async def test_a_ghost_that_the_group_still_believes_in_ends(deployment: Deployment) -> None:
    """Law: fenced while still assigned means that we are not who we think: end within 5 s."""
    made: list[Copy] = []
    lanes = deployment.lanes(lambda n: Copy(n, made), lanes=1)
    task = asyncio.create_task(lanes.run())
    await until(lambda: lanes.is_ready)
    thief = Transactor(
        deployment.access,
        f"{deployment.prefix}router-lane-0",
        f"{deployment.prefix}omniroute-router",
        deployment.prefix,
    )
    await thief.fence(15)
    await deployment.send(values(range(4)))
    fenced_at = time.monotonic()
    with pytest.raises(Stop) as stopped:
        await asyncio.wait_for(task, 10)
    assert stopped.value.code == "fenced"
    assert time.monotonic() - fenced_at < 6
    await thief.discard()
    assert await deployment.read(DECISIONS) == []


async def test_a_process_that_stood_still_for_too_long_ends_before_it_fences_anybody(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: a thawed worker does not rebuild its lanes, for they are somebody else's by now."""
    made: list[Copy] = []
    lanes = deployment.lanes(lambda n: Copy(n, made))
    task = asyncio.create_task(lanes.run())
    await until(lambda: lanes.is_ready)
    real = time.monotonic
    lives = len(made)
    monkeypatch.setattr("services.runtime.lanes.time.monotonic", lambda: real() + 60)
    with pytest.raises(Stop) as stopped:
        await asyncio.wait_for(task, 5)
    assert stopped.value.code == "fenced"
    assert "stood still" in stopped.value.why
    assert len(made) == lives


class Slow(Copy):
    """Takes its time over a batch."""

    async def work(self, batch: Batch) -> Work:
        """Longer than anybody waits."""
        await asyncio.sleep(60)
        return await super().work(batch)


async def test_a_batch_that_does_not_end_cannot_hold_the_shutdown(deployment: Deployment) -> None:
    """Law: a stop is bounded; what was not committed is done again by the next owner."""
    made: list[Copy] = []
    await deployment.send(values(range(8)))
    lanes = deployment.lanes(lambda n: Slow(n, made), stop_within=1.0)
    task = asyncio.create_task(run_service(lanes))
    await until(lambda: any(job.batches or job.opening for job in made))
    await asyncio.sleep(1)
    began = time.monotonic()
    lanes.stop()
    assert await asyncio.wait_for(task, 12) == 0
    assert time.monotonic() - began < 8
    assert await deployment.read(DECISIONS) == []
    again: list[Copy] = []
    async with running(deployment.lanes(lambda n: Copy(n, again))):
        await until(lambda: count(again) == 8)
