"""Where in a JSON text a member stands: for people who look for what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any

import msgspec

_STRINGS = JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


class Place(msgspec.Struct, frozen=True):
    """One member or item: its path such as `consents[0].state`, and its offsets in the text."""

    path: str
    name: str
    """Empty for an item of a list."""
    parent: str
    at: int
    """Offset of the name, or of the item."""
    value_at: int


def find_places(text: str) -> Iterator[Place]:
    """Every member and item in the order of the text, up to the first fault in its syntax."""
    try:
        yield from _walk(text, _skip(text, 0), "")
    except (JSONDecodeError, IndexError, RecursionError):
        return


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """The place of an offset as people count: line and column from 1."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def _walk(text: str, at: int, path: str) -> Any:
    """Yields the places inside of the value at `at`; returns the offset behind it."""
    if text[at] == "{":
        return (yield from _walk_object(text, at + 1, path))
    if text[at] == "[":
        return (yield from _walk_list(text, at + 1, path))
    if text[at] == '"':
        return _STRINGS.raw_decode(text, at)[1]
    found = _SCALAR.match(text, at)
    return found.end() if found else at + 1


def _walk_object(text: str, at: int, path: str) -> Any:
    at = _skip(text, at)
    while text[at] != "}":
        name, end = _STRINGS.raw_decode(text, at)
        value_at = _skip(text, _skip(text, end) + 1)
        here = f"{path}.{name}" if path else name
        yield Place(here, name, path, at, value_at)
        at = _skip(text, (yield from _walk(text, value_at, here)))
        if text[at] == ",":
            at = _skip(text, at + 1)
        elif text[at] != "}":
            raise IndexError
    return at + 1


def _walk_list(text: str, at: int, path: str) -> Any:
    at = _skip(text, at)
    index = 0
    while text[at] != "]":
        here = f"{path}[{index}]"
        yield Place(here, "", path, at, at)
        at = _skip(text, (yield from _walk(text, at, here)))
        if text[at] == ",":
            at = _skip(text, at + 1)
        elif text[at] != "]":
            raise IndexError
        index += 1
    return at + 1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
