"""Many rules side by side -> sieves: which of them can still match, for a few facts, in one look-up each.

Rule: a sieve leaves out only children of which a part that must hold does not. It answers in bits, the
first child's the lowest, so several facts are asked with one `&` each. What is left is tested in full.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from operator import xor

from services.contact.decision import Fact
from services.router.core.matchers import Between, Bound, Compare, Condition, Equals, OneOf
from services.router.core.table import Facts, Keep

SIEVE_FROM = 12
"""Children from which sieves pay: measured with 50 rules, 12 of a channel, and with 500."""
MOST_SIEVES = 3
"""Facts that are asked about; the more of them, the less is left for the next one."""
Holds = Callable[[Fact], int]


def build_sieves(parts: Sequence[Sequence[Condition]]) -> tuple[Keep, ...]:
    """Sieves for children with these parts, all of which must hold for a child."""
    if len(parts) < SIEVE_FROM:
        return ()
    asked = Counter(
        (kind, fact) for each in parts for kind, fact in {_ask(part) for part in each} if kind
    )
    often = sorted(
        ((count, key) for key, count in asked.items() if count >= SIEVE_FROM),
        key=lambda item: (-item[0], item[1]),
    )
    return tuple(
        _keep(fact, _KINDS[kind]([_about(each, kind, fact) for each in parts]))
        for _, (kind, fact) in often[:MOST_SIEVES]
    )


def _ask(part: Condition) -> tuple[str, str]:
    """What kind of sieve the part has, if any, and the fact that it asks about."""
    match part:
        case Equals(fact, value) if value is not None:
            return "choice", fact
        case OneOf(fact, _):
            return "choice", fact
        case Compare(fact, _, _) | Between(fact, _, _):
            return "order", fact
        case _:
            return "", ""


def _about(parts: Iterable[Condition], kind: str, fact: str) -> list[Condition]:
    return [part for part in parts if _ask(part) == (kind, fact)]


def _keep(fact: str, holds: Holds) -> Keep:
    def keep(facts: Facts) -> int:
        return holds(facts.get(fact))

    return keep


# ------------------------------------------------------------------------------- one fact
def _sieve_choices(parts: Sequence[Sequence[Condition]]) -> Holds:
    """By the values of the fact: the children that name it, and those that do not ask."""
    free = _bits(at for at, each in enumerate(parts) if not each)
    by_value: dict[Fact, int] = {}
    for at, each in enumerate(parts):
        named = [_values(part) for part in each]
        for value in frozenset[Fact].intersection(*named) if named else ():
            by_value[value] = by_value.get(value, free) | 1 << at
    return lambda value: by_value.get(value, free)


def _values(part: Condition) -> frozenset[Fact]:
    match part:
        case Equals(_, value):
            return frozenset({value})
        case OneOf(_, values):
            return frozenset(values)
        case _:
            raise TypeError(part)


def _sieve_order(parts: Sequence[Sequence[Condition]]) -> Holds:
    """By where the fact lies among all bounds: below, at, between or above them."""
    free = _bits(at for at, each in enumerate(parts) if not each)
    points = sorted({bound for each in parts for part in each for bound in _bounds(part)})
    order = {point: at for at, point in enumerate(points)}
    # Place 2n + 1 is the bound n, place 2n what lies below it; a child holds from one place to another.
    changes = [0] * (2 * len(points) + 2)
    for at, each in enumerate(parts):
        spans = [_span(part, order) for part in each]
        first = max((low for low, _ in spans), default=0)
        last = min((high for _, high in spans), default=-1)
        if first <= last:
            changes[first] ^= 1 << at
            changes[last + 1] ^= 1 << at
    kept = [free | bits for bits in accumulate(changes[:-1], xor)]

    def holds(value: Fact) -> int:
        if value is None:
            return free
        # The loader fits bounds to facts, so that they can be compared.
        at: int = bisect_left(points, value)
        bits: int = kept[2 * at + 1 if at < len(points) and points[at] == value else 2 * at]
        return bits

    return holds


def _bounds(part: Condition) -> tuple[Bound, ...]:
    match part:
        case Compare(_, _, bound):
            return (bound,)
        case Between(_, low, high):
            return low, high
        case _:
            raise TypeError(part)


def _span(part: Condition, order: dict[Bound, int]) -> tuple[int, int]:
    """The first and the last place at which the part holds."""
    end = 2 * len(order)
    match part:
        case Between(_, low, high):
            return 2 * order[low] + 1, 2 * order[high] + 1
        case Compare(_, "gt", bound):
            return 2 * order[bound] + 2, end
        case Compare(_, "gte", bound):
            return 2 * order[bound] + 1, end
        case Compare(_, "lt", bound):
            return 0, 2 * order[bound]
        case Compare(_, "lte", bound):
            return 0, 2 * order[bound] + 1
        case _:
            raise TypeError(part)


def _bits(places: Iterable[int]) -> int:
    return sum(1 << place for place in places)


_KINDS: dict[str, Callable[[Sequence[Sequence[Condition]]], Holds]] = {
    "choice": _sieve_choices,
    "order": _sieve_order,
}
