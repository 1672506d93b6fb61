"""A queue with `at_most` is given no more; nothing is left unrouted, and nobody on the line is refused."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contact.decision import Action, Decision, Effect, Outcome
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.sentiment import Label, SentimentScored
from services.router.core.capacity import (
    CAPACITY,
    PARTS,
    Room,
    Usage,
    account_of,
    count_given,
    share_of_lane,
)
from services.router.core.customer import Customer
from services.router.core.decide import decide
from services.router.core.edition import Edition
from services.router.core.table import Table
from services.router.core.verdict import Verdict
from services.router.rules.file import load_table
from tests.scenarios.story import HOUR, MINUTE, Story

NOW = 1_763_985_600_000
FILE = """
settings: {{ours: [our-company.example], unknown_consent: granted}}
queues:
  callbacks: {{hours: always, at_most: 2/h}}
  seniors: {{hours: always, at_most: 1/h}}
  mail: {{hours: always}}
  chats: {{hours: always, at_most: 1/h}}
route:
  queue: mail
  routes:
    - id: upset
      when: {{message.sentiment: {{lt: -0.5}}}}
      queue: seniors
      priority: 1
    - id: web-chats
      when: {{channel: chat}}
      queue: chats
    - id: email-to-phone
      when: {{channel: email, thread.exchanges: {{gte: 2}}}}
      channel: phone
      queue: callbacks
      priority: 2
      once_per: thread
      effect: {effect}
    - id: urgent
      when: {{topic: urgent}}
      queue: seniors
      priority: 3
"""


def load(effect: str = "live") -> Table:
    """The rules; `effect` is that of the call."""
    table = load_table(FILE.format(effect=effect))
    assert isinstance(table, Table), table
    return table


LIVE = load()


def filled(table: Table, *accounts: str) -> Table:
    """The table while these accounts are full."""
    return msgspec.structs.replace(table, full=frozenset(accounts))


def play(
    table: Table, story: Story, customer: Customer | None = None
) -> tuple[Customer, list[Decision]]:
    """Fold a whole story under one table."""
    made: list[Decision] = []
    for event in story.inputs:
        at = event.received_at if isinstance(event, ContactEvent) else event.scored_at
        assert at is not None
        verdict = decide(table, customer, event, round(at.timestamp() * 1000))
        assert verdict.reject is None
        customer = verdict.customer
        made += verdict.decisions
    assert customer is not None
    return customer, made


def long_thread() -> Story:
    """Two exchanges, and a mail that asks for the call."""
    story = Story("olga", NOW)
    story.knows_phone()
    story.two_exchanges()
    story.c(-HOUR, "Still nothing?")
    return story


def test_beyond_the_limit_nobody_is_called_and_the_owner_keeps_the_contact() -> None:
    """Law: the phone is skipped with `capacity`, the contact stays, the rule is still named."""
    _, made = play(filled(LIVE, "callbacks"), long_thread())
    last = made[-1]
    assert (last.action, last.channel, last.queue) == (Action.STAY, Channel.EMAIL, "mail")
    assert [(one.channel, one.why) for one in last.skips] == [(Channel.PHONE, CAPACITY)]
    assert (last.rule, last.path) == ("email-to-phone", ("default", "email-to-phone"))
    assert last.cause == CAPACITY
    assert last.priority == 5
    assert "callbacks" in last.reason


def test_the_rule_fires_with_the_next_message_once_there_is_room() -> None:
    """Law: what was not made uses up no `once_per`."""
    story = long_thread()
    customer, _ = play(filled(LIVE, "callbacks"), story)
    story.inputs.clear()
    story.c(-30 * MINUTE, "Hello?")
    _, made = play(LIVE, story, customer)
    assert [(one.action, one.queue) for one in made] == [(Action.CALLBACK, "callbacks")]


def test_a_contact_that_waits_where_it_came_goes_to_the_queue_above() -> None:
    """Law: nothing is unrouted; no channel was passed over, so none is told as skipped."""
    story = Story("olga", NOW)
    story.c(-HOUR, "Please", topic="urgent")
    _, made = play(filled(LIVE, "seniors"), story)
    assert [(one.action, one.queue, one.cause) for one in made] == [
        (Action.ROUTE, "mail", CAPACITY)
    ]
    assert made[0].skips == ()


def test_nobody_who_waits_in_a_chat_is_refused() -> None:
    """Law: a live contact is routed where its rule says, however full the queue is."""
    story = Story("olga", NOW)
    story.tell(
        Kind.MESSAGE, 0, channel=Channel.CHAT, sub_channel="web", side=Side.CUSTOMER, text="Hello?"
    )
    _, made = play(filled(LIVE, "chats"), story)
    assert [(one.action, one.queue, one.cause) for one in made] == [(Action.ROUTE, "chats", "")]
    assert count_given(None, story.inputs[0], made) == Counter()


def test_a_callback_that_the_customer_asked_for_is_looked_at_instead() -> None:
    """Law: a limit holds for calls that are asked for too; the request waits in the queue above."""
    text = FILE.format(effect="live").replace(
        "    - id: web-chats",
        "    - id: asked\n      when: {kind: callback.requested}\n      queue: callbacks\n"
        "    - id: web-chats",
    )
    table = load_table(text)
    assert isinstance(table, Table), table
    story = Story("olga", NOW)
    story.knows_phone()
    story.tell(Kind.CALLBACK_REQUESTED, -HOUR, channel=Channel.PHONE, side=Side.CUSTOMER)
    _, made = play(filled(table, "callbacks"), story)
    assert [(one.action, one.queue) for one in made] == [(Action.ROUTE, "mail")]
    assert [(one.channel, one.why) for one in made[0].skips] == [(Channel.PHONE, CAPACITY)]
    _, made = play(table, story)
    assert [(one.action, one.queue) for one in made] == [(Action.CALLBACK, "callbacks")]


def test_what_is_only_observed_is_counted_apart() -> None:
    """Law: a full live account holds nothing observed back, and the other way round."""
    watched = load("none")
    _, made = play(filled(watched, "callbacks"), long_thread())
    assert (made[-1].action, made[-1].effect) == (Action.CALLBACK, Effect.NONE)
    _, made = play(filled(watched, account_of("callbacks", Effect.NONE)), long_thread())
    assert (made[-1].action, made[-1].effect) == (Action.STAY, Effect.NONE)
    assert made[-1].skips[0].why == CAPACITY


def scored(story: Story) -> SentimentScored:
    """A very bad score of the last message."""
    last = story.inputs[-1]
    assert isinstance(last, ContactEvent)
    assert last.received_at is not None
    return SentimentScored(
        event_id=last.event_id,
        source=last.source,
        customer_id=last.customer_id,
        contact_id=last.contact_id,
        channel=last.channel,
        side=Side.CUSTOMER,
        received_at=last.received_at,
        label=Label.NEGATIVE,
        score=-0.9,
        confidence=0.9,
        model="test",
        scored_at=last.received_at,
    )


def test_a_mood_moves_nothing_into_a_full_queue() -> None:
    """Law: a revision that has no room is not made; the decision stays where it was."""
    story = Story("olga", NOW)
    text = "This is a disgrace."
    story.tell(
        Kind.MESSAGE, 0, channel=Channel.CHAT, sub_channel="whatsapp", side=Side.CUSTOMER, text=text
    )
    story.inputs.append(scored(story))
    _, made = play(LIVE, story)
    assert [one.queue for one in made] == ["chats", "seniors"]
    _, made = play(filled(LIVE, "seniors"), story)
    assert [one.queue for one in made] == ["chats"]


def test_a_revision_that_keeps_its_queue_counts_once_and_is_never_refused() -> None:
    """Law: a failed call in a queue that is full meanwhile is answered in the same queue."""
    story = long_thread()
    customer, made = play(LIVE, story)
    call = made[-1]
    assert count_given(None, story.inputs[-1], [call]) == {"callbacks": 1}
    story.inputs.clear()
    failed = story.tell(Kind.ROUTING_FAILED, -MINUTE, decision_id=call.decision_id, cause="busy")
    _, made = play(filled(LIVE, "callbacks"), story, customer)
    assert [(one.queue, one.cause) for one in made] == [("callbacks", "routing.failed")]
    assert count_given(customer, failed, made) == Counter()


def test_one_input_that_gives_more_than_is_left_is_decided_again() -> None:
    """Law: what is left is never overdrawn, by one input neither; what is taken is what was made."""
    customer, made = play(LIVE, long_thread())
    two = [msgspec.structs.replace(made[-1], event_id=name) for name in ("one", "two")]
    asked: list[frozenset[str]] = []

    def decided(full: frozenset[str]) -> Verdict:
        asked.append(full)
        return Verdict(customer, True, Outcome.DECIDED, () if "callbacks" in full else tuple(two))  # noqa: FBT003 - as decide

    room = Room({"callbacks": 1, "seniors": 0})
    verdict, work = room.decide(None, long_thread().inputs[-1], decided)
    assert (verdict.decisions, work) == ((), {})
    assert asked == [frozenset({"seniors"}), frozenset({"seniors", "callbacks"})]
    room = Room({"callbacks": 2})
    verdict, work = room.decide(None, long_thread().inputs[-1], decided)
    room.take(work)
    assert (len(verdict.decisions), room.given) == (2, {"callbacks": 2})
    room.decide(None, long_thread().inputs[-1], decided)
    assert asked[-1] == frozenset({"callbacks"})


@given(
    st.integers(1, 1_000_000),
    st.integers(1, 12),
    st.integers(1, 96),
    st.text("abcdef", min_size=1, max_size=4),
)
def test_the_parts_of_all_lanes_are_the_whole_limit(
    at_most: int, lanes: int, more: int, queue: str
) -> None:
    """Law: no more and no less than the limit, whatever the numbers of lanes and partitions."""
    partitions = lanes + more
    parts = [
        share_of_lane(at_most, queue=queue, lane=lane, lanes=lanes, partitions=partitions)
        for lane in range(lanes)
    ]
    assert sum(parts) == at_most
    for lane, part in enumerate(parts):
        fair = at_most * len(range(lane, partitions, lanes)) / partitions
        assert abs(part - fair) < 1


@given(st.lists(st.tuples(st.integers(0, 9_000), st.integers(1, 5)), max_size=60))
def test_a_usage_forgets_nothing_that_is_within_its_window(steps: list[tuple[int, int]]) -> None:
    """Law: what is counted is at least what lies in (now - window, now], at most a part more."""
    window, now = 48_000, NOW
    usage, told = Usage(window), list[tuple[int, int]]()
    for after, number in steps:
        now += after
        usage = usage.add(now, number)
        told.append((now, number))
        exact = sum(n for at, n in told if at > now - window)
        longer = sum(n for at, n in told if at > now - window - window // PARTS - 1)
        assert exact <= usage.spent(now) <= longer
        assert len(usage.counts) <= PARTS + 1


@pytest.mark.parametrize(("percent", "most"), [(0.0, 2), (5.0, 1)])
def test_of_a_canary_s_two_limits_the_smaller_one_holds(percent: float, most: int) -> None:
    """Law: a candidate that only watches limits nothing."""
    other = load_table(FILE.format(effect="live").replace("at_most: 2/h", "at_most: 1/h"))
    assert isinstance(other, Table)
    edition = Edition(table=LIVE, candidate=other, percent=percent)
    assert edition.limits["callbacks"].at_most == most
    assert "mail" not in edition.limits
