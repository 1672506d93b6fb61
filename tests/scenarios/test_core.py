"""The scenarios through the pure core, each with the receipt time as the clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.contact.decision import Position
from services.contact.event import ContactEvent
from services.router.core.customer import Customer, pack, unpack
from services.router.core.decide import decide
from services.router.core.table import Table
from services.router.rules.file import load_table
from tests.scenarios.cases import CASES, Case, Result
from tests.scenarios.story import Story

RULES = Path(__file__).parents[2] / "deploy" / "rules" / "routing.yaml"
NOW = 1_763_985_600_000  # 2025-11-24 12:00 UTC, a Monday


@pytest.fixture(scope="module")
def table() -> Table:
    """The default rules."""
    loaded = load_table(RULES.read_text("utf-8"), RULES.name)
    assert isinstance(loaded, Table), loaded
    return loaded


def play(table: Table, story: Story) -> list[Result]:
    """Fold a story; every state goes through its packed form, as it does in production."""
    memory: dict[str, bytes] = {}
    results = []
    for offset, event in enumerate(story.inputs):
        packed = memory.get(event.customer_id)
        customer: Customer | None = unpack(packed) if packed is not None else None
        at = event.received_at if isinstance(event, ContactEvent) else event.scored_at
        assert at is not None
        now = round(at.timestamp() * 1000)
        verdict = decide(table, customer, event, now, Position("contact.events", 0, offset))
        assert verdict.reject is None
        if verdict.customer is not None:
            memory[event.customer_id] = pack(verdict.customer)
        results.append(Result(verdict.outcome, verdict.decisions))
    return results


@pytest.mark.parametrize("case", CASES, ids=[f"{case.number}-{case.law}" for case in CASES])
def test_the_story_ends_as_the_scenario_says(case: Case, table: Table) -> None:
    """The outcome of the last event is the one that is fixed for all time."""
    story = Story(f"s{case.number}", NOW)
    case.tell(story)
    case.check(play(table, story), story)
