"""A text that some regular expressions find and others do not, if one comes to mind.

Nothing rests on success: where no text is found, a rule is called undecided.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from services.router.core.matchers import compile_pattern
from services.router.rules.domains import Cell

_PARSER: Any = importlib.import_module("re._parser")
"""Python's own reader of regular expressions; RE2 shares the syntax but for rare classes."""
_PER_PATTERN = 24
_MAX_TEXT = 80
"""The core cuts longer texts."""
_MAX_TRIES = 4_000
_MAX_DAYS = 3_000
_LETTERS = "a0 -_.@Zя客"


def find_text(
    cells: Sequence[Cell], wanted: Mapping[str, bool], taken: Collection[str]
) -> str | None:
    """A text of the open cells that each pattern finds, or does not, as wanted; None if unknown."""
    tests = [(compile_pattern(pattern), holds) for pattern, holds in wanted.items()]
    for text in itertools.islice(_candidates(cells, wanted), _MAX_TRIES):
        free = text not in taken and len(text) <= _MAX_TEXT
        if free and all(found(text) is holds for found, holds in tests):
            return text
    return None


def _candidates(cells: Sequence[Cell], wanted: Mapping[str, bool]) -> Iterator[str]:
    if any(cell.last is not None for cell in cells):
        for cell in cells:
            yield from _days(cell)
        return
    yield from (str(cell.value) for cell in cells)
    samples = [samples_of(pattern) for pattern, holds in wanted.items() if holds]
    yield from itertools.chain.from_iterable(samples)
    yield from _LETTERS
    for several in itertools.product(*samples):
        for order in itertools.islice(itertools.permutations(several), 6):
            yield "".join(order)
            yield " ".join(order)
    for sample in itertools.chain.from_iterable(samples):
        yield from (f"{sample}{letter}" for letter in _LETTERS)
        yield from (f"{letter}{sample}" for letter in _LETTERS)


def _days(cell: Cell) -> Iterator[str]:
    """Dates of a cell: its plainest, some years from there on, and the last."""
    first, last = (date.fromisoformat(str(one)).toordinal() for one in (cell.value, cell.last))
    for day in (*range(first, min(last, first + _MAX_DAYS) + 1), last):
        yield date.fromordinal(day).isoformat()


def samples_of(pattern: str) -> list[str]:
    """Some texts that a pattern may find; none where Python cannot read it."""
    try:
        parsed = _PARSER.parse(pattern)
    except Exception:  # noqa: BLE001  # it is RE2's to judge; here it only gives no sample
        return []
    return list(dict.fromkeys(itertools.islice(_sequence(list(parsed)), _PER_PATTERN)))


def _sequence(parts: list[Any]) -> Iterator[str]:
    """Texts for parts in a row."""
    if not parts:
        yield ""
        return
    heads = list(dict.fromkeys(itertools.islice(_part(*parts[0]), _PER_PATTERN)))
    tails = list(dict.fromkeys(itertools.islice(_sequence(parts[1:]), _PER_PATTERN)))
    for at in range(len(heads) + len(tails)):  # along the diagonals: each part varies early
        for left in range(max(0, at - len(tails) + 1), min(at + 1, len(heads))):
            yield heads[left] + tails[at - left]


def _part(kind: Any, value: Any) -> Iterator[str]:
    match str(kind):
        case "LITERAL":
            yield chr(value)
        case "NOT_LITERAL":
            yield from (letter for letter in _LETTERS if ord(letter) != value)
        case "ANY":
            yield from _LETTERS
        case "AT" | "ASSERT" | "ASSERT_NOT":
            yield ""
        case "IN":
            yield from _one_of(value)
        case "BRANCH":
            for many in itertools.zip_longest(*(_sequence(list(way)) for way in value[1])):
                yield from (one for one in many if one is not None)
        case "SUBPATTERN":
            yield from _sequence(list(value[-1]))
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            yield from _repeated(*value)


def _repeated(low: int, high: Any, inner: Iterable[Any]) -> Iterator[str]:
    most = min(int(high), low + 2)
    for count in range(low, most + 1):
        if count > _MAX_TEXT:
            return
        for text in itertools.islice(_sequence(list(inner)), _PER_PATTERN):
            yield text * count


def _one_of(choices: list[Any]) -> Iterator[str]:
    """A character of a class; a negated one is tried out by the caller."""
    kinds = [str(kind) for kind, _ in choices]
    if kinds[0] == "NEGATE":
        yield from _LETTERS
        yield from "~b1"
        return
    for kind, value in choices:
        match str(kind):
            case "LITERAL":
                yield chr(value)
            case "RANGE":
                yield chr(value[0])
                yield chr(value[1])
            case "CATEGORY":
                yield from _category(str(value))


def _category(name: str) -> str:
    inside = {"CATEGORY_DIGIT": "07", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a0_"}
    return inside.get(name, "a -")
