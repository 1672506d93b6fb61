"""Reads what the services write, read_committed, and tells the board and the desk."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.cli.day.board import Board
from services.cli.day.desk import Desk
from services.contact.codec import decode_decision, decode_sentiment
from services.contact.decision import Decision, Position
from services.contact.reject import Reject
from services.contact.topics import (
    EVENTS,
    REJECT_CODE,
    REJECT_OFFSET,
    REJECT_PARTITION,
    REJECT_TOPIC,
    SETTLE_STATE,
    Topics,
)
from services.runtime.connection import KafkaAccess, close_consumer, make_admin, make_consumer

POLL_MS = 100


class Watch:
    """Follows the four topics from their beginnings."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Topics, board: Board) -> None:
        self._consumer = consumer
        self._topics = topics
        self._board = board
        self.desk: Desk | None = None

    async def start(self, partitions: int) -> None:
        """Connect and take every partition; all four topics have so many."""
        await self._consumer.start()
        topics = self._topics
        places = [
            TopicPartition(name, p)
            for name in (topics.events, topics.decisions, topics.deadletter, topics.sentiment)
            for p in range(partitions)
        ]
        self._consumer.assign(places)
        await self._consumer.seek_to_beginning(*places)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            found = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=1000)
            for at, records in found.items():
                for record in records:
                    self._hear(at.topic, record)

    async def is_at_end(self) -> bool:
        """Has everything been read that is committed now?"""
        places = self._consumer.assignment()
        ends: Mapping[TopicPartition, int] = await self._consumer.end_offsets(list(places))
        here = [(await self._consumer.position(at), end) for at, end in ends.items()]
        return all(position >= end for position, end in here)

    async def close(self) -> None:
        """Let go of the connection."""
        await close_consumer(self._consumer)

    def _hear(self, topic: str, record: Any) -> None:
        topics, board = self._topics, self._board
        if topic == topics.events:
            board.note_event_read((record.partition, record.offset))
        elif topic == topics.decisions:
            decision = decode_decision(record.value, record.headers)
            if isinstance(decision, Decision):
                board.note_decision(decision, now_s=time.monotonic(), now_ms=time.time() * 1000)
                if self.desk is not None:
                    self.desk.take(decision)
            else:
                board.note_unfit(f"a decision that cannot be read: {decision.why}")
        elif topic == topics.deadletter:
            self._hear_letter(dict(record.headers))
        else:
            said = decode_sentiment(record.key, record.value, record.headers)
            if isinstance(said, Reject):
                board.note_unfit(f"a sentiment that cannot be read: {said.why}")
            else:
                board.note_sentiment(said, (record.partition, record.offset))

    def _hear_letter(self, headers: Mapping[str, bytes]) -> None:
        if SETTLE_STATE in headers and REJECT_CODE not in headers:
            return  # what became of a letter that was counted already
        code = headers.get(REJECT_CODE, b"without a code").decode()
        topic = headers.get(REJECT_TOPIC, b"").decode()
        place = (headers.get(REJECT_PARTITION), headers.get(REJECT_OFFSET))
        position = None
        if topic in {EVENTS, self._topics.events} and place[0] and place[1]:
            position = Position(EVENTS, int(place[0]), int(place[1]))
        self._board.note_letter(code, position)


def open_watch(access: KafkaAccess, topics: Topics, board: Board) -> Watch:
    """A watch that has not been started yet."""
    return Watch(make_consumer(access, auto_offset_reset="earliest"), topics, board)


class Progress:
    """How far the two services have come, by the offsets that they have committed."""

    def __init__(self, access: KafkaAccess, topics: Topics) -> None:
        self._admin = make_admin(access)
        self._topics = topics

    async def start(self) -> None:
        """Connect."""
        await self._admin.start()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._admin.close()

    async def find_missing(self, board: Board) -> str:
        """What has no outcome yet: a sentence, or empty when everything has one.

        Every acknowledged event must be committed by both services, and every sentiment that
        was read by the router.
        """
        topics = self._topics
        scored = await self._committed(f"{topics.prefix}omniroute-sentiment")
        routed = await self._committed(f"{topics.prefix}omniroute-router")
        for who, committed, topic, ends in (
            ("events wait for the router", routed, topics.events, board.ends),
            ("events wait for the sentiment service", scored, topics.events, board.ends),
            ("sentiments wait for the router", routed, topics.sentiment, board.sentiment_ends),
        ):
            behind = [end - max(0, committed.get((topic, p), 0)) for p, end in ends.items()]
            waiting = sum(max(0, n) for n in behind)
            if waiting:
                return f"{waiting} {who}"
        return ""

    async def _committed(self, group: str) -> dict[tuple[str, int], int]:
        found = await self._admin.list_consumer_group_offsets(group)
        return {(at.topic, at.partition): told.offset for at, told in found.items()}
