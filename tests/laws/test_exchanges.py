"""Laws of the exchange ledger: what holds for every order in which a thread's mails arrive."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.contact.decision import Action, Decision
from services.contact.event import (
    Channel,
    ConsentState,
    ContactEvent,
    MailHeaders,
)
from services.router.core import ledger
from services.router.core.customer import Customer, pack, unpack
from services.router.core.decide import decide
from services.router.core.table import Table
from services.router.core.thread import find
from tests.laws.rules import TABLE
from tests.scenarios.story import HOUR, MINUTE, Story, moment

NOW = 1_763_985_600_000
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

turns = st.lists(st.sampled_from("CCCAAAT"), min_size=1, max_size=9).map("".join)
"""C: the customer writes; A: an agent; T: the customer says thanks."""


def told(turns: str, story: Story) -> list[ContactEvent]:
    """A thread of these turns, ten minutes apart; every mail names all before it."""
    mails = []
    for number, turn in enumerate(turns):
        at = (number - len(turns)) * 10 * MINUTE
        if turn == "A":
            mails.append(story.a(at, f"Please try step {number}."))
        elif turn == "T":
            mails.append(story.c(at, "Thank you so much, that solved it!"))
        else:
            mails.append(story.c(at, f"Step {number} does not work, what now?"))
    return mails


def fold(
    customer: Customer | None, events: list[ContactEvent], table: Table = TABLE
) -> tuple[Customer, list[Decision]]:
    """The customer after these events, in this order, and all that was decided."""
    made: list[Decision] = []
    for event in events:
        verdict = decide(table, customer, event, NOW)
        assert verdict.reject is None
        assert verdict.customer is not None
        customer = unpack(pack(verdict.customer))
        made += verdict.decisions
    assert customer is not None
    return customer, made


def begun(story: Story) -> Customer:
    """A customer with a phone number in daytime; the story is empty again."""
    story.knows_phone()
    events = [one for one in story.inputs if isinstance(one, ContactEvent)]
    story.inputs.clear()
    customer, _ = fold(None, events)
    return customer


def exchanges(customer: Customer, key: str) -> int:
    """Exchanges in the whole thread."""
    where = find(customer, key)
    assert where is not None
    return ledger.count(
        where.ledger,
        before=None,
        reopen_within_ms=TABLE.settings.reopen_within_ms,
        idle_window_ms=TABLE.settings.idle_window_ms,
    ).exchanges


def standing(made: list[Decision]) -> list[Decision]:
    """The latest revision of each decision."""
    latest: dict[tuple[str, str], Decision] = {}
    for one in made:
        old = latest.get((one.source, one.event_id))
        if old is None or one.revision > old.revision:
            latest[one.source, one.event_id] = one
    return list(latest.values())


def callbacks(made: list[Decision]) -> list[Decision]:
    """The calls that stand."""
    return [
        one
        for one in standing(made)
        if one.action is Action.CALLBACK and one.type != "decision.cancelled"
    ]


@SLOW
@given(turns=turns, data=st.data())
def test_any_order_and_repetition_of_a_thread_ends_alike(turns: str, data: st.DataObject) -> None:
    """Same mails, any order, any repetition: same exchanges, same standing escalation, one at most."""
    story = Story("law", NOW)
    customer = begun(story)
    mails = told(turns, story)
    repeats = data.draw(st.lists(st.sampled_from(mails), max_size=3))
    shuffled = data.draw(st.permutations(mails + repeats))
    straight, made = fold(customer, mails)
    mixed, made_mixed = fold(customer, shuffled)
    assert len(straight.threads) == len(mixed.threads) == 1
    assert exchanges(straight, straight.threads[0].key) == exchanges(mixed, mixed.threads[0].key)
    assert len(callbacks(made_mixed)) <= 1
    assert {(one.channel, one.queue, one.rule) for one in callbacks(made)} == {
        (one.channel, one.queue, one.rule) for one in callbacks(made_mixed)
    }


@SLOW
@given(turns=turns, places=st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_what_no_human_wrote_never_changes_the_count(turns: str, places: list[int]) -> None:
    """Auto-replies anywhere in a thread leave its exchanges and its escalations as they were."""
    story = Story("law", NOW)
    customer = begun(story)
    mails = told(turns, story)
    auto = [
        story.c(
            (min(place, len(turns)) - len(turns)) * 10 * MINUTE + MINUTE,
            "I am away until Monday.",
            headers=MailHeaders(auto_submitted="auto-replied"),
            in_reply_to=(mails[0].message_id,),
            references=(mails[0].message_id,),
        )
        for place in places
    ]
    by_time = sorted([*mails, *auto], key=lambda one: one.received_at or moment(0))
    plain, made = fold(customer, mails)
    noisy, made_noisy = fold(customer, by_time)
    assert exchanges(plain, plain.threads[0].key) == exchanges(noisy, noisy.threads[0].key)
    assert [(one.event_id, one.action) for one in made] == [
        (one.event_id, one.action) for one in made_noisy
    ]


@SLOW
@given(turns=turns, word=st.sampled_from(["consent", "only", "never", "all"]), late=st.booleans())
def test_no_rule_crosses_the_customers_word(turns: str, word: str, late: bool) -> None:  # noqa: FBT001
    """A refused consent, `only` and `never` keep the phone silent, even when they come later."""
    story = Story("law", NOW)
    customer = begun(story)
    if word == "consent":
        story.consents(Channel.PHONE, ConsentState.DENIED, at=-20 * HOUR)
    elif word == "only":
        story.chooses(Channel.EMAIL, at=-20 * HOUR, only=True)
    elif word == "never":
        story.chooses(None, at=-20 * HOUR, never=(Channel.PHONE,))
    else:
        story.chooses(Channel.CHAT, at=-20 * HOUR, never=(Channel.PHONE, Channel.SOCIAL))
    said = [one for one in story.inputs if isinstance(one, ContactEvent)]
    story.inputs.clear()
    mails = told(turns, story)
    _, made = fold(customer, [*mails, *said] if late else [*said, *mails])
    assert callbacks(made) == []


@SLOW
@given(turns=turns)
def test_a_thank_you_never_makes_a_call(turns: str) -> None:
    """Whatever came before, a message that only says thanks is not what a call is made for."""
    story = Story("law", NOW)
    customer = begun(story)
    mails = told(turns + "T", story)
    _, made = fold(customer, mails)
    assert all(one.event_id != mails[-1].event_id for one in callbacks(made))


@SLOW
@given(turns=turns)
def test_the_count_is_the_textbook_count(turns: str) -> None:
    """The ledger counts what a naive reading of the definition counts."""
    story = Story("law", NOW)
    customer = begun(story)
    after, _ = fold(customer, told(turns, story))
    runs = [
        side
        for number, side in enumerate(turns.replace("T", "C"))
        if not number or turns.replace("T", "C")[number - 1] != side
    ]
    expected = sum(1 for a, b in pairwise(runs) if (a, b) == ("C", "A"))
    assert exchanges(after, after.threads[0].key) == expected


@SLOW
@given(turns=turns, data=st.data())
def test_a_key_once_given_changes_only_by_a_merge(turns: str, data: st.DataObject) -> None:
    """A message keeps its thread key, or takes that of the older thread it merges with."""
    story = Story("law", NOW)
    mails = data.draw(st.permutations(told(turns, story)))
    links = data.draw(st.lists(st.booleans(), min_size=len(mails), max_size=len(mails)))
    customer: Customer | None = None
    given_order: list[str] = []
    for mail, linked in zip(mails, links, strict=True):
        event = mail if linked else _unlinked(mail)
        keys_before = [one.key for one in customer.threads] if customer else []
        customer, _ = fold(customer, [event])
        keys = [one.key for one in customer.threads]
        for gone in set(keys_before) - set(keys):
            heir = find(customer, gone)
            assert heir is not None
            assert given_order.index(heir.key) < given_order.index(gone)
        given_order += [key for key in keys if key not in given_order]


def _unlinked(mail: ContactEvent) -> ContactEvent:
    return msgspec.structs.replace(mail, references=(), in_reply_to=mail.in_reply_to[:1])
