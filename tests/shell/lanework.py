"""What the tests of lanes and memory share: a deployment of their own, jobs, and outside readers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord, TopicPartition

from services.contact.codec import encode_event
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.partition import partition_of
from services.contact.topics import DECISIONS, EVENTS, SENTIMENT
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from services.runtime.lane import (
    Batch,
    Job,
    Opening,
    Outgoing,
    Receipts,
    Start,
    Work,
    begin_stateless,
)
from services.runtime.lane_settings import LaneSettings
from services.runtime.lanes import Lanes
from services.runtime.log import describe_error

PARTITIONS = 4
LANES = 2

# Where nobody has configured it, structlog paints errors with all local variables: seconds of work
# for a batch, in which no lane moves.
structlog.configure(
    processors=[describe_error, structlog.processors.KeyValueRenderer()],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
)


class Deployment:
    """Topics with a prefix of the test's own, and what a test does with them from outside."""

    def __init__(self, brokers: str, prefix: str) -> None:
        self.access = KafkaAccess(brokers=brokers, request_timeout_ms=5_000)
        self.prefix = prefix

    async def create(self, partitions: int = PARTITIONS) -> Deployment:
        """Make the six topics."""
        report = await apply_topics(self.access, self.prefix, partitions=partitions)
        assert report.is_good, report.describe()
        return self

    def settings(self, **changes: Any) -> LaneSettings:
        """Lanes with short waits."""
        settings: dict[str, Any] = {
            "service": "router",
            "prefix": self.prefix,
            "lanes": LANES,
            "poll_ms": 50,
            "session_timeout": 6.0,
            "backoff_first": 0.05,
            "backoff_most": 0.5,
        }
        return LaneSettings(**{**settings, **changes})

    async def send(self, records: Sequence[tuple[str, int, bytes, bytes]]) -> None:
        """Put (topic, partition, key, value) on the topics, in order."""
        async with self.producing() as producer:
            sent = [
                await producer.send(self.prefix + topic, value, key=key, partition=partition)
                for topic, partition, key, value in records
            ]
            await asyncio.gather(*sent)

    async def send_events(self, events: Sequence[ContactEvent]) -> None:
        """Put events where their customers live."""
        records = []
        for event in events:
            one = encode_event(event)
            key = event.customer_id.encode()
            records.append((EVENTS, partition_of(key, PARTITIONS), key, one.value or b""))
        await self.send(records)

    @asynccontextmanager
    async def producing(self, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
        """A producer of the test's own."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.access.brokers, max_request_size=3_000_000, **options
        )
        await producer.start()
        try:
            yield producer
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await producer.stop()

    async def read(
        self, topic: str, partitions: int = PARTITIONS
    ) -> list[ConsumerRecord[Any, Any]]:
        """Everything that is committed on a topic, partition by partition."""
        tps = [TopicPartition(self.prefix + topic, p) for p in range(partitions)]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.access.brokers,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(tps)
            consumer.assign(tps)
            await consumer.seek_to_beginning(*tps)
            found: list[ConsumerRecord[Any, Any]] = []
            async with asyncio.timeout(20):
                while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found += records
            return sorted(found, key=lambda r: (r.partition, r.offset))
        finally:
            await consumer.stop()

    async def committed(
        self, topic: str, partition: int = 0, service: str = "router"
    ) -> int | None:
        """What the group has committed."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.access.brokers, group_id=f"{self.prefix}omniroute-{service}"
        )
        await consumer.start()
        try:
            tp = TopicPartition(self.prefix + topic, partition)
            answer: int | None = await consumer.committed(tp)
            return answer
        finally:
            await consumer.stop()

    def lanes(
        self, make_job: Callable[[int], Job], *, partitions: int = PARTITIONS, **changes: Any
    ) -> Lanes:
        """One worker's lanes."""
        return Lanes(
            access=self.access,
            settings=self.settings(**changes),
            inputs=(EVENTS, SENTIMENT),
            partitions=partitions,
            make_job=make_job,
        )


@asynccontextmanager
async def running(lanes: Lanes) -> AsyncIterator[asyncio.Task[None]]:
    """Run a worker's lanes while the block runs; a failure of the worker is the block's."""
    task = asyncio.create_task(lanes.run())
    try:
        yield task
    finally:
        lanes.stop()
        async with asyncio.timeout(15):
            await task


async def until(what: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until `what` holds; fails after `within_s`."""
    async with asyncio.timeout(within_s):
        while not what():  # noqa: ASYNC110 - it may be anything
            await asyncio.sleep(0.02)


class Copy:
    """A job that copies each input's value to contact.decisions and notes what it was told."""

    inputs = (EVENTS, SENTIMENT)
    made: list[Copy]

    def __init__(self, lane: int, made: list[Copy]) -> None:
        self.lane = lane
        self.opening: Opening | None = None
        self.batches: list[Batch] = []
        self.stood: list[Batch] = []
        self.closed = False
        made.append(self)

    async def open(self, opening: Opening) -> Start:
        """Begin where the group is."""
        self.opening = opening
        return begin_stateless(opening)

    async def started(self, start: Start, receipts: Receipts | None) -> None:
        """Nothing to do."""

    def answer(self, value: bytes) -> bytes:
        """What is written for an input."""
        return value

    async def work(self, batch: Batch) -> Work:
        """One decision for each input."""
        self.batches.append(batch)
        outgoing = []
        for part in batch.slices:
            for topic, records in part.records:
                for record in records:
                    place = (topic, part.partition, record.offset)
                    value = record.value or b""
                    told = b"oversized" if place in batch.oversized else self.answer(value)
                    outgoing.append(Outgoing(DECISIONS, part.partition, record.key, told))
        return Work(outgoing)

    async def committed(self, batch: Batch, work: Work, receipts: Receipts) -> None:
        """Note that it stands."""
        del work, receipts
        self.stood.append(batch)

    async def close(self) -> None:
        """Note it."""
        self.closed = True


def chat(customer: str, number: int, text: str = "hello") -> ContactEvent:
    """A customer's chat message: it gets a decision."""
    return ContactEvent(
        event_id=f"{customer}-{number}-{secrets.token_hex(4)}",
        source="test",
        kind=Kind.MESSAGE,
        customer_id=customer,
        channel=Channel.CHAT,
        side=Side.CUSTOMER,
        contact_id=f"{customer}/{number}",
        text=text,
    )
