"""What becomes of a contact after its first decision: reports, refusals, owners, late facts."""

from __future__ import annotations

from typing import Any

import pytest

from services.contact.decision import Action, DecisionType, Outcome
from services.contact.event import (
    Channel,
    Choice,
    Consent,
    ConsentState,
    Kind,
    Origin,
    Side,
)
from services.router.core.decide import decide
from tests.core.test_life import Played
from tests.laws.rules import TABLE
from tests.scenarios.story import DAY, HOUR, MINUTE, moment

NOW = 1_763_985_600_000
CHAT: dict[str, Any] = {"channel": Channel.CHAT, "side": Side.CUSTOMER, "contact_id": "chat-1"}
WHATSAPP: dict[str, Any] = {**CHAT, "sub_channel": "whatsapp"}


def test_a_further_message_does_not_make_us_forget_who_was_given_the_contact() -> None:
    """The report on the first decision still leads to its fallback."""
    played = Played()
    played.story.chooses(Channel.CHAT)
    played.story.c(-HOUR)
    moved = played.decided()
    played.story.c(-30 * MINUTE)
    assert played.decided().action is Action.STAY
    (revised,) = played.report(Kind.ROUTING_FAILED, moved, 0).decisions
    assert (revised.revises, revised.channel) == (moved.decision_id, Channel.EMAIL)


def test_a_second_request_attaches_even_after_another_message() -> None:
    """One call is asked for, one is made."""
    played = Played()
    played.story.knows_phone()
    played.story.tell(Kind.CALLBACK_REQUESTED, -3 * MINUTE, **{**WHATSAPP, "side": None})
    first = played.decided()
    played.story.tell(Kind.MESSAGE, -2 * MINUTE, text="When will you call?", **WHATSAPP)
    assert played.decided().action is Action.STAY
    played.story.tell(Kind.CALLBACK_REQUESTED, 0, **{**WHATSAPP, "side": None})
    again = played.decided()
    assert (again.action, again.refers_to) == (Action.ATTACH, first.decision_id)


def test_a_mood_revises_nothing_that_somebody_has_taken() -> None:
    """Started, assigned or answered since the decision: people see the mood themselves."""
    for taken in (Kind.ROUTING_STARTED, Kind.CONTACT_ASSIGNED):
        played = Played(taken.value.replace(".", "-"))
        story = played.story
        story.tell(Kind.MESSAGE, -20_000, text="It broke.", **CHAT)
        routed = played.decided()
        second = story.tell(Kind.MESSAGE, -15_000, text="Useless!", **CHAT)
        story.tell(taken, -10_000, contact_id="chat-1", decision_id=routed.decision_id)
        story.scored(second, -0.95, 0)
        assert played.play().decisions == ()


def test_the_score_of_the_first_message_of_a_burst_still_counts() -> None:
    """The decision that gave the contact to somebody is the one that is revised."""
    played = Played()
    first = played.story.c(-3000, "This is a disgrace, I am furious.")
    played.story.c(-2000, "And the second time this month.")
    played.story.scored(first, -0.95, 0)
    revised = played.decided()
    assert (revised.event_id, revised.cause) == (first.event_id, "sentiment")


def test_a_contact_in_the_platforms_own_queue_is_not_yet_routed() -> None:
    """Its first message is decided as any other."""
    played = Played()
    played.story.chooses(Channel.CHAT)
    played.story.tell(Kind.CONTACT_QUEUED, -MINUTE, contact_id=played.story.contact)
    played.story.c(0)
    assert played.decided().action is Action.MOVE


@pytest.mark.parametrize("channel", [Channel.PHONE, None])
def test_a_refused_consent_stops_even_a_call_that_was_asked_for(channel: Channel | None) -> None:
    """Asked for on the phone itself: there is nowhere else to go, and still nobody rings."""
    played = Played()
    played.story.knows_phone()
    played.story.consents(Channel.PHONE, ConsentState.DENIED)
    played.story.tell(Kind.CALLBACK_REQUESTED, 0, channel=channel, contact_id="ivr-1")
    assert played.decided().action is Action.RECORD


def test_a_refusal_takes_back_a_call_that_was_asked_for_on_the_phone() -> None:
    """Consent for every channel, refused while the callback waits."""
    played = Played()
    played.story.knows_phone()
    played.story.tell(Kind.CALLBACK_REQUESTED, -HOUR, channel=Channel.PHONE, contact_id="ivr-1")
    callback = played.decided()
    assert callback.action is Action.CALLBACK
    played.story.tell(Kind.CONSENT_UPDATED, 0, consents=(Consent(state=ConsentState.DENIED),))
    revised = played.decided()
    assert (revised.revises, revised.action) == (callback.decision_id, Action.RECORD)


def test_a_channel_that_failed_is_not_tried_again_for_another_reason() -> None:
    """A late reply, or a refusal of the fallback, never leads back to the call that failed."""
    played = Played()
    story = played.story
    story.knows_phone()
    story.chooses(Channel.CHAT)
    story.two_exchanges()
    story.c(-HOUR)
    callback = played.decided()
    (moved,) = played.report(Kind.ROUTING_FAILED, callback, -50 * MINUTE).decisions
    assert moved.channel is Channel.CHAT
    story.consents(Channel.CHAT, ConsentState.DENIED, at=-40 * MINUTE)
    revised = played.decided()
    assert (revised.action, revised.channel) == (Action.ROUTE, Channel.EMAIL)


def test_a_conversation_id_is_enough_to_find_the_thread_that_was_closed() -> None:
    """Scenario 16 from a platform that knows neither contacts nor Message-IDs."""
    played = Played()
    story = played.story
    story.knows_phone()
    bare: dict[str, Any] = {
        "conversation_id": "cv-1",
        "contact_id": "",
        "message_id": "",
        "references": (),
        "in_reply_to": (),
    }
    story.c(-7 * DAY, **bare)
    story.a(-7 * DAY + HOUR, **bare)
    story.tell(Kind.CONTACT_CLOSED, -7 * DAY + 2 * HOUR, conversation_id="cv-1")
    story.c(-2 * DAY, **bare)
    story.a(-DAY, **bare)
    story.c(0, **bare)
    made = played.decided()
    assert made.facts["thread.exchanges"] == 1
    assert made.action is not Action.CALLBACK


def test_a_late_mail_that_joins_two_threads_revises_the_newest_message() -> None:
    """Of two threads that turn out to be one, the newest customer message is decided anew."""
    played = Played()
    story = played.story
    story.knows_phone()
    story.c(-10 * HOUR, message_id="a1@x", references=(), in_reply_to=(), contact_id="a")
    story.c(-8 * HOUR, message_id="b1@x", references=(), in_reply_to=(), contact_id="b")
    story.a(-7 * HOUR, message_id="b2@x", references=("b1@x",), contact_id="b")
    newest = story.c(-6 * HOUR, message_id="b3@x", references=("b1@x",), contact_id="b")
    story.a(-9 * HOUR, message_id="a2@x", references=("a1@x", "b1@x"), contact_id="a")
    revised = played.decided()
    assert (revised.event_id, revised.action) == (newest.event_id, Action.CALLBACK)
    assert revised.cause == "late_event"


def test_a_word_that_is_not_valid_yet_binds_nobody() -> None:
    """`from` holds for `never` as it does for a channel."""
    played = Played()
    story = played.story
    story.knows_phone()
    choice = Choice(never=(Channel.PHONE,), from_=moment(NOW + 30 * DAY))
    story.tell(Kind.PREFERENCE_UPDATED, -DAY, choice=choice)
    story.two_exchanges()
    story.c(0)
    assert played.decided().action is Action.CALLBACK


def test_an_anonymous_customer_keeps_the_channel_used() -> None:
    """Nobody knows whether it is the same person."""
    played = Played("anon:desk:7")
    played.story.chooses(Channel.CHAT)
    played.story.c(0)
    assert (played.decided().action) is Action.ROUTE


def test_a_decision_that_nobody_began_is_made_anew_when_it_ran_out() -> None:
    """The next message is not left with an owner that does not exist."""
    played = Played()
    played.story.chooses(Channel.CHAT)
    played.story.c(-26 * HOUR)
    assert played.decided().action is Action.MOVE
    played.story.c(0)
    assert played.decided().action is Action.MOVE


def test_an_owned_contact_stays_with_its_owner_over_night() -> None:
    """Silence takes nothing from an owner."""
    played = Played()
    played.story.tell(Kind.MESSAGE, -30 * HOUR, text="Hello", **WHATSAPP)
    played.story.tell(Kind.CONTACT_ASSIGNED, -29 * HOUR, contact_id="chat-1")
    played.story.tell(Kind.MESSAGE, 0, text="And now?", **WHATSAPP)
    assert played.decided().action is Action.STAY


def test_a_completed_call_that_was_asked_for_resets_the_thread_of_its_contact() -> None:
    """It was about the same matter."""
    played = Played()
    story = played.story
    story.knows_phone()
    story.c(-6 * HOUR)
    story.a(-5 * HOUR)
    story.c(-4 * HOUR)
    story.tell(Kind.CALLBACK_REQUESTED, -3 * HOUR, channel=Channel.EMAIL, contact_id=story.contact)
    callback = played.decided()
    played.report(Kind.ROUTING_COMPLETED, callback, -2 * HOUR, outcome="solved")
    story.a(-HOUR)
    story.c(0)
    assert played.decided().facts["thread.exchanges"] == 0


def test_a_message_that_turns_out_to_be_a_machines_takes_its_call_back() -> None:
    """The platform corrects itself: one exchange less, and nobody has started."""
    played = Played()
    story = played.story
    story.knows_phone()
    story.c(-6 * HOUR)
    story.a(-5 * HOUR)
    away = story.c(-4 * HOUR, "I am away.")
    story.a(-3 * HOUR)
    story.c(-2 * HOUR)
    callback = played.decided()
    assert callback.action is Action.CALLBACK
    story.mail(
        Side.CUSTOMER,
        -4 * HOUR,
        "I am away.",
        message_id=away.message_id,
        subject=away.subject,
        references=away.references,
        in_reply_to=away.in_reply_to,
        origin=Origin.AUTO_REPLY,
    )
    revised = played.decided()
    assert (revised.revises, revised.cause) == (callback.decision_id, "late_event")
    assert (revised.type, revised.action) == (DecisionType.REVISED, Action.ROUTE)


def test_a_third_copy_of_a_mail_is_a_plain_duplicate() -> None:
    """A contact that was told already, or attached, is not told again."""
    played = Played()
    played.story.knows_phone()
    played.story.two_exchanges()
    played.story.c(-HOUR)
    attached = played.story.c(-30 * MINUTE, "Hello?", contact_id="k3")
    assert played.decided().action is Action.ATTACH
    verdict = decide(
        TABLE,
        played.customer,
        type(attached)(
            **{
                name: getattr(attached, name)
                for name in attached.__struct_fields__
                if name != "event_id"
            },
            event_id="the-copy",
        ),
        NOW,
    )
    assert (verdict.outcome, verdict.decisions) == (Outcome.DUPLICATE, ())


def test_the_first_of_two_closes_counts() -> None:
    """A desk that closes again later does not shorten the silence."""
    played = Played()
    story = played.story
    story.knows_phone()
    story.c(-9 * DAY)
    story.a(-9 * DAY + HOUR)
    story.tell(Kind.CONTACT_CLOSED, -9 * DAY + 2 * HOUR, contact_id=story.contact)
    story.tell(Kind.CONTACT_CLOSED, -5 * DAY, contact_id=story.contact)
    story.c(-4 * DAY)
    story.a(-3 * DAY)
    story.c(0)
    assert played.decided().facts["thread.exchanges"] == 1
