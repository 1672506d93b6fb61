"""Why a decision: the way on the tree is the one that was matched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.core.table import Facts, Table
from services.router.rules.compiling import compile_table
from services.router.rules.drawing import draw_way
from services.router.rules.explaining import Asked, Fate, Step, explain
from services.router.rules.file import load_rules
from services.router.rules.tree import Rules
from tests.rules.test_matching import FACTS, routes


def loaded(tree: dict[str, Any]) -> tuple[Rules, Table]:
    """A tree as its file would be read."""
    rules = load_rules(yaml.safe_dump(tree, sort_keys=False))
    assert isinstance(rules, Rules), rules
    return rules, compile_table(rules, "v")


def tree_of(rules: list[dict[str, Any]]) -> dict[str, Any]:
    """A whole file around some rules."""
    return {"queues": {"calls": {}}, "route": {"routes": rules}}


def steps(step: Step) -> Iterator[Step]:
    """A step and all below it."""
    yield step
    for child in step.children:
        yield from steps(child)


def check_answers(asked: Asked) -> None:
    """A whole holds as its parts do."""
    holds = [part.holds for part in asked.parts]
    match asked.join:
        case "all":
            assert asked.holds == all(holds)
        case "any":
            assert asked.holds == any(holds)
        case "not":
            assert asked.holds != holds[0]
    for part in asked.parts:
        check_answers(part)


@settings(max_examples=100)
@given(routes(), st.lists(FACTS, min_size=1, max_size=5))
def test_the_way_drawn_is_the_way_matched(
    tree: list[dict[str, Any]], many: list[dict[str, Any]]
) -> None:
    """For any tree and facts: what was taken holds, what was asked before it does not."""
    rules, table = loaded(tree_of(tree))
    for facts in many:
        way = explain(rules, table, facts)
        assert (way.path, way.plan) == (table.match(facts).path, table.match(facts).plan)
        taken = [step for step in steps(way.root) if step.fate is Fate.TAKEN]
        assert tuple(step.rule for step in taken) == way.path
        for step in steps(way.root):
            if step.asked is not None:
                assert step.asked.holds == (step.fate is Fate.TAKEN), step
                check_answers(step.asked)
            else:
                assert step.fate is Fate.PASSED or step is way.root
        for parent in taken:
            fates = [child.fate for child in parent.children]
            asked = fates.index(Fate.TAKEN) if Fate.TAKEN in fates else len(fates)
            assert fates[:asked] == [Fate.REFUSED] * asked
            assert set(fates[asked + 1 :]) <= {Fate.PASSED}
        assert draw_way(way)[0] == "● default"


def test_the_drawing_names_the_value_that_spoke_against_a_rule() -> None:
    """Each question with the value it met; what a rule above took is only counted."""
    tree = [
        {"id": "old", "when": {"thread.exchanges": {"gte": 2}, "channel": "email"}},
        {"id": "mail", "when": {"channel": "email"}, "once_per": "thread"},
        {"id": "other", "when": {"live": True}},
    ]
    rules, table = loaded(tree_of(tree))
    facts: Facts = {"channel": "email", "thread.exchanges": 1, "once.mail": False, "live": False}
    drawn = [" ".join(line.split()) for line in draw_way(explain(rules, table, facts))]
    assert drawn == [
        "● default",
        "✗ old",
        "✗ thread.exchanges >= 2 it is 1",
        "✓ channel = email",
        "● mail",
        "✓ channel = email",
        "✓ mail has not fired before",
        "· 1 rule below, not asked",
    ]


def test_an_expression_is_drawn_with_every_value_that_it_read() -> None:
    """One question over several facts."""
    when = {"cel": "thread.messages > thread.exchanges * 2"}
    rules, table = loaded(tree_of([{"id": "odd", "when": when}]))
    facts: Facts = {"thread.messages": 3, "thread.exchanges": 1}
    drawn = [" ".join(line.split()) for line in draw_way(explain(rules, table, facts))]
    assert drawn[1] == "● odd"
    assert drawn[2].startswith("✓ ")
    assert drawn[2].endswith("thread.exchanges is 1, thread.messages is 3")
