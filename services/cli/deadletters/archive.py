"""Reads `contact.deadletter`: the letters, and what became of them.

When a partition is read is told by offsets only: the end is asked for first, the progress is the
reader's position. An empty poll says nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.cli.answers import UnreachableError
from services.contact.deadletter import Letter, Settlement, State, read_deadletter
from services.contact.topics import Topics
from services.runtime.connection import KafkaAccess, close_consumer, make_admin, make_consumer

CHUNK = 500
START_WITHIN_S = 15.0
STILL_WITHIN_S = 30.0
"""A partition that gives nothing for so long is given up."""

Id = tuple[int, int]
"""Partition and offset of a letter on `contact.deadletter`: how people name it."""


class Filed(msgspec.Struct, frozen=True):
    """A letter as it lies on the topic, with what became of it."""

    id: Id
    at: int
    """Append time, ms since the epoch."""
    letter: Letter
    settled: Settlement | None = None

    @property
    def state(self) -> State:
        """`open` until somebody settles it."""
        return State.OPEN if self.settled is None else self.settled.state


class Span(msgspec.Struct, frozen=True):
    """Which part of the topic is looked at."""

    partitions: Sequence[int] = ()
    """Empty: all."""
    since: int | None = None
    """Ms since the epoch: letters appended from then on."""


class Archive:
    """The dead letters of one deployment as they stand now; use `open_archive`."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Topics, count: int) -> None:
        self._consumer = consumer
        self._topic = topics.deadletter
        self.partitions = count
        """How many partitions each topic of the deployment has."""
        self._bounds: dict[int, tuple[int, int]] = {}
        self._settled: dict[Id, Settlement] = {}
        self.unreadable: dict[Id, str] = {}
        """Records that are neither letters nor settlements, and why."""

    async def survey(self, span: Span) -> None:
        """Fix the bounds of the span and learn what was settled; before anything else.

        A settlement lies behind its letter, so none is missed by looking from `since` on.
        """
        wanted = span.partitions or range(self.partitions)
        tps = [TopicPartition(self._topic, p) for p in wanted]
        async with asyncio.timeout(STILL_WITHIN_S):
            first = await self._consumer.beginning_offsets(tps)
            end = await self._consumer.end_offsets(tps)
            if span.since is not None:
                asked = dict.fromkeys(tps, span.since)
                found = await self._consumer.offsets_for_times(asked)
                first = {tp: at.offset if (at := found[tp]) else end[tp] for tp in tps}
        self._bounds = {tp.partition: (first[tp], end[tp]) for tp in tps}
        async for tp, record, what in self._read():
            if isinstance(what, Settlement):
                self._settled.setdefault((tp.partition, what.offset), what)
            elif isinstance(what, str):
                self.unreadable[tp.partition, record.offset] = what

    async def letters(self) -> AsyncIterator[Filed]:
        """Every letter of the surveyed span, partition by partition, oldest first."""
        async for tp, record, what in self._read():
            if isinstance(what, Letter):
                place = (tp.partition, record.offset)
                yield Filed(place, record.timestamp, what, self._settled.get(place))

    async def _read(self) -> AsyncIterator[tuple[TopicPartition, Any, Letter | Settlement | str]]:
        for partition, (start, end) in self._bounds.items():
            tp = TopicPartition(self._topic, partition)
            async for record in _records(self._consumer, tp, start, end):
                yield tp, record, read_deadletter(record.key, record.value, record.headers)


async def _records(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int
) -> AsyncIterator[Any]:
    """All committed records in [start, end), in order."""
    if start >= end:
        return
    consumer.assign([tp])
    consumer.seek(tp, start)
    position, moved = start, time.monotonic()
    while position < end:
        polled = await consumer.getmany(tp, timeout_ms=300, max_records=CHUNK)
        for record in polled.get(tp, ()):
            if record.offset < end:
                yield record
        reached = await consumer.position(tp)
        if reached > position:
            position, moved = reached, time.monotonic()
        elif time.monotonic() - moved > STILL_WITHIN_S:
            raise TimeoutError(f"{tp.topic} {tp.partition} gives nothing at {position} of {end}")


@asynccontextmanager
async def open_archive(access: KafkaAccess, topics: Topics) -> AsyncIterator[Archive]:
    """Connect; raises UnreachableError where nobody answers or the topic is not there."""
    consumer, admin = make_consumer(access, fetch_max_wait_ms=50), make_admin(access)
    try:
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await asyncio.gather(consumer.start(), admin.start())
                # All topics are listed: asking for a name would create it on some brokers.
                told: Sequence[Mapping[str, Any]] = await admin.describe_topics()
        except (KafkaError, OSError, TimeoutError) as broken:
            raise UnreachableError(
                f"no Kafka at {access.brokers} ({type(broken).__name__}); --brokers names another"
            ) from broken
        counts = {topic["topic"]: len(topic["partitions"]) for topic in told}
        if not counts.get(topics.deadletter):
            raise UnreachableError(
                f"there is no topic {topics.deadletter}. Is --prefix right? "
                "`omniroute topics apply` makes the topics"
            )
        yield Archive(consumer, topics, counts[topics.deadletter])
    finally:
        await close_consumer(consumer)
        await admin.close()
