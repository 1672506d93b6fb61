"""What a mail that came back tells: which message it was, and which address failed."""

from __future__ import annotations

import re
from email import message_from_string
from email.message import Message

from services.contact.event import MailHeaders
from services.intake import mail_headers as headers
from services.intake.mail_text import leaves_of

_QUOTED_ID = re.compile(r"^[>\s]*Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_FINAL = ("Final-Recipient", "Original-Recipient")
_SCAN_LIMIT = 40_000


def is_bounce(evidence: MailHeaders, sender: str) -> bool:
    """Whether to look for a message inside: a report, a mail daemon, or failed recipients."""
    kind = evidence.content_type or ""
    report = kind.startswith("multipart/report") and "disposition" not in kind
    daemon = sender.partition("@")[0] in {"mailer-daemon", "mailerdaemon"}
    return report or daemon or bool((evidence.x_failed_recipients or "").strip())


def read_bounce(mail: Message, text: str) -> tuple[tuple[str, ...], str]:
    """The ids of the message that came back, and the address that failed (empty if unknown)."""
    ids: list[str] = []
    failed = list(headers.addresses_in(headers.every(mail, "X-Failed-Recipients")))
    sent_to: list[str] = []
    for part in leaves_of(mail):
        for inner in _inside(part):
            inner_id = headers.message_id_of(inner)
            ids += [inner_id] if inner_id else []
            failed += [a for name in _FINAL for a in _recipients(inner, name)]
            sent_to += headers.addresses_in(headers.every(inner, "To"))
    if not ids:
        ids = list(headers.find_ids(_QUOTED_ID.findall(text[:_SCAN_LIMIT])))
    return tuple(dict.fromkeys(ids)), next(iter((*failed, *sent_to)), "")


def _inside(part: Message) -> list[Message]:
    """The messages, or blocks of headers, that a part of a report holds."""
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind.startswith("message/") and isinstance(payload, list):
        return [one for one in payload if isinstance(one, Message)]
    if kind in {"text/rfc822-headers", "message/rfc822", "message/delivery-status"}:
        return [message_from_string(str(payload))]
    return []


def _recipients(block: Message, name: str) -> tuple[str, ...]:
    """`Final-Recipient: rfc822; ana@example.org`."""
    return headers.addresses_in([v.rpartition(";")[2] for v in headers.every(block, name)])
