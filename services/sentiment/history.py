"""Reads back what this service wrote to `contact.sentiment`, for the open contacts of a lane."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.contact.codec import decode_sentiment
from services.contact.reject import Reject
from services.contact.sentiment import SentimentScored
from services.contact.topics import SENTIMENT
from services.runtime.connection import KafkaAccess, close_consumer, make_consumer
from services.runtime.lane import Opening, Record
from services.sentiment.core.talks import Draft, Talks

LOOK_BACK = 50_000
"""Offsets of `contact.sentiment` that a lane reads back, over all of its partitions."""
STILL_WITHIN_S = 30.0
"""A read that gets nowhere for so long is given up, and with it this life of the lane."""
CHUNK = 500


class History:
    """The past of one deployment's `contact.sentiment`."""

    def __init__(self, access: KafkaAccess, prefix: str) -> None:
        self._access = access
        self._topic = prefix + SENTIMENT

    async def recall(self, opening: Opening) -> Talks:
        """The open contacts of a lane, as far as the look back reaches.

        Called after the fence: then everything that former owners committed is readable.
        """
        talks = Talks()
        consumer = make_consumer(self._access, fetch_max_wait_ms=50)
        try:
            async with asyncio.timeout(STILL_WITHIN_S):
                await consumer.start()
                tps = [TopicPartition(self._topic, p) for p in opening.partitions]
                first = await consumer.beginning_offsets(tps)
                end = await consumer.end_offsets(tps)
            room = max(1, LOOK_BACK // max(1, len(tps)))
            for tp in tps:
                start = max(first[tp], end[tp] - room)
                oldest = await _recall(consumer, talks, (tp, start, end[tp]), opening.alive)
                if start > 0:
                    talks.begin_at(tp.partition, oldest or opening.clock)
        finally:
            await close_consumer(consumer)
        return talks


async def _recall(
    consumer: AIOKafkaConsumer,
    talks: Talks,
    span: tuple[TopicPartition, int, int],
    alive: Callable[[], None],
) -> int:
    """Hear everything of a partition in [start, end) again; tells when its first was written, ms."""
    tp, position, end = span
    moved, oldest = time.monotonic(), 0
    consumer.assign([tp])
    consumer.seek(tp, position)
    while position < end:
        polled = await consumer.getmany(tp, timeout_ms=500, max_records=CHUNK)
        records = [record for record in polled.get(tp, ()) if record.offset < end]
        if records and not oldest:
            oldest = records[0].timestamp
        _take(talks, tp.partition, records)
        alive()
        reached = await consumer.position(tp)
        if reached > position:
            position, moved = reached, time.monotonic()
        elif time.monotonic() - moved > STILL_WITHIN_S:
            raise TimeoutError(f"{tp.topic} {tp.partition} gives nothing at {position} of {end}")
    return oldest


def _take(talks: Talks, partition: int, records: Sequence[Record]) -> None:
    draft = Draft(talks)
    for record in records:
        said = decode_sentiment(record.key, record.value, record.headers)
        if isinstance(said, Reject):
            continue  # somebody else's; the router dead-letters it
        if isinstance(said, SentimentScored):
            draft.hear(partition, said)
        else:
            draft.note_summary(partition, said)
    talks.settle(draft)
