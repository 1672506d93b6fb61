"""What is explained from recorded facts is what was decided, on any traffic and under any rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contact.decision import Action, Effect
from services.router.core.capacity import CAPACITY
from services.router.core.edition import observe
from services.router.core.table import Table
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default
from services.router.rules.verifying import verify
from tests.rules.test_explaining import loaded, tree_of
from tests.rules.test_why_not import trees
from tests.rules.traffic import as_recorded, decide_all, make_traffic

GOOD = sorted((Path(__file__).parent / "good").glob("*.yaml"))


def table_of(path: Path) -> Table:
    """The table of a rule file."""
    table = load_table(path.read_text("utf-8"), path.name)
    assert isinstance(table, Table), table
    return table


def check_all(table: Table, seed: int, total: int = 150) -> int:
    """Every decision on a traffic, as recorded, is what its facts say; how many there were."""
    made = [as_recorded(one) for one in decide_all(table, make_traffic(seed, total))]
    for one in made:
        assert verify(table, one) == [], one
    return len(made)


def test_the_default_rules_decide_what_their_facts_say() -> None:
    """Over a day with every kind of event, also where the service only observes."""
    table = table_of(find_default())
    assert check_all(table, 1, 1_500) > 500
    assert check_all(observe(table), 2, 300) > 50


def test_a_full_queue_decides_what_the_rules_above_say() -> None:
    """`at_most`: rule and path stay those of the facts, the rest is that of a node above."""
    table = msgspec.structs.replace(table_of(find_default()), full=frozenset({"callbacks", "care"}))
    made = [as_recorded(one) for one in decide_all(table, make_traffic(1, 1_500))]
    full = [one for one in made if one.cause == CAPACITY]
    assert len(full) > 20
    assert all(verify(table, one) == [] for one in made)
    assert verify(table, msgspec.structs.replace(full[0], queue="callbacks"))
    assert verify(table, msgspec.structs.replace(full[0], priority=8))


@pytest.mark.parametrize("path", [p for p in GOOD if ".tests" not in p.name], ids=lambda p: p.stem)
def test_tricky_rule_files_decide_what_their_facts_say(path: Path) -> None:
    """The good files of the language, each over a short day."""
    assert check_all(table_of(path), 3) > 20


@settings(max_examples=25, deadline=None)
@given(trees(), st.integers(0, 10_000))
def test_any_rules_decide_what_their_facts_say(tree: list[dict[str, Any]], seed: int) -> None:
    """Rules by chance, traffic by chance."""
    _, table = loaded(tree_of(tree))
    check_all(table, seed, 40)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rule", "other"),
        ("path", ("default", "other")),
        ("queue", "other"),
        ("priority", 9),
        ("skills", ("other",)),
        ("executor", "other"),
        ("reason", "other"),
        ("respond_by", None),
        ("expires_at", None),
        ("facts", {}),
    ],
)
def test_whatever_is_altered_is_found(field: str, value: object) -> None:
    """A changed field, or changed facts, of a call that two exchanges led to."""
    table = table_of(find_default())
    made = decide_all(table, make_traffic(1, 600))
    call = next(one for one in made if one.action is Action.CALLBACK and "email" in one.rule)
    assert verify(table, call) == []
    altered = msgspec.structs.replace(call, **{field: value})
    assert verify(table, altered), field


def test_a_live_decision_of_an_observing_rule_is_found() -> None:
    """What is for show must not be carried out."""
    table = observe(table_of(find_default()))
    made = decide_all(table, make_traffic(1))[0]
    assert made.effect is Effect.NONE
    altered = msgspec.structs.replace(made, effect=Effect.LIVE)
    assert [one.field for one in verify(table, altered)] == ["effect"]
