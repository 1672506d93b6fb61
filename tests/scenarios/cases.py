"""The 26 fixed points of the meanings, as stories and what must come of them.

Each case is told relative to `now`, so that the same story runs through the pure core and
through Kafka, where the clock is the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from services.contact.decision import Action, Decision, DecisionType, Outcome
from services.contact.event import (
    Channel,
    ConsentState,
    Handle,
    Kind,
    MailHeaders,
    Participants,
    Profile,
    Side,
)
from services.router.core.compose import decision_id
from tests.scenarios.story import DAY, HOUR, MINUTE, SOURCE, Story, zone_at

ESCALATED = "email-to-phone"


class Result(msgspec.Struct):
    """What came of one input."""

    outcome: Outcome
    decisions: tuple[Decision, ...] = ()

    @property
    def only(self) -> Decision:
        """The one decision that was made."""
        assert len(self.decisions) == 1, self.decisions
        return self.decisions[0]


class Case(msgspec.Struct):
    """A story and the law it stands for."""

    number: int
    law: str
    tell: Callable[[Story], None]
    check: Callable[[Sequence[Result], Story], None]


CASES: list[Case] = []


def case(number: int, law: str) -> Callable[[type], type]:
    """Register the `tell` and `check` of a class as one case."""

    def register(cls: type) -> type:
        CASES.append(Case(number, law, cls.tell, cls.check))  # type: ignore[attr-defined]  # by convention below
        return cls

    return register


@case(1, "a stored choice of chat moves an e-mail to chat")
class _ChatChosen:
    @staticmethod
    def tell(s: Story) -> None:
        s.chooses(Channel.CHAT)
        s.c(0, "When does my parcel come?")

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made = results[-1].only
        assert (made.action, made.channel, made.queue) == (Action.MOVE, Channel.CHAT, "general")
        assert made.choice_source == "stored"


@case(2, "without a choice an e-mail is routed on e-mail")
class _NoChoice:
    @staticmethod
    def tell(s: Story) -> None:
        s.c(0, "When does my parcel come?")

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made = results[-1].only
        assert (made.action, made.channel) == (Action.ROUTE, Channel.EMAIL)
        assert made.choice_source == "default"


@case(3, "the customer's next message after two exchanges becomes a callback")
class _TwoExchanges:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.two_exchanges()
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], s: Story) -> None:
        made = results[-1].only
        assert (made.action, made.channel, made.rule) == (
            Action.CALLBACK,
            Channel.PHONE,
            ESCALATED,
        )
        assert made.facts["thread.exchanges"] == 2
        assert made.respond_by is not None
        assert round(made.respond_by.timestamp() * 1000) == s.now + 2 * HOUR


@case(4, "a mere thank-you after two exchanges never leads to a call")
class _Thanks:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.two_exchanges()
        s.c(0, "Thank you so much, that solved it!")

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made = results[-1].only
        assert made.action in {Action.STAY, Action.ROUTE}
        assert made.channel is Channel.EMAIL
        assert made.facts["message.closing"] is True


@case(5, "thanks with a complaint behind it is a complaint")
class _ThanksBut:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.two_exchanges()
        s.c(0, "Thanks, but it still does not work.")

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        assert results[-1].only.action is Action.CALLBACK


@case(6, "a burst by one side is one turn")
class _Bursts:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.c(-5 * HOUR)
        s.c(-5 * HOUR + MINUTE, "I forgot the attachment.")
        s.a(-4 * HOUR)
        s.a(-4 * HOUR + MINUTE)
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made = results[-1].only
        assert made.action in {Action.STAY, Action.ROUTE}
        assert made.channel is Channel.EMAIL
        assert made.facts["thread.exchanges"] == 1


@case(7, "an out-of-office reply is no turn and joins the agent's two messages into one")
class _OutOfOffice:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.c(-5 * HOUR)
        s.a(-4 * HOUR)
        s.c(
            -4 * HOUR + MINUTE,
            "I am out of the office until Monday.",
            headers=MailHeaders(auto_submitted="auto-replied"),
        )
        s.a(-3 * HOUR)
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        assert results[3].outcome is Outcome.REMEMBERED
        made = results[-1].only
        assert made.action in {Action.STAY, Action.ROUTE}
        assert made.facts["thread.exchanges"] == 1


@case(8, "while a callback is open, further e-mails attach to it")
class _Attach:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.two_exchanges()
        s.c(-20 * MINUTE)
        s.c(-10 * MINUTE, "Hello? Is anybody there?")
        s.c(0, "I need an answer, please.")

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        callback = results[-3].only
        assert callback.action is Action.CALLBACK
        for result in results[-2:]:
            assert result.only.action is Action.ATTACH
            assert result.only.refers_to == callback.decision_id


@case(9, "a failed callback goes on to the next fallback")
class _Failed:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.two_exchanges()
        asked = s.c(-10 * MINUTE)
        wanted = decision_id(SOURCE, asked.event_id, 0)
        s.tell(Kind.ROUTING_FAILED, 0, decision_id=wanted, cause="no_answer")

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        callback, revised = results[-2].only, results[-1].only
        assert revised.type is DecisionType.REVISED
        assert revised.revises == callback.decision_id
        assert revised.cause == "routing.failed"
        assert revised.channel is callback.fallbacks[0]
        assert revised.channel is Channel.EMAIL


@case(10, "an escalation nobody took is decided anew, more urgently")
class _Lapsed:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.two_exchanges(-30 * HOUR)
        s.c(-25 * HOUR)
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        first, again = results[-2].only, results[-1].only
        assert first.action is again.action is Action.CALLBACK
        assert again.revision == 0
        assert again.priority == first.priority - 1
        assert "escalation_lapsed" in again.reason


def _kept_on_email(result: Result, why: str) -> Decision:
    made = result.only
    assert made.channel is Channel.EMAIL
    assert made.action in {Action.ROUTE, Action.STAY}
    assert [(skip.channel, skip.why) for skip in made.skips] == [(Channel.PHONE, why)]
    return made


@case(11, "a refused consent keeps the e-mail, with the rule's queue and priority")
class _ConsentRefused:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.consents(Channel.PHONE, ConsentState.DENIED)
        s.two_exchanges()
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made = _kept_on_email(results[-1], "consent_refused")
        assert (made.rule, made.queue, made.priority) == (ESCALATED, "callbacks", 2)


@case(12, "a choice of e-mail only keeps the e-mail")
class _OnlyEmail:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.chooses(Channel.EMAIL, only=True)
        s.two_exchanges()
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        _kept_on_email(results[-1], "customer_refuses")


@case(13, "outside the hours a callback waits for the morning")
class _AtNight:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone(hour=23)
        s.two_exchanges()
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], s: Story) -> None:
        made = results[-1].only
        assert made.action is Action.CALLBACK
        assert made.not_before is not None
        assert made.timezone == zone_at(s.now, 23)
        opens = round(made.not_before.timestamp() * 1000)
        assert 8 * HOUR <= opens - s.now <= 9 * HOUR
        assert opens % HOUR == 0


@case(14, "without a number the e-mail is kept and the number asked for")
class _NoNumber:
    @staticmethod
    def tell(s: Story) -> None:
        s.two_exchanges()
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        assert _kept_on_email(results[-1], "no_address").ask_for == ("phone",)


@case(15, "a close with every reply does not reset the count")
class _ClosedWithReply:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.c(-60 * HOUR)
        s.a(-59 * HOUR)
        s.tell(Kind.CONTACT_CLOSED, -59 * HOUR + MINUTE, contact_id=s.contact)
        s.c(-10 * HOUR)
        s.a(-9 * HOUR)
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made = results[-1].only
        assert made.action is Action.CALLBACK
        assert made.facts["thread.exchanges"] == 2


@case(16, "a close and five days of silence reset the count")
class _ClosedForGood:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.c(-7 * DAY)
        s.a(-7 * DAY + HOUR)
        s.tell(Kind.CONTACT_CLOSED, -7 * DAY + 2 * HOUR, contact_id=s.contact)
        s.c(-2 * DAY)
        s.a(-DAY)
        s.c(0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made = results[-1].only
        assert made.action is not Action.CALLBACK
        assert made.facts["thread.exchanges"] == 1


@case(17, "the same e-mail at two mailboxes is a duplicate that names the first")
class _TwoMailboxes:
    @staticmethod
    def tell(s: Story) -> None:
        fields: dict[str, Any] = {
            "in_reply_to": (),
            "references": (),
            "message_id": "one@mail.example",
        }
        s.c(-MINUTE, "Where is it?", **fields)
        s.c(0, "Where is it?", contact_id=f"{s.customer}-k2", subject="My order", **fields)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        first, second = results[0].only, results[1].only
        assert second.action is Action.DUPLICATE
        assert second.refers_to == first.decision_id


@case(18, "the same event twice has one decision")
class _TwiceTheSame:
    @staticmethod
    def tell(s: Story) -> None:
        s.c(0)
        s.inputs.append(s.inputs[0])

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        assert results[0].outcome is Outcome.DECIDED
        assert results[1].outcome is Outcome.DUPLICATE
        assert results[1].decisions == ()


@case(19, "a late agent reply revises the decision on the newer message")
class _LateReply:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.c(-5 * HOUR)
        s.a(-4 * HOUR)
        s.c(-3 * HOUR)
        s.c(-MINUTE)
        s.a(-2 * HOUR)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        routed, revised = results[-2].only, results[-1].only
        assert routed.channel is Channel.EMAIL
        assert routed.facts["thread.exchanges"] == 1
        assert revised.type is DecisionType.REVISED
        assert (revised.action, revised.cause) == (Action.CALLBACK, "late_event")
        assert (revised.event_id, revised.revises) == (routed.event_id, routed.decision_id)


@case(20, "a live call is never moved")
class _Rings:
    @staticmethod
    def tell(s: Story) -> None:
        s.chooses(Channel.CHAT)
        s.tell(Kind.CALL_OFFERED, 0, channel=Channel.PHONE, contact_id="call-1")

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made = results[-1].only
        assert (made.action, made.channel) == (Action.ROUTE, Channel.PHONE)


@case(21, "of thirty lines in an open chat only the first is routed")
class _Chat:
    @staticmethod
    def tell(s: Story) -> None:
        for line in range(30):
            s.tell(
                Kind.MESSAGE,
                -30_000 + line * 1000,
                channel=Channel.CHAT,
                sub_channel="web",
                side=Side.CUSTOMER,
                contact_id="chat-1",
                text=f"line {line}",
            )

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        actions = [result.only.action for result in results]
        assert actions == [Action.ROUTE, *[Action.STAY] * 29]


@case(22, "what agents, bots and preferences say asks for nothing")
class _NoQuestion:
    @staticmethod
    def tell(s: Story) -> None:
        s.c(-HOUR)
        s.a(-MINUTE)
        for who in (Side.BOT, Side.AGENT):
            s.tell(Kind.MESSAGE, 0, channel=Channel.CHAT, side=who, text="Hello, how are you?")
        s.chooses(Channel.CHAT, at=0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        for result in results[1:]:
            assert (result.outcome, result.decisions) == (Outcome.REMEMBERED, ())


@case(23, "a very negative sentiment revises priority and queue, not the channel")
class _Upset:
    @staticmethod
    def tell(s: Story) -> None:
        s.scored(s.c(-2000, "This is a disgrace, I am furious."), -0.95, 0)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        made, revised = results[0].only, results[1].only
        assert revised.type is DecisionType.REVISED
        assert (revised.cause, revised.channel) == ("sentiment", made.channel)
        assert revised.action is made.action
        assert revised.priority < made.priority
        assert revised.queue != made.queue


@case(24, "a late score, or one after the start, moves the mood only")
class _UpsetTooLate:
    @staticmethod
    def tell(s: Story) -> None:
        early = s.c(-5000, "This is a disgrace, I am furious.")
        asked = s.c(-4000, "Unbelievable!", contact_id="k2", in_reply_to=(), references=())
        wanted = decision_id(SOURCE, asked.event_id, 0)
        s.tell(Kind.ROUTING_STARTED, -3000, decision_id=wanted)
        s.scored(asked, -0.95, 0)
        s.scored(early, -0.95, 5 * MINUTE)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        assert [result.outcome for result in results[1:]] == [
            Outcome.DECIDED,
            Outcome.REMEMBERED,
            Outcome.REMEMBERED,
            Outcome.REMEMBERED,
        ]


@case(25, "two customers who answer one newsletter have two threads")
class _Newsletter:
    @staticmethod
    def tell(s: Story) -> None:
        fields: dict[str, Any] = {
            "in_reply_to": ("news-42@our-company.example",),
            "references": ("news-42@our-company.example",),
        }
        s.c(-MINUTE, **fields)
        mine = s.inputs[-1]
        other = msgspec.structs.replace(
            mine,
            event_id=f"{s.customer}-other",
            customer_id=f"{s.customer}-other",
            message_id="another@mail.example",
            participants=Participants(sender="other@client.example"),
        )
        s.inputs.append(other)

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        keys = [result.only.thread_key for result in results]
        assert all(keys)
        assert len(set(keys)) == 2


@case(26, "a subject is a weak link that never leads to a call")
class _WeakLink:
    @staticmethod
    def tell(s: Story) -> None:
        s.knows_phone()
        s.two_exchanges()
        s.c(-HOUR, "Thanks, solved.")
        s.c(0, in_reply_to=(), references=(), subject="Re: My order")

    @staticmethod
    def check(results: Sequence[Result], _s: Story) -> None:
        before, made = results[-2].only, results[-1].only
        assert made.action is not Action.CALLBACK
        assert made.facts.get("thread.link", "weak") == "weak"
        assert made.facts["thread.related"] == before.thread_key


__all__ = ["CASES", "Case", "Handle", "Profile", "Result"]
