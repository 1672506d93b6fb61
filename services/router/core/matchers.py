"""What a rule can ask of the facts, as data, and its compilation to fast closures.

Rule: a condition is typed data first, so that tools can reason about it (what hides what, what
is never reached), and a function second. A fact that is absent (None) matches no condition but
`Equals(fact, None)` and what `Not` turns round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, assert_never

import msgspec
import re2

from services.contact.decision import Fact
from services.router.core.expression import compile_expression
from services.router.core.table import Facts, Test

PATTERN_LIMIT = 256
"""Characters that a regular expression may have."""
_PATTERN_MEMORY = 1 << 20
"""Bytes that RE2 may use for one compiled expression; beyond it the expression is refused."""

Bound = int | float | str
"""What a fact is compared with; words only for ISO dates, whose order is that of their letters."""
Order = Literal["gt", "gte", "lt", "lte"]


class PatternRefused(ValueError):  # noqa: N818  # a refusal of input, reported as a problem
    """A regular expression that RE2 does not take, or that is too large."""


class Equals(msgspec.Struct, frozen=True, tag="eq"):
    """The fact is this value; None asks for its absence."""

    fact: str
    value: Fact


class OneOf(msgspec.Struct, frozen=True, tag="in"):
    """The fact is one of these values."""

    fact: str
    values: tuple[Fact, ...]


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """The fact lies on one side of a bound."""

    fact: str
    order: Order
    bound: Bound


class Between(msgspec.Struct, frozen=True, tag="between"):
    """The fact lies from `low` to `high`, both included."""

    fact: str
    low: Bound
    high: Bound


class Matches(msgspec.Struct, frozen=True, tag="matches"):
    """A regular expression (RE2) is found somewhere in the fact."""

    fact: str
    pattern: str


class Cel(msgspec.Struct, frozen=True, tag="cel"):
    """An expression over several facts; for tools it is opaque, true or false."""

    source: str
    facts: tuple[str, ...]
    """Every fact that it reads, sorted."""


class All(msgspec.Struct, frozen=True, tag="all"):
    """Every part holds; with no parts it always holds."""

    parts: tuple[Condition, ...]


class Any(msgspec.Struct, frozen=True, tag="any"):
    """At least one part holds; with no parts it never holds."""

    parts: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """The part does not hold; so it holds where the fact is absent."""

    part: Condition


Condition = Equals | OneOf | Compare | Between | Matches | Cel | All | Any | Not


def compile_condition(condition: Condition) -> Test:  # noqa: PLR0911  # one for each kind
    """Turn a condition into a function of the facts.

    Cheap parts are asked first; no part has an effect, so the answer does not depend on it.

    Raises:
        PatternRefused: a regular expression is not valid; the loader asks `compile_pattern` first.
        LibraryMissing: an expression needs the optional library; the loader asks first.
    """
    match condition:
        case Equals(fact, value):
            return _equals(fact, value)
        case OneOf(fact, values):
            return _one_of(fact, frozenset(values))
        case Compare(fact, order, bound):
            return _ORDERS[order](fact, bound)
        case Between(fact, low, high):
            return _between(fact, low, high)
        case Matches(fact, pattern):
            return _matches(fact, compile_pattern(pattern))
        case Cel(source, facts):
            return compile_expression(source, facts)
        case All(parts):
            return _all([compile_condition(part) for part in sorted(parts, key=cost)])
        case Any(parts):
            return _any(tuple(compile_condition(part) for part in sorted(parts, key=cost)))
        case Not(part):
            return _not(compile_condition(part))
        case _:
            assert_never(condition)


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Compile a regular expression that runs in linear time and searches anywhere in a text.

    Raises:
        PatternRefused: it is not RE2, longer than `PATTERN_LIMIT` or too large when compiled.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise PatternRefused(f"it is longer than {PATTERN_LIMIT} characters")
    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY
    try:
        search = re2.compile(pattern, options).search
    except re2.error as refused:
        raise PatternRefused(_words_of(refused)) from refused
    return lambda text: search(text) is not None


def facts_of(condition: Condition) -> frozenset[str]:
    """The names of all facts that a condition reads."""
    match condition:
        case All(parts) | Any(parts):
            return frozenset().union(*(facts_of(part) for part in parts))
        case Not(part):
            return facts_of(part)
        case Cel(_, facts):
            return frozenset(facts)
        case _:
            return frozenset({condition.fact})


def cost(condition: Condition) -> int:  # noqa: PLR0911  # one for each kind
    """How dear a condition is to ask, in rough units of one comparison."""
    match condition:
        case Equals():
            return 1
        case OneOf() | Compare():
            return 2
        case Between():
            return 3
        case Matches():
            return 60
        case Cel():
            return 200
        case All(parts) | Any(parts):
            return 1 + sum(cost(part) for part in parts)
        case Not(part):
            return 1 + cost(part)


def _words_of(refused: Exception) -> str:
    said = refused.args[0] if refused.args else "not a regular expression"
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _equals(fact: str, value: Fact) -> Test:
    if value is None or isinstance(value, bool):
        return lambda facts: facts.get(fact) is value
    return lambda facts: facts.get(fact) == value


def _one_of(fact: str, values: frozenset[Fact]) -> Test:
    return lambda facts: facts.get(fact) in values


def _gt(fact: str, bound: Bound) -> Test:
    return lambda facts: (value := facts.get(fact)) is not None and value > bound  # type: ignore[operator]  # the loader fits bounds to facts


def _gte(fact: str, bound: Bound) -> Test:
    return lambda facts: (value := facts.get(fact)) is not None and value >= bound  # type: ignore[operator]  # the same


def _lt(fact: str, bound: Bound) -> Test:
    return lambda facts: (value := facts.get(fact)) is not None and value < bound  # type: ignore[operator]  # the same


def _lte(fact: str, bound: Bound) -> Test:
    return lambda facts: (value := facts.get(fact)) is not None and value <= bound  # type: ignore[operator]  # the same


_ORDERS: dict[Order, Callable[[str, Bound], Test]] = {
    "gt": _gt,
    "gte": _gte,
    "lt": _lt,
    "lte": _lte,
}


def _between(fact: str, low: Bound, high: Bound) -> Test:
    return lambda facts: (value := facts.get(fact)) is not None and low <= value <= high  # type: ignore[operator]  # the same


def _matches(fact: str, found: Callable[[str], bool]) -> Test:
    return lambda facts: isinstance(value := facts.get(fact), str) and found(value)


def _not(part: Test) -> Test:
    return lambda facts: not part(facts)


def _any(parts: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110  # any() over a generator takes twice as long
            if part(facts):
                return True
        return False

    return test


def _all(parts: list[Test]) -> Test:
    """Nested pairs: two calls for two parts, with no loop to set up."""
    if not parts:
        return lambda _facts: True
    test = parts.pop()
    while parts:
        test = _both(parts.pop(), test)
    return test


def _both(first: Test, second: Test) -> Test:
    return lambda facts: first(facts) and second(facts)
