"""Who really wrote a message, and on which side: the evidence, in order, and the verdict.

Rule: aggressive for *not counting*. A message that carries one strong mark of a machine is
shown to people but never counts as a turn; a weak mark needs a second one. What the platform
says itself beats every guess. Evidence names headers and closed words, never a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from services.contact import away_phrases
from services.contact.event import Channel, ContactEvent, MailHeaders, Origin, Side
from services.contact.ours import is_ours

__all__ = ["OriginFound", "is_ours", "judge_origin", "judge_side"]

AWAY_TEXT_LIMIT = 1_200
"""Characters: an out-of-office note is short; a longer text was written by somebody."""

_NO = frozenset({"", "no", "false", "0", "none"})
_BULK = frozenset({"bulk", "list", "junk"})
_PRECEDENCE_AUTO = frozenset({"auto_reply", "auto-reply", "autoreply"})
_MAIL_DAEMONS = ("mailer-daemon", "mailerdaemon")
_AWAY_HEADS = frozenset(subject[:3] for subject in away_phrases.SUBJECTS)
_MACHINES = frozenset({Side.BOT, Side.SYSTEM})


class OriginFound(msgspec.Struct, frozen=True):
    """The verdict and what it rests on, the deciding mark first."""

    origin: Origin
    evidence: tuple[str, ...] = ()


_BY_ACTOR = {
    Side.BOT: OriginFound(Origin.SYSTEM, ("actor=bot",)),
    Side.SYSTEM: OriginFound(Origin.SYSTEM, ("actor=system",)),
    Side.CUSTOMER: OriginFound(Origin.HUMAN, ("actor=customer",)),
    Side.AGENT: OriginFound(Origin.HUMAN, ("actor=agent",)),
}
_BY_SIDE = {
    Side.BOT: OriginFound(Origin.SYSTEM, ("side=bot",)),
    Side.SYSTEM: OriginFound(Origin.SYSTEM, ("side=system",)),
}
_HUMAN = OriginFound(Origin.HUMAN)
_NO_MARKS = OriginFound(Origin.HUMAN, ("no_machine_marks",))
_NO_HEADERS = OriginFound(Origin.UNKNOWN, ("no_headers",))
_MAIL_DAEMON = OriginFound(Origin.BOUNCE, ("sender=mailer-daemon",))
_AWAY = OriginFound(Origin.AUTO_REPLY, ("subject=out_of_office", "text=out_of_office"))


def judge_side(event: ContactEvent, ours: Sequence[str]) -> Side:
    """Who spoke: the event's `side`, else the platform's actor, else the address set.

    A third party (a colleague in copy, say) is not one of us, so it is the customer's side.
    """
    if event.side is not None:
        return event.side
    if event.actor is not None and event.actor.type is not None:
        return event.actor.type
    if event.participants is not None and is_ours(event.participants.sender, ours):
        return Side.AGENT
    return Side.CUSTOMER


def judge_origin(event: ContactEvent, ours: Sequence[str]) -> OriginFound:
    """Who really wrote the message, by the first strong mark; all marks are the evidence.

    In order: the platform's own `origin`; a bot or system as actor or side; the headers
    (`_MARKS`); the subject of an out-of-office reply together with what such a note says.
    `unknown` is an e-mail whose headers the platform did not pass on; it counts like `human`.
    Echoes and private notes are left to the ledger: they are written by people.
    """
    if event.origin is not None:
        return OriginFound(event.origin, event.origin_evidence or ("platform",))
    actor = event.actor
    if actor is not None and actor.type in _MACHINES:
        return _BY_ACTOR[actor.type]
    if event.side in _MACHINES:
        return _BY_SIDE[event.side]
    if event.headers is not None:
        return _judge_headers(event, event.headers, ours)
    return _judge_bare(event) if event.channel is Channel.EMAIL else _HUMAN


def _judge_bare(event: ContactEvent) -> OriginFound:
    """An e-mail without headers: the sender's name, an out-of-office note, the actor."""
    if event.participants is not None and _is_mail_daemon(event.participants.sender):
        return _MAIL_DAEMON
    if event.subject and _is_away_subject(event.subject) and _says_away(event):
        return _AWAY
    if event.actor is not None and event.actor.type is not None:
        return _BY_ACTOR[event.actor.type]
    return _NO_HEADERS


# -- e-mail headers ---------------------------------------------------------------------------

_Mark = tuple[Origin, str]
_MarkTest = Callable[[ContactEvent, MailHeaders, Sequence[str]], "_Mark | None"]


def _judge_headers(event: ContactEvent, headers: MailHeaders, ours: Sequence[str]) -> OriginFound:
    """The first mark decides, the others are named after it."""
    marks = [mark for test in _MARKS if (mark := test(event, headers, ours)) is not None]
    if marks:
        return OriginFound(marks[0][0], tuple(evidence for _, evidence in marks))
    weak = _weak_marks(event, headers)
    if len(weak) > 1:
        return OriginFound(Origin.AUTO_REPLY, weak)
    return OriginFound(Origin.HUMAN, tuple(f"weak: {mark}" for mark in weak)) if weak else _NO_MARKS


def _mark_report(event: ContactEvent, headers: MailHeaders, _ours: Sequence[str]) -> _Mark | None:
    """A delivery report. A read receipt is one too, but it is no failure of the address."""
    del event
    kind = _word(headers.content_type)
    if not kind.startswith("multipart/report"):
        return None
    if "disposition-notification" in kind:
        return Origin.AUTO_REPLY, "content-type=read-receipt"
    return Origin.BOUNCE, "content-type=multipart/report"


def _mark_failed(event: ContactEvent, headers: MailHeaders, _ours: Sequence[str]) -> _Mark | None:
    del event
    return (Origin.BOUNCE, "x-failed-recipients") if _word(headers.x_failed_recipients) else None


def _mark_daemon(event: ContactEvent, _headers: MailHeaders, _ours: Sequence[str]) -> _Mark | None:
    if event.participants is None or not _is_mail_daemon(event.participants.sender):
        return None
    return Origin.BOUNCE, "sender=mailer-daemon"


def _mark_auto_submitted(
    event: ContactEvent, headers: MailHeaders, _ours: Sequence[str]
) -> _Mark | None:
    """RFC 3834: anything but `no`, before the parameters."""
    del event
    if headers.auto_submitted is None:
        return None
    value = _word(headers.auto_submitted.partition(";")[0])
    known = value in {"auto-generated", "auto-replied", "auto-notified"}
    if value == "no":
        return None
    return Origin.AUTO_REPLY, f"auto-submitted={value if known else 'other'}"


def _mark_null_sender(
    event: ContactEvent, headers: MailHeaders, _ours: Sequence[str]
) -> _Mark | None:
    """`Return-Path: <>`; after Auto-Submitted, for a good vacation reply has it as well."""
    del event
    empty = headers.return_path is not None and headers.return_path.strip() in {"", "<>"}
    return (Origin.BOUNCE, "return-path=<>") if empty else None


def _mark_vendor(event: ContactEvent, headers: MailHeaders, _ours: Sequence[str]) -> _Mark | None:
    del event
    if headers.x_autoreply is not None and _word(headers.x_autoreply) not in _NO:
        return Origin.AUTO_REPLY, "x-autoreply"
    if headers.x_autorespond is not None and _word(headers.x_autorespond) not in _NO - {""}:
        return Origin.AUTO_REPLY, "x-autorespond"
    if _word(headers.precedence) in _PRECEDENCE_AUTO:
        return Origin.AUTO_REPLY, "precedence=auto_reply"
    return None


def _mark_own_notice(
    event: ContactEvent, headers: MailHeaders, ours: Sequence[str]
) -> _Mark | None:
    """A bulk mail with a Message-ID of ours is our own notification coming back."""
    domain = event.message_id.rpartition("@")[2].rstrip(">").lower()
    if domain and domain in ours and _word(headers.precedence) in _BULK:
        return Origin.SYSTEM, "own-message-id"
    return None


def _mark_list(event: ContactEvent, headers: MailHeaders, ours: Sequence[str]) -> _Mark | None:
    """Lists and bulk mail, unless the list is our own support address (a group mailbox)."""
    precedence = _word(headers.precedence)
    own_list = _is_own_list(headers.list_id, ours)
    if precedence in _BULK and not (own_list and precedence == "list"):
        return Origin.LIST, f"precedence={precedence}"
    if own_list:
        return None
    if headers.list_id is not None:
        return Origin.LIST, "list-id"
    if headers.list_unsubscribe is not None:
        return Origin.LIST, "list-unsubscribe"
    # Mail providers stamp Feedback-ID on everything that we send, an agent's reply included.
    if headers.feedback_id is not None and judge_side(event, ours) is not Side.AGENT:
        return Origin.LIST, "feedback-id"
    return None


def _mark_loop(event: ContactEvent, headers: MailHeaders, ours: Sequence[str]) -> _Mark | None:
    """Our own mail coming back: marked with X-Loop, or from our address as a "customer"."""
    loop = _word(headers.x_loop)
    if loop in {"yes", "true", "1"} or is_ours(loop.strip("<>"), ours):
        return Origin.SYSTEM, "x-loop"
    people = event.participants
    if people is None or not is_ours(people.sender, ours):
        return None
    if event.side is Side.CUSTOMER or people.sender in people.to:
        return Origin.SYSTEM, "sender=own-address"
    return None


_MARKS: tuple[_MarkTest, ...] = (
    _mark_report,
    _mark_failed,
    _mark_daemon,
    _mark_auto_submitted,
    _mark_null_sender,
    _mark_vendor,
    _mark_own_notice,
    _mark_list,
    _mark_loop,
)


def _weak_marks(event: ContactEvent, headers: MailHeaders) -> tuple[str, ...]:
    """Marks that prove nothing alone: people's clients and servers set them too."""
    weak: list[str] = []
    # Outlook and Exchange write it on people's mail as well; `None` asks for every reply.
    if _word(headers.x_auto_response_suppress) not in _NO:
        weak.append("x-auto-response-suppress")
    if headers.x_ms_exchange_inbox_rules_loop is not None:
        weak.append("x-ms-exchange-inbox-rules-loop")
    if event.subject and _is_away_subject(event.subject):
        weak.append("subject=out_of_office")
        if _says_away(event):
            weak.append("text=out_of_office")
    return tuple(weak)


# -- words ------------------------------------------------------------------------------------


def _word(value: str | None) -> str:
    return value.strip().lower() if value else ""


def _is_mail_daemon(sender: str) -> bool:
    return sender.partition("@")[0] in _MAIL_DAEMONS


def _is_own_list(list_id: str | None, ours: Sequence[str]) -> bool:
    """`Help <help.example.com>` is ours where `help@example.com` or `example.com` is."""
    if not list_id or not ours:
        return False
    name = list_id.rpartition("<")[2].strip("> \t").lower()
    local, dot, domain = name.partition(".")
    return bool(dot) and (name in ours or is_ours(f"{local}@{domain}", ours))


def _is_away_subject(subject: str) -> bool:
    head = subject.lstrip()
    if head[:3].lower() not in _AWAY_HEADS:
        return False
    return head.lower().startswith(away_phrases.SUBJECTS)


def _says_away(event: ContactEvent) -> bool:
    text = event.text_stripped or event.text
    if not text or len(text) > AWAY_TEXT_LIMIT:
        return False
    lowered = text.lower()
    return any(phrase in lowered for phrase in away_phrases.BODIES)
