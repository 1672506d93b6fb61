"""What a rule file that loads may still have wrong: rules nobody reaches, words that do nothing.

Rule: an error is certain, a warning is a question. Reachability comes from `reaching`, which
never calls dead what an event can hit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from services.router.core.expression import read_expression
from services.router.core.facts import ATTRIBUTE_PREFIX, ONCE_PREFIX
from services.router.core.matchers import All, Condition, facts_of
from services.router.core.table import Table
from services.router.rules.conditions import CEL, COMBINATORS, Known, read_when
from services.router.rules.file import RuleSource
from services.router.rules.lint_targets import lint_targets
from services.router.rules.overlaps import Overlap, find_overlaps
from services.router.rules.problem import Lint, Path, Problem, Problems
from services.router.rules.reaching import Fate, Reach, Survey, walk
from services.router.rules.regions import Budget, Space, TooManyBoxes
from services.router.rules.tree import Branch

_AGE_WORDS = frozenset(
    {
        "възраст",
        "agerange",
        "birthyear",
        "birthday",
        "aged",
        "age",
        "geburtstag",
        "birth",
        "dob",
        "agegroup",
        "ageband",
        "yob",
        "generation",
        "geburtsdatum",
        "dateofbirth",
        "yearofbirth",
        "born",
        "年龄",
        "ages",
        "birthdate",
        "alter",
        "возраст",
    }
)
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+|[^\W\d_]+")
_MAX_NAMED = 4
_PARTS_BUDGET = 5_000


def lint(source: RuleSource, table: Table) -> tuple[list[Problem], list[Reach]]:
    """Every lint of a rule file in the order of the file, and the fate of every rule."""
    found = Problems(source.places.file)
    found.values, found.keys = source.places.values, source.places.keys
    survey = Survey(source.rules, table)
    reaches = survey.all()
    for reach in reaches:
        _tell_fate(reach, found)
    dead = {reach.branch.plan.rule for reach in reaches if reach.fate is not Fate.LIVE}
    for overlap in find_overlaps(source.rules.root, survey.space, dead):
        _tell_overlap(overlap, found)
    for branch in walk(source.rules.root):
        _lint_when(branch, source, survey.space, found)
    lint_targets(source, survey, found)
    _lint_lists(source.data, found)
    return found.sorted(), reaches


def lint_tests(source: RuleSource, tested: frozenset[str] | None) -> list[Problem]:
    """The rules without a test; `tested` holds those that a test hits, None: there are no tests."""
    found = Problems(source.places.file)
    found.values, found.keys = source.places.values, source.places.keys
    for branch in walk(source.rules.root):
        rule = branch.plan.rule
        if branch.condition is None or (tested and rule in tested):
            continue
        why = "no test hits it" if tested is not None else "there is no file of tests beside this"
        found.add((*branch.path, "id"), Lint.UNTESTED_RULE, f"`{rule}` is not tested: {why}")
    return found.sorted()


# ------------------------------------------------------------------------------ reachability
def _tell_fate(reach: Reach, found: Problems) -> None:
    branch, rule = reach.branch, reach.branch.plan.rule
    when = (*branch.path, "when")
    match reach.fate:
        case Fate.CONTRADICTION:
            fact = reach.by[0] if len(reach.by) == 1 else ""
            place = (*when, fact) if (*when, fact) in found.keys else when
            what = f"nothing that `{fact}` can be" if fact else "no event"
            message = f"`{rule}` is never hit: its `when` contradicts itself, {what} fits it"
            found.add_key(place, Lint.CONTRADICTION, message)
        case Fate.UNREACHABLE:
            message = f"`{rule}` is never hit: the rules around it leave nothing of its `when`"
            found.add_key(when, Lint.UNREACHABLE_RULE, message)
        case Fate.SHADOWED:
            message = f"`{rule}` is never hit: {_named(reach.by)} above it take all it asks for"
            found.add((*branch.path, "id"), Lint.SHADOWED_RULE, message)
        case Fate.UNDECIDED:
            message = f"it could not be found out whether anything hits `{rule}`"
            found.add((*branch.path, "id"), Lint.UNDECIDED_RULE, message)
        case Fate.LIVE if not reach.asked:
            message = (
                f"`{rule}` waits for an event that is only remembered: rules are asked about "
                "messages that a person wrote, offered calls, callbacks and handovers"
            )
            found.add_key(when, Lint.NEVER_ASKED, message)


def _tell_overlap(overlap: Overlap, found: Problems) -> None:
    message = (
        f"`{overlap.later}` asks for {overlap.said}, but there `{overlap.earlier}` above it is "
        "asked first and answers otherwise"
    )
    found.add_key(overlap.place, Lint.PARTLY_HIDDEN, message)


def _named(rules: tuple[str, ...]) -> str:
    said = [f"`{rule}`" for rule in rules[:_MAX_NAMED]]
    more = len(rules) - len(said)
    return (
        ", ".join(said)
        + (f" and {more} more" if more else "")
        + (" together" if len(rules) > 1 else "")
    )


# ------------------------------------------------------------------------------ inside a `when`
def _lint_when(branch: Branch, source: RuleSource, space: Space, found: Problems) -> None:
    if branch.condition is None:
        return
    path = (*branch.path, "when")
    data = _at(source.data, path)
    once = frozenset(
        fact.removeprefix(ONCE_PREFIX) for fact in space.cells if fact.startswith(ONCE_PREFIX)
    )
    for fact, place in _facts(data, path, once):
        if _is_age(fact):
            message = f"`{fact}` tells the customer's age; routing never rests on it"
            found.add_key(place, Lint.READS_AGE, message)
    known = Known(once, source.data.get("lists", {}))
    for part, place in _parts(data, path):
        condition = read_when(part, place, Problems(""), known)
        if _is_empty(condition, space):
            message = "this part can never hold; it does nothing"
            found.add(place, Lint.DEAD_PART, message)
    if _is_all(branch.condition, space):
        message = f"the `when` of `{branch.plan.rule}` holds for every event"
        found.add_key(path, Lint.ALWAYS_HOLDS, message)


def _facts(data: Any, path: Path, once: frozenset[str]) -> Iterator[tuple[str, Path]]:
    """Every fact that is named in a `when`, with its place."""
    for key, value in data.items():
        if key == "not":
            yield from _facts(value, (*path, key), once)
        elif key in COMBINATORS:
            for at, part in enumerate(value):
                yield from _facts(part, (*path, key, at), once)
        elif key == CEL:
            yield from ((fact, (*path, key)) for fact in read_expression(value.strip(), once))
        else:
            yield key, (*path, key)


def _parts(data: Any, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """The alternatives and what is negated, each as a `when` of its own, with its place."""
    for key, value in data.items():
        here = (*path, key)
        if key == "not":
            yield value, here
            yield from _parts(value, here)
        elif key in COMBINATORS:
            for at, part in enumerate(value):
                if key == "any":
                    yield part, (*here, at)
                yield from _parts(part, (*here, at))
        else:
            for asked, place in _fact_parts(value, here):
                yield {key: asked}, place


def _fact_parts(value: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        here = (*path, key)
        if key == "not":
            yield inner, here
            yield from _fact_parts(inner, here)
        elif key in COMBINATORS:
            for at, part in enumerate(inner):
                if key == "any":
                    yield part, (*here, at)
                yield from _fact_parts(part, (*here, at))


def _is_empty(condition: Condition, space: Space) -> bool:
    try:
        return facts_of(condition) <= space.cells.keys() and not space.boxes(condition)
    except TooManyBoxes:
        return False


def _is_all(condition: Condition, space: Space) -> bool:
    try:
        outside = space.boxes(All((condition,)), holds=False)
        budget = Budget(_PARTS_BUDGET)
        return not any(True for box in outside for _ in space.points(box, [], budget, set()))
    except TooManyBoxes:
        return False


def _is_age(fact: str) -> bool:
    if not fact.startswith(ATTRIBUTE_PREFIX):
        return False
    name = fact.removeprefix(ATTRIBUTE_PREFIX)
    words = [word.lower() for word in _WORD.findall(name)]
    return not _AGE_WORDS.isdisjoint((*words, "".join(words)))


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


# ------------------------------------------------------------------------------------ the lists
def _lint_lists(data: Any, found: Problems) -> None:
    lists = data.get("lists", {})
    used = set(_references(data["route"]))
    for name in lists:
        if name not in used:
            message = f"no rule uses the list `{name}`"
            found.add_key(("lists", name), Lint.UNUSED_LIST, message)


def _references(node: Mapping[str, Any]) -> Iterator[str]:
    if "when" in node:
        yield from _dollars(node["when"])
    for rule in node.get("routes", ()):
        yield from _references(rule)


def _dollars(part: Any) -> Iterator[str]:
    if isinstance(part, str) and part.startswith("$"):
        yield part[1:]
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _dollars(value)
    elif isinstance(part, list):
        for value in part:
            yield from _dollars(value)
