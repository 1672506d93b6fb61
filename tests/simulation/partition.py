"""One partition of a topic: record batches, sequences of producers, open and aborted transactions.

Batches are the bytes that the client made, with offset, time and checksum set as a broker sets
them; so what is read back goes through the client's own decoding and filtering.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

OK = 0
OFFSET_OUT_OF_RANGE = 1
TOO_LARGE = 10
OUT_OF_ORDER_SEQUENCE = 45
INVALID_PRODUCER_EPOCH = 47
REMEMBERED = 5
"""Batches per producer that a broker knows again."""
_TRANSACTIONAL, _CONTROL, _APPEND_TIME = 0x10, 0x20, 0x08


class Entry:
    """One batch in the log."""

    __slots__ = ("base", "control", "last", "outcome", "pid", "raw", "transactional")

    def __init__(self, span: tuple[int, int], pid: int, raw: bytes, flags: int) -> None:
        self.base, self.last = span
        self.pid = pid
        self.raw = raw
        self.transactional = bool(flags & _TRANSACTIONAL)
        self.control = bool(flags & _CONTROL)
        self.outcome: bool | None = None
        """Of its transaction: committed, aborted, or open still."""

    @property
    def visible(self) -> bool:
        """Does a reader with read_committed see it?"""
        return not self.control and (not self.transactional or self.outcome is True)


class _Producer:
    def __init__(self) -> None:
        self.epoch = -1
        self.batches: list[tuple[int, int, int]] = []
        """(first sequence, last sequence, base offset) of the last ones."""


class Partition:
    """A log with one leader at a time."""

    def __init__(self, topic: str, number: int, clock: Callable[[], int]) -> None:
        self.topic = topic
        self.number = number
        self.max_bytes = 1_048_588
        self.leader = -1
        self.entries: list[Entry] = []
        self.end = 0
        self.open: dict[int, int] = {}
        """Producer -> first offset of its running transaction."""
        self.aborted: list[tuple[int, int, int]] = []
        """(producer, first offset, offset of the marker)."""
        self._clock = clock
        self._producers: dict[int, _Producer] = {}
        self._waiting: list[Callable[[], None]] = []

    @property
    def stable(self) -> int:
        """The last stable offset."""
        return min(self.open.values(), default=self.end)

    # -- writing

    def append(self, raw: bytes) -> tuple[int, int, int]:
        """(error, base offset, append time) for one batch from a producer."""
        now = self._clock()
        (flags, delta) = struct.unpack_from(">hi", raw, 21)
        pid, epoch, sequence = struct.unpack_from(">qhi", raw, 43)
        if len(raw) > self.max_bytes:
            return TOO_LARGE, -1, -1
        count = delta + 1
        if pid >= 0:
            error, known = self._check(pid, epoch, (sequence, sequence + count - 1))
            if error or known >= 0:
                return error, known, -1 if error else now
        base = self.end
        self._store(Entry((base, base + delta), pid, _stamp(raw, base, now), flags))
        if pid >= 0:
            self._remember(pid, epoch, (sequence, sequence + count - 1, base))
            if flags & _TRANSACTIONAL:
                self.open.setdefault(pid, base)
        self._wake()
        return OK, base, now

    def _check(self, pid: int, epoch: int, span: tuple[int, int]) -> tuple[int, int]:
        known = self._producers.get(pid)
        if known is None:
            return OK, -1
        if epoch < known.epoch:
            return INVALID_PRODUCER_EPOCH, -1
        if epoch > known.epoch:
            return (OK if span[0] == 0 else OUT_OF_ORDER_SEQUENCE), -1
        for first, last, base in known.batches:
            if (first, last) == span:
                return OK, base
        expected = known.batches[-1][1] + 1 if known.batches else 0
        return (OK if span[0] == expected else OUT_OF_ORDER_SEQUENCE), -1

    def _remember(self, pid: int, epoch: int, batch: tuple[int, int, int]) -> None:
        producer = self._producers.setdefault(pid, _Producer())
        if epoch > producer.epoch:
            producer.epoch, producer.batches = epoch, []
        producer.batches = [*producer.batches, batch][-REMEMBERED:]

    def mark(self, pid: int, epoch: int, *, committed: bool) -> None:
        """Write the control record that ends a transaction here."""
        now, base = self._clock(), self.end
        raw = bytearray(_COMMIT if committed else _ABORT)
        struct.pack_into(">qh", raw, 43, pid, epoch)
        flags = _TRANSACTIONAL | _CONTROL
        struct.pack_into(">h", raw, 21, flags)
        first = self.open.pop(pid, None)
        if first is not None:
            for entry in self.entries:
                if entry.pid == pid and entry.outcome is None and not entry.control:
                    entry.outcome = committed
            if not committed:
                self.aborted.append((pid, first, base))
        self._store(Entry((base, base), pid, _stamp(bytes(raw), base, now), flags))
        producer = self._producers.setdefault(pid, _Producer())
        if epoch > producer.epoch:
            producer.epoch, producer.batches = epoch, []
        self._wake()

    def put(self, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> int:
        """A record of somebody else's; its offset."""
        size = len(key or b"") + len(value or b"") + 2_000
        builder = _builder(size, transactional=False)
        builder.append(0, timestamp=self._clock(), key=key, value=value, headers=headers)
        return self.append(bytes(builder.build()))[1]

    def _store(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.end = entry.last + 1

    # -- reading

    def read(
        self, offset: int, limit: int, *, committed: bool
    ) -> tuple[int, bytes, list[tuple[int, int]]]:
        """(error, batches from `offset` on, aborted transactions among them)."""
        end = self.stable if committed else self.end
        if offset < 0 or offset > self.end:
            return OFFSET_OUT_OF_RANGE, b"", []
        if offset >= end:
            return OK, b"", []
        taken: list[bytes] = []
        size, until = 0, offset
        for entry in self.entries:
            if entry.last < offset:
                continue
            if entry.base >= end or (taken and size + len(entry.raw) > limit):
                break
            taken.append(entry.raw)
            size += len(entry.raw)
            until = entry.last
        gone = [(p, first) for p, first, last in self.aborted if last >= offset and first <= until]
        return OK, b"".join(taken), gone if committed else []

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call once, when something was appended."""
        self._waiting.append(call)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def records(self) -> Iterator[Any]:
        """Every committed record, by the log's own account of what was committed."""
        for entry in self.entries:
            if entry.visible:
                yield from MemoryRecords(entry.raw).next_batch()


def _stamp(raw: bytes, base: int, now: int) -> bytes:
    """The batch as a broker stores it with LogAppendTime."""
    batch = bytearray(raw)
    (flags,) = struct.unpack_from(">h", batch, 21)
    struct.pack_into(">q", batch, 0, base)
    struct.pack_into(">h", batch, 21, flags | _APPEND_TIME)
    struct.pack_into(">q", batch, 35, now)
    struct.pack_into(">I", batch, 17, calc_crc32c(memoryview(batch)[21:]))
    return bytes(batch)


def _builder(size: int, *, transactional: bool) -> Any:
    return DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=transactional,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=size,
    )


def _control(kind: int) -> bytes:
    builder = _builder(200, transactional=True)
    value = struct.pack(">hi", 0, 0)
    builder.append(0, timestamp=0, key=struct.pack(">hh", 0, kind), value=value, headers=[])
    return bytes(builder.build())


_ABORT, _COMMIT = _control(0), _control(1)
