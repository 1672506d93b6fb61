"""What is only observed changes nothing for what is live, and is counted as living would be."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contact.decision import Action, Decision, Effect, Outcome
from services.contact.event import Channel, ConsentState, ContactEvent, Kind
from services.router.core.customer import OBSERVED, Customer
from services.router.core.decide import decide
from services.router.core.edition import Edition, in_canary, observe
from services.router.core.table import Table
from services.router.rules.file import load_table
from tests.scenarios.story import HOUR, MINUTE, Story

NOW = 1_763_985_600_000
FILE = """
settings: {{ours: [our-company.example]}}
queues: {{callbacks: {{hours: always}}}}
route:
  routes:
    - id: email-to-phone
      when: {{channel: email, thread.exchanges: {{gte: 2}}, message.closing: false}}
      channel: phone
      queue: callbacks
      once_per: thread
      effect: {effect}
"""


def load(effect: str) -> Table:
    """The rules with this effect."""
    table = load_table(FILE.format(effect=effect))
    assert isinstance(table, Table), table
    return table


LIVE, WATCHED = load("live"), load("none")


def long_thread(more: int = 3) -> Story:
    """Two exchanges, then so many further mails of the customer."""
    story = Story("olga", NOW)
    story.knows_phone()
    story.two_exchanges()
    for number in range(more):
        story.c(-HOUR + number * 5 * MINUTE, f"Still nothing, number {number}?")
    return story


class Told:
    """A customer's story, folded under whatever table is asked for."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.customer: Customer | None = None
        self.at = 0

    def play(self, table: Table, upto: int | None = None) -> list[Decision]:
        """Fold what was told since the last time, up to so many inputs."""
        made: list[Decision] = []
        for event in self.story.inputs[self.at : upto]:
            at = event.received_at if isinstance(event, ContactEvent) else event.scored_at
            assert at is not None
            verdict = decide(table, self.customer, event, round(at.timestamp() * 1000))
            assert verdict.reject is None
            assert (verdict.outcome is Outcome.DECIDED) == bool(verdict.decisions)
            self.customer = verdict.customer
            made += verdict.decisions
        self.at = len(self.story.inputs) if upto is None else upto
        return made


def actions(made: Iterable[Decision]) -> list[tuple[Action, Effect]]:
    """What is said of each."""
    return [(one.action, one.effect) for one in made]


def test_an_observed_rule_is_published_with_effect_none_and_counted_once() -> None:
    """Law: of one thread one call would have been made; the further mails are none of it."""
    made = Told(long_thread()).play(WATCHED)
    calls = [one for one in made if one.action is Action.CALLBACK]
    assert actions(calls) == [(Action.CALLBACK, Effect.NONE)]
    assert calls[0].rule == "email-to-phone"


def test_a_rule_that_goes_live_calls_whoever_was_only_observed() -> None:
    """Law: neither the once_per mark nor the escalation of an observed call blocks the live one."""
    told = Told(long_thread(2))
    watched = told.play(WATCHED, upto=len(told.story.inputs) - 1)
    assert (Action.CALLBACK, Effect.NONE) in actions(watched)
    assert actions(told.play(LIVE)) == [(Action.CALLBACK, Effect.LIVE)]


def test_a_service_that_goes_live_routes_and_calls_as_if_it_had_never_observed() -> None:
    """Law: after observing everything, the first live message is routed, not left to nobody."""
    told = Told(long_thread(1))
    watched = told.play(observe(LIVE))
    assert {one.effect for one in watched} == {Effect.NONE}
    assert [one.action for one in watched][-1] is Action.CALLBACK
    told.story.c(-MINUTE, "Hello?")
    assert actions(told.play(LIVE)) == [(Action.CALLBACK, Effect.LIVE)]

    fresh = Told(Story("nils", NOW))
    fresh.story.c(-2 * HOUR, "Where is my parcel?")
    fresh.play(observe(LIVE))
    fresh.story.c(-HOUR, "Where is it now?")
    assert actions(fresh.play(LIVE)) == [(Action.ROUTE, Effect.LIVE)]


def test_observing_everything_says_what_living_would_have_done() -> None:
    """Law: an observing service decides the same actions on the same messages as a live one."""
    live = Told(long_thread()).play(LIVE)
    watched = Told(long_thread()).play(observe(LIVE))
    assert [one.action for one in watched] == [one.action for one in live]
    assert [one.decision_id for one in watched] == [one.decision_id for one in live]


def test_an_observed_decision_leaves_a_live_one_as_it_was() -> None:
    """Law: what stood live stands with the same revision, and the contact keeps its state."""
    told = Told(long_thread(1))
    told.play(WATCHED, upto=len(told.story.inputs) - 1)
    before = told.customer
    told.play(WATCHED)
    after = told.customer
    assert before is not None
    assert after is not None
    assert after.contacts == before.contacts
    alive = [one for one in after.standings if one.life != OBSERVED]
    assert alive == [one for one in before.standings if one.life != OBSERVED]
    assert [one.rule for one in after.standings if one.life == OBSERVED] == ["email-to-phone"]


def test_an_observing_rule_does_not_revise_a_live_decision() -> None:
    """Law: a late reply that would lead to an observed call leaves the live decision alone."""
    story = Story("late", NOW)
    story.knows_phone()
    first = story.c(-5 * HOUR, "My order has not come?")
    story.a(-4 * HOUR)
    story.c(-3 * HOUR)
    story.c(-HOUR)
    story.a(-2 * HOUR, references=(first.message_id,), in_reply_to=(first.message_id,))
    live = Told(story).play(LIVE)
    assert [one.revision for one in live if one.action is Action.CALLBACK] == [1]
    watched = Told(story).play(WATCHED)
    assert [one for one in watched if one.revision] == []


def test_a_refusal_withdraws_a_live_call_though_its_rule_observes_by_now() -> None:
    """Law: what is live is taken back live: else the executor would still call."""
    told = Told(long_thread(1))
    assert told.play(LIVE)[-1].action is Action.CALLBACK
    told.story.consents(Channel.PHONE, ConsentState.DENIED, at=-MINUTE)
    (revision,) = told.play(WATCHED)
    assert (revision.revision, revision.effect) == (1, Effect.LIVE)
    assert revision.channel is Channel.EMAIL


def test_an_erasure_forgets_what_was_observed() -> None:
    """Law: an erased customer keeps nothing but the moment of it."""
    told = Told(long_thread(1))
    told.play(WATCHED)
    told.story.tell(Kind.CUSTOMER_ERASED, -MINUTE)
    told.play(WATCHED)
    assert told.customer is not None
    assert not told.customer.standings
    assert not told.customer.fired


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=14))
def test_no_turn_between_observing_and_living_keeps_a_call_back(
    turns: list[tuple[bool, int]],
) -> None:
    """Law: whatever was observed before, live decisions are those of a service that never did."""
    story = Story("turn", NOW)
    story.knows_phone()
    tables = [LIVE]
    for number, (watched, kind) in enumerate(turns):
        told = -20 * HOUR + number * HOUR
        if kind == 3:
            story.a(told)
        else:
            story.c(told, f"And what about item {number}?")
        tables.append(WATCHED if watched else LIVE)
    held: Customer | None = None
    open_until = False
    for event, table in zip(story.inputs, tables, strict=True):
        at = event.received_at if isinstance(event, ContactEvent) else event.scored_at
        assert at is not None
        verdict = decide(table, held, event, round(at.timestamp() * 1000))
        held = verdict.customer
        for one in verdict.decisions:
            if one.action is Action.ATTACH and one.effect is Effect.LIVE:
                assert open_until, "a live attach belongs to a live call"
            if one.action is Action.CALLBACK and one.effect is Effect.LIVE:
                assert not open_until, "one live call for a thread"
                open_until = True
        assert held is not None
        assert len({(s.source, s.event_id) for s in held.standings}) == len(held.standings)
        assert len(held.standings) <= 16


@pytest.mark.parametrize("percent", [0.5, 5, 50])
def test_a_canary_is_a_stable_share_and_a_greater_one_contains_it(percent: float) -> None:
    """Law: the share is about what was asked for, and nobody leaves it when it grows."""
    ids = [f"c-{number}" for number in range(20_000)]
    chosen = {one for one in ids if in_canary(one, percent)}
    assert abs(len(chosen) / len(ids) * 100 - percent) < 1
    assert chosen <= {one for one in ids if in_canary(one, percent * 2)}
    assert not any(in_canary(one, 0) for one in ids[:50])
    assert all(in_canary(one, 100) for one in ids[:50])


def test_an_edition_decides_each_customer_by_one_table() -> None:
    """Law: the id alone says which table decides."""
    edition = Edition(table=LIVE, candidate=WATCHED, percent=50)
    tables = {one: edition.table_of(one).version for one in (f"c-{n}" for n in range(50))}
    assert set(tables.values()) == {LIVE.version, WATCHED.version}
    assert msgspec.structs.replace(edition, percent=0.0).table_of("c-1") is LIVE
