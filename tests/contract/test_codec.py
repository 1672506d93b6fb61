"""The codec: four encodings, one meaning; a quick reading that is never less strict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contact import checks, limits
from services.contact.cloudevent import PLAIN
from services.contact.codec import (
    CONTENTS,
    MODES,
    decode_decision,
    decode_event,
    decode_sentiment,
    encode_event,
)
from services.contact.decision import Decision
from services.contact.event import ContactEvent, Hours, Kind, MailHeaders, Profile
from services.contact.glance import glance_at_event, glance_at_sentiment
from services.contact.plain import is_plain
from services.contact.reading import SENTIMENT_TYPE, SUMMARY_TYPE, read_exactly
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored
from tests.contract.bad_input import BAD_INPUT
from tests.contract.examples import DECISION, FULL, SCORED, SMALLEST, SUMMARY

pytestmark = pytest.mark.timeout(300)  # `make check` looks at twenty times as many examples

S = TypeVar("S", bound=msgspec.Struct)

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=12)
TEXTS = st.text(max_size=40)  # hypothesis leaves lone surrogates out
TIMES = st.timedeltas(timedelta(0), limits.LATEST - limits.EARLIEST - timedelta(days=1)).map(
    limits.EARLIEST.__add__
)


def structs(shape: type[S], **own: st.SearchStrategy[Any]) -> st.SearchStrategy[S]:
    """Any struct of this shape: each field absent, or a value that the contract allows."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(shape):
        fields[field.name] = own.get(field.name, _values(field.type, field.name))
    optional = {f.name for f in msgspec.structs.fields(shape) if not f.required}
    return st.fixed_dictionaries(
        {name: plan for name, plan in fields.items() if name not in optional},
        optional={name: plan for name, plan in fields.items() if name in optional},
    ).map(lambda found: shape(**found))


def _values(kind: Any, name: str) -> st.SearchStrategy[Any]:
    info = msgspec.inspect.type_info(kind)
    return _plan(info, name)


def _plan(info: Any, name: str) -> st.SearchStrategy[Any]:
    inspect = msgspec.inspect
    plans: dict[type, Callable[[], st.SearchStrategy[Any]]] = {
        inspect.StrType: lambda: TEXTS if name in limits.TEXTS | limits.LINES else WORDS,
        inspect.IntType: lambda: st.integers(info.ge or 0, info.le or limits.MAX_INT),
        inspect.BoolType: st.booleans,
        inspect.FloatType: lambda: st.floats(info.ge, info.le),
        inspect.DateTimeType: lambda: TIMES,
        inspect.EnumType: lambda: st.sampled_from(list(info.cls)),
        inspect.StructType: lambda: structs(info.cls),
        inspect.VarTupleType: lambda: st.lists(
            _plan(info.item_type, name), min_size=1, max_size=3
        ).map(tuple),
        inspect.DictType: lambda: st.dictionaries(WORDS, TEXTS, max_size=3),
        inspect.UnionType: lambda: st.one_of(
            [_plan(t, name) for t in info.types if not isinstance(t, inspect.NoneType)]
        ),
    }
    return plans[type(info)]()


ZONES = st.sampled_from(["", "Europe/Sofia", "UTC", "America/St_Johns"])
EVENTS = structs(
    ContactEvent,
    kind=st.sampled_from([k for k in Kind if k is not Kind.CUSTOMER_LINKED]),
    timezone=ZONES,
    profile=structs(Profile, timezone=ZONES),
    headers=structs(MailHeaders),
)


def _read(event: ContactEvent, content: str, mode: str) -> ContactEvent | Reject:
    record = encode_event(event, content=content, mode=mode)
    return decode_event(record.key, record.value, record.headers)


@pytest.mark.parametrize("event", [SMALLEST, FULL], ids=["smallest", "full"])
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("mode", MODES)
def test_an_event_comes_back_equal_from_each_encoding(
    event: ContactEvent, content: str, mode: str
) -> None:
    """Law: JSON and protobuf, binary and structured, decode to the equal struct."""
    assert _read(event, content, mode) == event


@given(event=EVENTS)
def test_any_event_means_the_same_in_each_encoding(event: ContactEvent) -> None:
    """Law: four encodings give one answer: the event, or a reject with one code."""
    found = [_read(event, content, mode) for content in CONTENTS for mode in MODES]
    codes = {one.code if isinstance(one, Reject) else None for one in found}
    assert len(codes) == 1
    if codes == {None}:
        assert all(one == event for one in found)
    else:
        assert {getattr(event, checks.NEEDS[event.kind])} & {None, "", ()}


def _break(struct: msgspec.Struct) -> Iterator[msgspec.Struct]:
    """The struct with each of its parts, however deep, broken in each way that a limit knows."""
    for name in struct.__struct_fields__:
        for broken in _broken(name, getattr(struct, name)):
            yield msgspec.structs.replace(struct, **{name: broken})


def _broken(name: str, value: object) -> Iterator[object]:
    if isinstance(value, str) and type(value) is str:
        yield "x" * (limits.room_of(name) + 1)
        yield "a\n"
        yield "a\u2028"
    elif isinstance(value, datetime):
        yield datetime(1980, 1, 1, tzinfo=UTC)
        yield datetime(2300, 1, 1, tzinfo=UTC)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        yield -1 - 2**63
        yield 2**63
    elif isinstance(value, msgspec.Struct):
        yield from _break(value)
    elif isinstance(value, dict):
        yield {str(number): "" for number in range(65)}
        yield {"a\0": ""}
        yield {"a": "x" * (limits.MAX_LINE + 1)}
        yield {"x" * 257: ""}
    elif isinstance(value, tuple) and value:
        yield value * 201
        for broken in _broken(name, value[-1]):
            yield (*value[:-1], broken)


@given(event=EVENTS)
def test_the_quick_look_never_passes_what_the_exact_one_refuses(event: ContactEvent) -> None:
    """Law: where the cheap test says `plain`, no limit is broken, whatever part it is of."""
    assert limits.find_excess(event) is None
    for broken in _break(event):
        assert isinstance(broken, ContactEvent)
        if limits.find_excess(broken) is not None:
            assert not is_plain(broken, len(msgspec.json.encode(broken)))
            assert not is_plain(broken, limits.MAX_RECORD)


def test_the_quick_look_passes_a_full_event() -> None:
    """Law: an event with every field is plain, but for what only the exact look can tell."""
    full = msgspec.structs.replace(FULL, sequence=None)
    assert is_plain(full, len(msgspec.json.encode(full)))


def _variants(event: msgspec.Struct) -> st.SearchStrategy[bytes]:
    """Other JSON that says nearly the same: spaces, escapes, unknown, double and blank fields."""
    tree = json.loads(msgspec.json.encode(event))
    extra: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
        st.sampled_from(["text", "unknown", "topic", "a:b", "attributes"]),
        st.sampled_from([None, "", "x:y", {"a": 1}, [], "\u003a", 3]),
        max_size=2,
    )

    def write(more: dict[str, Any], separators: tuple[str, str], twice: bool) -> bytes:  # noqa: FBT001 - drawn
        text = json.dumps({**more, **tree}, separators=separators)
        if twice:
            text = '{"source":"z",' + text[1:]
        return text.replace(": ", " : " if twice else ": ").encode()

    return st.builds(write, extra, st.sampled_from([(",", ":"), (", ", ": ")]), st.booleans())


@given(value=structs(SentimentScored).flatmap(_variants))
def test_the_same_holds_for_sentiments(value: bytes) -> None:
    """Law: a quick reading of a sentiment gives nothing, or what the exact reading gives."""
    quick = glance_at_sentiment(value, PLAIN)
    if quick is not None:
        assert read_exactly(value, PLAIN, SentimentScored) == quick


@given(scored=structs(SentimentScored), field=st.sampled_from(["model", "event_id", "language"]))
def test_the_quick_look_at_a_sentiment_sees_what_is_too_long(
    scored: SentimentScored, field: str
) -> None:
    """Law: the same limits hold for sentiments."""
    assert checks.check_sentiment(scored) is None
    for item in ("x" * 257, "a\n"):
        broken = msgspec.structs.replace(scored, **{field: item})
        assert checks.check_sentiment(broken) == limits.find_excess(broken) is not None
    old = msgspec.structs.replace(scored, scored_at=datetime(1980, 1, 1, tzinfo=UTC))
    assert checks.check_sentiment(old) is not None


@given(value=EVENTS.flatmap(_variants))
def test_the_quick_reading_accepts_only_what_the_exact_one_does(value: bytes) -> None:
    """Law: a quick reading gives nothing, or the very event that the exact reading gives."""
    quick = glance_at_event(value, PLAIN)
    if quick is not None:
        assert read_exactly(value, PLAIN, ContactEvent) == quick


_HEAD = b'{"event_id":"1","source":"s","kind":"message","customer_id":"c","text":"a",'


@pytest.mark.parametrize(
    "tail",
    [
        b'"text":"b\\u003a"}',
        b'"text":"b","received_at":"2026-09-01T10:00:00+0200"}',
        b'"x":"\\ud800"}',
        b'"x":NaN}',
    ],
    ids=["colon as escape", "offset without colon", "surrogate out of sight", "NaN out of sight"],
)
def test_tricks_on_the_count_of_colons_are_seen(tail: bytes) -> None:
    """Law: what could hide a second field from the quick reading sends it to the exact one."""
    value = _HEAD + tail
    assert glance_at_event(value, PLAIN) is None
    assert isinstance(read_exactly(value, PLAIN, ContactEvent), Reject)


def test_times_are_given_in_utc_whatever_their_offset() -> None:
    """Law: every time of a decoded event is UTC, nested ones too."""
    tree = {
        "event_id": "1",
        "source": "s",
        "kind": "consent.updated",
        "customer_id": "c",
        "received_at": "2026-09-01T12:30:00+05:30",
        "choice": {"channel": "chat", "from": "2026-09-01T12:00:00+02:00"},
        "consents": [{"state": "denied", "at": "2026-09-01T09:00:00-01:00"}],
    }
    event = decode_event(b"c", json.dumps(tree).encode(), ())
    assert isinstance(event, ContactEvent)
    assert event.choice is not None
    times = (event.received_at, event.choice.from_, event.consents[0].at)
    assert [t and (t.tzinfo, t.hour) for t in times] == [(UTC, 7), (UTC, 10), (UTC, 10)]


def test_an_event_with_another_offset_is_written_as_the_same_moment() -> None:
    """Law: a time is a moment; its offset does not survive, its value does."""
    here = timezone(timedelta(hours=2))
    event = msgspec.structs.replace(SMALLEST, received_at=datetime(2026, 9, 1, 12, tzinfo=here))
    for content in CONTENTS:
        assert _read(event, content, "binary") == event


def test_blank_means_absent_except_in_mail_headers() -> None:
    """Law: null, empty strings and empty lists are as if they were not there."""
    tree = {
        **json.loads(msgspec.json.encode(SMALLEST)),
        "contact_id": None,
        "references": [],
        "profile": {"hours": {"start": 0, "end": 9, "weekdays": []}, "handles": None},
        "headers": {"return_path": "", "list_id": None},
        "attributes": None,
    }
    event = decode_event(b"c-1", json.dumps(tree).encode(), ())
    assert isinstance(event, ContactEvent)
    assert event.profile == Profile(hours=Hours(start=0, end=9))
    assert event.headers == MailHeaders(return_path="")
    assert (event.contact_id, event.references, event.attributes) == ("", (), {})


def test_unknown_fields_and_headers_are_ignored() -> None:
    """Law: a newer sender is understood by an older reader."""
    value = msgspec.json.encode(SMALLEST)[:-1] + b',"extra":{"a":[1,{"b":null}]}}'
    headers = (("x-request-id", b"\xff"), ("x-request-id", b""), ("ce_partitionkey", b"1"))
    assert decode_event(b"c-1", value, headers) == SMALLEST


def test_headers_without_a_value_count_as_empty() -> None:
    """Law: a null header, which Kafka allows, is no defect."""
    headers: Any = (("x", None), ("content-type", None))
    assert decode_event(b"c-1", msgspec.json.encode(SMALLEST), headers) == SMALLEST


def test_content_types_are_read_as_http_writes_them() -> None:
    """Law: case, spaces and parameters of a content type mean nothing, a charset does."""
    json_value = msgspec.json.encode(SMALLEST)
    for named in (b'Application/JSON ; charset="UTF-8"', b"application/vnd.acme+json", b""):
        assert decode_event(b"c-1", json_value, (("Content-Type", named),)) == SMALLEST
    record = encode_event(SMALLEST, content="protobuf")
    headers = (("content-type", b"application/x-protobuf; messageType=x"),)
    assert decode_event(b"c-1", record.value, headers) == SMALLEST


def test_limits_are_exact() -> None:
    """Law: what is just within a limit is accepted."""
    event = msgspec.structs.replace(
        SMALLEST,
        event_id="e" * limits.MAX_ID,
        message_id="m" * limits.MAX_MAIL_ID,
        subject="s" * limits.MAX_LINE,
        text="t" * limits.MAX_TEXT,
        references=("<a>",) * limits.MAX_ITEMS,
        attributes={str(i): "" for i in range(limits.MAX_ATTRIBUTES)},
        received_at=limits.EARLIEST,
        occurred_at=limits.LATEST - timedelta(microseconds=1),
        sequence=limits.MAX_INT,
    )
    for content in CONTENTS:
        assert _read(event, content, "binary") == event
    nested = b'"extra":' + b"[" * 31 + b"]" * 31
    value = msgspec.json.encode(SMALLEST)[:-1] + b"," + nested + b"}"
    assert decode_event(b"c-1", value, ()) == SMALLEST


def test_brackets_in_texts_are_not_levels() -> None:
    """Law: only objects and lists count as levels, whatever a text holds."""
    event = msgspec.structs.replace(SMALLEST, text='[{"' * 100 + "\\" * 7)
    assert _read(event, "json", "structured") == event


def test_an_unknown_encoding_is_a_bug_of_the_caller() -> None:
    """Law: encode_event raises ValueError for names that it does not have."""
    with pytest.raises(ValueError, match="content is one of"):
        encode_event(SMALLEST, content="xml")


def test_a_sentiment_must_say_so_and_a_decision_must_be_whole() -> None:
    """Law: the other words obey the same laws: type, required fields, ranges, key."""
    value = msgspec.json.encode(SCORED)
    found = decode_sentiment(b"c-1", value, _ce("message"))
    assert isinstance(found, Reject)
    assert found.code is RejectCode.ENVELOPE_MISMATCH
    wild = decode_sentiment(b"c-1", value.replace(b"-0.5", b"-1.5"), ())
    assert isinstance(wild, Reject)
    assert wild.code is RejectCode.NUMBER_OUT_OF_RANGE
    other = decode_sentiment(b"c-2", value, ())
    assert isinstance(other, Reject)
    assert other.code is RejectCode.KEY_MISMATCH
    named = decode_sentiment(b"c-1", msgspec.json.encode(SUMMARY), _ce(SENTIMENT_TYPE))
    assert isinstance(named, Reject)  # a summary that calls itself a score
    wide = msgspec.structs.replace(SUMMARY, contact_id="x" * 300)
    long = decode_sentiment(b"c-1", msgspec.json.encode(wide), _ce(SUMMARY_TYPE))
    assert isinstance(long, Reject)
    assert long.code is RejectCode.FIELD_TOO_LONG
    half = decode_decision(b'{"event_id":"1","source":"s","customer_id":"c"}', ())
    assert isinstance(half, Reject)
    assert half.code is RejectCode.FIELD_MISSING
    assert isinstance(decode_decision(msgspec.json.encode(DECISION), ()), Decision)


def _ce(kind: str) -> tuple[tuple[str, bytes], ...]:
    words = {"specversion": "1.0", "id": "x", "source": "y", "type": kind}
    return tuple((f"ce_{name}", word.encode()) for name, word in words.items())


RAW_HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_id", "ce_type", "ce_source", "ce_specversion", "ce_time", "x"])
        | st.text(max_size=5),
        st.sampled_from([b"1.0", b"message", b"e-1", b"2026-09-01T10:00:00Z"])
        | st.binary(max_size=9),
    ),
    max_size=7,
)
TYPES = st.sampled_from(
    [b"application/json", b"application/protobuf", b"application/cloudevents+json", b"?"]
)


def _mutate(value: bytes, cuts: list[tuple[int, bytes]]) -> bytes:
    for at, new in cuts:
        place = at % (len(value) + 1)
        value = value[:place] + new + value[place + len(new) // 2 :]
    return value


GOOD_VALUES = st.sampled_from(
    [
        encode_event(e, content=c, mode=m).value or b""
        for e in (SMALLEST, FULL)
        for c in CONTENTS
        for m in MODES
    ]
    + [bad.value for bad in BAD_INPUT if bad.value and len(bad.value) < 10_000]
)
CUTS = st.lists(
    st.tuples(
        st.integers(0, 5_000),
        st.binary(max_size=4) | st.sampled_from([b'"', b"{", b"[", b"null", b"\\u", b"-", b'":']),
    ),
    max_size=4,
)
VALUES = st.binary(max_size=200) | st.builds(_mutate, GOOD_VALUES, CUTS)


def _decode_all(
    key: bytes | None, value: bytes, headers: list[tuple[str, bytes]], kind: bytes | None
) -> None:
    named = [*headers, ("content-type", kind)] if kind is not None else headers
    event = decode_event(key, value, named, partition=0, partitions=1)
    assert isinstance(event, ContactEvent | Reject)
    scored = decode_sentiment(key, value, named, partition=0, partitions=1)
    assert isinstance(scored, SentimentScored | Reject)
    assert isinstance(decode_decision(value, named), Decision | Reject)
    for one in (event, scored):
        if isinstance(one, Reject):
            assert one.why
            continue
        assert limits.find_excess(one) is None
        assert msgspec.json.encode(one).decode()


FUZZ = given(
    key=st.none() | st.binary(max_size=4) | st.sampled_from([b"c-1", FULL.customer_id.encode()]),
    value=VALUES,
    headers=RAW_HEADERS,
    kind=st.none() | TYPES,
)


@FUZZ
def test_bad_input_never_raises(
    key: bytes | None, value: bytes, headers: list[tuple[str, bytes]], kind: bytes | None
) -> None:
    """Law: any bytes end as an event within all limits, or as a Reject."""
    _decode_all(key, value, headers, kind)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=10_000)
@FUZZ
def test_bad_input_never_raises_for_long(
    key: bytes | None, value: bytes, headers: list[tuple[str, bytes]], kind: bytes | None
) -> None:
    """Law: the same, for as long as a check may take."""
    _decode_all(key, value, headers, kind)
