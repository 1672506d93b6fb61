"""A header name that is no UTF-8, without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from services.runtime.forgiving import read_any_header_name


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
