"""The value of a record -> a struct of the contract, every byte looked at.

The order of what is looked at is part of the contract (`docs/contract.md`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from services.contact.cloudevent import Envelope, Form, Opened, open_structured
from services.contact.complaints import explain, missing, unknown_word, words_at
from services.contact.decision import Decision
from services.contact.event import ContactEvent, Instant, Kind
from services.contact.jsontext import read_json
from services.contact.protobuf import read_message
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary

Word = TypeVar("Word", ContactEvent, SentimentScored, SentimentSummary, Decision)

SENTIMENT_TYPE = "sentiment.scored"
"""The CloudEvents type of a sentiment."""
SUMMARY_TYPE = "sentiment.summarised"
"""The CloudEvents type of a contact's summary, which lies on the same topic."""

_REQUIRED = ("event_id", "source", "kind", "customer_id")
_KINDS = frozenset(kind.value for kind in Kind)
_NOT_AN_OBJECT = Reject(RejectCode.NOT_AN_OBJECT, "the value is JSON, but not an object")
_EMPTY = (None, "")


def read_exactly(value: bytes, envelope: Envelope, shape: type[Word]) -> Word | Reject:
    """The struct in the value, every byte looked at; limits are not checked here."""
    opened = _open(value, envelope)
    return opened if isinstance(opened, Reject) else _read_opened(opened, shape)


def read_sentiment(value: bytes, envelope: Envelope) -> SentimentScored | SentimentSummary | Reject:
    """The same for what lies on `contact.sentiment`: its type says which of the two it is."""
    opened = _open(value, envelope)
    if isinstance(opened, Reject):
        return opened
    if opened.envelope.type == SUMMARY_TYPE:
        return _read_opened(opened, SentimentSummary)
    return _read_opened(opened, SentimentScored)


def _open(value: bytes, envelope: Envelope) -> Opened | Reject:
    if envelope.form is not Form.STRUCTURED_JSON:
        return Opened(envelope, value)
    outer = _read_object(value)
    return outer if isinstance(outer, Reject) else open_structured(outer)


def _read_opened(opened: Opened, shape: type[Word]) -> Word | Reject:
    tree = _read_data(opened.data, opened.envelope.form, shape)
    return tree if isinstance(tree, Reject) else _fill(tree, opened.envelope, shape)


def _read_data(data: object, form: Form, shape: type[Word]) -> dict[str, Any] | Reject:
    if isinstance(data, bytes):
        return read_message(data, shape) if form is Form.PROTOBUF else _read_object(data)
    return _without_blanks(data) if isinstance(data, dict) else _NOT_AN_OBJECT


def _read_object(value: bytes) -> dict[str, Any] | Reject:
    tree = read_json(value)
    if isinstance(tree, Reject):
        return tree
    if not isinstance(tree, dict):
        return _NOT_AN_OBJECT
    # Only weekdays tell an empty list from an absent one.
    return _without_blanks(tree) if b"null" in value or b"weekdays" in value else tree


def _without_blanks(tree: dict[str, Any]) -> dict[str, Any]:
    """The same without members that are null or empty lists: both mean absent, as in protobuf.

    A fact may be null; that is a value of its own.
    """
    found: dict[str, Any] = {}
    for name, item in tree.items():
        if isinstance(item, dict) and name != "facts":
            found[name] = _without_blanks(item)
        elif isinstance(item, list) and item:
            found[name] = [_without_blanks(x) if isinstance(x, dict) else x for x in item]
        elif item is not None and item != []:
            found[name] = item
    return found


def _fill(tree: dict[str, Any], envelope: Envelope, shape: type[Word]) -> Word | Reject:
    """Envelope and tree together make the struct; where both speak, they must agree."""
    reject = _join(tree, envelope, shape)
    if reject is not None:
        return reject
    for name in _REQUIRED:
        if name in shape.__struct_fields__ and tree.get(name) in _EMPTY:
            return missing(name)
    kind = tree.get("kind")
    if shape is ContactEvent and isinstance(kind, str) and kind not in _KINDS:
        return unknown_word("kind", words_at(shape, "kind"))
    try:
        return msgspec.convert(tree, shape)
    except msgspec.ValidationError as error:
        return explain(error, shape)


def _join(tree: dict[str, Any], envelope: Envelope, shape: type[Word]) -> Reject | None:
    """Put what the envelope says into the tree; refuse where the tree says otherwise."""
    if not envelope.id:
        return None
    stated = {"event_id": envelope.id, "source": envelope.source, "kind": envelope.type}
    if shape is Decision:
        stated = {"decision_id": envelope.id, "type": envelope.type}
    elif shape is SentimentSummary:
        stated = {}
    elif shape is SentimentScored:
        stated = {}
        if envelope.type != SENTIMENT_TYPE:
            why = f"ce_type: expected {SENTIMENT_TYPE} or {SUMMARY_TYPE}"
            return Reject(RejectCode.ENVELOPE_MISMATCH, why)
    for name, word in stated.items():
        here = tree.get(name)
        if here in _EMPTY:
            tree[name] = word
        elif isinstance(here, str) and here != word:
            return _mismatch(name, _ATTRIBUTES[name])
    return _join_time(tree, envelope.time, _TIMES[shape]) if envelope.time else None


def _join_time(tree: dict[str, Any], stated: str, name: str) -> Reject | None:
    time = time_of(stated)
    if time is None:
        why = "ce_time: expected an RFC 3339 time with an offset, such as 2026-09-01T10:00:00Z"
        return Reject(RejectCode.TIME_INVALID, why)
    here = tree.get(name)
    if here in _EMPTY:
        tree[name] = time
        return None
    mine = time_of(here)
    return _mismatch(name, "ce_time") if mine is not None and mine != time else None


_ATTRIBUTES = {
    "event_id": "ce_id",
    "source": "ce_source",
    "kind": "ce_type",
    "decision_id": "ce_id",
    "type": "ce_type",
}
_TIMES: dict[type, str] = {
    ContactEvent: "occurred_at",
    SentimentScored: "scored_at",
    SentimentSummary: "summarised_at",
    Decision: "decided_at",
}


def time_of(text: object) -> datetime | None:
    """The moment that a text or a time names; None where it names none."""
    try:
        return msgspec.convert(text, Instant)
    except msgspec.ValidationError:
        return None


def _mismatch(name: str, attribute: str) -> Reject:
    return Reject(
        RejectCode.ENVELOPE_MISMATCH,
        f"{name} in the data and {attribute} of the CloudEvent differ; send one or the same",
    )
