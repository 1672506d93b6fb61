"""The official `cloudevents` library agrees with us on every form of a record."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings import kafka as oracle
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from services.contact.codec import (
    Encoded,
    decode_decision,
    decode_event,
    decode_sentiment,
    encode_decision,
    encode_event,
    encode_sentiment,
)
from services.contact.decision import Decision
from services.contact.event import ContactEvent
from tests.contract.examples import DECISION, FULL, NOON, SCORED, SMALLEST, SUMMARY

DATA: dict[str, Any] = {"customer_id": "c-1", "channel": "chat", "text": "Здравейте"}
ATTRIBUTES: dict[str, Any] = {
    "id": "e-1",
    "source": "desk/acme",
    "type": "message",
    "time": datetime(2026, 9, 1, 10, 0, tzinfo=UTC),
    "datacontenttype": "application/json",
}


def _message(record: Encoded) -> oracle.KafkaMessage:
    assert record.value is not None
    return oracle.KafkaMessage(dict(record.headers), record.key, record.value)


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_what_the_library_writes_is_read(mode: str) -> None:
    """Law: attributes of the envelope fill what the data leaves out, in both modes."""
    write = oracle.to_binary if mode == "binary" else oracle.to_structured
    made = write(CloudEvent(ATTRIBUTES, DATA), JSONFormat())
    event = decode_event(b"c-1", made.value, list(made.headers.items()))
    assert isinstance(event, ContactEvent)
    assert (event.event_id, event.source, event.kind) == ("e-1", "desk/acme", "message")
    assert event.occurred_at == ATTRIBUTES["time"]
    assert event.text == "Здравейте"


def test_binary_data_that_the_library_writes_is_read() -> None:
    """Law: protobuf in `data_base64` of a structured CloudEvent means the same."""
    record = encode_event(SMALLEST, content="protobuf")
    attributes = {**ATTRIBUTES, "datacontenttype": "application/protobuf"}
    attributes |= {"id": SMALLEST.event_id, "source": SMALLEST.source}
    made = oracle.to_structured(CloudEvent(attributes, record.value), JSONFormat())
    assert b"data_base64" in made.value
    event = decode_event(b"c-1", made.value, list(made.headers.items()))
    assert isinstance(event, ContactEvent)
    assert event.channel is SMALLEST.channel
    assert event.occurred_at == ATTRIBUTES["time"]


@pytest.mark.parametrize("content", ["json", "protobuf"])
@pytest.mark.parametrize("mode", ["binary", "structured"])
@pytest.mark.parametrize("event", [SMALLEST, FULL], ids=["smallest", "full"])
def test_what_we_write_is_read_by_the_library(event: ContactEvent, mode: str, content: str) -> None:
    """Law: the library finds the attributes that the event has."""
    message = _message(encode_event(event, content=content, mode=mode))
    read = oracle.from_binary if mode == "binary" else oracle.from_structured
    found = read(message, JSONFormat())
    assert found.get_id() == event.event_id
    assert found.get_source() == event.source
    assert found.get_type() == event.kind.value
    # The library makes a time up where there is none.
    assert event.occurred_at is None or found.get_time() == event.occurred_at
    assert found.get_datacontenttype() == f"application/{content}"


def test_decisions_and_sentiments_are_cloudevents() -> None:
    """Law: id, source, type and time of what we publish are found by the library."""
    decision = oracle.from_binary(_message(encode_decision(DECISION)), JSONFormat())
    assert decision.get_id() == DECISION.decision_id
    assert (decision.get_source(), decision.get_type()) == ("omniroute/router", "decision.revised")
    assert decision.get_time() == NOON
    scored = oracle.from_binary(_message(encode_sentiment(SCORED)), JSONFormat())
    assert scored.get_id() == "desk/acme/evt-1"
    assert scored.get_source() == "omniroute/sentiment"
    assert scored.get_type() == "sentiment.scored"
    summary = oracle.from_binary(_message(encode_sentiment(SUMMARY)), JSONFormat())
    assert summary.get_id() == "desk/acme/evt-9"
    assert summary.get_type() == "sentiment.summarised"
    assert summary.get_time() == SUMMARY.summarised_at


def test_decisions_and_sentiments_come_back_equal() -> None:
    """Law: what is written is read again as the same words, executor and effect in headers."""
    record = encode_decision(DECISION, traceparent=b"00-1-2-01")
    assert decode_decision(record.value, record.headers) == DECISION
    headers = dict(record.headers)
    assert record.key == b"c-1"
    assert headers["omniroute-executor"] == b"phones"
    assert headers["omniroute-effect"] == b"none"
    assert headers["traceparent"] == b"00-1-2-01"
    scored = encode_sentiment(SCORED, traceparent=b"00-1-2-01")
    assert decode_sentiment(scored.key, scored.value, scored.headers) == SCORED
    assert dict(scored.headers)["traceparent"] == b"00-1-2-01"
    summary = encode_sentiment(SUMMARY, traceparent=b"00-1-2-01")
    assert decode_sentiment(summary.key, summary.value, summary.headers) == SUMMARY
    assert dict(summary.headers)["traceparent"] == b"00-1-2-01"


def test_a_decision_is_small_json_without_defaults() -> None:
    """Law: fields at their default are left out, and a full decision stays under 2 KB."""
    value = encode_decision(DECISION).value
    assert value is not None
    assert len(value) < 2_000
    tree = json.loads(value)
    assert tree["facts"]["message.sentiment"] is None
    bare = json.loads(encode_decision(_bare()).value or b"")
    assert not {"skips", "fallbacks", "facts", "revises", "effect"} & bare.keys()


def _bare() -> Decision:
    """The same decision with every optional field at its default."""
    fields = msgspec.structs.fields(DECISION)
    return Decision(**{f.name: getattr(DECISION, f.name) for f in fields if f.required})
