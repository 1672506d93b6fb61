"""Laws of surveys and summaries in the router: taken note of, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from services.contact.decision import Outcome
from services.contact.event import ContactEvent, Kind
from services.router.core.customer import Customer
from services.router.core.decide import decide
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default
from tests.contract.examples import SUMMARY, SURVEY

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = int(AT.timestamp() * 1000)
ANSWERED = ContactEvent(
    event_id="s-1",
    source="survey",
    kind=Kind.SURVEY_ANSWERED,
    customer_id="c-1",
    received_at=AT,
    survey=SURVEY,
)
_read = load_table(find_default().read_text("utf-8"), "routing.yaml")
assert not isinstance(_read, list)
TABLE = _read


def test_an_answered_survey_is_remembered_once_and_asks_for_nothing() -> None:
    """Law: its outcome is `remembered`, a second time `duplicate`; there is no decision."""
    first = decide(TABLE, None, ANSWERED, NOW)
    assert (first.outcome, first.decisions) == (Outcome.REMEMBERED, ())
    again = decide(TABLE, first.customer, ANSWERED, NOW)
    assert (again.outcome, again.decisions) == (Outcome.DUPLICATE, ())


def test_a_summary_changes_nothing_that_is_remembered() -> None:
    """Law: known or not, the customer stays as they were, and no state is written."""
    for customer in (None, Customer(id="c-1")):
        verdict = decide(TABLE, customer, SUMMARY, NOW)
        assert verdict.outcome is Outcome.REMEMBERED
        assert verdict.customer is customer
        assert not verdict.changed
