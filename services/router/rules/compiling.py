"""The checked tree -> `Table`: conditions become closures, wide nodes get a switch.

Rule: what is compiled means what the tree means. A switch only leaves out children that cannot
match and parts of their conditions that must hold; a property test compares both with a plain
reading of the file.
"""

from __future__ import annotations

from collections import Counter
from functools import reduce

from services.contact.decision import Fact
from services.router.core.facts import ONCE_PREFIX
from services.router.core.matchers import (
    All,
    Condition,
    Equals,
    Not,
    OneOf,
    compile_condition,
    facts_of,
)
from services.router.core.table import Choices, Node, Switch, Table
from services.router.rules.sieving import build_sieves
from services.router.rules.tree import Branch, Rules

SWITCH_FROM = 4
"""Children that must ask for one fact before a switch pays: measured, 50 rules 9.6 -> 2.1 µs."""


def compile_table(rules: Rules, version: str) -> Table:
    """Turn a checked rule file into the table that decides."""
    return Table(
        version=version,
        settings=rules.settings,
        root=_compile_node(rules.root),
        queues=rules.queues,
        reads=tuple(sorted(_reads(rules.root))),
    )


def condition_of(branch: Branch) -> Condition | None:
    """What must hold for a branch, `once_per` included; None for the root.

    A branch with `once_per` fires once, whichever of its refinements gave the answer: so it asks
    for its own id and for those of all branches below it.
    """
    if branch.condition is None or not branch.once:
        return branch.condition
    fired = [Equals(ONCE_PREFIX + rule, value=True) for rule in _ids(branch)]
    return All((branch.condition, *(Not(part) for part in fired)))


def _ids(branch: Branch) -> list[str]:
    return [branch.plan.rule, *(rule for child in branch.children for rule in _ids(child))]


def _reads(branch: Branch) -> frozenset[str]:
    condition = condition_of(branch)
    own = frozenset[str]() if condition is None else facts_of(condition)
    return own.union(*(_reads(child) for child in branch.children))


def _compile_node(branch: Branch) -> Node:
    condition = condition_of(branch)
    children = tuple(_compile_node(child) for child in branch.children)
    parts = [flat(condition_of(child)) for child in branch.children]
    return Node(
        plan=branch.plan,
        test=None if condition is None else compile_condition(condition),
        children=children,
        switch=_build_switch(children, parts),
    )


# ------------------------------------------------------------------------------- the switch
def _build_switch(children: tuple[Node, ...], parts: list[list[Condition]]) -> Switch | None:
    """Sort the children by the fact that most of them ask for; None where few do."""
    asked = Counter(fact for each in parts for fact in _choice_facts(each))
    if not asked:
        return None
    fact, count = min(asked.items(), key=lambda item: (-item[1], item[0]))
    if count < SWITCH_FROM:
        return None
    allowed = [_allowed(each, fact) for each in parts]
    rest = [_leave_out(each, fact) for each in parts]
    tests = [compile_condition(All(tuple(each))) if each else None for each in rest]

    def choices(value: Fact) -> Choices:
        mine = [
            at
            for at in range(len(children))
            if (some := allowed[at]) is None or (value is not None and value in some)
        ]
        return Choices(
            tuple((tests[at], children[at]) for at in mine), build_sieves([rest[at] for at in mine])
        )

    values = frozenset[Fact]().union(*(some for some in allowed if some is not None))
    return Switch(fact, {value: choices(value) for value in values}, choices(None))


def flat(condition: Condition | None) -> list[Condition]:
    """The parts of a condition that must all hold, without the `All` around them."""
    if isinstance(condition, All):
        return [inner for part in condition.parts for inner in flat(part)]
    return [] if condition is None else [condition]


def _choice(part: Condition) -> tuple[str, frozenset[Fact]] | None:
    """The fact and the only values of it for which the part holds, if it is as simple as that."""
    match part:
        case Equals(fact, value) if value is not None:
            return fact, frozenset({value})
        case OneOf(fact, values):
            return fact, frozenset(values)
        case _:
            return None


def _choice_facts(parts: list[Condition]) -> set[str]:
    return {choice[0] for part in parts if (choice := _choice(part))}


def _allowed(parts: list[Condition], fact: str) -> frozenset[Fact] | None:
    """The values of the fact for which the parts can hold; None: they do not ask for it."""
    choices = [choice for part in parts if (choice := _choice(part))]
    asked = [values for name, values in choices if name == fact]
    return reduce(frozenset.intersection, asked) if asked else None


def _leave_out(parts: list[Condition], fact: str) -> list[Condition]:
    """What is still to be asked once the fact has one of the allowed values."""
    return [part for part in parts if (choice := _choice(part)) is None or choice[0] != fact]
