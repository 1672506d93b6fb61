"""JSON that arrived from outside, read strictly: one meaning or none.

Refused, beyond what JSON itself forbids: names that stand twice, more than 32 levels, NaN and
Infinity, numbers beyond 64 bits, lone surrogates. orjson reads; the exact checks run only where a
cheap test on the bytes cannot exclude the matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import orjson

from services.contact.limits import MAX_DEPTH, MAX_INT
from services.contact.reject import Reject, RejectCode

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_OPENING = frozenset(b"[{")
_ODD = 1 << 40
_REGISTRY_FRAME = b"\x00"
_TOO_DEEP = Reject(RejectCode.TOO_DEEP, f"more than {MAX_DEPTH} levels of objects and lists")


class _RefusedError(Exception):
    """Carries a Reject out of the hooks of the JSON parser; never leaves this file."""

    def __init__(self, reject: Reject) -> None:
        super().__init__()
        self.reject = reject


def read_json(value: bytes) -> Any | Reject:
    """The tree that the bytes write, or why they are refused."""
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        return _TOO_DEEP
    try:
        tree = orjson.loads(value)
    except orjson.JSONDecodeError:
        return _read_exactly(value)
    # Each member of an object puts `":` into the bytes, unless there is space before the colon. So
    # where that count equals the number of members in the tree, no name was overwritten.
    if value.count(b'":') != _count_members(tree) or _SPACED_COLON.search(value) is not None:
        return _read_exactly(value)
    return tree


def _is_too_deep(value: bytes) -> bool:
    """Do the bytes open more levels than allowed? Brackets inside strings are none."""
    depth = 0
    for bracket in _STRING.sub(b"", value).translate(None, _NO_BRACKETS):
        if bracket not in _OPENING:
            depth -= 1
        elif depth == MAX_DEPTH:
            return True
        else:
            depth += 1
    return False


def _count_members(tree: object) -> int:
    """The members of all objects in the tree; far off where a number does not fit into 64 bits.

    orjson reads a whole number beyond 64 bits as a float; only the exact parser tells them apart.
    """
    count = 0
    items: Iterable[object] = ()
    if type(tree) is dict:
        count = len(tree)
        items = tree.values()
    elif type(tree) is list:
        items = tree
    for item in items:
        kind = type(item)
        if kind is dict or kind is list:
            count += _count_members(item)
        elif (kind is int or kind is float) and not -MAX_INT <= item <= MAX_INT:  # type: ignore[operator]  # the kind is known
            count += _ODD
    return count


def _read_exactly(value: bytes) -> Any | Reject:
    """The same with the parser of the standard library, which lets every name and number be seen."""
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        return Reject(RejectCode.NOT_UTF8, f"the value is not UTF-8, from byte {error.start} on")
    try:
        tree = json.loads(
            text,
            object_pairs_hook=_object_of,
            parse_int=_whole_of,
            parse_float=_float_of,
            parse_constant=_refuse_constant,
        )
    except _RefusedError as refused:
        return refused.reject
    except json.JSONDecodeError as error:
        return _not_json(value, error)
    except RecursionError:
        return _TOO_DEEP
    if _has_lone_surrogate(tree):
        return Reject(
            RejectCode.LONE_SURROGATE, "an escape such as \\ud83d stands without its other half"
        )
    return tree


def _not_json(value: bytes, error: json.JSONDecodeError) -> Reject:
    hint = (
        "; it begins with the frame of a schema registry, which is not read"
        if value.startswith(_REGISTRY_FRAME)
        else ""
    )
    return Reject(
        RejectCode.NOT_JSON,
        f"the value is not JSON: {error.msg} at line {error.lineno} column {error.colno}{hint}",
    )


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError(
            Reject(RejectCode.DUPLICATE_FIELD, "a name stands twice in one object; send it once")
        )
    return found


def _whole_of(digits: str) -> int:
    # 20 characters hold every 64-bit number; more are not worth converting.
    whole = int(digits) if len(digits) <= 20 else MAX_INT + 1  # noqa: PLR2004
    if -MAX_INT - 1 <= whole <= MAX_INT:
        return whole
    raise _RefusedError(
        Reject(RejectCode.NUMBER_OUT_OF_RANGE, "a whole number does not fit into 64 bits")
    )


def _float_of(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise _RefusedError(
            Reject(RejectCode.NUMBER_OUT_OF_RANGE, "a number is too large for a double")
        )
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise _RefusedError(
        Reject(RejectCode.NUMBER_NOT_FINITE, f"{name} is no JSON number; leave the field out")
    )


def _has_lone_surrogate(tree: object) -> bool:
    if isinstance(tree, str):
        return not _is_whole(tree)
    if isinstance(tree, dict):
        return any(not _is_whole(k) or _has_lone_surrogate(v) for k, v in tree.items())
    return isinstance(tree, list) and any(map(_has_lone_surrogate, tree))


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
