"""Proto, structs, JSON and AsyncAPI name the same fields, of the same types, with the same words."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from services.contact.decision import Decision
from services.contact.event import ContactEvent
from services.contact.protobuf import ENUMS, MESSAGES
from services.contact.reject import RejectCode
from services.contact.sentiment import SentimentScored
from services.contact.v1 import deadletter_pb2
from tests.contract.examples import DECISION, FULL, SCORED

ROOTS = (ContactEvent, Decision, SentimentScored)
DOCUMENT = Path(__file__).parents[2] / "proto" / "asyncapi.yaml"

Shapes = dict[str, dict[str, str] | list[str]]
"""Name -> field -> type, or name -> words: the form in which all four are compared."""


def shapes_of_structs() -> Shapes:
    """What the frozen structs say, by reflection."""
    found: Shapes = {}
    for root in ROOTS:
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
        inspect.IntType: "whole",
        inspect.FloatType: "number",
        inspect.BoolType: "flag",
        inspect.DateTimeType: "time",
    }
    return plain[type(info)]


def shapes_of_proto() -> Shapes:
    """What the messages say, by their descriptors."""
    found: Shapes = {}
    for root in ROOTS:
        descriptor: Any = MESSAGES[root].DESCRIPTOR
        _add_message(found, descriptor)
    return found


def _add_message(found: Shapes, message: Descriptor) -> None:
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


def _schemas() -> dict[str, Any]:
    template = "#/components/schemas/{name}"
    return msgspec.json.schema_components(ROOTS, ref_template=template)[1]


def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return document


def all_shapes() -> dict[str, Shapes]:
    """The four descriptions of the same words."""
    structs = shapes_of_structs()
    documented = shapes_of_schemas(_document()["components"]["schemas"])
    return {
        "structs": structs,
        "proto": shapes_of_proto(),
        "JSON schema": shapes_of_schemas(_schemas()),
        "AsyncAPI": {name: shape for name, shape in documented.items() if name not in _OURS},
    }


_OURS = {"Marker", "RejectCode"}
"""Schemas that stand in the AsyncAPI document only; other tests bind them."""


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


def test_proto_structs_json_and_asyncapi_agree_on_every_field() -> None:
    """Law: one contract, four descriptions, no difference in names, types or words."""
    shapes = all_shapes()
    assert differences(shapes) == []
    fields = [f for shape in shapes["structs"].values() if isinstance(shape, dict) for f in shape]
    assert len(fields) > 100


def _rename(shapes: Shapes) -> None:
    event = shapes["ContactEvent"]
    assert isinstance(event, dict)
    event["topics"] = event.pop("topic")


def _retype(shapes: Shapes) -> None:
    handle = shapes["Handle"]
    assert isinstance(handle, dict)
    handle["verified"] = "string"


def _drop(shapes: Shapes) -> None:
    decision = shapes["Decision"]
    assert isinstance(decision, dict)
    del decision["facts"]


def _misspell(shapes: Shapes) -> None:
    words = shapes["Origin"]
    assert isinstance(words, list)
    words[words.index("auto_reply")] = "autoreply"


def _forget(shapes: Shapes) -> None:
    del shapes["Consent"]


@pytest.mark.parametrize("change", [_rename, _retype, _drop, _misspell, _forget])
@pytest.mark.parametrize("where", ["structs", "proto", "JSON schema", "AsyncAPI"])
def test_a_change_in_any_one_of_them_is_found(where: str, change: Callable[[Shapes], None]) -> None:
    """Law: the comparison above is no formality: each kind of change, in each place, shows."""
    shapes = copy.deepcopy(all_shapes())
    change(shapes[where])
    assert differences(shapes)


@pytest.mark.parametrize("word", [FULL, DECISION, SCORED], ids=lambda word: type(word).__name__)
def test_the_json_on_the_wire_has_the_names_of_the_contract(word: msgspec.Struct) -> None:
    """Law: with every field set, the JSON has exactly the fields of the schema, nested ones too."""
    shapes = shapes_of_proto()
    tree = json.loads(msgspec.json.encode(word))
    assert _names_missing(tree, type(word).__name__, shapes) == []


def _names_missing(tree: dict[str, Any], name: str, shapes: Shapes) -> list[str]:
    fields = shapes[name]
    assert isinstance(fields, dict)
    found = [f"{name}.{f}" for f in fields.keys() ^ tree.keys() if (name, f) not in _DEFAULTS]
    for field, shown in fields.items():
        inner = shown.removeprefix("list of ")
        if field in tree and inner in shapes and isinstance(shapes[inner], dict):
            whole = tree[field][0] if shown != inner else tree[field]
            found += _names_missing(whole, inner, shapes)
    return found


_DEFAULTS = {("SentimentScored", "side"), ("SentimentScored", "why_unscored")}
"""Fields whose value in the example is the default, which is left out."""


def test_every_code_of_a_reject_stands_in_the_contract() -> None:
    """Law: proto and AsyncAPI list the codes of dead letters, no more and no less."""
    values = deadletter_pb2.DESCRIPTOR.enum_types_by_name["RejectCode"].values
    assert {v.name.removeprefix("REJECT_CODE_") for v in values if v.number} == {
        code.name for code in RejectCode
    }
    codes = [code.value for code in RejectCode]
    document = _document()
    assert document["components"]["schemas"]["RejectCode"]["enum"] == codes
    dead = document["components"]["messages"]["DeadLetter"]["headers"]["properties"]
    assert dead["omniroute-reject-code"]["enum"] == codes


def test_the_headers_of_a_dead_letter_stand_in_the_contract() -> None:
    """Law: each header is `omniroute-reject-` and a field of DeadLetterHeaders."""
    fields = deadletter_pb2.DESCRIPTOR.message_types_by_name["DeadLetterHeaders"].fields
    document = _document()
    dead = document["components"]["messages"]["DeadLetter"]["headers"]["properties"]
    assert {f"omniroute-reject-{field.name}" for field in fields} == set(dead)


def test_each_enum_of_the_structs_is_an_enum_of_the_contract() -> None:
    """Law: no closed set of words is left to a plain string."""
    used = {name for name, shape in shapes_of_structs().items() if isinstance(shape, list)}
    assert used == set(ENUMS)
    assert all(issubclass(enum, StrEnum) for enum in ENUMS.values())
