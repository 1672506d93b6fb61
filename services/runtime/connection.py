"""How we connect to Kafka: every client of a service is made here, with bounded waits.

The defaults of the client library that would lose or repeat records are set right, once:
`read_committed` (not its default), no automatic commits (its default), no silent jump when an
offset is out of range (its default), byte budgets for fetches.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaError
from aiokafka.producer import sender
from aiokafka.structs import TopicPartition

from services.runtime.forgiving import read_any_header_name, tell_broken_connections

read_any_header_name()
tell_broken_connections()
# Right after a commit Kafka still writes the markers of that transaction and refuses the next one.
# aiokafka (0.14) asks again after 20 ms; that is longer than all the rest of a transaction.
sender.BACKOFF_OVERRIDE = 0.005

RETRY_MS = 20
"""A producer asks again after this. The markers of the transaction before hold up a transaction of
offsets alone as well, and there the line above does not help: by default it waits 100 ms."""
LOST = frozenset(
    {CloseReason.CONNECTION_BROKEN, CloseReason.CONNECTION_TIMEOUT, CloseReason.OUT_OF_SYNC}
)
"""A connection that ended so may have left requests behind that a broker still works off."""
CLOSE_WITHIN_S = 3.0
"""No client may take longer to close; after that its sockets are left to the process's end."""


class KafkaAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Where Kafka is and how to log in. `password` is never printed."""

    brokers: str = "127.0.0.1:9092"
    """host:port, comma separated."""
    client_id: str = "omniroute"
    security_protocol: str = "PLAINTEXT"
    """PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: str = ""
    ca_file: str = ""
    """PEM of the certificate authority; empty takes the system's."""
    cert_file: str = ""
    """PEM of our own certificate, for mutual TLS."""
    key_file: str = ""
    request_timeout_ms: int = 8_000
    """A connection that nothing comes through any more is given up after this. Twice as long as any
    answer takes in good times, and short enough that a lane whose transaction hangs on it finishes
    it on a new one within `batch_within`."""
    fetch_max_bytes: int = 8 * 1024 * 1024
    """Most bytes that one fetch brings, over all partitions of a lane."""
    partition_fetch_bytes: int = 512 * 1024
    """Most bytes that one fetch brings of one partition (one larger record is always brought).

    Each partition holds one until it is used. Twice as much costs the sentiment service 7 MiB and
    brings 3 % of throughput (`python -m bench.soak --service sentiment`)."""
    produce_batch_bytes: int = 512 * 1024
    """Most bytes of one produced record batch (one larger record goes alone)."""
    compression: str = ""
    """Empty, gzip, snappy, lz4 or zstd."""
    transaction_timeout_ms: int = 30_000
    """After this the broker aborts a transaction of a lane that has gone silent."""


def make_consumer(access: KafkaAccess, **options: object) -> AIOKafkaConsumer:
    """A consumer that never commits by itself, reads committed records only, and never jumps."""
    settings: dict[str, object] = {
        "enable_auto_commit": False,
        "isolation_level": "read_committed",
        "auto_offset_reset": "none",
        "fetch_max_bytes": access.fetch_max_bytes,
        "max_partition_fetch_bytes": access.partition_fetch_bytes,
    }
    return AIOKafkaConsumer(**{**_login(access), **settings, **options})


def make_producer(
    access: KafkaAccess, transactional_id: str, **options: object
) -> AIOKafkaProducer:
    """A transactional producer; `start()` fences every former owner of the id."""
    settings: dict[str, object] = {
        "transactional_id": transactional_id,
        "transaction_timeout_ms": access.transaction_timeout_ms,
        "max_batch_size": access.produce_batch_bytes,
        "compression_type": access.compression or None,
        "retry_backoff_ms": RETRY_MS,
    }
    return AIOKafkaProducer(**{**_login(access), **settings, **options})


def count_losses(producer: AIOKafkaProducer) -> Callable[[], int]:
    """Ask of a producer that has not started yet how many connections it has lost so far.

    The library asks again on a new connection and tells nobody. This reaches into it, here and
    nowhere else.
    """
    client = producer.client
    told = client._on_connection_closed  # noqa: SLF001
    losses = 0

    def count(connection: object, reason: CloseReason | None) -> None:
        nonlocal losses
        losses += reason in LOST
        told(connection, reason)

    client._on_connection_closed = count  # noqa: SLF001
    return lambda: losses


def make_sender(access: KafkaAccess, *, linger_ms: int = 0) -> AIOKafkaProducer:
    """A producer for commands: idempotent, without transactions; each record is acknowledged."""
    return AIOKafkaProducer(
        **_login(access),
        enable_idempotence=True,
        linger_ms=linger_ms,
        max_request_size=2 * 1024 * 1024,
        compression_type=access.compression or None,
    )


def make_admin(access: KafkaAccess) -> AIOKafkaAdminClient:
    """A client that creates and describes topics."""
    settings = _login(access)
    settings["request_timeout_ms"] = min(access.request_timeout_ms, 10_000)
    return AIOKafkaAdminClient(**settings)


async def reaches_kafka(access: KafkaAccess, within_s: float) -> bool:
    """Does a broker answer a client that is new, and so cannot be broken by what was before?"""
    login = _login(access)
    client = AIOKafkaClient(**login)
    try:
        async with asyncio.timeout(within_s):
            await client.bootstrap()
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await client.close()
    return True


def _login(access: KafkaAccess) -> dict[str, object]:
    settings: dict[str, object] = {
        "bootstrap_servers": access.brokers,
        "client_id": access.client_id,
        "request_timeout_ms": access.request_timeout_ms,
        "security_protocol": access.security_protocol,
        "metadata_max_age_ms": 60_000,
    }
    if access.security_protocol.endswith("SSL"):
        context = ssl.create_default_context(cafile=access.ca_file or None)
        if access.cert_file:
            context.load_cert_chain(access.cert_file, access.key_file or None)
        settings["ssl_context"] = context
    if access.security_protocol.startswith("SASL"):
        settings["sasl_mechanism"] = access.sasl_mechanism
        settings["sasl_plain_username"] = access.username
        settings["sasl_plain_password"] = access.password
    return settings


async def read_stood(
    consumer: AIOKafkaConsumer, tps: Sequence[TopicPartition]
) -> dict[TopicPartition, tuple[int, str]]:
    """What the consumer's group has committed, with the note beside each offset; a remote call.

    Partitions without an offset are left out. The public `committed()` drops the notes, so this
    reaches into the library, here and nowhere else.
    """
    found = await consumer._coordinator.fetch_committed_offsets(list(tps))  # noqa: SLF001
    return {tp: (at.offset, at.metadata or "") for tp, at in found.items() if at.offset >= 0}


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Close a consumer within `CLOSE_WITHIN_S`, whatever the brokers do.

    In a task of its own: where a broker is away, `AIOKafkaConsumer.stop()` (0.14) may end in the
    cancellation of one of its own tasks, which would look like ours, and leaves its client open.
    """
    stopping = asyncio.ensure_future(consumer.stop())
    try:
        await asyncio.wait({stopping}, timeout=CLOSE_WITHIN_S)
    finally:
        stopping.cancel()
    if not stopping.done() or stopping.cancelled() or stopping.exception() is not None:
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await consumer._client.close()  # noqa: SLF001 - stop() did not come so far


async def discard_producer(producer: AIOKafkaProducer) -> None:
    """Let go of a producer WITHOUT a flush: what was not committed must not be sent any more.

    `AIOKafkaProducer.stop()` flushes, and waits for ever with the brokers away (0.14:
    idempotent batches never expire). So the sender is cancelled, everything that waits for it is
    failed, and the connections are closed. This reaches into the library, here and nowhere else.
    """
    producer._closed = True  # noqa: SLF001 - stop() would flush
    task = producer._sender.sender_task  # noqa: SLF001
    tasks = [] if task is None else [task]
    if task is not None:
        task.cancel()
    accumulator = producer._message_accumulator  # noqa: SLF001
    batches = [*accumulator._pending_batches]  # noqa: SLF001
    batches += [batch for queue in accumulator._batches.values() for batch in queue]  # noqa: SLF001
    accumulator.fail_all(KafkaError("the producer was discarded"))
    waiters = [f for b in batches for f in (b.future, b._drain_waiter)]  # noqa: SLF001
    waiters.append(producer._txn_manager._transaction_waiter)  # noqa: SLF001
    for waiter in waiters:
        # Looked at, so that nobody is told of errors that are of no interest any more.
        if waiter is not None and waiter.done() and not waiter.cancelled():
            waiter.exception()
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await producer.client.close()
    await _end_tasks(tasks)


async def _end_tasks(tasks: Sequence[asyncio.Task[object]]) -> None:
    """Cancelled once more, a sender stops waiting for its own requests; then it is forgotten."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=1.0)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()
