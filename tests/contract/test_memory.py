"""What is remembered lies as `memory.proto` says: place n - 1 of an array is the field n."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from services.contact.decision import Action, Effect, Skip
from services.contact.event import Channel, ConsentState, Hours, Kind, Origin, Purpose
from services.contact.v1 import memory_pb2
from services.router import marker
from services.router.core import customer as core
from services.router.core.capacity import Usage
from tests.contract.shapes import differences, shapes_of_proto, shapes_of_structs

HASH = b"12345678"
FULL = core.Customer(
    id="клиент-7",
    seen=HASH * 3,
    choices=(
        core.StoredChoice(
            topic="billing",
            channel=Channel.CHAT,
            only=True,
            valid_from=1,
            valid_until=2,
            at=3,
            never=(Channel.PHONE,),
            never_until=4,
            never_at=5,
        ),
    ),
    consents=(core.StoredConsent(Channel.PHONE, Purpose.SERVICE, ConsentState.DENIED, 1, 2),),
    handles=(core.StoredHandle(Channel.EMAIL, "a@example.org", "imap", "h-1", True, 9),),  # noqa: FBT003 - by place
    language="bg",
    timezone="Europe/Sofia",
    segment="key",
    hours=Hours(start=540, end=1020, weekdays=(0, 1)),
    habit="ep",
    threads=(
        core.Thread(
            key="<a>",
            aliases=("<b>",),
            ids=HASH,
            ledger=(core.Entry(1, HASH, 0),),
            subject=HASH,
            last_at=7,
            summarised=True,
        ),
    ),
    contacts=(core.Contact("t-1", Channel.EMAIL, "routed", 1, 2, "<a>"),),
    standings=(
        core.Standing(
            event_id="e-1",
            source="desk/acme",
            partition=3,
            offset=4,
            revision=1,
            contact_id="t-1",
            thread="<a>",
            received_at=5,
            decided_at=6,
            message=HASH,
            action=Action.CALLBACK,
            channel=Channel.PHONE,
            queue="callbacks",
            priority=2,
            skills=("bg",),
            rule="email-to-phone",
            life="accepted",
            escalation=True,
            expires_at=8,
            fallbacks=(Channel.CHAT,),
            skips=(Skip(Channel.SOCIAL, "no_address"),),
            mood_revisions=1,
            gist=core.Gist(channel=Channel.EMAIL, kind=Kind.CALL_OFFERED, origin=Origin.UNKNOWN),
        ),
    ),
    fired=(core.Fired("email-to-phone", "<a>", 10),),
    mood=core.Mood(-250, 2, 11, -300),
    erased_at=12,
    profile_at=13,
    summarised=1,
)


def _structs_inside(shape: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    """The shape and every struct that it can hold."""
    found: set[type[msgspec.Struct]] = set()

    def look(info: Any) -> None:
        for name in ("types", "fields"):
            for part in getattr(info, name, ()):
                look(getattr(part, "type", part))
        for name in ("item_type", "value_type"):
            if hasattr(info, name):
                look(getattr(info, name))
        cls = getattr(info, "cls", None)
        if isinstance(info, msgspec.inspect.StructType) and cls is not None:
            found.add(cls)

    look(msgspec.inspect.type_info(shape))
    return found


STRUCTS = sorted(_structs_inside(core.Customer), key=lambda struct: struct.__name__)


def _message(name: str) -> Any:
    pool = memory_pb2.DESCRIPTOR.pool
    return pool.FindMessageTypeByName(f"contact.v1.{name}")


def test_all_structs_of_the_state_are_looked_at() -> None:
    """Law: the search above finds structs at every depth."""
    assert {s.__name__ for s in STRUCTS} >= {"Customer", "Thread", "Entry", "Standing", "Gist"}


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_the_place_of_a_field_is_its_number(struct: type[msgspec.Struct]) -> None:
    """Law: arrays: field n is item n - 1, without a gap; maps: the JSON name is the key."""
    fields = _message(struct.__name__).fields
    infos = msgspec.structs.fields(struct)
    if struct.__struct_config__.array_like:
        assert [(f.number, f.name) for f in sorted(fields, key=lambda f: f.number)] == list(
            enumerate([info.name for info in infos], 1)
        )
    elif struct is core.Gist:
        assert {f.name: f.json_name for f in fields} == {i.name: i.encode_name for i in infos}
    else:
        assert {f.name for f in fields} == {i.encode_name for i in infos}


def test_the_types_of_the_state_are_those_of_the_contract() -> None:
    """Law: every field of the state has the type, and the words, that memory.proto gives it."""
    structs = shapes_of_structs([core.Customer])
    gist = {i.encode_name: i.name for i in msgspec.structs.fields(core.Gist)}
    short = structs["Gist"]
    assert isinstance(short, dict)
    structs["Gist"] = {gist[name]: kind for name, kind in short.items()}
    proto = shapes_of_proto([memory_pb2.Customer])
    assert differences({"structs": structs, "proto": proto}) == []


def test_the_bytes_lie_as_the_contract_says() -> None:
    """Law: read without our structs, by memory.proto alone, a state says what it said."""
    tree = msgspec.msgpack.decode(core.pack(FULL))
    assert tree[0] == core.STATE_FORMAT
    found = _by_proto(tree[1], _message("Customer"))
    expected = _named(FULL)
    assert found == expected
    assert core.unpack(core.pack(FULL)) == FULL


def _by_proto(tree: Any, message: Any) -> dict[str, Any]:
    """The tree of a message, with names from its descriptor."""
    found: dict[str, Any] = {}
    for field in message.fields:
        if isinstance(tree, dict):
            value = tree.get(field.json_name, tree.get(field.name))
            if value is None:
                continue
        else:
            value = tree[field.number - 1]
        inner = field.message_type
        if inner is not None and not inner.GetOptions().map_entry and value is not None:
            if field.is_repeated:
                value = [_by_proto(item, inner) for item in value]
            else:
                value = _by_proto(value, inner)
        found[field.name] = value
    return found


def _named(value: Any) -> Any:
    """The same from the structs; what a map leaves out is left out."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        kept = fields
        if not value.__struct_config__.array_like:
            kept = tuple(f for f in fields if f.required or getattr(value, f.name) != f.default)
            kept = tuple(f for f in kept if getattr(value, f.name) != {})
        return {f.name: _named(getattr(value, f.name)) for f in kept}
    if isinstance(value, tuple):
        return [_named(item) for item in value]
    return value


def test_the_marker_has_the_names_of_the_contract() -> None:
    """Law: the JSON of a marker has the fields of the message Marker, no more and no less."""
    made = marker.Marker(
        sequence=1,
        lineage="l",
        partitions=8,
        lanes=2,
        inputs={"contact.events": 5, "contact.sentiment": 0},
        rules_version="0123456789ab",
        now=1_788_000_000_000,
        generation=1_788_000_001,
        candidate="ba9876543210",
        percent=5.0,
        effect=Effect.NONE,
        stopped=1_788_000_000,
        allowed={"callbacks": 100},
        used={"callbacks": Usage(3_600_000, {11_920_000: 4})},
    )
    tree = json.loads(marker.encode_marker(made))
    assert list(tree) == [field.name for field in _message("Marker").fields]
    assert marker.decode_marker(marker.encode_marker(made)) == made
    document = shapes_of_proto([memory_pb2.Marker])["Marker"]
    assert shapes_of_structs([marker.Marker])["Marker"] == document
