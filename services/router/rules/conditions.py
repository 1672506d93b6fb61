"""`when:` -> a typed condition, checked against the catalogue of facts.

Rule: whatever is wrong is reported where it stands and reading goes on, so that one run names
every mistake. The condition that comes back is used only if nothing was reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from services.contact.decision import Fact
from services.router.core import matchers
from services.router.core.expression import (
    ExpressionRefused,
    LibraryMissing,
    Slip,
    read_expression,
)
from services.router.core.facts import (
    ATTRIBUTE_PREFIX,
    CATALOGUE,
    ONCE_PREFIX,
    FactSpec,
    FactType,
    spec_of,
)
from services.router.core.matchers import Condition
from services.router.rules.problem import Code, Mark, Path, Problems, suggest

COMBINATORS = {
    "all": "A list; every part must hold.",
    "any": "A list; one part is enough.",
    "not": "The part must not hold; it holds where the fact is absent.",
}
CEL = "cel"
"""A text: an expression of the Common Expression Language that must give true."""
MATCHERS = {
    "eq": "Equal to the value; `eq: null` asks whether the fact is absent.",
    "in": "One of the values of a list, or of a named one: `in: $name`.",
    "gt": "Greater than the value.",
    "gte": "Greater than the value or equal to it.",
    "lt": "Less than the value.",
    "lte": "Less than the value or equal to it.",
    "between": "From the first to the second of two values, both included.",
    "matches": "A regular expression (RE2) is found in the text.",
}
"""Every matcher with its meaning; the schema and the page of the language repeat them."""
LIST_SIGN = "$"
"""`in: $name`, or `$name` for a plain value, is one of the values of `lists: name`."""
DATES = frozenset({"time.date"})
"""Texts that are ISO dates and so have an order."""
MAX_CONDITION_DEPTH = 6
MAX_PARTS = 64

_ORDERED = frozenset({"gt", "gte", "lt", "lte", "between"})
_FITTING: dict[FactType, frozenset[str]] = {
    FactType.WORD: frozenset({"eq", "in"}),
    FactType.TEXT: frozenset({"eq", "in", "matches"}),
    FactType.FLAG: frozenset({"eq"}),
    FactType.NUMBER: frozenset({"eq", "in"}) | _ORDERED,
    FactType.WHOLE: frozenset({"eq", "in"}) | _ORDERED,
}
_NOUNS = {
    FactType.WORD: "a word",
    FactType.TEXT: "a text",
    FactType.FLAG: "true or false",
    FactType.NUMBER: "a number",
    FactType.WHOLE: "a whole number",
}
_NEVER: Condition = matchers.Any(())
"""Stands in for what could not be read."""


def fitting(name: str, spec: FactSpec) -> frozenset[str]:
    """The matchers that a fact can be asked with."""
    return _FITTING[spec.type] | (_ORDERED if name in DATES else frozenset())


class Known(msgspec.Struct, frozen=True):
    """What a condition may name besides the facts."""

    once: frozenset[str] = frozenset()
    """The ids of the rules that have `once_per`."""
    lists: Mapping[str, Any] = {}
    """The named lists."""


def read_when(data: Any, path: Path, problems: Problems, known: Known | None = None) -> Condition:
    """Read the condition at `path`."""
    if data is None:  # the structure says that a mapping is missing
        return _NEVER
    if data == {}:
        problems.add_key(path, Code.EMPTY_WHEN, "a `when` names at least one fact")
        return _NEVER
    return _Reading(problems, known or Known()).whole(data, path)


class _Asked(msgspec.Struct, frozen=True):
    """The fact that a matcher asks for."""

    name: str
    spec: FactSpec
    depth: int = 0
    """How many combinators stand around the matcher."""


class _Reading:
    """The walk over one `when`."""

    def __init__(self, problems: Problems, known: Known) -> None:
        self.problems = problems
        self.once = known.once
        self.lists = known.lists

    def whole(self, data: Any, path: Path, depth: int = 0) -> Condition:
        """A mapping of facts and combinators, all of which must hold."""
        if not isinstance(data, Mapping):
            found = f"found {_noun_of(data)}"
            return self._wrong(path, f"expected a mapping of facts to what they must be, {found}")
        if not data:
            return self._fail(path, Code.EMPTY_WHEN, "name at least one fact")
        if depth > MAX_CONDITION_DEPTH:
            limit = MAX_CONDITION_DEPTH
            return self._fail(path, Code.TOO_DEEP, f"conditions nest at most {limit} levels")
        return _all([self._entry(k, v, (*path, k), depth) for k, v in data.items()])

    def _entry(self, key: str, value: Any, path: Path, depth: int) -> Condition:
        if key in COMBINATORS:
            return self._combine(key, value, path, lambda part, at: self.whole(part, at, depth + 1))
        if key == CEL:
            return self._expression(value, path)
        spec = self._spec(key, path)
        return _NEVER if spec is None else self._asked(_Asked(key, spec), value, path)

    def _combine(
        self, key: str, value: Any, path: Path, read: Callable[[Any, Path], Condition]
    ) -> Condition:
        if key == "not":
            return matchers.Not(read(value, path))
        if not isinstance(value, list):
            return self._wrong(path, f"`{key}` takes a list, found {_noun_of(value)}")
        if not value:
            return self._fail(path, Code.EMPTY_LIST, f"`{key}` needs at least one part")
        if len(value) > MAX_PARTS:
            return self._fail(path, Code.TOO_MANY, f"`{key}` takes at most {MAX_PARTS} parts")
        parts = [read(part, (*path, at)) for at, part in enumerate(value)]
        return matchers.Any(tuple(parts)) if key == "any" else _all(parts)

    def _spec(self, name: str, path: Path) -> FactSpec | None:
        spec = spec_of(name)
        known = [*CATALOGUE, *COMBINATORS, CEL, *(ONCE_PREFIX + rule for rule in self.once)]
        if spec is None or (name.startswith(ONCE_PREFIX) and name not in known):
            hint = suggest(name, known) or f"; free ones are `{ATTRIBUTE_PREFIX}<name>`"
            self.problems.add_key(path, Code.UNKNOWN_FACT, f"there is no fact `{name}`{hint}")
            return None
        return spec

    def _asked(self, asked: _Asked, data: Any, path: Path) -> Condition:
        """What one fact must be: a value, a list of values, or a mapping of matchers."""
        named = isinstance(data, str) and data.startswith(LIST_SIGN)
        if named or isinstance(data, list):
            return self._matcher(asked, "in", data, path)
        if not isinstance(data, Mapping):
            if data is None:
                return self._wrong(path, "a value is missing; `{eq: null}` asks for absence")
            return self._matcher(asked, "eq", data, path)
        if not data:
            return self._fail(path, Code.EMPTY_WHEN, f"say what `{asked.name}` must be")
        if asked.depth > MAX_CONDITION_DEPTH:
            limit = MAX_CONDITION_DEPTH
            return self._fail(path, Code.TOO_DEEP, f"conditions nest at most {limit} levels")
        return _all([self._matcher(asked, k, v, (*path, k)) for k, v in data.items()])

    def _matcher(self, asked: _Asked, key: str, value: Any, path: Path) -> Condition:
        if key in COMBINATORS:
            inner = msgspec.structs.replace(asked, depth=asked.depth + 1)
            return self._combine(key, value, path, lambda p, at: self._asked(inner, p, at))
        if key not in MATCHERS:
            hint = suggest(key, [*MATCHERS, *COMBINATORS])
            self.problems.add_key(path, Code.UNKNOWN_MATCHER, f"there is no matcher `{key}`{hint}")
            return _NEVER
        fits = fitting(asked.name, asked.spec)
        if key not in fits:
            noun = _NOUNS[asked.spec.type]
            message = f"`{asked.name}` is {noun}; it takes {', '.join(sorted(fits))}, not `{key}`"
            self.problems.add_key(path, Code.MATCHER_MISFIT, message)
            return _NEVER
        return self._built(asked, key, value, path)

    def _built(self, asked: _Asked, key: str, value: Any, path: Path) -> Condition:
        match key:
            case "in":
                return self._one_of(asked, value, path)
            case "between":
                return self._between(asked, value, path)
            case "matches":
                return self._pattern(asked, value, path)
            case "eq":
                if value is None or self._fits(asked, value, path):
                    return matchers.Equals(asked.name, value)
            case "gt" | "gte" | "lt" | "lte":
                if self._fits(asked, value, path):
                    return matchers.Compare(asked.name, key, value)
        return _NEVER

    def _one_of(self, asked: _Asked, value: Any, path: Path) -> Condition:
        if isinstance(value, str) and value.startswith(LIST_SIGN):
            return self._named(asked, value.removeprefix(LIST_SIGN), path)
        if not isinstance(value, list):
            return self._wrong(path, f"`in` takes a list, found {_noun_of(value)}")
        if not value:
            return self._fail(path, Code.EMPTY_LIST, "an empty list holds no value")
        if asked.spec.type is FactType.FLAG:
            message = f"`{asked.name}` is true or false; it takes eq, not a list"
            return self._fail(path, Code.MATCHER_MISFIT, message)
        fits = [self._fits(asked, item, (*path, at)) for at, item in enumerate(value)]
        return matchers.OneOf(asked.name, tuple(value)) if all(fits) else _NEVER

    def _named(self, asked: _Asked, name: str, path: Path) -> Condition:
        """One of the values of a named list, each checked against the fact."""
        values = self.lists.get(name)
        if values is None:
            message = f"`{name}` does not stand under `lists`{suggest(name, self.lists)}"
            return self._fail(path, Code.UNKNOWN_LIST, message)
        if not isinstance(values, list) or not values:
            return _NEVER  # the structure says what is wrong with the list itself
        return self._one_of(asked, values, path)

    def _between(self, asked: _Asked, value: Any, path: Path) -> Condition:
        if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004  # low and high
            return self._wrong(path, "`between` takes a list of two values, [low, high]")
        fits = [self._fits(asked, item, (*path, at)) for at, item in enumerate(value)]
        if not all(fits):
            return _NEVER
        low, high = value
        if low > high:
            return self._fail(path, Code.BAD_RANGE, f"nothing lies between {low} and {high}")
        return matchers.Between(asked.name, low, high)

    def _pattern(self, asked: _Asked, value: Any, path: Path) -> Condition:
        if not isinstance(value, str):
            return self._wrong(path, f"`matches` takes a text in quotes, found {_noun_of(value)}")
        try:
            matchers.compile_pattern(value)
        except matchers.PatternRefused as refused:
            return self._fail(path, Code.BAD_REGEX, f"not a regular expression of RE2: {refused}")
        return matchers.Matches(asked.name, value)

    def _expression(self, value: Any, path: Path) -> Condition:
        if not isinstance(value, str):
            return self._wrong(
                path, f"`{CEL}` takes an expression in quotes, found {_noun_of(value)}"
            )
        source = value.strip()
        try:
            return matchers.Cel(source, read_expression(source, self.once))
        except LibraryMissing:
            message = "expressions need a library: pip install 'omniroute[cel]'"
            return self._fail(path, Code.CEL_MISSING, message)
        except ExpressionRefused as refused:
            for slip in refused.slips:
                self._slip(slip, path, value.count("\n", 0, value.find(source)))
        return _NEVER

    def _slip(self, slip: Slip, path: Path, skipped: int) -> None:
        """A mistake in an expression, where it stands if the expression stands in one line."""
        code, hint = (Code.UNKNOWN_FACT, suggest(slip.name, CATALOGUE)) if slip.name else (None, "")
        message = slip.why + hint
        mark = self.problems.values.get(path)
        if mark is not None and path in self.problems.quoted and not skipped and slip.line == 1:
            mark = Mark(mark.line, mark.col + slip.col)
        elif slip.line > 1 or slip.col > 1:
            message += f" (line {slip.line + skipped}, column {slip.col} of the expression)"
        self.problems.add_at(mark or Mark(1, 1), code or Code.BAD_CEL, message)

    def _fits(self, asked: _Asked, value: Fact, path: Path) -> bool:
        """Is the value of the fact's type, and one of its words?"""
        spec = asked.spec
        if not _is_of(spec.type, value):
            expected = f"`{asked.name}` is {_NOUNS[spec.type]}, found {_noun_of(value)}"
            self._wrong(path, expected)
            return False
        if spec.words and value not in spec.words:
            hint = suggest(str(value), spec.words) or f"; it is one of {', '.join(spec.words)}"
            message = f"`{asked.name}` is never `{value}`{hint}"
            self.problems.add(path, Code.UNKNOWN_WORD, message)
            return False
        if asked.name in DATES and not _is_date(str(value)):
            self._wrong(path, f"`{asked.name}` is a date such as 2026-12-24, found `{value}`")
            return False
        return True

    def _wrong(self, path: Path, message: str) -> Condition:
        return self._fail(path, Code.WRONG_TYPE, message)

    def _fail(self, path: Path, code: Code, message: str) -> Condition:
        self.problems.add(path, code, message)
        return _NEVER


def _all(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else matchers.All(tuple(parts))


def _is_of(kind: FactType, value: Any) -> bool:
    match kind:
        case FactType.FLAG:
            return isinstance(value, bool)
        case FactType.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case FactType.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case FactType.WORD | FactType.TEXT:
            return isinstance(value, str)


def _is_date(value: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _noun_of(value: Any) -> str:
    """How a message names what was found."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text `{value[:40]}`"
        case list():
            return "a list"
        case _:
            return "a mapping"
