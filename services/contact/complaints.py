"""From msgspec's complaint about a value to a `Reject` that names field and remedy, not the value."""

from __future__ import annotations

import re
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from services.contact.event import Kind
from services.contact.reject import Reject, RejectCode

_PATH = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_BOUND = re.compile(r"Expected `(int|float)` (>=|<=|>|<) (\S+)")
_REQUIRED = re.compile(r"missing required field `([^`]*)`")
_MISSING = {
    "event_id": RejectCode.EVENT_ID_MISSING,
    "source": RejectCode.SOURCE_MISSING,
    "kind": RejectCode.KIND_MISSING,
    "customer_id": RejectCode.CUSTOMER_MISSING,
}
_WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "datetime": "a time such as 2026-09-01T10:00:00Z",
    "null": "nothing",
}


def explain(error: msgspec.ValidationError, shape: type[msgspec.Struct]) -> Reject:
    """The reject for what msgspec found wrong while it filled a struct of this shape."""
    text = str(error)
    found = _PATH.search(text)
    path = found[1].replace("[...]", " (a value)") if found else ""
    required = _REQUIRED.search(text)
    if required is not None:
        return missing(f"{path}.{required[1]}" if path else required[1])
    if text.startswith("Invalid enum value"):
        return unknown_word(path, words_at(shape, path))
    if "RFC3339" in text or "timezone component" in text:
        why = f"{path}: expected an RFC 3339 time with an offset, such as 2026-09-01T10:00:00Z"
        return Reject(RejectCode.TIME_INVALID, why)
    bound = _BOUND.search(text)
    if bound is not None:
        why = f"{path}: expected a number {bound[2]} {bound[3]}"
        return Reject(RejectCode.NUMBER_OUT_OF_RANGE, why)
    return Reject(RejectCode.WRONG_TYPE, f"{path or 'the value'}: {_expectation(text)}")


def missing(path: str) -> Reject:
    """The reject for a required field that is absent or empty."""
    return Reject(_MISSING.get(path, RejectCode.FIELD_MISSING), f"{path} is missing")


def unknown_word(path: str, words: tuple[str, ...]) -> Reject:
    """The reject for a word outside of a closed set."""
    code = RejectCode.KIND_UNKNOWN if path == "kind" else RejectCode.ENUM_UNKNOWN
    return Reject(code, f"{path}: expected one of {', '.join(words)}")


def words_at(shape: type[msgspec.Struct], path: str) -> tuple[str, ...]:
    """The allowed words of the enum at a path such as `consents[0].state`; empty if it is none."""
    here: Any = shape
    for name in re.sub(r"\[[^\]]*\]| \(a value\)", "", path).split("."):
        here = bare_of(types_of(here).get(name))
        if here is None:
            return ()
    if not (isinstance(here, type) and issubclass(here, StrEnum)):
        return ()
    return tuple(w.value for w in here if w is not Kind.CUSTOMER_LINKED)


def types_of(shape: Any) -> dict[str, Any]:
    """The types of a struct's fields by their names on the wire; empty for anything else."""
    if not (isinstance(shape, type) and issubclass(shape, msgspec.Struct)):
        return {}
    hints = get_type_hints(shape, include_extras=False)
    return {
        wire: hints[name]
        for name, wire in zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True)
    }


def bare_of(kind: Any) -> Any:
    """The type inside of `X | None`, `tuple[X, ...]` and `Annotated[X, ...]`."""
    origin = get_origin(kind)
    if origin is Annotated:
        return bare_of(get_args(kind)[0])
    if origin in {Union, UnionType}:
        return bare_of(next(a for a in get_args(kind) if a is not type(None)))
    return bare_of(get_args(kind)[0]) if origin is tuple else kind


def _expectation(text: str) -> str:
    expected = _EXPECTED.search(text)
    if expected is None:
        return "not of the expected type"
    wanted = [_WORDS.get(w, w) for w in expected[1].split(" | ") if w != "null"]
    return f"expected {' or '.join(wanted)}, found {_WORDS.get(expected[2], expected[2])}"
