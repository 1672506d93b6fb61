"""Puts events on `contact.events` as a platform should: keyed, idempotent, acknowledged.

Every acknowledgement becomes a line of the ledger, with the place that the broker gave.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from services.cli.day.expect import Entry, Expected, enter
from services.cli.day.generate import Sending
from services.cli.day.script import Raw, Story
from services.contact.codec import encode_event
from services.contact.event import ContactEvent
from services.contact.partition import partition_of
from services.contact.topics import EVENTS, Topics
from services.runtime.connection import KafkaAccess, make_sender

LINGER_MS = 2
START_WITHIN_S = 15.0
STOP_WITHIN_S = 15.0


class Sent(msgspec.Struct, frozen=True):
    """An acknowledged record."""

    entry: Entry
    appended_ms: int
    """The broker's append time, ms since the epoch."""


OnSent = Callable[[Sent], None]


class OutboxError(Exception):
    """Kafka cannot be reached or refused a record; the text is for a person."""


class Outbox:
    """Sends records; `on_sent` hears of each acknowledgement."""

    def __init__(self, producer: AIOKafkaProducer, topics: Topics, on_sent: OnSent) -> None:
        self._producer = producer
        self._topic = topics.events
        self._on_sent = on_sent
        self._partitions = 0
        self._waiting: set[asyncio.Future[Any]] = set()
        self.failed = ""
        """Why a record was not taken; empty while all goes well."""
        self.posted = 0

    async def post(
        self,
        record: ContactEvent | Raw,
        expected: Expected,
        *,
        story: Story | None = None,
        last: bool = False,
    ) -> asyncio.Future[Any] | None:
        """Hand a record to the producer; the future ends with its acknowledgement.

        None where the record cannot be sent here: with a single partition no key is astray.

        Raises:
            OutboxError: a record before this one was refused.
        """
        if self.failed:
            raise OutboxError(self.failed)
        self._partitions = self._partitions or len(await self._producer.partitions_for(self._topic))
        partition = None
        if isinstance(record, Raw) and record.astray:
            if self._partitions == 1:
                return None
            partition = (partition_of(record.key or b"", self._partitions) + 1) % self._partitions
        raw = record if isinstance(record, Raw) else encode_event(record)
        future = await self._producer.send(
            self._topic,
            value=raw.value,
            key=raw.key,
            partition=partition,
            headers=list(raw.headers),
        )
        self.posted += 1
        line = _describe(record, expected, story=story, last=last)
        self._waiting.add(future)
        future.add_done_callback(lambda done: self._acknowledge(done, line))
        return future  # type: ignore[no-any-return] # the library is untyped

    async def settle(self) -> None:
        """Wait until all that was posted is acknowledged; OutboxError after `STOP_WITHIN_S`."""
        # The desk may post more meanwhile: only what waits now is waited for.
        waiting = set(self._waiting)
        late = (await asyncio.wait(waiting, timeout=STOP_WITHIN_S))[1] if waiting else set()
        if late:
            self.failed = f"{len(late)} records were not acknowledged in {STOP_WITHIN_S:.0f} s"
        if self.failed:
            raise OutboxError(self.failed)

    def _acknowledge(self, done: asyncio.Future[Any], line: Callable[[int, int], Entry]) -> None:
        self._waiting.discard(done)
        if done.cancelled():
            return
        broken = done.exception()
        if broken is not None:
            self.failed = f"Kafka did not take a record: {broken}"
            return
        where = done.result()
        appended = where.timestamp if (where.timestamp or -1) > 0 else int(time.time() * 1000)
        self._on_sent(Sent(line(where.partition, where.offset), appended))


def _describe(
    record: ContactEvent | Raw, expected: Expected, *, story: Story | None, last: bool
) -> Callable[[int, int], Entry]:
    where: dict[str, Any] = {"topic": EVENTS}
    if isinstance(record, ContactEvent):
        where |= {"event_id": record.event_id, "source": record.source}
        where["customer_id"] = record.customer_id
    if story is not None:
        where |= {"story": story.name, "customer_id": story.person.id}
        where["threads"] = story.threads if last else ()
    return lambda partition, offset: enter(expected, partition=partition, offset=offset, **where)


@asynccontextmanager
async def open_outbox(
    access: KafkaAccess, topics: Topics, on_sent: OnSent
) -> AsyncIterator[Outbox]:
    """A producer that repeats nothing and loses nothing, while it lives.

    Raises:
        OutboxError: nobody answers at the brokers.
    """
    producer = make_sender(access, linger_ms=LINGER_MS)
    try:
        await asyncio.wait_for(producer.start(), START_WITHIN_S)
    except (KafkaError, OSError, TimeoutError) as broken:
        await producer.stop()
        raise OutboxError(
            f"no Kafka at {access.brokers} ({type(broken).__name__}). Start one, for instance with "
            "`omniroute run`, and name it with --brokers"
        ) from broken
    try:
        yield Outbox(producer, topics, on_sent)
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), STOP_WITHIN_S)


async def play(
    day: Iterable[Sending],
    outbox: Outbox,
    *,
    begin: float,
    stop: asyncio.Event,
    on_sending: Callable[[Sending], None] = lambda _: None,
) -> None:
    """Send the day's records when they are due, until the day or `stop`.

    `begin` is when it started, by `time.monotonic()`. Where the machine is too slow, records go
    out as fast as it can, in their order.
    """
    for sending in day:
        wait = begin + sending.due_ms / 1000 - time.monotonic()
        if wait > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait)
        if stop.is_set():
            return
        while True:
            try:
                await outbox.post(
                    sending.record, sending.expected, story=sending.story, last=sending.last
                )
            except KafkaTimeoutError:
                # The producer is full and Kafka away: this record waits, like those in there.
                if stop.is_set():
                    return
            else:
                break
        on_sending(sending)
