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

from services.contact.decision import Decision
from services.contact.event import ContactEvent
from services.contact.protobuf import ENUMS, MESSAGES
from services.contact.reject import RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.contact.v1 import deadletter_pb2
from tests.contract.examples import DECISION, FULL, SCORED, SUMMARY
from tests.contract.shapes import (
    Shapes,
    differences,
    shapes_of_proto,
    shapes_of_schemas,
    shapes_of_structs,
)

ROOTS = (ContactEvent, Decision, SentimentScored, SentimentSummary)
DOCUMENT = Path(__file__).parents[2] / "proto" / "asyncapi.yaml"


def _schemas() -> dict[str, Any]:
    template = "#/components/schemas/{name}"
    return msgspec.json.schema_components(ROOTS, ref_template=template)[1]


def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return document


def all_shapes() -> dict[str, Shapes]:
    """The four descriptions of the same words."""
    structs = shapes_of_structs(ROOTS)
    documented = shapes_of_schemas(_document()["components"]["schemas"])
    return {
        "structs": structs,
        "proto": shapes_of_proto(MESSAGES[root] for root in ROOTS),
        "JSON schema": shapes_of_schemas(_schemas()),
        "AsyncAPI": {name: shape for name, shape in documented.items() if name not in _OURS},
    }


_OURS = {"Marker", "RejectCode"}
"""Schemas that stand in the AsyncAPI document only; other tests bind them."""


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


@pytest.mark.parametrize(
    "word", [FULL, DECISION, SCORED, SUMMARY], ids=lambda word: type(word).__name__
)
def test_the_json_on_the_wire_has_the_names_of_the_contract(word: msgspec.Struct) -> None:
    """Law: with every field set, the JSON has exactly the fields of the schema, nested ones too."""
    shapes = shapes_of_proto(MESSAGES[root] for root in ROOTS)
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
    used = {name for name, shape in shapes_of_structs(ROOTS).items() if isinstance(shape, list)}
    assert used == set(ENUMS)
    assert all(issubclass(enum, StrEnum) for enum in ENUMS.values())
