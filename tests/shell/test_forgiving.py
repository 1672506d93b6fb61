"""What is mended in the client: a header name that is no UTF-8, and a transport that is closed; without a broker."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop
from aiokafka import conn
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from services.runtime import forgiving
from services.runtime.forgiving import read_any_header_name

PLAIN: type[Any] = forgiving._Connection.__base__
"""The client's own, whatever was put in its place before."""


def _batch(codec: int) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=10_000,
    )
    for number in range(4):
        name = "bad" if number == 2 else "good"
        headers = [(name, b"1")]
        builder.append(number, timestamp=None, key=b"%d" % number, value=b"v", headers=headers)
    return bytes(builder.build())


def _read(records: Any) -> Iterator[tuple[bytes, str]]:
    while records.has_next():
        for record in records.next_batch():
            yield record.key, record.headers[0][0]


def test_the_client_alone_cannot_read_such_a_batch() -> None:
    """The day this fails, the client library can, and `forgiving.py` may go."""
    with pytest.raises(UnicodeDecodeError):
        list(_read(MemoryRecords(_batch(0).replace(b"bad", b"b\xffd"))))


def test_every_record_is_read_once_and_the_name_made_readable() -> None:
    """Those before it, itself, those after it, and the next batch."""
    read_any_header_name()
    data = _batch(0).replace(b"bad", b"b\xffd") + _batch(1)
    assert list(_read(fetcher.MemoryRecords(data))) == [
        (b"0", "good"),
        (b"1", "good"),
        (b"2", "b\\xffd"),
        (b"3", "good"),
        (b"0", "good"),
        (b"1", "good"),
        (b"2", "bad"),
        (b"3", "good"),
    ]


WRITES: tuple[Callable[[Any], object], ...] = (
    lambda its: its.send(ApiVersionRequest()),
    lambda its: its._send_sasl_token(b"token"),
)


async def _write_to_a_closed_transport(kind: type[Any], write: Callable[[Any], object]) -> None:
    """Write in the moment between the end of a transport and the client's notice of it."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    its = kind("127.0.0.1", server.sockets[0].getsockname()[1])
    connecting = asyncio.ensure_future(its.connect())
    try:
        while its._writer is None:  # noqa: ASYNC110 - the client tells nobody
            await asyncio.sleep(0.001)
        its._writer.transport.abort()
        await asyncio.sleep(0)  # the transport is closed in the next turn of the loop
        with pytest.raises(KafkaConnectionError, match="broken"):
            write(its)
        assert its._writer is None  # closed by it
    finally:
        its.close()
        await asyncio.wait({connecting})
        connecting.cancelled() or connecting.exception()
        server.close()


@pytest.mark.parametrize("write", WRITES, ids=["a request", "a token"])
def test_the_client_alone_takes_a_closed_transport_for_a_mistake(
    write: Callable[[Any], object],
) -> None:
    """The day this fails, the client tells it as what it is, and `tell_broken_connections` may go."""
    with pytest.raises(RuntimeError, match="handler is closed"):
        uvloop.run(_write_to_a_closed_transport(PLAIN, write))


@pytest.mark.parametrize("write", WRITES, ids=["a request", "a token"])
def test_a_closed_transport_is_a_broken_connection(write: Callable[[Any], object]) -> None:
    """Law: an error that the client knows, and the connection is closed with it.

    Whoever makes clients by `services/runtime/connection.py` has such connections.
    """
    importlib.import_module("services.runtime.connection")
    uvloop.run(_write_to_a_closed_transport(conn.AIOKafkaConnection, write))
