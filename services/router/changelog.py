"""Reads `contact.memory`: its newest marker, and the changes between two offsets.

When a read is complete is told by offsets only: the end comes from the broker (asked for after
the fence), the progress from the consumer's position, which also passes over transaction markers
and aborted records. An empty poll says nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.contact.topics import CUSTOMER_KEY_PREFIX, MARKER_KEY, MEMORY
from services.router.marker import Marker, Seat, decode_marker
from services.runtime.connection import KafkaAccess, close_consumer, make_consumer
from services.runtime.lane import Record, Stop

CHUNK = 1000
LOOK_BACK = (64, 4096, 262_144)
"""How far before the end the newest marker is looked for, before everything is read."""
STILL_WITHIN_S = 30.0
"""A read that gets nowhere for so long is given up (and with it this life of the lane)."""


class Changelog:
    """One deployment's `contact.memory`, read while nobody but us may write to it."""

    def __init__(self, access: KafkaAccess, prefix: str) -> None:
        self._access = access
        self._topic = prefix + MEMORY

    async def find_seats(self, partitions: Sequence[int]) -> dict[int, Seat | None]:
        """The newest marker of each partition; None where nothing was ever committed.

        Must be called after the fence: then no transaction is open and the ends stand still.
        """
        tps = {p: TopicPartition(self._topic, p) for p in partitions}
        async with self._reading() as consumer:
            async with asyncio.timeout(STILL_WITHIN_S):
                first = await consumer.beginning_offsets(list(tps.values()))
                end = await consumer.end_offsets(list(tps.values()))
            return {
                p: await self._find_seat(consumer, tp, (first[tp], end[tp]))
                for p, tp in tps.items()
            }

    async def _find_seat(
        self, consumer: AIOKafkaConsumer, tp: TopicPartition, bounds: tuple[int, int]
    ) -> Seat | None:
        first, end = bounds
        for start in (*(end - back for back in LOOK_BACK), first):
            seat, last = None, None
            async for records in _read(consumer, tp, max(first, start), end):
                for record in records:
                    last = record
                    if record.key == MARKER_KEY:
                        seat = _read_marker(record)
            if seat is not None and last is not None and last.key == MARKER_KEY:
                return seat
            if last is not None:
                raise Stop(
                    "memory_damaged",
                    f"{tp.topic} partition {tp.partition} ends with a record that is not our "
                    "marker: something else writes to it, or it was restored half.",
                )
            if start <= first:
                return None
        return None

    async def read(
        self, partition: int, start: int, end: int
    ) -> AsyncIterator[tuple[Mapping[bytes, bytes | None], int]]:
        """The changes from `start` up to `end`, in chunks.

        Yields (key -> packed customer or None, offset of the last record + 1).
        Markers move the offset and are not customers.
        """
        tp = TopicPartition(self._topic, partition)
        async with self._reading() as consumer:
            async for records in _read(consumer, tp, start, end):
                values = {
                    record.key: record.value
                    for record in records
                    if record.key is not None and record.key.startswith(CUSTOMER_KEY_PREFIX)
                }
                yield values, records[-1].offset + 1

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer for one task: it fetches nothing when nobody reads."""
        # A short wait at the end of a partition: the next one is read on the same connection.
        consumer = make_consumer(self._access, fetch_max_wait_ms=50)
        try:
            async with asyncio.timeout(STILL_WITHIN_S):
                await consumer.start()
            yield consumer
        finally:
            await close_consumer(consumer)


def _read_marker(record: Record) -> Seat:
    marker: Marker | None = decode_marker(record.value)
    if marker is None:
        raise Stop(
            "memory_damaged",
            f"{record.topic} partition {record.partition} offset {record.offset}: a marker that "
            "this version does not read. Was a newer version running here?",
        )
    return Seat(marker=marker, clog=record.offset + 1, at=record.timestamp)


async def _read(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int
) -> AsyncIterator[list[Record]]:
    """All committed records of one partition in [start, end), in order, in chunks."""
    consumer.assign([tp])
    consumer.seek(tp, start)
    position, moved = start, time.monotonic()
    while position < end:
        polled = await consumer.getmany(tp, timeout_ms=500, max_records=CHUNK)
        records = [record for record in polled.get(tp, ()) if record.offset < end]
        if records:
            yield records
        reached = await consumer.position(tp)
        if reached > position:
            position, moved = reached, time.monotonic()
        elif time.monotonic() - moved > STILL_WITHIN_S:
            raise TimeoutError(f"{tp.topic} {tp.partition} gives nothing at {position} of {end}")
