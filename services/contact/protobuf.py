"""Protobuf messages <-> the same trees that JSON gives, so that both obey one set of laws.

A tree holds strings, numbers, lists, dictionaries and times. Names are those of JSON; an enum value
is the word of the struct (`KIND_CALL_OFFERED` is `call.offered`); what has its zero value is absent,
but for numbers and flags without presence, whose zero is a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Any

import msgspec
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.contact import decision, event, sentiment
from services.contact.complaints import unknown_word
from services.contact.reject import Reject, RejectCode
from services.contact.v1 import decision_pb2, event_pb2, sentiment_pb2

MESSAGES: dict[type[msgspec.Struct], type[Message]] = {
    event.ContactEvent: event_pb2.ContactEvent,
    decision.Decision: decision_pb2.Decision,
    sentiment.SentimentScored: sentiment_pb2.SentimentScored,
    sentiment.SentimentSummary: sentiment_pb2.SentimentSummary,
}
"""The message that stands for each struct."""
ENUMS: dict[str, type[StrEnum]] = {
    enum.__name__: enum
    for enum in (
        *(event.Kind, event.Channel, event.Side, event.Origin, event.Strength, event.Purpose),
        *(event.ConsentState, decision.Action, decision.DecisionType, decision.Effect),
        *(sentiment.Label, sentiment.Want),
    )
}
"""The closed sets of words, by the name that they have in the contract."""

_TIME = "google.protobuf.Timestamp"
_FACT = "contact.v1.Fact"
_NUMBERS = frozenset(
    {
        FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_DOUBLE,
        FieldDescriptor.TYPE_BOOL,
    }
)
_NANOS = 1_000_000_000


def read_message(data: bytes, shape: type[msgspec.Struct]) -> dict[str, Any] | Reject:
    """The tree of the message in these bytes, or why they are refused."""
    message = MESSAGES[shape]()
    try:
        message.ParseFromString(data)
    except DecodeError:
        name = message.DESCRIPTOR.full_name
        return Reject(RejectCode.NOT_PROTOBUF, f"the value is not a protobuf {name}")
    troubles: list[Reject] = []
    tree = _tree_of(message, "", troubles)
    return troubles[0] if troubles else tree


def write_message(struct: msgspec.Struct) -> bytes:
    """The message that says the same as the struct; equal structs give equal bytes."""
    message = MESSAGES[type(struct)]()
    _fill(message, msgspec.to_builtins(struct, builtin_types=(datetime,)))
    return message.SerializeToString(deterministic=True)


def _tree_of(message: Message, path: str, troubles: list[Reject]) -> dict[str, Any]:
    tree: dict[str, Any] = dict(_zeros_of(message))
    for field, value in message.ListFields():
        here = f"{path}.{field.name}" if path else field.name
        inner = _map_value_of(field)
        if inner is not None:
            tree[field.name] = {
                name: _value_of(inner, item, here, troubles) for name, item in value.items()
            }
        elif field.is_repeated:
            tree[field.name] = [
                _value_of(field, item, f"{here}[{index}]", troubles)
                for index, item in enumerate(value)
            ]
        else:
            tree[field.name] = _value_of(field, value, here, troubles)
    return tree


def _value_of(field: FieldDescriptor, value: Any, path: str, troubles: list[Reject]) -> Any:
    if field.message_type is not None:
        if field.message_type.full_name == _TIME:
            return _time_of(value, path, troubles)
        if field.message_type.full_name == _FACT:
            return _fact_of(value)
        return _tree_of(value, path, troubles)
    if field.enum_type is not None:
        word = _words_of(field.enum_type).get(value)
        if word is None:
            troubles.append(unknown_word(path, tuple(_words_of(field.enum_type).values())))
        return word
    if isinstance(value, float) and not isfinite(value):
        why = f"{path}: expected a finite number"
        troubles.append(Reject(RejectCode.NUMBER_NOT_FINITE, why))
    return value


def _time_of(value: Timestamp, path: str, troubles: list[Reject]) -> datetime | None:
    try:
        if 0 <= value.nanos < _NANOS:
            return value.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    why = f"{path}: the Timestamp lies outside of the years 1 to 9999"
    troubles.append(Reject(RejectCode.TIME_OUT_OF_RANGE, why))
    return None


def _fact_of(value: Any) -> object:
    which = value.WhichOneof("value")
    if which is None:
        return None
    return list(value.words.words) if which == "words" else getattr(value, which)


def _fill(message: Any, tree: Mapping[str, Any]) -> None:
    """Set each field of the message from the tree; names of both are the same."""
    for name, item in tree.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        if item is None:
            continue
        inner = _map_value_of(field)
        if inner is not None and inner.message_type is not None:
            _fill_facts(getattr(message, name), item)
        elif inner is not None:
            getattr(message, name).update(item)
        elif field.is_repeated and field.message_type is not None:
            for one in item:
                _fill(getattr(message, name).add(), one)
        elif field.is_repeated:
            getattr(message, name).extend(_plain_of(field, one) for one in item)
        elif isinstance(item, datetime):
            getattr(message, name).FromDatetime(item)
        elif field.message_type is not None:
            getattr(message, name).SetInParent()
            _fill(getattr(message, name), item)
        else:
            setattr(message, name, _plain_of(field, item))


def _fill_facts(target: Any, facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        fact = target[name]
        if isinstance(value, bool):
            fact.flag = value
        elif isinstance(value, str):
            fact.text = value
        elif isinstance(value, int):
            fact.whole = value
        elif isinstance(value, float):
            fact.number = value
        elif value is not None:
            fact.words.SetInParent()
            fact.words.words.extend(value)


def _plain_of(field: FieldDescriptor, item: Any) -> Any:
    return _numbers_of(field.enum_type)[item] if field.enum_type is not None else item


def _map_value_of(field: FieldDescriptor) -> FieldDescriptor | None:
    """What the values of a map are; None for a field that is no map."""
    entry = field.message_type
    if entry is None or not entry.GetOptions().map_entry:
        return None
    return entry.fields_by_name["value"]


# What follows from the contract alone is worked out once, when this file is loaded or first asked.
_ZEROS: dict[str, dict[str, Any]] = {}
_WORDS: dict[str, dict[int, str]] = {}


def _zeros_of(message: Message) -> dict[str, Any]:
    """The numbers and flags that a message holds even where nothing was sent."""
    shape = message.DESCRIPTOR
    if shape.full_name not in _ZEROS:
        _ZEROS[shape.full_name] = {
            field.name: field.default_value
            for field in shape.fields
            if field.type in _NUMBERS and not (field.is_repeated or field.has_presence)
        }
    return _ZEROS[shape.full_name]


def _words_of(enum: EnumDescriptor) -> dict[int, str]:
    """The words of an enum by their numbers; 0, which means `not given`, has none."""
    if enum.full_name not in _WORDS:
        members = ENUMS[enum.name].__members__
        prefix = len(enum.values[0].name.removesuffix("UNSPECIFIED"))
        _WORDS[enum.full_name] = {
            value.number: members[value.name[prefix:]].value
            for value in enum.values
            if value.number
        }
    return _WORDS[enum.full_name]


def _numbers_of(enum: EnumDescriptor) -> dict[str, int]:
    return {word: number for number, word in _words_of(enum).items()}
