"""Scripts of a client, played against the model and against real servers: both must answer the same.

A step that is refused is told by the name of its error. Producers and consumers are the client
library's own; of what they see, only what any broker must say is told (no producer ids, no times).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.runtime.connection import KafkaAccess, close_consumer, discard_producer, make_producer

WITHIN_S = 20.0
STILL_S = 0.3
TOPIC = "contact.decisions"


class Clients:
    """What a script has at hand, on topics with a prefix of its own."""

    def __init__(self, access: KafkaAccess, prefix: str) -> None:
        self._access = access
        self._prefix = prefix
        self.topic = prefix + TOPIC
        self.group = prefix + "group"
        self._open: list[AIOKafkaProducer] = []

    async def producer(self, name: str) -> AIOKafkaProducer:
        """One that has fenced all others of this name."""
        made = make_producer(self._access, self._prefix + name)
        self._open.append(made)
        await made.start()
        return made

    async def send(self, producer: AIOKafkaProducer, partition: int, *values: bytes) -> list[int]:
        """Send records as one batch; the offsets that they got."""
        batch = producer.create_batch()
        for value in values:
            assert batch.append(timestamp=0, key=b"k", value=value) is not None
        delivered = await producer.send_batch(batch, self.topic, partition=partition)
        told = await asyncio.wait_for(delivered, WITHIN_S)
        return [told.offset + i for i in range(len(values))]

    async def commit_offset(
        self, producer: AIOKafkaProducer, partition: int, offset: int, note: str = ""
    ) -> None:
        """Within the producer's transaction."""
        place = TopicPartition(self.topic, partition)
        offsets = {place: OffsetAndMetadata(offset, note)}
        await producer.send_offsets_to_transaction(offsets, self.group)

    async def read(self, partition: int, *, committed: bool = True) -> list[tuple[int, bytes]]:
        """(offset, value) of everything that a reader is given now."""
        level = "read_committed" if committed else "read_uncommitted"
        consumer = self._consumer(isolation_level=level)
        await consumer.start()
        try:
            place = TopicPartition(self.topic, partition)
            (end,) = (await consumer.end_offsets([place])).values()
            consumer.assign([place])
            consumer.seek(place, 0)
            found: list[tuple[int, bytes]] = []
            async with asyncio.timeout(WITHIN_S):
                while await consumer.position(place) < end:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found += [(record.offset, record.value) for record in records]
            return found
        finally:
            await close_consumer(consumer)

    async def ends(self, partition: int) -> tuple[int, int]:
        """The last stable offset, and the end of the log."""
        told = []
        for level in ("read_committed", "read_uncommitted"):
            consumer = self._consumer(isolation_level=level)
            await consumer.start()
            try:
                place = TopicPartition(self.topic, partition)
                told.append((await consumer.end_offsets([place]))[place])
            finally:
                await close_consumer(consumer)
        return told[0], told[1]

    async def committed(self, partition: int) -> tuple[int, str] | None:
        """The group's offset and its metadata."""
        consumer = self._consumer(group_id=self.group)
        await consumer.start()
        try:
            place = TopicPartition(self.topic, partition)
            found = await consumer._coordinator.fetch_committed_offsets([place])
            at = found.get(place)
            return None if at is None or at.offset < 0 else (at.offset, at.metadata or "")
        finally:
            await close_consumer(consumer)

    def _consumer(self, **options: Any) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._access.brokers,
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=10_000,
            **options,
        )

    async def close(self) -> None:
        """Let go of every producer."""
        for producer in self._open:
            await discard_producer(producer)


async def attempt(doing: Awaitable[object]) -> str:
    """`ok`, or the name of the error."""
    try:
        await asyncio.wait_for(doing, WITHIN_S)
    except (KafkaError, TimeoutError) as error:
        return type(error).__name__
    return "ok"


async def commits_and_aborts(its: Clients) -> list[object]:
    """What a reader sees while transactions run, when they are committed and when aborted."""
    told: list[object] = []
    one = await its.producer("a")
    await one.begin_transaction()
    told.append(await its.send(one, 0, b"1", b"2"))
    told += [await its.read(0), await its.read(0, committed=False), await its.ends(0)]
    await one.commit_transaction()
    await asyncio.sleep(STILL_S)
    told += [await its.read(0), await its.ends(0)]
    await one.begin_transaction()
    told.append(await its.send(one, 0, b"3"))
    await one.abort_transaction()
    await asyncio.sleep(STILL_S)
    told += [await its.read(0), await its.read(0, committed=False), await its.ends(0)]
    await one.begin_transaction()
    told.append(await its.send(one, 0, b"4"))
    told.append(await its.send(one, 1, b"5"))
    await one.commit_transaction()
    await asyncio.sleep(STILL_S)
    told += [await its.read(0), await its.read(1), await its.ends(0), await its.ends(1)]
    return told


async def offsets_in_transactions(its: Clients) -> list[object]:
    """Offsets and notes count when their transaction is committed, and only then."""
    told: list[object] = [await its.committed(0)]
    one = await its.producer("a")
    await one.begin_transaction()
    await its.commit_offset(one, 0, 5, "note")
    told.append(await its.committed(0))
    await one.commit_transaction()
    await asyncio.sleep(STILL_S)
    told.append(await its.committed(0))
    await one.begin_transaction()
    await its.send(one, 0, b"1")
    await its.commit_offset(one, 0, 7)
    await one.abort_transaction()
    await asyncio.sleep(STILL_S)
    told += [await its.committed(0), await its.read(0)]
    await one.begin_transaction()
    await its.commit_offset(one, 0, 6)
    await one.commit_transaction()
    await asyncio.sleep(STILL_S)
    told.append(await its.committed(0))
    return told


async def fencing(its: Clients) -> list[object]:
    """A new producer ends what the former one left open; the former one can do nothing more."""
    told: list[object] = []
    former = await its.producer("a")
    await former.begin_transaction()
    await its.send(former, 0, b"1")
    await its.commit_offset(former, 0, 3)
    newer = await its.producer("a")
    told += [await its.read(0), await its.committed(0), await its.ends(0)]
    told.append(await attempt(its.send(former, 0, b"2")))
    told.append(await attempt(former.commit_transaction()))
    await newer.begin_transaction()
    told.append(await its.send(newer, 0, b"3"))
    await newer.commit_transaction()
    await asyncio.sleep(STILL_S)
    told += [await its.read(0), await its.read(0, committed=False), await its.ends(0)]
    return told


async def fenced_before_it_begins(its: Clients) -> list[object]:
    """Each first step of a fenced producer is refused."""
    told: list[object] = []
    former = await its.producer("a")
    await its.producer("a")
    await former.begin_transaction()
    told.append(await attempt(its.send(former, 0, b"1")))
    other = await its.producer("b")
    await its.producer("b")
    await other.begin_transaction()
    told.append(await attempt(its.commit_offset(other, 0, 3)))
    told += [await its.read(0), await its.committed(0), await its.ends(0)]
    return told


async def a_failed_send_commits(its: Clients) -> list[object]:
    """A1: what is too large is refused, and the library commits the rest of the transaction."""
    told: list[object] = []
    one = await its.producer("a")
    await one.begin_transaction()
    told.append(await its.send(one, 0, b"small"))
    told.append(await attempt(its.send(one, 1, b"x" * 3_500_000)))
    told.append(await attempt(one.commit_transaction()))
    await asyncio.sleep(STILL_S)
    told += [await its.read(0), await its.read(1)]
    return told


async def two_at_a_time(its: Clients) -> list[object]:
    """What stands behind an open transaction of another producer is not seen before it ends."""
    told: list[object] = []
    one, two = await its.producer("a"), await its.producer("b")
    await one.begin_transaction()
    await two.begin_transaction()
    told.append(await its.send(one, 0, b"one"))
    told.append(await its.send(two, 0, b"two"))
    await two.commit_transaction()
    await asyncio.sleep(STILL_S)
    told += [await its.read(0), await its.ends(0)]
    await one.abort_transaction()
    await asyncio.sleep(STILL_S)
    told += [await its.read(0), await its.ends(0)]
    return told


SCRIPTS: Sequence[Callable[[Clients], Awaitable[list[object]]]] = (
    commits_and_aborts,
    offsets_in_transactions,
    fencing,
    fenced_before_it_begins,
    a_failed_send_commits,
    two_at_a_time,
)
