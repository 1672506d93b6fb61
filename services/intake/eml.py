"""An e-mail as it lies in a file (RFC 5322) -> one `ContactEvent`.

Pure and the same for the same bytes. Broken mail is the normal case: what cannot be read is
left out, and only bytes that are no e-mail at all are a `Reject`. The standard library's parser
is used with its `compat32` policy, for the newer ones raise on headers that spam is full of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import Message
from hashlib import blake2b

import msgspec

from services.contact.event import (
    Channel,
    ContactEvent,
    Handle,
    Kind,
    MailHeaders,
    Participants,
    Side,
)
from services.contact.ours import is_ours
from services.contact.quotes import strip_reply
from services.contact.reject import Reject, RejectCode
from services.intake import mail_headers as headers
from services.intake.bounce import is_bounce, read_bounce
from services.intake.mail_text import clip, count_attachments, text_of

DEFAULT_HASH_KEY = "omniroute"
"""Good enough to try things out; set your own, or anybody can test who wrote to you."""
_STRIPPED_BYTES = 40_000
_KNOWN_HEADERS = ("From", "To", "Message-ID", "Date", "Subject", "Received", "Return-Path")
_LIST_WORDS = frozenset({"list", "bulk"})
_REPORT_TYPE = re.compile(r"report-type\s*=\s*\"?([\w-]+)", re.IGNORECASE)


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """How mail is to be read."""

    ours: tuple[str, ...] = ()
    """Our own addresses and domains, lower case."""
    source: str = "eml"
    """The `source` of the events."""
    customer: str = ""
    """Puts every mail on this customer; empty: the address that is not ours stands for it."""
    hash_key: str = DEFAULT_HASH_KEY
    """Key of the hash that hides an address in `anon:<source>:<hash>`."""
    ignore_list_headers: bool = False
    """Treat the headers of mailing lists as absent."""


def read_mail(data: bytes, how: Intake) -> ContactEvent | Reject:
    """The event of one e-mail; a `Reject` if the bytes are none."""
    mail = message_from_bytes(data.lstrip(b"\r\n\t \xef\xbb\xbf"), policy=policy.compat32)
    if not any(name in mail for name in _KNOWN_HEADERS):
        return Reject(RejectCode.FIELD_MISSING, "no e-mail: it has none of the usual headers")
    text = text_of(mail)
    stripped = clip(strip_reply(text), _STRIPPED_BYTES)
    subject = (headers.first(mail, "Subject") or "")[: headers.LINE_LIMIT]
    in_reply_to = headers.find_ids(headers.every(mail, "In-Reply-To"))
    references = headers.find_ids(headers.every(mail, "References"))
    people = _participants(mail, how.ours)
    evidence = _evidence(mail, how)
    failed = ""
    if is_bounce(evidence, people.sender):
        inner, failed = read_bounce(mail, text)
        references = tuple(dict.fromkeys((*references, *inner)))
    side = Side.AGENT if is_ours(people.sender, how.ours) else Side.CUSTOMER
    content = _digest(people.sender, " ".join(text.split()))
    message_id = headers.message_id_of(mail)
    alias_ids = headers.aliases_of(mail, message_id)
    if not message_id:
        when = headers.first(mail, "Date") or ""
        message_id = f"{_digest(people.sender, when, subject, content)}@no-message-id.invalid"
    received_at = headers.received_at_of(mail) or headers.date_of(mail)
    address = failed or _customer_address(mail, people, how.ours)
    root = (*references, *in_reply_to, message_id)[0]
    return ContactEvent(
        event_id=f"eml-{blake2b(data, digest_size=16).hexdigest()}",
        source=how.source,
        kind=Kind.MESSAGE,
        customer_id=how.customer or anonymous_id(address or root, how),
        channel=Channel.EMAIL,
        side=side,
        occurred_at=headers.date_of(mail),
        received_at=received_at,
        message_id=message_id,
        message_id_aliases=alias_ids,
        in_reply_to=in_reply_to,
        references=references,
        subject=subject,
        text=text,
        text_stripped="" if stripped == text else stripped,
        attachments_count=count_attachments(mail),
        content_hash=content,
        participants=people,
        headers=evidence,
        is_private=side is Side.AGENT and bool(people.to) and not address,
        is_forward=headers.is_forward_subject(subject) and not in_reply_to,
        customer_handles=_handles(people.sender, side, failed),
    )


def anonymous_id(address: str, how: Intake) -> str:
    """`anon:<source>:<keyed hash>`: the same address is the same customer, and stays hidden."""
    key = blake2b(how.hash_key.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    hidden = blake2b(address.encode("utf-8", "replace"), key=key, digest_size=12).hexdigest()
    return f"anon:{how.source}:{hidden}"


# -- who --------------------------------------------------------------------------------------


def _participants(mail: Message, ours: Sequence[str]) -> Participants:
    """The addresses; the sender is the person, where a list or a web form wrote From anew."""
    to = headers.addresses_in(headers.every(mail, "To"))
    cc = headers.addresses_in(headers.every(mail, "Cc"))
    reply_to = headers.addresses_in(headers.every(mail, "Reply-To"))
    written = headers.addresses_in([*headers.every(mail, "From"), *headers.every(mail, "Sender")])
    sender = written[0] if written else ""
    names = ("X-Original-From", "X-Original-Sender")
    original = [a for n in names for a in headers.addresses_in(headers.every(mail, n))]
    others = [a for a in reply_to if not is_ours(a, ours)]
    inside = bool(to) and all(is_ours(one, ours) for one in (*to, *cc))
    if original and (is_ours(sender, ours) or sender in (*to, *cc)):
        sender = original[0]
    elif is_ours(sender, ours) and inside and others:
        sender = others[0]
    return Participants(sender=sender, to=to, cc=cc, reply_to=reply_to)


def _customer_address(mail: Message, people: Participants, ours: Sequence[str]) -> str:
    """The address that stands for the customer: of the mail's people the first not ours."""
    hidden = headers.addresses_in(headers.every(mail, "Bcc"))
    everyone = (people.sender, *people.to, *people.cc, *hidden)
    return next((one for one in everyone if one and not is_ours(one, ours)), "")


def _handles(sender: str, side: Side, failed: str) -> tuple[Handle, ...]:
    """The customer's address, from a mail that the customer wrote."""
    if side is not Side.CUSTOMER or failed or "@" not in sender:
        return ()
    return (Handle(kind=Channel.EMAIL, value=sender),)


# -- evidence ---------------------------------------------------------------------------------


def _evidence(mail: Message, how: Intake) -> MailHeaders:
    names = [name for name in MailHeaders.__struct_fields__ if name != "content_type"]
    found = {name: headers.first(mail, name.replace("_", "-")) for name in names}
    if how.ignore_list_headers:
        found |= {"list_id": None, "list_unsubscribe": None, "feedback_id": None}
        if (found["precedence"] or "").strip().lower() in _LIST_WORDS:
            found["precedence"] = None
    return MailHeaders(**found, content_type=_content_type(mail))


def _content_type(mail: Message) -> str | None:
    stated = headers.first(mail, "Content-Type")
    if stated is None:
        return None
    kind = stated.partition(";")[0].strip().lower()
    report = _REPORT_TYPE.search(stated)
    return f"{kind}; report-type={report[1].lower()}" if report else kind


def _digest(*parts: str) -> str:
    return blake2b("\x1e".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()
