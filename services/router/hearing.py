"""Decodes a batch: every record becomes a word, or the reason why it is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from services.contact.codec import decode_event, decode_sentiment
from services.contact.decision import Position
from services.contact.event import ContactEvent
from services.contact.reject import KILLED, Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.contact.topics import EVENTS, TRACEPARENT
from services.runtime.lane import Batch, Record, Slice

TOO_LARGE = Reject(
    RejectCode.OUTPUT_TOO_LARGE, "what would have to be written for this record does not fit"
)


class Heard(msgspec.Struct, frozen=True, gc=False):
    """One record and what it says."""

    topic: str
    """Logical name."""
    record: Record
    word: ContactEvent | SentimentScored | SentimentSummary | Reject

    @property
    def position(self) -> Position:
        """Where the record lies; the topic by its logical name, the same in every deployment."""
        return Position(self.topic, self.record.partition, self.record.offset)

    @property
    def traceparent(self) -> bytes | None:
        """The trace that the record belongs to."""
        for name, value in self.record.headers:
            if name == TRACEPARENT:
                trace: bytes = value
                return trace
        return None


class Part(msgspec.Struct, frozen=True, gc=False):
    """What one partition says in a batch, in the order in which it is folded."""

    partition: int
    heard: Sequence[Heard]
    customers: Sequence[str]
    """Each customer that is spoken of, once."""


def hear(batch: Batch, partitions: int) -> list[Part]:
    """Decode all records; `partitions` is the count that keys are placed by."""
    refused = {**dict.fromkeys(batch.oversized, TOO_LARGE), **dict.fromkeys(batch.deadly, KILLED)}
    return [_hear_slice(part, partitions, refused) for part in batch.slices]


def _hear_slice(
    part: Slice, partitions: int, refused: Mapping[tuple[str, int, int], Reject]
) -> Part:
    heard = []
    customers: dict[str, None] = {}
    for topic, records in part.records:
        for record in records:
            word: ContactEvent | SentimentScored | SentimentSummary | Reject | None
            word = refused.get((topic, part.partition, record.offset)) if refused else None
            if word is not None:
                pass  # the lane knows it already, and nobody looks into its bytes
            elif topic == EVENTS:
                word = _hear_event(record, partitions)
            else:
                word = decode_sentiment(
                    record.key,
                    record.value,
                    record.headers,
                    partition=record.partition,
                    partitions=partitions,
                )
            heard.append(Heard(topic, record, word))
            if not isinstance(word, Reject):
                customers[word.customer_id] = None
    return Part(part.partition, heard, tuple(customers))


def _hear_event(record: Record, partitions: int) -> ContactEvent | Reject:
    word = decode_event(
        record.key,
        record.value,
        record.headers,
        partition=record.partition,
        partitions=partitions,
    )
    if isinstance(word, Reject) or word.received_at is not None:
        return word
    # The core's clock is the receipt; where the platform does not tell it, the append stands in.
    appended = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return msgspec.structs.replace(word, received_at=appended)
