"""Stories told by e-mail: questions, threads that pass two exchanges, and all that only looks so.

Each function is one story; its first line says what must come of it and why.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from services.cli.day.expect import (
    REMEMBERED,
    TWICE,
    Expected,
    Revision,
    escalated,
    kept,
    routed,
)
from services.cli.day.script import Act, Cast, Script, Story
from services.cli.day.talk import Mail
from services.contact.decision import Action, Outcome
from services.contact.event import (
    Channel,
    Choice,
    Consent,
    ConsentState,
    Kind,
    MailHeaders,
    Strength,
)

ALL = (Channel.PHONE, Channel.CHAT, Channel.EMAIL)
BY_MAIL = kept(Channel.EMAIL)
NEW_MAIL = routed(Channel.EMAIL)
ATTACHED = Expected(outcome=Outcome.DECIDED, actions=(Action.ATTACH,), no_call=True)
ACCEPTED = Act(kind=Kind.ROUTING_ACCEPTED)
STARTED = Act(kind=Kind.ROUTING_STARTED)
SOLVED = Act(kind=Kind.ROUTING_COMPLETED, outcome="solved")


def _two_exchanges(mail: Mail) -> None:
    """Question, answer, question, answer: the next question is the one that counts."""
    case = mail.script.cast.case
    mail.customer(case.ask, NEW_MAIL)
    mail.agent(case.agent[0])
    mail.customer(case.more[0], BY_MAIL)
    mail.agent(case.agent[1])


def _failed(cause: str, of: str) -> Act:
    """The desk could not carry the callback out: back to e-mail, where the customer came from."""
    revision = Revision(
        of=of,
        actions=(Action.ROUTE, Action.STAY),
        channel=Channel.EMAIL,
        cause="routing.failed",
    )
    expected = Expected(revises=revision)
    return Act(kind=Kind.ROUTING_FAILED, cause=cause, expected=expected)


def question(cast: Cast) -> Story:
    """Nobody knows what the customer prefers: the e-mail is queued as e-mail."""
    script = Script(cast)
    script.introduce(Channel.EMAIL)
    mail = Mail(script)
    mail.customer(cast.case.ask, routed(Channel.EMAIL, choice="default"))
    mail.agent(cast.case.agent[0])
    mail.close()
    mail.stands()
    return script.end("question")


def long_thread(cast: Cast) -> Story:
    """Two exchanges did not settle it: a call, which does; what comes later starts afresh."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    _two_exchanges(mail)
    third = mail.customer(cast.case.more[1], escalated())
    mail.stands(call=third)
    script.react(third, ACCEPTED, STARTED, SOLVED)
    mail.customer(cast.case.more[2], BY_MAIL)
    return script.end("long_thread")


def long_thread_without_tickets(cast: Cast) -> Story:
    """As `long_thread`, from a platform that knows no tickets: the headers alone make a thread."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script, contact_id="")
    _two_exchanges(mail)
    third = mail.customer(cast.case.more[1], escalated())
    mail.stands(call=third)
    script.react(third, ACCEPTED, STARTED, SOLVED)
    return script.end("long_thread_without_tickets")


def changed_subject(cast: Cast) -> Story:
    """The customer rewrites the subject; In-Reply-To still says where the message belongs."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    _two_exchanges(mail)
    third = mail.customer(cast.case.more[1], escalated(), subject=cast.words.call_me[0])
    mail.stands(call=third)
    script.react(third, ACCEPTED, STARTED, SOLVED)
    return script.end("changed_subject")


def thanks(cast: Cast) -> Story:
    """The third message only says thanks: nobody is called."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    _two_exchanges(mail)
    mail.customer(script.rng.choice(cast.words.closing), BY_MAIL)
    mail.stands()
    return script.end("thanks")


def thanks_but(cast: Cast) -> Story:
    """The third message says thanks and that nothing is solved: a call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    _two_exchanges(mail)
    third = mail.customer(script.rng.choice(cast.words.unsolved), escalated())
    mail.stands(call=third)
    script.react(third, ACCEPTED, STARTED, SOLVED)
    return script.end("thanks_but")


def bursts(cast: Cast) -> Story:
    """Both sides write twice in a row: that is one exchange, not two."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.customer(cast.case.more[0], BY_MAIL)
    mail.agent(cast.case.agent[0])
    mail.agent(cast.case.agent[1])
    mail.customer(cast.case.more[1], BY_MAIL)
    mail.stands()
    return script.end("bursts")


def out_of_office(cast: Cast) -> Story:
    """The customer's absence note between two answers is no turn: one exchange, no call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    away = script.rng.choice(cast.words.away)
    headers = script.rng.choice(
        (
            MailHeaders(auto_submitted="auto-replied"),
            MailHeaders(auto_submitted="auto-replied; owner-email=x", precedence="bulk"),
            MailHeaders(x_autoreply="yes"),
            MailHeaders(precedence="auto_reply"),
        )
    )
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.agent(cast.case.agent[0])
    mail.machine(away.subject, away.text, headers)
    mail.agent(cast.case.agent[1])
    mail.customer(cast.case.more[0], BY_MAIL)
    mail.stands()
    return script.end("out_of_office")


def bounce(cast: Cast) -> Story:
    """Our answer comes back undeliverable: remembered, no work for anybody."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.agent(cast.case.agent[0])
    mail.machine(
        "Undelivered Mail Returned to Sender",
        "This is the mail system. Your message could not be delivered: mailbox full.",
        MailHeaders(
            auto_submitted="auto-replied",
            return_path="",
            content_type="multipart/report; report-type=delivery-status",
        ),
        sender="mailer-daemon@mail.example",
    )
    mail.stands()
    return script.end("bounce")


def list_mail(cast: Cast) -> Story:
    """A mailing list that has our address: remembered, nobody answers it."""
    script = Script(cast)
    mail = Mail(script, subject="Weekly digest")
    mail.machine(
        "Weekly digest",
        "12 new posts in your groups this week.",
        MailHeaders(list_id="<digest.mail.example>", precedence="bulk", list_unsubscribe="<x>"),
    )
    return script.end("list_mail")


def newsletter_answer(cast: Cast) -> Story:
    """Many customers answer the same newsletter: each has a thread of their own, nobody a call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script, subject="Autumn news from Acme", contact_id="")
    mail.ids.append("autumn-news@acme.example")
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.agent(cast.case.agent[0])
    mail.customer(cast.case.more[0], BY_MAIL)
    mail.stands()
    return script.end("newsletter_answer")


def same_event_twice(cast: Cast) -> Story:
    """The platform repeats an event, as webhooks do: the second is a duplicate, no decision."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.again(TWICE)
    return script.end("same_event_twice")


def same_mail_twice(cast: Cast) -> Story:
    """To and Cc: one e-mail reaches two of our mailboxes as two tickets. Counted once, no call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    first = mail.customer(cast.case.ask, NEW_MAIL)
    copy = Expected(
        outcome=Outcome.DECIDED, actions=(Action.DUPLICATE,), refers_to=first, no_call=True
    )
    mail.again(copy, event_id=script.next_id(), contact_id=f"{mail.contact_id}-copy")
    mail.agent(cast.case.agent[0])
    mail.customer(cast.case.more[0], BY_MAIL)
    mail.stands()
    return script.end("same_mail_twice")


def late_reply(cast: Cast) -> Story:
    """An answer is reported late, and was given before the last question: that becomes a call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.agent(cast.case.agent[0])
    second = mail.customer(cast.case.more[0], BY_MAIL)
    third = mail.customer(cast.case.more[1], kept(Channel.EMAIL, no_call=False))
    revision = Revision(
        of=third, actions=(Action.CALLBACK,), channel=Channel.PHONE, cause="late_event"
    )
    late = Expected(revises=revision)
    mail.agent(cast.case.agent[1], late, received_after=second)
    mail.stands(call=third)
    script.react(third, ACCEPTED, STARTED, SOLVED)
    return script.end("late_reply")


def phone_refused(cast: Cast) -> Story:
    """The customer refused calls for service: e-mail stays, and the decision says why."""
    script = Script(cast)
    script.introduce(*ALL)
    script.tell(
        Kind.CONSENT_UPDATED,
        "crm/acme",
        REMEMBERED,
        consents=(Consent(channel=Channel.PHONE, state=ConsentState.DENIED),),
    )
    return _no_call(script, "phone_refused", skip="phone:consent_refused")


def only_email(cast: Cast) -> Story:
    """The customer wants e-mail and nothing else: even an escalation keeps to it."""
    script = Script(cast)
    script.introduce(*ALL)
    _choose(script, Choice(channel=Channel.EMAIL, strength=Strength.ONLY, source="customer"))
    return _no_call(script, "only_email", skip="phone:customer_refuses")


def never_phone(cast: Cast) -> Story:
    """The customer never wants to be called: e-mail stays."""
    script = Script(cast)
    script.introduce(*ALL)
    _choose(script, Choice(never=(Channel.PHONE,), source="customer"))
    return _no_call(script, "never_phone", skip="phone:customer_refuses")


def no_number(cast: Cast) -> Story:
    """Nobody knows a phone number: e-mail stays, and the desk is told to ask for one."""
    script = Script(cast)
    script.introduce(Channel.EMAIL, Channel.CHAT)
    return _no_call(script, "no_number", skip="phone:no_address", ask_for="phone")


def _choose(script: Script, choice: Choice) -> None:
    script.tell(Kind.PREFERENCE_UPDATED, "crm/acme", REMEMBERED, choice=choice)


def _no_call(script: Script, name: str, **more: str) -> Story:
    """A thread past two exchanges that may not become a call, though the rule says so."""
    mail = Mail(script)
    _two_exchanges(mail)
    expected = kept(Channel.EMAIL, rule="email-to-phone")
    mail.customer(script.cast.case.more[1], msgspec.structs.replace(expected, **more))
    mail.stands()
    return script.end(name)


def at_night(cast: Cast) -> Story:
    """It is night where the customer lives: the call waits for the morning."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    _two_exchanges(mail)
    third = mail.customer(cast.case.more[1], escalated(postponed=True))
    mail.stands(call=third)
    script.react(third, ACCEPTED)
    return script.end("at_night")


def nobody_answers(cast: Cast) -> Story:
    """The customer does not pick up: the next fallback, in writing."""
    return _call_fails(cast, "nobody_answers", "no_answer")


def call_refused(cast: Cast) -> Story:
    """The customer picks up and does not want to talk: the next fallback, in writing."""
    return _call_fails(cast, "call_refused", "refused")


def _call_fails(cast: Cast, name: str, cause: str) -> Story:
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    _two_exchanges(mail)
    third = mail.customer(cast.case.more[1], escalated())
    mail.stands(call=third)
    script.react(third, ACCEPTED, STARTED, _failed(cause, third))
    return script.end(name)


def call_lapses(cast: Cast) -> Story:
    """Nobody takes the call within a day; the customer writes again: a new call, more urgent."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    script.hours_ago(26)
    _two_exchanges(mail)
    third = mail.customer(cast.case.more[1], escalated())
    script.hours_ago(0)
    again = mail.customer(cast.case.more[2], escalated())
    script.react(third)
    script.react(again, ACCEPTED, STARTED, SOLVED)
    return script.end("call_lapses")


def writes_on(cast: Cast) -> Story:
    """The customer keeps writing while the call is on its way: attached, no second call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    _two_exchanges(mail)
    third = mail.customer(cast.case.more[1], escalated())
    attached = msgspec.structs.replace(ATTACHED, refers_to=third)
    mail.customer(cast.case.more[2], attached)
    mail.customer(cast.words.unsolved[0], attached)
    mail.stands(call=third)
    script.react(third, ACCEPTED, STARTED, SOLVED)
    return script.end("writes_on")


def closed_with_every_reply(cast: Cast) -> Story:
    """A desk that closes with every reply does not hide that two exchanges went by: a call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.agent(cast.case.agent[0])
    mail.close()
    mail.customer(cast.case.more[0], BY_MAIL)
    mail.agent(cast.case.agent[1])
    third = mail.customer(cast.case.more[1], escalated())
    mail.stands(call=third)
    script.react(third, ACCEPTED, STARTED, SOLVED)
    return script.end("closed_with_every_reply")


def stripped_headers(cast: Cast) -> Story:
    """The third message lost its references: the same subject alone never leads to a call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script, contact_id="")
    _two_exchanges(mail)
    mail.customer(cast.case.more[1], BY_MAIL, in_reply_to=(), references=())
    mail.stands()
    return script.end("stripped_headers")


def internal_note(cast: Cast) -> Story:
    """A note among colleagues is no answer to the customer: one exchange, no call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    mail.customer(cast.case.ask, NEW_MAIL)
    mail.agent(cast.case.agent[2], is_private=True)
    mail.customer(cast.case.more[0], BY_MAIL)
    mail.agent(cast.case.agent[0])
    mail.customer(cast.case.more[1], BY_MAIL)
    mail.stands()
    return script.end("internal_note")


def angry_mail(cast: Cast) -> Story:
    """An upset customer is queued where the customer wrote; upset alone is no reason to call."""
    script = Script(cast)
    script.introduce(*ALL)
    mail = Mail(script)
    mail.customer(script.rng.choice(cast.words.angry), NEW_MAIL)
    mail.agent(cast.case.agent[2])
    mail.stands()
    return script.end("angry_mail")


MAIL_STORIES: tuple[tuple[int, Callable[[Cast], Story]], ...] = (
    (5, question),
    (4, long_thread),
    (2, long_thread_without_tickets),
    (1, changed_subject),
    (3, thanks),
    (2, thanks_but),
    (1, bursts),
    (2, out_of_office),
    (1, bounce),
    (1, list_mail),
    (1, newsletter_answer),
    (2, same_event_twice),
    (1, same_mail_twice),
    (2, late_reply),
    (2, phone_refused),
    (1, only_email),
    (1, never_phone),
    (1, no_number),
    (2, at_night),
    (2, nobody_answers),
    (1, call_refused),
    (2, writes_on),
    (2, call_lapses),
    (1, closed_with_every_reply),
    (1, stripped_headers),
    (1, internal_note),
    (3, angry_mail),
)
"""How often each is told in one round, and the story."""
