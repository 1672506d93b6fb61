"""The form in which structs, proto, JSON Schema and AsyncAPI are compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from services.contact.protobuf import ENUMS

Shapes = dict[str, dict[str, str] | list[str]]
"""Name -> field -> type, or name -> words: the form in which all four are compared."""


def shapes_of_structs(roots: Iterable[type[msgspec.Struct]]) -> Shapes:
    """What the frozen structs say, by reflection; all that they hold included."""
    found: Shapes = {}
    for root in roots:
        _add_struct(found, root)
    return found


def _add_struct(found: Shapes, shape: type[msgspec.Struct]) -> None:
    if shape.__name__ in found:
        return
    fields: dict[str, str] = {}
    found[shape.__name__] = fields
    for field in msgspec.structs.fields(shape):
        fields[field.encode_name] = _struct_type(found, msgspec.inspect.type_info(field.type))


def _struct_type(found: Shapes, info: Any) -> str:
    inspect = msgspec.inspect
    if isinstance(info, inspect.UnionType):
        rest = [one for one in info.types if not isinstance(one, inspect.NoneType)]
        return "fact" if len(rest) > 1 else _struct_type(found, rest[0])
    if isinstance(info, inspect.VarTupleType):
        return f"list of {_struct_type(found, info.item_type)}"
    if isinstance(info, inspect.DictType):
        return f"map of {_struct_type(found, info.value_type)}"
    if isinstance(info, inspect.StructType):
        _add_struct(found, info.cls)
        return info.cls.__name__
    if isinstance(info, inspect.EnumType):
        found[info.cls.__name__] = sorted(word.value for word in info.cls)
        return info.cls.__name__
    plain: dict[type, str] = {
        inspect.StrType: "string",
        inspect.BytesType: "bytes",
        inspect.IntType: "whole",
        inspect.FloatType: "number",
        inspect.BoolType: "flag",
        inspect.DateTimeType: "time",
    }
    return plain[type(info)]


def shapes_of_proto(messages: Iterable[type[Message]]) -> Shapes:
    """What the messages say, by their descriptors; all that they hold included."""
    found: Shapes = {}
    for message in messages:
        _add_message(found, message.DESCRIPTOR)
    return found


def _add_message(found: Shapes, message: Any) -> None:
    if message.name not in found:
        fields: dict[str, str] = {}
        found[message.name] = fields
        for field in message.fields:
            fields[field.name] = _proto_type(found, field)


def _proto_type(found: Shapes, field: FieldDescriptor) -> str:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        return f"map of {_proto_type(found, entry.fields_by_name['value'])}"
    word = _proto_item(found, field)
    return f"list of {word}" if field.is_repeated else word


def _proto_item(found: Shapes, field: FieldDescriptor) -> str:
    if field.enum_type is not None:
        found[field.enum_type.name] = _proto_words(field.enum_type)
        return field.enum_type.name
    if field.message_type is not None:
        special = {"google.protobuf.Timestamp": "time", "contact.v1.Fact": "fact"}
        if field.message_type.full_name in special:
            return special[field.message_type.full_name]
        _add_message(found, field.message_type)
        return field.message_type.name
    return {
        FieldDescriptor.TYPE_STRING: "string",
        FieldDescriptor.TYPE_BYTES: "bytes",
        FieldDescriptor.TYPE_INT32: "whole",
        FieldDescriptor.TYPE_INT64: "whole",
        FieldDescriptor.TYPE_DOUBLE: "number",
        FieldDescriptor.TYPE_BOOL: "flag",
    }[field.type]


def _proto_words(enum: EnumDescriptor) -> list[str]:
    """The words by the rule of the contract: capitals behind the name; the zero has none."""
    prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
    members = ENUMS[enum.name].__members__
    names = [value.name.removeprefix(prefix) for value in enum.values if value.number]
    return sorted(members[name].value if name in members else f"no {name}" for name in names)


def shapes_of_schemas(schemas: dict[str, Any]) -> Shapes:
    """What JSON Schemas say: those of msgspec, or those in the AsyncAPI document."""
    found: Shapes = {}
    for name, schema in schemas.items():
        if "enum" in schema:
            found[name] = sorted(schema["enum"])
        elif "properties" in schema:
            parts = schema["properties"]
            found[name] = {field: _schema_type(part) for field, part in parts.items()}
    return found


def _schema_type(part: dict[str, Any]) -> str:
    if "anyOf" in part:
        rest = [one for one in part["anyOf"] if one.get("type") != "null"]
        return "fact" if len(rest) > 1 else _schema_type(rest[0])
    if "$ref" in part:
        return str(part["$ref"]).rpartition("/")[2]
    if part["type"] == "array":
        return f"list of {_schema_type(part['items'])}"
    if part["type"] == "object":
        return f"map of {_schema_type(part['additionalProperties'])}"
    if part.get("format") == "date-time":
        return "time"
    words = {"string": "string", "integer": "whole", "number": "number", "boolean": "flag"}
    return words[part["type"]]


def differences(shapes: dict[str, Shapes]) -> list[str]:
    """Every name, field, type or word in which one of the four is not like the structs."""
    first = shapes["structs"]
    found = []
    for where, other in shapes.items():
        for name in first.keys() | other.keys():
            mine, theirs = first.get(name), other.get(name)
            if mine != theirs:
                found.append(f"{where}: {name}: {_told(mine, theirs)}")
    return sorted(found)


def _told(mine: Any, theirs: Any) -> str:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        names = sorted(mine.keys() | theirs.keys())
        return str({n: (mine.get(n), theirs.get(n)) for n in names if mine.get(n) != theirs.get(n)})
    return f"{mine} against {theirs}"
