"""Settles letters: the record that is sent again and the note that says so are one transaction.

All who settle share one transactional id. Whoever begins fences who began before, and only then
reads what is settled: so a letter is settled once, whenever a tool is killed and however many run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaConnectionError,
    KafkaError,
    ProducerFenced,
)

from services.cli.answers import UnreachableError
from services.cli.deadletters.archive import Filed
from services.contact.deadletter import Settlement, State, encode_settlement
from services.contact.decision import Position
from services.contact.topics import Topics
from services.runtime import crash
from services.runtime.connection import KafkaAccess, discard_producer, make_producer

TRANSACTIONAL_ID = "deadletter"
WITHIN_S = 30.0
LARGEST = 16 * 1024 * 1024
"""Bytes of a record that the client lets through; the topic's own limit decides."""


class Order(msgspec.Struct, frozen=True):
    """What is to become of a letter."""

    filed: Filed
    partition: int | None = None
    """Where its record is sent again; None: it is dropped."""


class FailedError(Exception):
    """Nothing of the last transaction stands; the text says why, for a person."""


class Settler:
    """One operator; use `open_settler`."""

    def __init__(self, producer: AIOKafkaProducer, topics: Topics, by: str, why: str) -> None:
        self._producer = producer
        self._topics = topics
        self._by = by
        self._why = why

    async def settle(self, orders: Sequence[Order]) -> list[Settlement]:
        """Carry the orders out in one transaction; they stand when this returns.

        Raises FailedError, and then the settler must be let go.
        """
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._producer.begin_transaction()
                settlements = [
                    self._note(order, to)
                    for order, to in zip(orders, await self._resend(orders), strict=True)
                ]
                crash.pass_point(crash.BEFORE_SETTLEMENT)
                await self._write(orders, settlements)
                crash.pass_point(crash.BEFORE_SETTLED)
                await self._producer.commit_transaction()
        except (ProducerFenced, InvalidProducerEpoch) as fenced:
            raise FailedError(
                "another `omniroute deadletter` began meanwhile and took over. Nothing is half done: "
                "see with `omniroute deadletter list` what is settled, and begin again"
            ) from fenced
        except (KafkaError, TimeoutError, OSError) as broken:
            what = str(broken) or type(broken).__name__
            raise FailedError(
                f"Kafka did not take it ({what}). Look with `omniroute deadletter list` and begin "
                "again: what was settled stays settled"
            ) from broken
        return settlements

    async def _resend(self, orders: Sequence[Order]) -> list[Position | None]:
        """Send the records, in order; where each lies now."""
        sent: list[Any] = []
        for order in orders:
            letter = order.filed.letter
            if order.partition is None:
                sent.append(None)
                continue
            topic = self._topics.name(letter.position.topic)
            sent.append(
                await self._producer.send(
                    topic,
                    letter.value,
                    key=letter.key,
                    partition=order.partition,
                    headers=list(letter.headers),
                )
            )
        # Every delivery is awaited: the client commits a transaction in which one failed.
        answers = iter(await asyncio.gather(*(one for one in sent if one is not None)))
        return [
            None
            if one is None
            else Position(
                order.filed.letter.position.topic, order.partition or 0, next(answers).offset
            )
            for order, one in zip(orders, sent, strict=True)
        ]

    def _note(self, order: Order, to: Position | None) -> Settlement:
        state = State.DROPPED if to is None else State.REPLAYED
        offset = order.filed.id[1]
        return Settlement(state=state, offset=offset, by=self._by, why=self._why, to=to)

    async def _write(self, orders: Sequence[Order], settlements: Sequence[Settlement]) -> None:
        written = []
        for order, settlement in zip(orders, settlements, strict=True):
            one = encode_settlement(settlement)
            written.append(
                await self._producer.send(
                    self._topics.deadletter,
                    one.value,
                    key=one.key,
                    partition=order.filed.id[0],
                    headers=list(one.headers),
                )
            )
        await asyncio.gather(*written)


@asynccontextmanager
async def open_settler(
    access: KafkaAccess, topics: Topics, *, by: str, why: str
) -> AsyncIterator[Settler]:
    """Take over from whoever settled before; their open transaction is undone first.

    Raises UnreachableError where Kafka does not answer or refuses.
    """
    producer = make_producer(access, f"{topics.prefix}{TRANSACTIONAL_ID}", max_request_size=LARGEST)
    try:
        try:
            async with asyncio.timeout(WITHIN_S):
                await producer.start()
        except (KafkaConnectionError, OSError, TimeoutError) as broken:
            raise UnreachableError(
                f"no Kafka at {access.brokers} ({type(broken).__name__}); --brokers names another"
            ) from broken
        except KafkaError as broken:
            what = str(broken) or type(broken).__name__
            raise UnreachableError(
                f"Kafka at {access.brokers} lets nobody settle ({what}). It needs Write and Describe "
                f"on the transactional id {topics.prefix}{TRANSACTIONAL_ID}"
            ) from broken
        yield Settler(producer, topics, by, why)
    finally:
        await discard_producer(producer)
