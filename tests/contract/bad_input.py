"""Every kind of bad record that we know of, with the code it must end with.

`BAD_INPUT` is data: the same table is put through the codec here and through Kafka elsewhere. Each
entry differs in one respect from a good record.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, NamedTuple

from services.contact.event import Survey
from services.contact.partition import murmur2, partition_of
from services.contact.reject import RejectCode as Code

CANARY = "Zanzibar-4711"
"""Stands in the values that are wrong: no reason may repeat it."""


class BadInput(NamedTuple):
    """One record and the code of its dead letter."""

    name: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    code: Code


GOOD: dict[str, Any] = {
    "event_id": "e-1",
    "source": "desk/acme",
    "kind": "message",
    "customer_id": "c-1",
    "channel": "email",
    "side": "customer",
    "text": "Where is my order?",
}
KEY = b"c-1"
_CE = {
    "ce_specversion": b"1.0",
    "ce_id": b"e-1",
    "ce_source": b"desk/acme",
    "ce_type": b"message",
}
_PROTOBUF = (("content-type", b"application/protobuf"),)
_STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
_OUTER: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "desk/acme",
    "type": "message",
    "datacontenttype": "application/json",
}


def _json(tree: object) -> bytes:
    return json.dumps(tree).encode()


def _good(**changes: Any) -> bytes:
    return _json({**GOOD, **changes})


def _without(*names: str) -> bytes:
    return _json({name: item for name, item in GOOD.items() if name not in names})


def _raw(member: bytes) -> bytes:
    """A good event with one more member, written byte by byte."""
    return _good()[:-1] + b", " + member + b"}"


def _ce(**changes: bytes | None) -> tuple[tuple[str, bytes], ...]:
    merged = {**_CE, **changes}
    return tuple((name, raw) for name, raw in merged.items() if raw is not None)


def _outer(*gone: str, **changes: Any) -> bytes:
    merged = {**_OUTER, "data": GOOD, **changes}
    return _json({name: item for name, item in merged.items() if name not in gone})


def _nested(levels: int) -> bytes:
    return b'"extra": ' + b'{"a": ' * (levels - 1) + b"1" + b"}" * (levels - 1)


def _bad(name: str, value: bytes | None, code: Code, *headers: tuple[str, bytes]) -> BadInput:
    return BadInput(name, KEY, value, headers, code)


def _keyed(name: str, key: bytes | None, code: Code) -> BadInput:
    return BadInput(name, key, _good(), (), code)


_RECORD = (
    _bad("null value", None, Code.VALUE_MISSING),
    _bad("empty value", b"", Code.VALUE_MISSING),
    _bad("value of more than 256 KiB", _good(extra="x" * 262_144), Code.VALUE_TOO_LARGE),
    _keyed("no key", None, Code.KEY_MISSING),
    _keyed("empty key", b"", Code.KEY_MISSING),
    _keyed("key that is not UTF-8", b"\xff\xfe", Code.KEY_NOT_UTF8),
    _keyed("key of another customer", b"c-2", Code.KEY_MISMATCH),
    _keyed("key with a trailing space", b"c-1 ", Code.KEY_MISMATCH),
    _keyed("key as a JSON string", b'"c-1"', Code.KEY_MISMATCH),
)
_HEADERS = (
    _bad("65 headers", _good(), Code.TOO_MANY_HEADERS, *((f"h{i}", b"") for i in range(65))),
    _bad("header of 5 KiB", _good(), Code.HEADER_TOO_LARGE, ("x", b"x" * 5120)),
    _bad("header with a long name", _good(), Code.HEADER_TOO_LARGE, ("x" * 5120, b"")),
    _bad("ce_id that is not UTF-8", _good(), Code.HEADER_NOT_UTF8, *_ce(ce_id=b"\xff")),
    _bad("ce_id twice", _good(), Code.HEADER_DUPLICATE, *_ce(), ("ce_id", b"e-1")),
    _bad("content type text", _good(), Code.CONTENT_TYPE_UNKNOWN, ("content-type", b"text/plain")),
    _bad("content type avro", _good(), Code.CONTENT_TYPE_UNKNOWN, ("content-type", b"avro/binary")),
    _bad(
        "JSON in another charset",
        _good(),
        Code.CONTENT_TYPE_UNKNOWN,
        ("content-type", b"application/json; charset=utf-16"),
    ),
    _bad(
        "batch of CloudEvents",
        b"[]",
        Code.CONTENT_TYPE_UNKNOWN,
        ("content-type", b"application/cloudevents-batch+json"),
    ),
    _bad("CloudEvents 0.3", _good(), Code.SPECVERSION_UNKNOWN, *_ce(ce_specversion=b"0.3")),
    _bad("no ce_specversion", _good(), Code.ENVELOPE_INCOMPLETE, *_ce(ce_specversion=None)),
    _bad("no ce_type", _good(), Code.ENVELOPE_INCOMPLETE, *_ce(ce_type=None)),
    _bad("empty ce_id", _good(), Code.ENVELOPE_INCOMPLETE, *_ce(ce_id=b"")),
    _bad("another ce_id", _good(), Code.ENVELOPE_MISMATCH, *_ce(ce_id=b"e-2")),
    _bad("another ce_source", _good(), Code.ENVELOPE_MISMATCH, *_ce(ce_source=b"other")),
    _bad("another ce_type", _good(), Code.ENVELOPE_MISMATCH, *_ce(ce_type=b"call.offered")),
    _bad(
        "another ce_time",
        _good(occurred_at="2026-09-01T10:00:00Z"),
        Code.ENVELOPE_MISMATCH,
        *_ce(ce_time=b"2026-09-01T10:00:01Z"),
    ),
    _bad("ce_time that is no time", _good(), Code.TIME_INVALID, *_ce(ce_time=b"yesterday")),
)
_ENVELOPED = (
    _bad("structured without id", _outer("id"), Code.ENVELOPE_INCOMPLETE, *_STRUCTURED),
    _bad(
        "structured of version 2", _outer(specversion="2.0"), Code.SPECVERSION_UNKNOWN, *_STRUCTURED
    ),
    _bad("structured with a number as id", _outer(id=1), Code.WRONG_TYPE, *_STRUCTURED),
    _bad("structured without data", _outer("data"), Code.VALUE_MISSING, *_STRUCTURED),
    _bad("structured with text as data", _outer(data="x"), Code.NOT_AN_OBJECT, *_STRUCTURED),
    _bad(
        "structured with data twice",
        _outer(data_base64="e30="),
        Code.ENVELOPE_MISMATCH,
        *_STRUCTURED,
    ),
    _bad(
        "structured with bad base64",
        _outer("data", data_base64="%%%"),
        Code.NOT_BASE64,
        *_STRUCTURED,
    ),
    _bad(
        "structured with text in base64",
        _outer("data", data_base64=base64.b64encode(b"hello").decode()),
        Code.NOT_JSON,
        *_STRUCTURED,
    ),
    _bad(
        "structured with XML inside",
        _outer(datacontenttype="application/xml"),
        Code.CONTENT_TYPE_UNKNOWN,
        *_STRUCTURED,
    ),
    _bad(
        "structured with another type",
        _outer(type="call.ended"),
        Code.ENVELOPE_MISMATCH,
        *_STRUCTURED,
    ),
    _bad("structured that is a list", b"[]", Code.NOT_AN_OBJECT, *_STRUCTURED),
)
_BYTES = (
    _bad("text", b"hello", Code.NOT_JSON),
    _bad("XML", b"<event/>", Code.NOT_JSON),
    _bad("JSON cut off", _good()[:-5], Code.NOT_JSON),
    _bad("two objects", _good() + _good(), Code.NOT_JSON),
    _bad("single quotes", b"{'event_id': 'e-1'}", Code.NOT_JSON),
    _bad("trailing comma", _good()[:-1] + b",}", Code.NOT_JSON),
    _bad("byte order mark", b"\xef\xbb\xbf" + _good(), Code.NOT_JSON),
    _bad("schema registry frame", b"\x00\x00\x00\x00\x07" + _good(), Code.NOT_JSON),
    _bad("raw newline in a string", _raw(b'"topic": "a\nb"'), Code.NOT_JSON),
    _bad("Latin-1", _raw(b'"topic": "caf\xe9"'), Code.NOT_UTF8),
    _bad("UTF-16", _good().decode().encode("utf-16"), Code.NOT_UTF8),
    _bad("Latin-1 in an unknown field", _raw(b'"extra": "caf\xe9"'), Code.NOT_UTF8),
    _bad("null as JSON", b"null", Code.NOT_AN_OBJECT),
    _bad("list", b"[" + _good() + b"]", Code.NOT_AN_OBJECT),
    _bad("string", _json(_good().decode()), Code.NOT_AN_OBJECT),
    _bad("number", b"42", Code.NOT_AN_OBJECT),
    _bad("33 levels", _raw(_nested(33)), Code.TOO_DEEP),
    _bad("100,000 levels", b"[" * 100_000, Code.TOO_DEEP),
    _bad("field twice", _raw(b'"text": "other"'), Code.DUPLICATE_FIELD),
    _bad("field twice, once escaped", _raw(b'"te\\u0078t": "other"'), Code.DUPLICATE_FIELD),
    _bad("field twice, space before colon", _raw(b'"text" : "other"'), Code.DUPLICATE_FIELD),
    _bad("unknown field twice", _raw(b'"extra": 1, "extra": 1'), Code.DUPLICATE_FIELD),
    _bad("attribute twice", _raw(b'"attributes": {"a": "1", "a": "2"}'), Code.DUPLICATE_FIELD),
    _bad("NaN", _raw(b'"extra": NaN'), Code.NUMBER_NOT_FINITE),
    _bad("Infinity", _raw(b'"sequence": -Infinity'), Code.NUMBER_NOT_FINITE),
    _bad("1e999", _raw(b'"extra": 1e999'), Code.NUMBER_OUT_OF_RANGE),
    _bad("2^63", _good(sequence=2**63), Code.NUMBER_OUT_OF_RANGE),
    _bad("2^64 in an unknown field", _good(extra=2**64), Code.NUMBER_OUT_OF_RANGE),
    _bad("5,000 digits", _raw(b'"extra": ' + b"9" * 5_000), Code.NUMBER_OUT_OF_RANGE),
    _bad("lone surrogate, escaped", _raw(b'"topic": "\\ud83d"'), Code.LONE_SURROGATE),
    _bad("lone surrogate in an unknown field", _raw(b'"extra": "\\udc00"'), Code.LONE_SURROGATE),
    _bad("lone surrogate in a name", _raw(b'"\\ud800": 1'), Code.LONE_SURROGATE),
    _bad("lone surrogate as bytes", _raw(b'"topic": "\xed\xa0\xbd"'), Code.NOT_UTF8),
    _bad("JSON declared as protobuf", _good(), Code.NOT_PROTOBUF, *_PROTOBUF),
    _bad("protobuf cut off", b"\x0a\x20abc", Code.NOT_PROTOBUF, *_PROTOBUF),
    _bad("protobuf that is not declared", b"\x0a\x03e-1", Code.NOT_JSON),
    _bad(
        "protobuf of an unknown kind",
        b"\x0a\x01a\x12\x01b\x18\x63\x22\x03c-1",
        Code.KIND_UNKNOWN,
        *_PROTOBUF,
    ),
    _bad("protobuf without anything known", b"\xf8\x07\x01", Code.EVENT_ID_MISSING, *_PROTOBUF),
)


def _survey(*, all_out: bool = False, **changed: object) -> bytes:
    """An answered survey with these ratings changed; None leaves one out."""
    ratings = dict.fromkeys(Survey.__struct_fields__, 5) | changed
    survey = None if all_out else {k: v for k, v in ratings.items() if v is not None}
    return _good(kind="survey.answered", survey=survey)


_FIELDS = (
    _bad("empty object", b"{}", Code.EVENT_ID_MISSING),
    _bad("no event_id", _without("event_id"), Code.EVENT_ID_MISSING),
    _bad("null event_id", _good(event_id=None), Code.EVENT_ID_MISSING),
    _bad("empty event_id", _good(event_id=""), Code.EVENT_ID_MISSING),
    _bad("no source", _without("source"), Code.SOURCE_MISSING),
    _bad("no kind", _without("kind"), Code.KIND_MISSING),
    _bad("no customer_id", _without("customer_id"), Code.CUSTOMER_MISSING),
    _bad("unknown kind", _good(kind=CANARY), Code.KIND_UNKNOWN),
    _bad("kind in capitals", _good(kind="MESSAGE"), Code.KIND_UNKNOWN),
    _bad("kind of protobuf", _good(kind="KIND_MESSAGE"), Code.KIND_UNKNOWN),
    _bad("reserved kind", _good(kind="customer.linked"), Code.KIND_RESERVED),
    _bad("number as event_id", _good(event_id=1), Code.WRONG_TYPE),
    _bad("list as customer_id", _good(customer_id=["c-1"]), Code.WRONG_TYPE),
    _bad("number as kind", _good(kind=1), Code.WRONG_TYPE),
    _bad("string as list", _good(references=CANARY), Code.WRONG_TYPE),
    _bad("list as participants", _good(participants=[]), Code.WRONG_TYPE),
    _bad("string as flag", _good(is_private="true"), Code.WRONG_TYPE),
    _bad("null in a list", _good(references=[None]), Code.WRONG_TYPE),
    _bad("number as attribute", _good(attributes={CANARY: 1}), Code.WRONG_TYPE),
    _bad("fraction as count", _good(attachments_count=1.5), Code.WRONG_TYPE),
    _bad("number as time", _good(received_at=1_788_000_000), Code.WRONG_TYPE),
    _bad("unknown channel", _good(channel=CANARY), Code.ENUM_UNKNOWN),
    _bad("unknown side", _good(side="client"), Code.ENUM_UNKNOWN),
    _bad("unknown origin", _good(origin="robot"), Code.ENUM_UNKNOWN),
    _bad(
        "unknown consent state",
        _good(kind="consent.updated", consents=[{"state": CANARY}]),
        Code.ENUM_UNKNOWN,
    ),
    _bad("address without value", _good(customer_handles=[{"kind": "phone"}]), Code.FIELD_MISSING),
    _bad("consent without state", _good(consents=[{"channel": "phone"}]), Code.FIELD_MISSING),
    _bad("time without offset", _good(received_at="2026-09-01T10:00:00"), Code.TIME_INVALID),
    _bad("date only", _good(received_at="2026-09-01"), Code.TIME_INVALID),
    _bad("30 February", _good(received_at="2026-02-30T10:00:00Z"), Code.TIME_INVALID),
    _bad("time in words", _good(occurred_at=CANARY), Code.TIME_INVALID),
    _bad("year 1970", _good(received_at="1970-01-01T00:00:00Z"), Code.TIME_OUT_OF_RANGE),
    _bad("year 1", _good(received_at="0001-01-01T00:00:00+14:00"), Code.TIME_OUT_OF_RANGE),
    _bad("year 9999", _good(occurred_at="9999-12-31T23:59:59-14:00"), Code.TIME_OUT_OF_RANGE),
    _bad(
        "choice from the year 1900",
        _good(choice={"channel": "chat", "at": "1900-01-01T00:00:00Z"}),
        Code.TIME_OUT_OF_RANGE,
    ),
    _bad("unknown time zone", _good(timezone=f"Mars/{CANARY}"), Code.TIMEZONE_UNKNOWN),
    _bad("time zone that is a path", _good(timezone="../../etc/passwd"), Code.TIMEZONE_UNKNOWN),
    _bad("time zone that is a folder", _good(timezone="Europe"), Code.TIMEZONE_UNKNOWN),
    _bad(
        "unknown time zone in the profile",
        _good(kind="profile.updated", profile={"timezone": "CEST+1"}),
        Code.TIMEZONE_UNKNOWN,
    ),
    _bad("negative count", _good(attachments_count=-1), Code.NUMBER_OUT_OF_RANGE),
    _bad(
        "hour 25",
        _good(profile={"hours": {"start": 0, "end": 1500}}),
        Code.NUMBER_OUT_OF_RANGE,
    ),
    _bad(
        "eighth day",
        _good(profile={"hours": {"start": 0, "end": 9, "weekdays": [7]}}),
        Code.NUMBER_OUT_OF_RANGE,
    ),
    _bad("event_id of 257 characters", _good(event_id="x" * 257), Code.FIELD_TOO_LONG),
    _bad("contact_id of 10,000 characters", _good(contact_id="x" * 10_000), Code.FIELD_TOO_LONG),
    _bad("Message-ID of 999 characters", _good(message_id="x" * 999), Code.FIELD_TOO_LONG),
    _bad("text of 65,537 characters", _good(text="x" * 65_537), Code.FIELD_TOO_LONG),
    _bad("subject of 4,097 characters", _good(subject="x" * 4_097), Code.FIELD_TOO_LONG),
    _bad("long name of an attribute", _good(attributes={"x" * 257: ""}), Code.FIELD_TOO_LONG),
    _bad("201 references", _good(references=["<a>"] * 201), Code.TOO_MANY_ITEMS),
    _bad("201 addresses", _good(participants={"to": ["a@b"] * 201}), Code.TOO_MANY_ITEMS),
    _bad("65 attributes", _good(attributes={str(i): "" for i in range(65)}), Code.TOO_MANY_ITEMS),
    _bad("newline in event_id", _good(event_id=f"{CANARY}\n"), Code.CONTROL_CHARACTER),
    _bad("NUL in source", _good(source="a\0b"), Code.CONTROL_CHARACTER),
    _bad("carriage return in a reference", _good(references=["<a>\r"]), Code.CONTROL_CHARACTER),
    _bad("DEL in queue", _good(queue="a\x7f"), Code.CONTROL_CHARACTER),
    _bad(
        "newline in the name of an attribute", _good(attributes={"a\n": ""}), Code.CONTROL_CHARACTER
    ),
    _bad("message without channel", _without("channel"), Code.CHANNEL_MISSING),
    _bad(
        "call without channel",
        _json({**GOOD, "kind": "call.offered", "channel": None}),
        Code.CHANNEL_MISSING,
    ),
    _bad(
        "completed without decision_id", _good(kind="routing.completed"), Code.DECISION_ID_MISSING
    ),
    _bad("preference without choice", _good(kind="preference.updated"), Code.CHOICE_MISSING),
    _bad("consent without consents", _good(kind="consent.updated"), Code.CONSENT_MISSING),
    _bad("no consents", _good(kind="consent.updated", consents=[]), Code.CONSENT_MISSING),
    _bad("profile without profile", _good(kind="profile.updated"), Code.PROFILE_MISSING),
    _bad("survey without survey", _good(kind="survey.answered"), Code.SURVEY_MISSING),
    _bad("survey without ratings", _survey(all_out=True), Code.SURVEY_MISSING),
    _bad("survey with an emotion left out", _survey(safe=None), Code.FIELD_MISSING),
    _bad("survey with a rating above 10", _survey(safe=10.5), Code.NUMBER_OUT_OF_RANGE),
    _bad("survey with a rating below 0", _survey(safe=-1), Code.NUMBER_OUT_OF_RANGE),
    _bad("survey with a word for a rating", _survey(safe="very"), Code.WRONG_TYPE),
    _bad("survey with a flag for a rating", _survey(safe=True), Code.WRONG_TYPE),
)

BAD_INPUT: tuple[BadInput, ...] = (*_RECORD, *_HEADERS, *_ENVELOPED, *_BYTES, *_FIELDS)


def crc32_key(partitions: int) -> tuple[bytes, int]:
    """A key that librdkafka's default partitioner puts elsewhere than murmur2, and its partition."""
    for number in range(1_000):
        key = f"c-{number}".encode()
        elsewhere = _crc32(key) % partitions
        if partitions > 1 and elsewhere != partition_of(key, partitions):
            assert murmur2(key) != _crc32(key)
            return key, elsewhere
    message = "with one partition every key is at home"
    raise ValueError(message)


def _crc32(key: bytes) -> int:
    return zlib.crc32(key)
