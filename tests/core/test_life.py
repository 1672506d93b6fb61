"""The life of a decision: reports, failures, expiry, refusals, mergers, erasure."""

from __future__ import annotations

import uuid

import msgspec
import pytest

from services.contact.decision import Action, Decision, DecisionType, Outcome
from services.contact.event import (
    Channel,
    Choice,
    ConsentState,
    ContactEvent,
    Handle,
    Kind,
    MailHeaders,
    Side,
)
from services.router.core.compose import NAMESPACE, decision_id
from services.router.core.customer import Customer
from services.router.core.decide import Verdict, decide
from tests.laws.rules import TABLE
from tests.scenarios.story import DAY, HOUR, MINUTE, SOURCE, Story, moment

NOW = 1_763_985_600_000


class Played:
    """A story folded so far; `tell` more and read what came of it."""

    def __init__(self, name: str = "vera") -> None:
        self.story = Story(name, NOW)
        self.customer: Customer | None = None
        self.verdicts: list[Verdict] = []
        self._done = 0

    def play(self) -> Verdict:
        """Fold what was told since the last time; the last verdict."""
        for event in self.story.inputs[self._done :]:
            at = event.received_at if isinstance(event, ContactEvent) else event.scored_at
            assert at is not None
            verdict = decide(TABLE, self.customer, event, round(at.timestamp() * 1000))
            assert verdict.reject is None
            self.customer = verdict.customer
            self.verdicts.append(verdict)
        self._done = len(self.story.inputs)
        return self.verdicts[-1]

    def decided(self) -> Decision:
        """The only decision of the last event."""
        (decision,) = self.play().decisions
        return decision

    def report(self, kind: Kind, decision: Decision, at: int, **fields: str) -> Verdict:
        """The executor says something of a decision."""
        self.story.tell(kind, at, decision_id=decision.decision_id, **fields)
        return self.play()


@pytest.fixture
def called() -> tuple[Played, Decision]:
    """A customer whose thread was escalated an hour before the end of the story."""
    played = Played()
    played.story.knows_phone()
    played.story.two_exchanges(-6 * HOUR)
    played.story.c(-HOUR)
    decision = played.decided()
    assert decision.action is Action.CALLBACK
    return played, decision


def test_a_failed_callback_takes_the_fallback_and_then_no_more(
    called: tuple[Played, Decision],
) -> None:
    """First the e-mail on which the customer came; when that fails too, nothing is left."""
    played, callback = called
    verdict = played.report(Kind.ROUTING_FAILED, callback, -30 * MINUTE, cause="no_answer")
    (revised,) = verdict.decisions
    assert (revised.action, revised.channel) == (Action.ROUTE, Channel.EMAIL)
    assert [(skip.channel, skip.why) for skip in revised.skips] == [(Channel.PHONE, "tried")]
    again = played.report(Kind.ROUTING_FAILED, callback, -29 * MINUTE)
    assert again.decisions == ()  # it names a revision that is no more
    last = played.report(Kind.ROUTING_FAILED, revised, -28 * MINUTE)
    assert (last.outcome, last.decisions) == (Outcome.REMEMBERED, ())


def test_after_a_failed_call_the_thread_is_not_called_again(
    called: tuple[Played, Decision],
) -> None:
    """Once per thread: the customer's next e-mail stays where the fallback put it."""
    played, callback = called
    played.report(Kind.ROUTING_FAILED, callback, -30 * MINUTE, cause="no_answer")
    played.story.c(0)
    assert (played.decided().action, played.decided().channel) == (Action.STAY, Channel.EMAIL)


def test_a_chosen_channel_is_the_fallback_before_the_one_used() -> None:
    """fallback: [chosen, same] tries what the customer wants first."""
    played = Played()
    played.story.knows_phone()
    played.story.chooses(Channel.CHAT)
    played.story.two_exchanges()
    played.story.c(-MINUTE)
    callback = played.decided()
    assert callback.fallbacks == (Channel.CHAT, Channel.EMAIL)
    (second,) = played.report(Kind.ROUTING_FAILED, callback, 0).decisions
    assert (second.action, second.channel) == (Action.MOVE, Channel.CHAT)
    (third,) = played.report(Kind.DELIVERY_FAILED, second, 0).decisions
    assert (third.action, third.channel, third.revision) == (Action.ROUTE, Channel.EMAIL, 2)
    assert third.cause == "delivery.failed"


def test_a_completed_call_resets_the_thread(called: tuple[Played, Decision]) -> None:
    """After it the count starts at nothing, and two more exchanges lead to a call again."""
    played, callback = called
    assert played.report(Kind.ROUTING_ACCEPTED, callback, -55 * MINUTE).decisions == ()
    assert played.report(Kind.ROUTING_STARTED, callback, -50 * MINUTE).decisions == ()
    done = played.report(Kind.ROUTING_COMPLETED, callback, -40 * MINUTE, outcome="solved")
    assert done.outcome is Outcome.REMEMBERED
    played.story.c(-30 * MINUTE, "One more thing: where is the invoice?")
    assert played.decided().facts["thread.exchanges"] == 0
    assert played.decided().action is not Action.CALLBACK
    played.story.a(-25 * MINUTE)
    played.story.c(-20 * MINUTE)
    played.story.a(-15 * MINUTE)
    played.story.c(-10 * MINUTE)
    assert played.decided().action is Action.CALLBACK


def test_a_started_callback_is_never_revised(called: tuple[Played, Decision]) -> None:
    """A refusal that comes after the start is remembered; the call is under way."""
    played, callback = called
    played.report(Kind.ROUTING_STARTED, callback, -50 * MINUTE)
    played.story.consents(Channel.PHONE, ConsentState.DENIED, at=-40 * MINUTE)
    assert played.play().decisions == ()


def test_a_report_on_an_older_revision_still_counts_as_the_start(
    called: tuple[Played, Decision],
) -> None:
    """Who started on the first revision ignores the second, so nothing more is revised."""
    played, callback = called
    (revised,) = played.report(Kind.ROUTING_FAILED, callback, -30 * MINUTE).decisions
    played.report(Kind.ROUTING_STARTED, callback, -29 * MINUTE)
    assert played.customer is not None
    assert played.customer.standings[-1].life == "started"
    assert played.customer.standings[-1].revision == revised.revision


def revise_by_mood(played: Played, callback: Decision) -> Decision:
    """A score makes it more urgent, while the executor is already starting on what it had."""
    inputs = played.story.inputs
    mail = next(
        e for e in inputs if isinstance(e, ContactEvent) and e.event_id == callback.event_id
    )
    played.story.scored(mail, -0.9, -HOUR + 10_000)
    (revised,) = played.play().decisions
    assert (revised.channel, revised.revision) == (callback.channel, 1)
    assert revised.priority < callback.priority
    return revised


def test_a_call_that_failed_takes_the_fallback_though_a_revision_crossed_its_start(
    called: tuple[Played, Decision],
) -> None:
    """Who has started ignores a revision; the failure names what was started on, and still counts."""
    played, callback = called
    revise_by_mood(played, callback)
    played.report(Kind.ROUTING_STARTED, callback, -50 * MINUTE)
    (third,) = played.report(
        Kind.ROUTING_FAILED, callback, -40 * MINUTE, cause="no_answer"
    ).decisions
    assert (third.channel, third.revision, third.cause) == (Channel.EMAIL, 2, "routing.failed")
    again = played.report(Kind.ROUTING_FAILED, callback, -39 * MINUTE, cause="no_answer")
    assert again.decisions == ()


def test_what_failed_before_anybody_started_on_the_revision_leaves_the_revision(
    called: tuple[Played, Decision],
) -> None:
    """It failed at what was revised already: the executor has the revision to try."""
    played, callback = called
    revise_by_mood(played, callback)
    assert played.report(Kind.ROUTING_FAILED, callback, -40 * MINUTE).decisions == ()


@pytest.mark.parametrize("word", ["consent", "never", "only"])
def test_a_refusal_takes_back_a_callback_that_nobody_started(
    called: tuple[Played, Decision], word: str
) -> None:
    """Consent, `never` and `only` bind a decision that was made before them."""
    played, callback = called
    if word == "consent":
        played.story.consents(Channel.PHONE, ConsentState.DENIED, at=-30 * MINUTE)
    elif word == "never":
        played.story.chooses(None, at=-30 * MINUTE, never=(Channel.PHONE,))
    else:
        played.story.chooses(Channel.EMAIL, at=-30 * MINUTE, only=True)
    revised = played.decided()
    assert revised.revises == callback.decision_id
    assert revised.cause == ("consent.updated" if word == "consent" else "preference.updated")
    assert (revised.action, revised.channel) == (Action.ROUTE, Channel.EMAIL)


def test_an_answer_by_mail_attaches_and_the_callback_stands(
    called: tuple[Played, Decision],
) -> None:
    """While the callback is open it is neither doubled nor dropped."""
    played, callback = called
    played.story.c(0, "I found the receipt, by the way.")
    assert (played.decided().action, played.decided().refers_to) == (
        Action.ATTACH,
        callback.decision_id,
    )


def test_an_erased_customer_is_forgotten_and_the_call_taken_back(
    called: tuple[Played, Decision],
) -> None:
    """Only the moment and the duplicate check remain; earlier events are recorded."""
    played, callback = called
    played.story.tell(Kind.CUSTOMER_ERASED, -30 * MINUTE)
    cancelled = played.decided()
    assert (cancelled.type, cancelled.revises) == (
        DecisionType.CANCELLED,
        callback.decision_id,
    )
    assert cancelled.address == ""
    customer = played.customer
    assert customer is not None
    assert (customer.handles, customer.threads, customer.standings) == ((), (), ())
    played.story.c(-45 * MINUTE)
    assert played.play().outcome is Outcome.REMEMBERED
    played.story.c(0)
    assert played.decided().action is Action.ROUTE


def test_two_escalated_threads_that_merge_keep_one_call() -> None:
    """The mail that proves two threads to be one cancels the later callback."""
    played = Played()
    story = played.story
    story.knows_phone()
    for name in ("one", "two"):
        story.c(-9 * HOUR, message_id=f"{name}-1@x", references=(), in_reply_to=())
        story.a(-8 * HOUR, message_id=f"{name}-2@x", references=(f"{name}-1@x",))
        story.c(-7 * HOUR, message_id=f"{name}-3@x", references=(f"{name}-1@x",))
        story.a(-6 * HOUR, message_id=f"{name}-4@x", references=(f"{name}-1@x",))
        story.c(-5 * HOUR, message_id=f"{name}-5@x", references=(f"{name}-1@x",))
        assert played.decided().action is Action.CALLBACK
    first = played.verdicts[5].decisions[0]
    story.c(0, references=("one-5@x", "two-5@x"))
    cancelled, attached = played.play().decisions
    assert cancelled.type is DecisionType.CANCELLED
    assert cancelled.cause == "late_event"
    assert attached.action is Action.ATTACH
    assert attached.refers_to == first.decision_id
    assert attached.thread_key == first.thread_key


def test_a_call_that_is_over_or_old_is_recorded_as_stale() -> None:
    """Nobody runs after a caller who has hung up."""
    played = Played()
    story = played.story
    story.tell(Kind.CALL_ABANDONED, -MINUTE, channel=Channel.PHONE, contact_id="call-1")
    story.tell(Kind.CALL_OFFERED, -2 * MINUTE, channel=Channel.PHONE, contact_id="call-1")
    assert (played.decided().action, played.decided().reason) == (Action.RECORD, "stale")
    event = story.tell(Kind.CALL_OFFERED, 0, channel=Channel.PHONE, contact_id="call-2")
    for late, action in ((60_000, Action.ROUTE), (60_001, Action.RECORD)):
        verdict = decide(TABLE, played.customer, event, NOW + late)
        assert verdict.decisions[0].action is action


def test_a_requested_callback_is_made_once() -> None:
    """A second press of the button while the first is open attaches to it."""
    played = Played()
    played.story.knows_phone()
    for at in (-2 * MINUTE, -MINUTE):
        played.story.tell(Kind.CALLBACK_REQUESTED, at, channel=Channel.CHAT, contact_id="page-1")
    second = played.decided()
    first = played.verdicts[-2].decisions[0]
    assert (first.action, first.choice_source) == (Action.CALLBACK, "asked")
    assert (second.action, second.refers_to) == (Action.ATTACH, first.decision_id)


def test_a_bot_hands_over_on_the_channel_where_the_talk_is() -> None:
    """A handoff is routed even though the contact was routed before."""
    played = Played()
    chat = {"channel": Channel.CHAT, "contact_id": "chat-1"}
    played.story.tell(Kind.MESSAGE, -2000, side=Side.CUSTOMER, text="Hi", **chat)
    played.story.tell(Kind.HANDOFF_REQUESTED, -1000, **chat)
    assert (played.decided().action, played.decided().channel) == (Action.ROUTE, Channel.CHAT)


def test_a_bounce_marks_the_address_and_counts_for_nothing() -> None:
    """The failed address is not used again until it is given anew."""
    played = Played()
    story = played.story
    story.chooses(Channel.EMAIL)
    handle = Handle(kind=Channel.EMAIL, value="vera@client.example")
    story.tell(Kind.PROFILE_UPDATED, -2 * DAY, customer_handles=(handle,))
    story.c(
        -DAY,
        "Undelivered",
        headers=MailHeaders(return_path="", x_failed_recipients="vera@client.example"),
    )
    assert played.play().outcome is Outcome.REMEMBERED
    post = {"channel": Channel.SOCIAL, "side": Side.CUSTOMER, "contact_id": "post-1"}
    story.tell(Kind.MESSAGE, -HOUR, text="Anybody there?", **post)
    assert [(skip.channel, skip.why) for skip in played.decided().skips] == [
        (Channel.EMAIL, "address_failed")
    ]
    story.tell(
        Kind.PROFILE_UPDATED,
        -MINUTE,
        customer_handles=(Handle(kind=Channel.EMAIL, value="vera@client.example", verified=True),),
    )
    story.tell(Kind.MESSAGE, 0, text="Hello?", **{**post, "contact_id": "post-2"})
    assert played.decided().action is Action.MOVE


def test_an_unknown_decision_id_is_remembered_and_nothing_more() -> None:
    """A report on a decision of somebody else changes nothing."""
    played = Played()
    played.story.c(-MINUTE)
    played.story.tell(Kind.ROUTING_FAILED, 0, decision_id=decision_id(SOURCE, "else", 0))
    assert played.play().outcome is Outcome.REMEMBERED


def test_a_decision_id_is_the_uuid5_of_what_it_stands_for() -> None:
    """The short way gives the same id as the standard library."""
    for number in range(200):
        name = f"desk/acme\ne-{number}\n{number % 3}"
        wanted = str(uuid.uuid5(NAMESPACE, name))
        assert decision_id("desk/acme", f"e-{number}", number % 3) == wanted


def test_a_decision_names_what_it_rested_on() -> None:
    """Path, facts, version and position are there, and the whole stays under 2 KB."""
    played = Played()
    played.story.knows_phone()
    played.story.two_exchanges()
    played.story.c(0)
    made = played.decided()
    assert made.path == ("default", "email-to-phone")
    assert made.rules_version == TABLE.version
    assert set(made.facts) >= set(TABLE.reads)
    assert made.executor == "telephony"
    assert (made.address, made.address_ref) == ("+359 2 555 0142", "tel-vera")
    assert TABLE.match(made.facts).path == made.path
    assert len(msgspec.json.encode(made)) < 2048


def test_mail_of_one_contact_stays_after_it_was_routed() -> None:
    """One routing per contact; a close makes the next message a new one."""
    played = Played()
    story = played.story
    story.c(-5 * HOUR)
    assert played.decided().action is Action.ROUTE
    story.c(-4 * HOUR)
    assert played.decided().action is Action.STAY
    story.tell(Kind.CONTACT_CLOSED, -3 * HOUR, contact_id=story.contact)
    story.c(0)
    assert played.decided().action is Action.ROUTE


def test_a_clock_that_runs_ahead_outranks_nobody_for_long() -> None:
    """A choice received "in a hundred years" gives way to the one that comes after it."""
    played = Played()
    story = played.story
    future = 36_500 * DAY
    event = story.tell(
        Kind.PREFERENCE_UPDATED,
        future,
        choice=Choice(channel=Channel.CHAT, at=moment(NOW + future)),
    )
    verdict = decide(TABLE, None, event, NOW)
    later = story.tell(Kind.PREFERENCE_UPDATED, 10 * MINUTE, choice=Choice(channel=Channel.SOCIAL))
    verdict = decide(TABLE, verdict.customer, later, NOW + 10 * MINUTE)
    assert verdict.customer is not None
    assert verdict.customer.choices[0].channel is Channel.SOCIAL


def test_a_score_of_what_was_erased_moves_no_mood() -> None:
    """The text came before the erasure, the score after it."""
    played = Played()
    asked = played.story.c(-HOUR)
    played.story.tell(Kind.CUSTOMER_ERASED, -30 * MINUTE)
    scored = played.story.scored(asked, -0.9, 0)
    played.story.inputs[-1] = msgspec.structs.replace(scored, received_at=asked.received_at)
    assert played.play().outcome is Outcome.REMEMBERED
    assert played.customer is not None
    assert played.customer.mood is None
