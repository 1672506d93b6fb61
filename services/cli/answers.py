"""What comes back for events that were just sent: decisions, dead letters, or a silent nod."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.contact.codec import decode_decision
from services.contact.decision import Decision
from services.contact.topics import (
    REJECT_CODE,
    REJECT_OFFSET,
    REJECT_PARTITION,
    REJECT_TOPIC,
    REJECT_WHY,
    Topics,
)
from services.runtime.connection import KafkaAccess, close_consumer, make_admin, make_consumer

POLL_MS = 100
START_WITHIN_S = 15.0
ASK_EVERY_S = 0.3

Place = tuple[int, int]
"""Partition and offset of an event."""


class Letter(msgspec.Struct, frozen=True):
    """A dead letter: why the event was refused."""

    code: str
    why: str


class Silence(msgspec.Struct, frozen=True):
    """The router has taken the event in and had nothing to say about it."""


class Answer(msgspec.Struct, frozen=True):
    """One thing that came back for the event at `place`."""

    place: Place
    what: Decision | Letter | Silence


class UnreachableError(Exception):
    """Nobody answers, or the topics are not there; the text says what to do."""


class Answers:
    """Reads on from where the topics ended when it was opened."""

    def __init__(self, consumer: AIOKafkaConsumer, admin: Any, topics: Topics) -> None:
        self._consumer = consumer
        self._admin = admin
        self._topics = topics
        self._places: dict[tuple[str, str], Place] = {}
        """Where the event lies that a decision is about, for its revisions."""
        self._kept: list[Answer] = []
        """Read ahead, not yet told."""

    async def start(self) -> None:
        """Stand at the ends of both topics; raises UnreachableError."""
        topics = self._topics
        names = (topics.decisions, topics.deadletter)
        # All topics are listed: asking for names would create them where auto-creation is on.
        told = await self._admin.describe_topics()
        known = {t["topic"]: sorted(p["partition"] for p in t["partitions"]) for t in told}
        if not all(known.get(name) for name in names):
            raise UnreachableError(
                f"there is no topic {names[0]}. `omniroute topics apply` makes it; is --prefix right?"
            )
        places = [TopicPartition(name, p) for name in names for p in known[name]]
        self._consumer.assign(places)
        await self._consumer.seek_to_end(*places)
        for place in places:
            await self._consumer.position(place)

    async def follow(
        self, places: Iterable[Place], *, wait_s: float, linger_s: float
    ) -> AsyncIterator[Answer]:
        """What comes back for the events at `places`, until each has its outcome.

        Ends after `wait_s` at the latest; when all have their outcome, `linger_s` later, for
        what may still change a decision (a score of the message, for instance).
        """
        waiting = set(places)
        mine = frozenset(waiting)
        end = time.monotonic() + wait_s
        ask_at = 0.0
        while time.monotonic() < end:
            for answer in await self._poll():
                if answer.place in mine:
                    waiting.discard(answer.place)
                    yield answer
            if waiting and time.monotonic() > ask_at:
                ask_at = time.monotonic() + ASK_EVERY_S
                for place in await self._find_silent(waiting):
                    waiting.discard(place)
                    yield Answer(place, Silence())
            if not waiting and linger_s >= 0:
                end, linger_s = min(end, time.monotonic() + linger_s), -1.0

    async def _find_silent(self, waiting: set[Place]) -> list[Place]:
        """Those that the router has committed, though nothing about them is on the topics."""
        group = f"{self._topics.prefix}omniroute-router"
        found = await self._admin.list_consumer_group_offsets(group)
        ends = {
            at.partition: t.offset for at, t in found.items() if at.topic == self._topics.events
        }
        past = [place for place in sorted(waiting) if ends.get(place[0], 0) > place[1]]
        if not past:
            return []
        # It was committed with its decision: what is not here after a read to the end is not.
        places = list(self._consumer.assignment())
        latest = await self._consumer.end_offsets(places)
        heard: set[Place] = set()
        for _ in range(50):
            heard |= {answer.place for answer in await self._poll(keep=True)}
            here = [(await self._consumer.position(at), end) for at, end in latest.items()]
            if all(position >= end for position, end in here):
                break
        return [place for place in past if place not in heard]

    async def _poll(self, *, keep: bool = False) -> list[Answer]:
        found = await self._consumer.getmany(timeout_ms=POLL_MS)
        read = (self._read(record) for records in found.values() for record in records)
        answers = [*self._kept, *(answer for answer in read if answer is not None)]
        self._kept = answers if keep else []
        return answers

    def _read(self, record: Any) -> Answer | None:
        if record.topic == self._topics.deadletter:
            return _read_letter(dict(record.headers), self._topics.events)
        decision = decode_decision(record.value, record.headers)
        if not isinstance(decision, Decision):
            return None
        key = (decision.source, decision.event_id)
        if decision.revision == 0 and decision.position is not None:
            self._places[key] = (decision.position.partition, decision.position.offset)
        place = self._places.get(key)
        return None if place is None else Answer(place, decision)


def _read_letter(headers: dict[str, bytes], events: str) -> Answer | None:
    topic = headers.get(REJECT_TOPIC, b"").decode()
    if not events.endswith(topic):
        return None
    place = (int(headers.get(REJECT_PARTITION, b"-1")), int(headers.get(REJECT_OFFSET, b"-1")))
    code = headers.get(REJECT_CODE, b"?").decode()
    return Answer(place, Letter(code, headers.get(REJECT_WHY, b"").decode()))


@asynccontextmanager
async def open_answers(access: KafkaAccess, topics: Topics) -> AsyncIterator[Answers]:
    """Connect and stand at the ends; raises UnreachableError."""
    consumer, admin = make_consumer(access, auto_offset_reset="latest"), make_admin(access)
    try:
        try:
            await asyncio.wait_for(asyncio.gather(consumer.start(), admin.start()), START_WITHIN_S)
        except (KafkaError, OSError, TimeoutError) as broken:
            raise UnreachableError(
                f"no Kafka at {access.brokers} ({type(broken).__name__}). `omniroute run` starts "
                "one to try things out on; --brokers names another"
            ) from broken
        answers = Answers(consumer, admin, topics)
        await answers.start()
        yield answers
    finally:
        await close_consumer(consumer)
        await admin.close()
