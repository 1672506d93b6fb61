"""What the judge looks at and what it finds: plain data, so that every check is pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from enum import StrEnum

import msgspec

Headers = tuple[tuple[str, bytes], ...]


class Promise(StrEnum):
    """The promise a finding is about; the string stands in the report."""

    OUTCOME = "one outcome per record"
    ONCE = "no outcome twice"
    ORDER = "order per customer"
    DECISION = "the decision the core makes"
    REVISION = "revisions without gaps"
    POSITION = "decisions point to their event"
    DEADLETTER = "dead letters unchanged"
    MARKER = "chain of markers"
    STATE = "contact.memory equals the fold"
    REDIS = "Redis equals contact.memory"
    CAPACITY = "no queue over its limit"
    LEDGER = "expected outcomes"
    EVIDENCE = "enough evidence"
    """Not a broken promise: something that would be needed for a verdict is gone or unreadable."""


class UnreadableError(Exception):
    """Kafka or a topic cannot be read; the text says which and what to do."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as promised."""

    promise: Promise
    partition: int
    what: str
    """A sentence with topic and offset; ids, never texts or addresses."""


class Record(msgspec.Struct, frozen=True):
    """One committed record of a topic."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    time: int
    """Milliseconds since the epoch, the append time where the topic has LogAppendTime."""


class Log(msgspec.Struct, frozen=True):
    """One partition of one topic, read with read_committed to its end."""

    records: tuple[Record, ...]
    """In offset order; offsets have gaps where control records and aborted ones lie."""
    start: int
    """The first offset the broker still holds; above 0 when retention removed records."""
    end: int
    """The next offset to read after the last record and the control records behind it."""

    def at(self, offset: int) -> Record | None:
        """The record at an offset, if there is one."""
        i = bisect_left(self.records, offset, key=lambda record: record.offset)
        found = i < len(self.records) and self.records[i].offset == offset
        return self.records[i] if found else None

    def between(self, since: int, until: int) -> tuple[Record, ...]:
        """The records with since <= offset < until."""
        i = bisect_left(self.records, since, key=lambda record: record.offset)
        j = bisect_left(self.records, until, key=lambda record: record.offset)
        return self.records[i:j]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one partition number: the inputs, the outputs, the views."""

    partition: int
    partitions: int
    """How many partitions each topic has."""
    events: Log
    sentiment: Log
    decisions: Log
    deadletters: Log
    memory: Log
    committed: Mapping[str, int | None]
    """The group's offsets by logical topic name; None where the group has none."""
    redis: Mapping[bytes, bytes] | None = None
    """The fields of the partition's hash; None when Redis is not to be judged."""
    limit: int | None = None
    """The least `max.message.bytes` of the topics that we write; None where it is not known."""
