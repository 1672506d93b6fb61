r"""Two defects of the client are mended here; tests with the pinned version keep them honest.

**One hostile header name must not stop a lane for ever.** A header's name is bytes on the wire and a
`str` in aiokafka 0.14: a name that is no UTF-8 raises inside the fetcher, at the same record at every
try. Here such a batch is read once more, by the client's own parser in Python, with the wrong bytes
written as `\xNN`; the name then is one that nobody knows, and the event is judged by the rest.

**A broken connection must not look like a mistake of ours.** Where a broker's reset has closed a
transport, uvloop answers the next write with RuntimeError, and aiokafka 0.14 expects OSError alone
(aiokafka issue 1038, open). It then goes up through the client, past everything that joins the group
again, and ended a process by the exit code of a defect in a campaign with cut connections.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, SupportsIndex, overload

from aiokafka import conn
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaConnectionError
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


class _Lenient(bytearray):
    """Bytes whose text is always readable; so are the slices that the parser takes."""

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytearray: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | bytearray:
        if isinstance(key, slice):
            return _Lenient(super().__getitem__(key))
        return super().__getitem__(key)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        del errors
        return super().decode(encoding, "backslashreplace")


class _SlowBatch(_DefaultRecordBatchPy):  # type: ignore[misc]  # final in its types only
    def __iter__(self) -> Iterator[Any]:
        self._maybe_uncompress()
        lenient = _Lenient(self._buffer)  # type: ignore[has-type]  # the client's, without types
        self._buffer = lenient
        return self


class _Batch:
    """A batch as the client parsed it, read again leniently if a name in it is no UTF-8."""

    def __init__(self, fast: Any, raw: memoryview) -> None:
        self._fast = fast
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fast, name)

    def __next__(self) -> Any:
        return next(self._fast)

    def __iter__(self) -> Iterator[Any]:
        done = 0
        try:
            for record in self._fast:
                yield record
                done += 1
        except UnicodeDecodeError:
            slow = _SlowBatch(bytearray(self._raw))
            yield from islice(slow, done, None)


class _Records(_MemoryRecordsPy):  # type: ignore[misc]  # final in its types only
    def next_batch(self, *arguments: int) -> Any:
        raw = self._next_slice
        batch = super().next_batch(*arguments)
        return None if batch is None else _Batch(batch, raw)


class _Connection(AIOKafkaConnection):  # type: ignore[misc]  # the client has no types
    """Raises KafkaConnectionError, and is closed, where its transport was closed before it heard of it."""

    def send(self, *arguments: Any, **words: Any) -> Any:
        with self._telling():
            return super().send(*arguments, **words)

    def _send_sasl_token(self, *arguments: Any, **words: Any) -> Any:
        with self._telling():
            return super()._send_sasl_token(*arguments, **words)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            if self._writer is None or not self._writer.transport.is_closing():
                raise
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            told = f"Connection at {self.host}:{self.port} broken: {error}"
            raise KafkaConnectionError(told) from error


def tell_broken_connections() -> None:
    """From now on every aiokafka client of this process has such connections."""
    conn.AIOKafkaConnection = _Connection


def read_any_header_name() -> None:
    """From now on every aiokafka consumer of this process reads such records."""
    fetcher.MemoryRecords = _Records
