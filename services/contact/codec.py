"""Bytes and headers <-> the words of the contract. Bad input comes back as a `Reject`.

Nothing here raises for what came from outside. The checks stand in a fixed order and the first
that fails is the answer: value, headers, content type, bytes, envelope against data, required
fields, types, limits, what the kind needs, key, partition (`docs/contract.md`).

JSON is written by msgspec, not by orjson: orjson has to be handed plain dictionaries, and building
them makes a decision cost several times as much (`docs/adr/`).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence

import msgspec

from services.contact.checks import check_event, check_place, check_sentiment
from services.contact.cloudevent import (
    PLAIN,
    STRUCTURED_JSON_TYPE,
    VERSION,
    read_headers,
)
from services.contact.decision import Decision, Position
from services.contact.event import ContactEvent
from services.contact.glance import glance_at_event, glance_at_sentiment, is_in_utc
from services.contact.limits import MAX_RECORD, in_utc
from services.contact.protobuf import write_message
from services.contact.reading import SENTIMENT_TYPE, SUMMARY_TYPE, read_exactly, read_sentiment
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.contact.topics import (
    CE_ID,
    CE_SOURCE,
    CE_SPECVERSION,
    CE_TIME,
    CE_TYPE,
    CONTENT_TYPE,
    EFFECT,
    EXECUTOR,
    JSON_TYPE,
    PROTOBUF_TYPE,
    REJECT_BY,
    REJECT_CODE,
    REJECT_OFFSET,
    REJECT_PARTITION,
    REJECT_TOPIC,
    REJECT_WHY,
    TRACEPARENT,
)

Headers = Sequence[tuple[str, bytes]]
"""Kafka record headers in their order, as aiokafka gives them."""

MAX_WHY = 500
"""Characters of a reason in a header."""
ROUTER_SOURCE = "omniroute/router"
"""The CloudEvents source of decisions."""
SENTIMENT_SOURCE = "omniroute/sentiment"
"""The CloudEvents source of sentiments."""
CONTENTS = ("json", "protobuf")
"""How the data of an event can be written."""
MODES = ("binary", "structured")
"""Where the CloudEvents attributes of an event can stand."""

_ENCODER = msgspec.json.Encoder()
_SPECVERSION = (CE_SPECVERSION, VERSION.encode())
_ROUTER = (CE_SOURCE, ROUTER_SOURCE.encode())
_SENTIMENT = ((CE_SOURCE, SENTIMENT_SOURCE.encode()), (CE_TYPE, SENTIMENT_TYPE.encode()))
_SUMMARY = ((CE_SOURCE, SENTIMENT_SOURCE.encode()), (CE_TYPE, SUMMARY_TYPE.encode()))
_JSON = (CONTENT_TYPE, JSON_TYPE.encode())
_CONTENT_TYPES = {"json": JSON_TYPE, "protobuf": PROTOBUF_TYPE}
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """One Kafka record, ready to send."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def decode_event(
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    *,
    partition: int | None = None,
    partitions: int | None = None,
) -> ContactEvent | Reject:
    """The event in a record of `contact.events`; the partition is checked where it is given."""
    event = read_event(value, headers)
    if isinstance(event, Reject):
        return event
    return check_place(event.customer_id, key, partition, partitions) or event


def read_event(value: bytes | None, headers: Headers) -> ContactEvent | Reject:
    """The event in a value, whatever the key of the record and the partition it lies on."""
    if not value or len(value) > MAX_RECORD:
        return _refuse_size(value)
    envelope = read_headers(headers) if headers else PLAIN
    if isinstance(envelope, Reject):
        return envelope
    event = glance_at_event(value, envelope) or read_exactly(value, envelope, ContactEvent)
    if isinstance(event, Reject):
        return event
    reject = check_event(event, len(value))
    if reject is not None:
        return reject
    return event if is_in_utc(event) else in_utc(event)


def decode_sentiment(
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    *,
    partition: int | None = None,
    partitions: int | None = None,
) -> SentimentScored | SentimentSummary | Reject:
    """What a record of `contact.sentiment` says, under the same laws as an event."""
    if not value or len(value) > MAX_RECORD:
        return _refuse_size(value)
    envelope = read_headers(headers) if headers else PLAIN
    if isinstance(envelope, Reject):
        return envelope
    said = glance_at_sentiment(value, envelope) or read_sentiment(value, envelope)
    if isinstance(said, Reject):
        return said
    reject = check_sentiment(said) or check_place(said.customer_id, key, partition, partitions)
    return in_utc(said) if reject is None else reject


def decode_decision(value: bytes | None, headers: Headers) -> Decision | Reject:
    """The decision in a record of `contact.decisions` or `contact.shadow`."""
    if not value or len(value) > MAX_RECORD:
        return _refuse_size(value)
    envelope = read_headers(headers) if headers else PLAIN
    if isinstance(envelope, Reject):
        return envelope
    return read_exactly(value, envelope, Decision)


def encode_event(event: ContactEvent, *, content: str = "json", mode: str = "binary") -> Encoded:
    """The record of an event. `content` is json or protobuf, `mode` is binary or structured."""
    if content not in CONTENTS or mode not in MODES:
        message = f"content is one of {CONTENTS}, mode one of {MODES}"
        raise ValueError(message)
    envelope = _envelope_of(event)
    key = event.customer_id.encode()
    named = (CONTENT_TYPE, _CONTENT_TYPES[content].encode())
    data = _ENCODER.encode(event) if content == "json" else write_message(event)
    if mode == "binary":
        words = ((f"ce_{name}", word.encode()) for name, word in envelope.items())
        return Encoded(key, data, (*words, named))
    outer: dict[str, object] = {**envelope, "datacontenttype": _CONTENT_TYPES[content]}
    if content == "json":
        outer["data"] = msgspec.Raw(data)
    else:
        outer["data_base64"] = b64encode(data).decode()
    return Encoded(key, _ENCODER.encode(outer), ((CONTENT_TYPE, STRUCTURED_JSON_TYPE.encode()),))


def encode_decision(decision: Decision, *, traceparent: bytes | None = None) -> Encoded:
    """The record of a decision: JSON, its envelope, executor and effect in headers."""
    headers: tuple[tuple[str, bytes], ...] = (
        _SPECVERSION,
        (CE_ID, decision.decision_id.encode()),
        _ROUTER,
        (CE_TYPE, decision.type.encode()),
        (CE_TIME, _ENCODER.encode(decision.decided_at)[1:-1]),
        _JSON,
        (EXECUTOR, decision.executor.encode()),
        (EFFECT, decision.effect.encode()),
    )
    if traceparent is not None:
        headers = (*headers, (TRACEPARENT, traceparent))
    return Encoded(decision.customer_id.encode(), _ENCODER.encode(decision), headers)


def encode_sentiment(
    said: SentimentScored | SentimentSummary, *, traceparent: bytes | None = None
) -> Encoded:
    """The record of a sentiment or a summary: JSON, its envelope in headers.

    The CloudEvents id joins source and id of the event that it is about, for that id is unique
    only there.
    """
    is_score = isinstance(said, SentimentScored)
    at = said.scored_at if isinstance(said, SentimentScored) else said.summarised_at
    headers: tuple[tuple[str, bytes], ...] = (
        _SPECVERSION,
        (CE_ID, f"{said.source}/{said.event_id}".encode()),
        *(_SENTIMENT if is_score else _SUMMARY),
        (CE_TIME, _ENCODER.encode(at)[1:-1]),
        _JSON,
    )
    if traceparent is not None:
        headers = (*headers, (TRACEPARENT, traceparent))
    return Encoded(said.customer_id.encode(), _ENCODER.encode(said), headers)


def encode_reject(
    reject: Reject,
    *,
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    position: Position,
    by: str,
) -> Encoded:
    """The dead letter of a record: its bytes and headers unchanged, the cause in further headers.

    `by` names the service. Header values are ASCII without control characters, so that every
    console shows them; the reason is cut at `MAX_WHY` characters.
    """
    added = (
        (REJECT_CODE, reject.code.encode()),
        (REJECT_WHY, ascii_of(reject.why)),
        (REJECT_TOPIC, ascii_of(position.topic)),
        (REJECT_PARTITION, b"%d" % position.partition),
        (REJECT_OFFSET, b"%d" % position.offset),
        (REJECT_BY, ascii_of(by)),
    )
    return Encoded(key, value, (*headers, *added))


def _envelope_of(event: ContactEvent) -> dict[str, str]:
    """The CloudEvents attributes of an event, by their names."""
    words = {
        "specversion": VERSION,
        "id": event.event_id,
        "source": event.source,
        "type": event.kind.value,
    }
    if event.occurred_at is not None:
        words["time"] = _ENCODER.encode(event.occurred_at)[1:-1].decode()
    return words


def _refuse_size(value: bytes | None) -> Reject:
    if not value:
        return Reject(
            RejectCode.VALUE_MISSING,
            "the record has no value; to forget a customer, send"
            " an event of the kind customer.erased",
        )
    return Reject(RejectCode.VALUE_TOO_LARGE, f"{len(value)} bytes; at most {MAX_RECORD} may stand")


def ascii_of(text: str) -> bytes:
    """The text in printable ASCII, every other character as an escape, cut to the room of a header."""
    shown = _NOT_ASCII.sub(lambda found: ascii(found[0])[1:-1], text)
    return shown[:MAX_WHY].encode()
