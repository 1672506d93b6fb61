"""What a process says of its lanes while Kafka, or what else they need, is away."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiokafka import AIOKafkaConsumer

from services.contact.topics import EVENTS
from services.runtime import watchdog
from services.runtime.embedded import ApacheKafka, Broker
from services.runtime.lane import Batch, Opening, Receipts, Start, Stop, Unavailable, Work
from tests.shell.lanework import PARTITIONS, Copy, Deployment, running, until

STUCK_AFTER_S = 4.0
AWAY = "Redis is not there"


@pytest.fixture
async def deployment(broker: Broker, prefix: str) -> Deployment:
    """Topics on the broker in turn."""
    return await Deployment(broker.bootstrap, prefix).create()


def values(count: int) -> list[tuple[str, int, bytes, bytes]]:
    """Events over all partitions."""
    return [(EVENTS, i % PARTITIONS, b"k", b"%04d" % i) for i in range(count)]


class Needy(Copy):
    """Needs something that is there, or not."""

    is_there = True

    async def open(self, opening: Opening) -> Start:
        """Needed from the first."""
        self.need()
        return await super().open(opening)

    async def work(self, batch: Batch) -> Work:
        """Needed for each batch."""
        self.need()
        return await super().work(batch)

    async def committed(self, batch: Batch, work: Work, receipts: Receipts) -> None:
        """The first batch takes its time: the lane has not moved for as long as it waited, too."""
        await super().committed(batch, work, receipts)
        if len(self.stood) == 1:
            await asyncio.sleep(STUCK_AFTER_S * 0.6)

    def need(self) -> None:
        """As the memory does."""
        if not type(self).is_there:
            raise Unavailable(AWAY)


@pytest.mark.parametrize("from_the_start", [False, True])
async def test_the_lag_grows_while_nothing_is_fetched(
    deployment: Deployment, *, from_the_start: bool
) -> None:
    """Law: a lane that waits fetches nothing, and still tells how much waits, and for what.

    The last fetch says nothing of what came later; a lane that cannot be opened has none at all.
    """
    made: list[Copy] = []
    Needy.is_there = not from_the_start
    lanes = deployment.lanes(lambda n: Needy(n, made), stuck_after=STUCK_AFTER_S)
    async with running(lanes):
        if not from_the_start:
            await until(lambda: lanes.is_ready, 40)
        Needy.is_there = False
        for sent in (200, 400):
            await deployment.send(values(200))
            await until(lambda n=sent: sum(one.lag for one in lanes.statuses()) >= n, 40)  # type: ignore[misc] # a lambda
            await until(lambda: lanes.waits_for().get("redis", "").startswith(AWAY))
        begin = time.monotonic()
        await until(lambda: time.monotonic() - begin > STUCK_AFTER_S)
        Needy.is_there = True
        await until(lambda: sum(b.count for job in made for b in job.stood) == 400, 60)
        await until(lambda: not lanes.waits_for(), 40)
        await until(lambda: sum(one.lag for one in lanes.statuses()) == 0, 40)


async def test_a_process_that_does_not_get_into_the_group_ends(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: a join that hangs although Kafka answers has no lanes that could be missed, and ends."""

    async def hang(_: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(watchdog, "JOIN_S", 2.0)
    monkeypatch.setattr(AIOKafkaConsumer, "start", hang)
    lanes = deployment.lanes(lambda n: Copy(n, []), stuck_after=4.0)
    with pytest.raises(Stop) as stopped:
        await asyncio.wait_for(lanes.run(), 30)
    assert stopped.value.code == "stuck"
    assert "the group has given no lanes" in stopped.value.why


async def test_kafka_away_for_long_does_not_end_the_process(
    kafka: ApacheKafka, prefix: str
) -> None:
    """Law: a new process could only wait, too; this one says for what, and goes on by itself."""
    deployment = await Deployment(kafka.bootstrap, prefix).create()
    made: list[Copy] = []
    lanes = deployment.lanes(lambda n: Copy(n, made), stuck_after=STUCK_AFTER_S)
    async with running(lanes) as task:
        await until(lambda: lanes.is_ready)
        kafka.pause()
        await until(lambda: lanes.kafka_away_s > 0, 15)
        assert "kafka" in lanes.waits_for()
        await until(lambda: lanes.kafka_away_s > 5 * STUCK_AFTER_S, 60)
        assert not task.done()
        kafka.resume()
        await until(lambda: lanes.is_ready, 40)
        await deployment.send(values(100))
        await until(lambda: sum(b.count for job in made for b in job.stood) == 100, 40)
        assert lanes.kafka_away_s == 0
