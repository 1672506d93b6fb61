"""One transactional producer, one transaction at a time: all of a batch or nothing of it.

Rules, each with the defect of the client library (aiokafka 0.14) behind it:

* EVERY delivery is awaited before the offsets are sent and the transaction is committed: the
  library commits a transaction in which a send failed, and with the offsets in it that is loss;
* the offsets go in a fresh dict: the library eats the one it is given;
* everything has one time limit: a commit has none of its own;
* after any error the producer is thrown away, never used again: its sequence numbers may be ahead
  of the broker's, and then every later send fails for ever;
* after a transaction in which a connection was lost it is thrown away too, also when the commit
  came through at a second try. The first one may still wait in a broker, and until KIP-890 Kafka
  cannot tell whose it is: it would end the NEXT transaction, with half of its records.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InvalidProducerEpoch,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerFenced,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.runtime import crash
from services.runtime.connection import KafkaAccess, count_losses, discard_producer, make_producer
from services.runtime.lane import InputKey, LaneLost, Outgoing, Receipt, Receipts, Stop

NOT_ALLOWED = (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)


NO_NOTES: Mapping[InputKey, str] = {}


class TooLarge(Exception):  # noqa: N818 - reads as what it says at the raise
    """Kafka refused a record or a record batch of the transaction for its size."""


class Transactor:
    """Commits the work of one lane. After any exception it must be discarded."""

    def __init__(self, access: KafkaAccess, transactional_id: str, group: str, prefix: str) -> None:
        self._producer: AIOKafkaProducer = make_producer(access, transactional_id)
        self._count_losses = count_losses(self._producer)
        self._worn = False
        self._group = group
        self._prefix = prefix

    async def fence(self, within_s: float) -> None:
        """Fence every former owner of the lane; the broker ends its transaction first."""
        try:
            async with asyncio.timeout(within_s):
                await self._producer.start()
        except KafkaError as error:
            raise _name(error) from error

    async def prove(self, key: InputKey, within_s: float) -> None:
        """Make sure that nobody has fenced us: only an owner may offer an offset. It is taken back.

        Raises `LaneLost` (fenced), `Stop` (not authorized), `KafkaError` or `TimeoutError`.
        """
        offered = {TopicPartition(self._prefix + key[0], key[1]): OffsetAndMetadata(0, "")}
        try:
            async with asyncio.timeout(within_s):
                await self._producer.begin_transaction()
                await self._producer.send_offsets_to_transaction(offered, self._group)
                await self._producer.abort_transaction()
        except KafkaError as error:
            raise _name(error) from error

    async def commit(
        self,
        outgoing: Sequence[Outgoing],
        offsets: Mapping[InputKey, int],
        within_s: float,
        *,
        notes: Mapping[InputKey, str] = NO_NOTES,
    ) -> Receipts:
        """Write all records and the offsets in one transaction; returns when it is committed.

        `notes` are kept beside the offsets of the same keys; the others lose theirs.

        Raises `TooLarge`, `LaneLost` (fenced), `Stop` (not authorized), `KafkaError` or
        `TimeoutError`. Then nobody knows yet whether it was committed: the next owner's fence
        decides, and the committed offsets tell.
        """
        if self._worn:
            raise KafkaError("a connection was lost in the transaction before: a new producer")
        losses = self._count_losses()
        try:
            async with asyncio.timeout(within_s):
                return await self._commit(outgoing, offsets, notes)
        except KafkaError as error:
            raise _name(error) from error
        finally:
            self._worn = self._count_losses() != losses

    async def _commit(
        self,
        outgoing: Sequence[Outgoing],
        offsets: Mapping[InputKey, int],
        notes: Mapping[InputKey, str],
    ) -> Receipts:
        producer = self._producer
        await producer.begin_transaction()
        last = await self._deliver(outgoing)
        fresh = {
            TopicPartition(self._prefix + key[0], key[1]): OffsetAndMetadata(
                offset, notes.get(key, "")
            )
            for key, offset in offsets.items()
        }
        await producer.send_offsets_to_transaction(fresh, self._group)
        await producer.commit_transaction()
        return Receipts(last, int(time.time() * 1000))

    async def _deliver(self, outgoing: Sequence[Outgoing]) -> dict[InputKey, Receipt]:
        """Send every record, wait for every delivery, and say where the last ones lie."""
        deliveries: list[asyncio.Future[object]] = []
        counted: list[tuple[InputKey, int]] = []
        for key, builders in self._build(outgoing).items():
            for builder in builders:
                topic, partition = self._prefix + key[0], key[1]
                delivery = await self._producer.send_batch(builder, topic, partition=partition)
                delivery.add_done_callback(_look_at)
                deliveries.append(delivery)
                counted.append((key, builder.record_count()))
            if crash.due(crash.AFTER_SOME_SENDS):
                await asyncio.wait(deliveries)
                crash.die()
        return _read_answers(counted, await asyncio.gather(*deliveries))

    def _build(self, outgoing: Sequence[Outgoing]) -> dict[InputKey, list[BatchBuilder]]:
        """Record batches by topic and partition, each record in the order in which it came."""
        now = int(time.time() * 1000)
        built: dict[InputKey, list[BatchBuilder]] = defaultdict(list)
        current: dict[InputKey, BatchBuilder] = {}
        for record in outgoing:
            key = (record.topic, record.partition)
            builder = current.get(key)
            if builder is None or not _append(builder, record, now):
                builder = self._producer.create_batch()
                # An empty batch takes one record of any size; the broker judges it.
                _append(builder, record, now)
                current[key] = builder
                built[key].append(builder)
        return built

    async def discard(self) -> None:
        """Let go without a flush, within a bound."""
        await discard_producer(self._producer)


def _append(builder: BatchBuilder, record: Outgoing, now: int) -> bool:
    taken = builder.append(
        timestamp=now, key=record.key, value=record.value, headers=list(record.headers)
    )
    return taken is not None


def _look_at(delivery: asyncio.Future[object]) -> None:
    """Also a delivery that nobody waits for any more, because another one failed, is looked at."""
    if not delivery.cancelled():
        delivery.exception()


def _read_answers(
    counted: Sequence[tuple[InputKey, int]], answers: Sequence[object]
) -> dict[InputKey, Receipt]:
    """Where the last record of each partition lies."""
    last: dict[InputKey, Receipt] = {}
    for (key, count), answer in zip(counted, answers, strict=True):
        base = getattr(answer, "offset", -1)
        if base < 0:
            # The broker knows the batch but no longer its offset. We cannot go on without it.
            raise KafkaError(f"no offset came back for {key[0]} partition {key[1]}")
        last[key] = Receipt(base + count - 1, getattr(answer, "timestamp", -1))
    return last


def _name(error: KafkaError) -> Exception:
    """The client library's error as one of ours, where a decision hangs on it."""
    if isinstance(error, (MessageSizeTooLargeError, RecordListTooLargeError)):
        return TooLarge(type(error).__name__)
    if isinstance(error, (ProducerFenced, InvalidProducerEpoch)):
        return LaneLost("the producer was fenced: another process owns this lane")
    if isinstance(error, NOT_ALLOWED):
        return Stop("not_authorized", f"Kafka refuses {type(error).__name__}: check the ACLs.")
    same: Exception = error
    return same
