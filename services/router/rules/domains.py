"""Which values a fact can have at all, cut into cells that the matchers of a file cannot split.

`services/router/core/scene.py` computes the facts; a test runs many stories through it and finds
every value inside the domain that is named here.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from datetime import date

import msgspec

from services.contact.decision import Fact
from services.contact.event import ASKS, Kind, Origin
from services.router.core.facts import SPLIT_PREFIX, FactSpec, FactType, spec_of
from services.router.rules.conditions import DATES

ABSENT = frozenset(
    {
        "message.sentiment",
        "message.confidence",
        "message.asks_for",
        "message.asks_confidence",
        "message.leaving",
        "mood.score",
        "mood.trend",
    }
)
"""The only facts that an event can leave out; the others are always there, texts as empty."""
FARTHEST = 1_000_000_000
"""Beyond any count that can be reached."""
_LOWEST = {"thread.messages": 1}
_HIGHEST = {"time.hour": 23}
_NUMBERS = dict.fromkeys(
    ("message.confidence", "message.asks_confidence", "message.leaving"), (0, 1)
) | {"mood.trend": (-2, 2)}
LAST_SHARE = 99
_NOWADAYS = date(2026, 1, 1).toordinal()
"""Where a free date is taken from, if it may."""

ASKING: dict[str, frozenset[str]] = {
    "kind": frozenset(kind.value for kind in (*ASKS, Kind.MESSAGE)),
    "message.origin": frozenset({Origin.HUMAN.value, Origin.UNKNOWN.value}),
}
"""The words with which the rules are asked at all; an event with another is only remembered."""


class Cell(msgspec.Struct, frozen=True):
    """Values of a fact that no matcher of the file tells apart, but for regular expressions."""

    value: Fact
    """One of them; None where the fact is absent."""
    open: bool = False
    """Are there more than this one?"""
    last: Fact = None
    """Of an open cell of dates: the last one."""


def cells_of(fact: str, named: Collection[Fact]) -> tuple[Cell, ...]:
    """The cells of a fact of which a file names some values; what comes first is the plainest."""
    spec = spec_of(fact)
    assert spec is not None, fact  # noqa: S101  # the loader has refused unknown facts
    absent = (Cell(None),) if fact in ABSENT else ()
    return (*absent, *_present(fact, spec, [value for value in named if value is not None]))


def bounds_of(fact: str) -> tuple[int, int]:
    """The least and the greatest value of a number."""
    spec = spec_of(fact)
    if spec is not None and spec.type is FactType.NUMBER:
        return _NUMBERS.get(fact, (-1, 1))
    if fact.startswith(SPLIT_PREFIX):
        return 0, LAST_SHARE
    return _LOWEST.get(fact, 0), _HIGHEST.get(fact, FARTHEST)


def _present(fact: str, spec: FactSpec, named: list[Fact]) -> tuple[Cell, ...]:
    match spec.type:
        case FactType.WORD:
            return tuple(Cell(word) for word in _words(fact, spec))
        case FactType.FLAG:
            return (Cell(value=False), Cell(value=True))
        case FactType.WHOLE:
            low, high = bounds_of(fact)
            return tuple(
                Cell(first, first != last)
                for first, last in _runs({int(str(value)) for value in named}, low, high)
            )
        case FactType.NUMBER:
            return _numbers({float(str(value)) for value in named}, *bounds_of(fact))
        case FactType.TEXT if fact in DATES:
            days = {date.fromisoformat(str(value)).toordinal() for value in named}
            return _dates(days)
        case FactType.TEXT:
            texts = sorted({"", *(str(value) for value in named)})
            return (*map(Cell, texts), Cell(_other(texts), open=True))


def _words(fact: str, spec: FactSpec) -> list[str]:
    """The words, those first with which the rules are asked."""
    asking = ASKING.get(fact, frozenset())
    return sorted(spec.words, key=lambda word: word not in asking)


def _runs(points: set[int], low: int, high: int) -> list[tuple[int, int]]:
    """The points by themselves, and what lies between them, from `low` to `high`."""
    inner = sorted(point for point in points if low <= point <= high)
    runs = []
    for before, after in itertools.pairwise([low - 1, *inner, high + 1]):
        if before + 1 <= after - 1:
            runs.append((before + 1, after - 1))
        if after <= high:
            runs.append((after, after))
    return runs


def _dates(days: set[int]) -> tuple[Cell, ...]:
    last = date.max.toordinal()
    cells = []
    for first, end in _runs(days, 1, last):
        plain = max(first, min(end, _NOWADAYS))
        said = [date.fromordinal(day).isoformat() for day in (plain, end)]
        cells.append(Cell(said[0], first != end, said[1]))
    return tuple(cells)


def _numbers(points: set[float], low: float, high: float) -> tuple[Cell, ...]:
    inner = sorted({low, high, *(point for point in points if low <= point <= high)})
    cells = [Cell(inner[0])]
    for before, after in itertools.pairwise(inner):
        middle = (before + after) / 2
        if before < middle < after:
            cells.append(Cell(round(middle, 6) if before < round(middle, 6) < after else middle))
        cells.append(Cell(after))
    return tuple(cells)


def _other(texts: Collection[str]) -> str:
    """A text that the file does not name."""
    return next(word for at in itertools.count() if (word := f"other{at or ''}") not in texts)
