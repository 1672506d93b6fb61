"""`revision.requested`: what stands is decided by the rules now in force, if nobody has begun."""

from __future__ import annotations

import msgspec
import pytest

from services.contact.decision import Action, Decision, DecisionType, Effect, Outcome
from services.contact.event import Channel, ContactEvent, Kind
from services.contact.sentiment import SentimentScored
from services.router.core.customer import Customer
from services.router.core.decide import decide
from services.router.core.table import Table
from services.router.rules.file import load_table
from tests.scenarios.story import HOUR, MINUTE, Story

NOW = 1_763_985_600_000
FILE = """
settings: {{ours: [our-company.example], revise_at_most: 0}}
queues: {{callbacks: {{hours: always, at_most: 100/h}}, mail: {{hours: always}}, waiting: {{}}}}
route:
  queue: mail
  routes:
    - id: email-to-phone
      when: {{channel: email, thread.exchanges: {{gte: {exchanges}}}}}
      channel: phone
      queue: callbacks
      once_per: thread
      effect: {effect}
    - id: late
      when: {{topic: late}}
      queue: waiting
"""


def load(exchanges: int, effect: str = "live") -> Table:
    """Rules that call after so many exchanges."""
    table = load_table(FILE.format(exchanges=exchanges, effect=effect))
    assert isinstance(table, Table), table
    return table


OLD, STRICTER, EAGER = load(2), load(3), load(1)


def play(
    table: Table, told: Story, customer: Customer | None = None
) -> tuple[Customer, list[Decision]]:
    """Fold what a story has told and forget that it was told."""
    made: list[Decision] = []
    for event in told.inputs:
        assert not isinstance(event, SentimentScored)
        assert event.received_at is not None
        verdict = decide(table, customer, event, round(event.received_at.timestamp() * 1000))
        assert verdict.reject is None
        customer = verdict.customer
        made += verdict.decisions
    told.inputs.clear()
    assert customer is not None
    return customer, made


def called() -> tuple[Story, Customer, Decision]:
    """A thread that the old rules answer with a call, an hour ago."""
    story = Story("olga", NOW)
    story.knows_phone()
    story.two_exchanges()
    story.c(-HOUR, "Still nothing?")
    customer, made = play(OLD, story)
    assert made[-1].action is Action.CALLBACK
    return story, customer, made[-1]


def ask(told: Story, decision: Decision, at: int = -MINUTE) -> ContactEvent:
    """The request of an operator."""
    return told.tell(Kind.REVISION_REQUESTED, at, decision_id=decision.decision_id)


def test_what_the_new_rules_decide_otherwise_is_revised_with_the_cause_rules_changed() -> None:
    """Law: a call that is not due any more becomes a plain contact; the chain goes on."""
    story, customer, call = called()
    ask(story, call)
    customer, made = play(STRICTER, story, customer)
    (one,) = made
    assert (one.action, one.channel, one.queue) == (Action.ROUTE, Channel.EMAIL, "mail")
    assert (one.type, one.revision, one.cause) == (DecisionType.REVISED, 1, "rules_changed")
    assert (one.revises, one.rules_version) == (call.decision_id, STRICTER.version)
    story.a(-40_000)
    story.c(-20_000, "I am still waiting.")
    assert play(STRICTER, story, customer)[1][-1].action is Action.CALLBACK


def test_what_the_new_rules_escalate_is_escalated_once() -> None:
    """Law: the mark of the new rule is set: a further mail is attached, not called for again."""
    story = Story("olga", NOW)
    story.knows_phone()
    story.c(-4 * HOUR, "My order has not come.")
    story.a(-3 * HOUR)
    story.c(-HOUR, "Still nothing?")
    customer, made = play(OLD, story)
    assert made[-1].action is Action.STAY
    ask(story, made[-1])
    customer, made = play(EAGER, story, customer)
    assert [(one.action, one.cause) for one in made] == [(Action.CALLBACK, "rules_changed")]
    story.c(-1000, "Hello?")
    assert [one.action for one in play(EAGER, story, customer)[1]] == [Action.ATTACH]


def test_what_the_new_rules_decide_alike_stays_and_is_remembered() -> None:
    """Law: no revision without a difference for somebody; nothing of the state changes but the event."""
    story, customer, call = called()
    event = ask(story, call)
    verdict = decide(OLD, customer, event, NOW)
    assert (verdict.outcome, verdict.decisions) == (Outcome.REMEMBERED, ())
    assert verdict.customer == msgspec.structs.replace(
        customer, seen=verdict.customer.seen if verdict.customer else b""
    )


@pytest.mark.parametrize(
    "kind", [Kind.ROUTING_STARTED, Kind.ROUTING_COMPLETED, Kind.CONTACT_CLOSED]
)
def test_what_has_begun_or_ended_is_left_alone(kind: Kind) -> None:
    """Law: nobody is called away from what they do."""
    story, customer, call = called()
    fields = (
        {"contact_id": call.contact_id, "channel": Channel.EMAIL}
        if kind is Kind.CONTACT_CLOSED
        else {"decision_id": call.decision_id}
    )
    story.tell(kind, -2 * MINUTE, **fields)
    ask(story, call)
    assert play(STRICTER, story, customer)[1] == []


def test_what_was_accepted_is_revised_and_what_has_run_out_is_not() -> None:
    """Law: an executor that has it but has not begun hears of the revision; a lapsed call is over."""
    story, customer, call = called()
    story.tell(Kind.ROUTING_ACCEPTED, -2 * MINUTE, decision_id=call.decision_id)
    ask(story, call)
    assert len(play(STRICTER, story, customer)[1]) == 1
    story, customer, call = called()
    ask(story, call, at=48 * HOUR)
    assert play(STRICTER, story, customer)[1] == []


def test_a_request_for_an_older_revision_is_late() -> None:
    """Law: asked twice, revised once; what was revised meanwhile is not what was meant."""
    story, customer, call = called()
    ask(story, call)
    customer, made = play(STRICTER, story, customer)
    ask(story, call, at=-30_000)
    assert play(OLD, story, customer)[1] == []
    ask(story, made[0], at=-20_000)
    assert [one.action for one in play(OLD, story, customer)[1]] == [Action.CALLBACK]


def test_a_rule_that_only_observes_revises_nothing_live() -> None:
    """Law: an executor would ignore it, and the revision number would be used up."""
    story = Story("olga", NOW)
    story.knows_phone()
    story.c(-4 * HOUR, "My order has not come.")
    story.a(-3 * HOUR)
    story.c(-HOUR, "Still nothing?")
    customer, made = play(OLD, story)
    assert made[-1].effect is Effect.LIVE
    ask(story, made[-1])
    assert play(load(1, effect="none"), story, customer)[1] == []


def test_a_full_queue_takes_nothing_from_where_it_is() -> None:
    """Law: `at_most` holds for revisions too; what has no room stays as it was."""
    story = Story("olga", NOW)
    story.knows_phone()
    story.c(-4 * HOUR, "My order has not come.", topic="late")
    customer, made = play(OLD, story)
    assert made[-1].queue == "waiting"
    ask(story, made[-1])
    again = list(story.inputs)
    assert [one.queue for one in play(load(0), story, customer)[1]] == ["callbacks"]
    story.inputs += again
    full = msgspec.structs.replace(load(0), full=frozenset({"callbacks"}))
    assert play(full, story, customer)[1] == []


def test_a_request_about_what_nobody_knows_is_remembered() -> None:
    """Law: no decision is made up."""
    story, customer, call = called()
    story.tell(Kind.REVISION_REQUESTED, -MINUTE, decision_id=call.decision_id[::-1])
    assert play(STRICTER, story, customer)[1] == []
