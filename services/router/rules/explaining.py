"""Why a decision: the tree with the way that some facts take through it. Pure.

`Table.match` alone says which way that is; here it is only marked on the tree of the rule file,
with the condition of every rule that was asked and the values that it met.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from services.contact.decision import Fact
from services.router.core.facts import ONCE_PREFIX
from services.router.core.matchers import (
    All,
    Any,
    Condition,
    Equals,
    Not,
    compile_condition,
    facts_of,
)
from services.router.core.table import Facts, Plan, Table
from services.router.rules.compiling import condition_of, flat
from services.router.rules.showing import describe
from services.router.rules.tree import Branch, Rules


class Fate(StrEnum):
    """What became of a rule on the way."""

    TAKEN = "taken"
    REFUSED = "refused"
    """It was asked and did not hold."""
    PASSED = "passed"
    """It was not asked: a rule above it was taken, or the rule around it was not."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A condition, or a part of one, and what the facts answered."""

    said: str
    """The condition in words and signs."""
    holds: bool
    facts: dict[str, Fact]
    """The value of each fact that it reads; None where the fact is absent."""
    join: str = ""
    """How its parts are joined: `all` (flattened), `any` or `not`; empty for a single question."""
    parts: tuple[Asked, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as the facts met it."""

    rule: str
    fate: Fate
    plan: Plan
    """What it says, inherited values included."""
    line: int
    """Where it stands in the rule file."""
    asked: Asked | None = None
    """None for the root, and for a rule that was not asked."""
    children: tuple[Step, ...] = ()


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """The whole tree, with the way marked."""

    version: str
    path: tuple[str, ...]
    """Rule ids from the root to the answer, as `Table.match` gives them."""
    plan: Plan
    """What the answer says."""
    root: Step


def explain(rules: Rules, table: Table, facts: Facts) -> Way:
    """Mark the way of these facts; `table` must be compiled from `rules`."""
    match = table.match(facts)
    root = _step(rules.root, facts, match.path[1:], asked=None)
    return Way(version=table.version, path=match.path, plan=match.plan, root=root)


def ask(condition: Condition, facts: Facts) -> Asked:
    """Put a condition and each of its parts to the facts."""
    join, parts = _parts(condition)
    return Asked(
        said=_say_condition(condition),
        holds=compile_condition(condition)(facts),
        facts={name: facts.get(name) for name in sorted(facts_of(condition))},
        join=join,
        parts=tuple(ask(part, facts) for part in parts),
    )


def _parts(condition: Condition) -> tuple[str, tuple[Condition, ...]]:
    match condition:
        case All():
            return "all", tuple(flat(condition))
        case Any(parts):
            return "any", parts
        case Not(All() | Any() | Not() as part):
            return "not", (part,)
        case _:
            return "", ()


def _say_condition(condition: Condition) -> str:
    match condition:
        case Not(Equals(fact, True)) if fact.startswith(ONCE_PREFIX):
            return f"{fact.removeprefix(ONCE_PREFIX)} has not fired before"
        case _:
            return describe(condition)


def _step(branch: Branch, facts: Facts, path: tuple[str, ...], asked: Asked | None) -> Step:
    """A branch that was taken, and below it the rest of the way."""
    children = []
    over = False
    for child in branch.children:
        condition = condition_of(child)
        if over or condition is None:
            children.append(_passed(child))
            continue
        answer = ask(condition, facts)
        if path and child.plan.rule == path[0]:
            children.append(_step(child, facts, path[1:], answer))
            over = True
        else:
            children.append(_refused(child, answer))
    return _say(branch, Fate.TAKEN, asked, children)


def _refused(branch: Branch, asked: Asked) -> Step:
    return _say(branch, Fate.REFUSED, asked, [_passed(child) for child in branch.children])


def _passed(branch: Branch) -> Step:
    return _say(branch, Fate.PASSED, None, [_passed(child) for child in branch.children])


def _say(branch: Branch, fate: Fate, asked: Asked | None, children: list[Step]) -> Step:
    return Step(
        rule=branch.plan.rule,
        fate=fate,
        plan=branch.plan,
        line=branch.mark.line,
        asked=asked,
        children=tuple(children),
    )
