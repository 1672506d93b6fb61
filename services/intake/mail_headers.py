"""The headers of an e-mail as plain words: ids, addresses, times, decoded text.

Never raises for broken mail: what cannot be read is left out. The parser hands over bytes that
are not ASCII as lone surrogates; `decode` turns them into UTF-8, else Latin-1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

LINE_LIMIT = 1_000
"""Characters kept of a header that is evidence."""
ID_LIMIT = 998
IDS_LIMIT = 24_000
"""Characters kept of all ids in one field together."""
ADDRESS_LIMIT = 254
ADDRESSES_LIMIT = 100
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_BRACKETED = re.compile(r"<([^<>]*)>?")
_SPACE = re.compile(r"\s+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"(?!@)')
_PARTING = re.compile(r"[,;]+")
_COMMENT = re.compile(r"\([^()]*\)")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_FORWARD = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|encaminhada|i|vl|vb|doorst|pd|препр|пр|пересл|пересылка|"
    r"转发|轉寄|轉發|إعادة توجيه|अग्रेषित)\s*(?:\[\d+\])?\s*[:\uff1a]",
    re.IGNORECASE,
)


def decode(value: object) -> str:
    """A header's text: unfolded, encoded words decoded, no control characters."""
    raw = str(value or "")
    if "=?" in raw:
        raw = _decode_words(raw)
    return _SPACE.sub(" ", _CONTROL.sub(" ", readable(raw))).strip()


def _decode_words(raw: str) -> str:
    try:
        parts = decode_header(raw.replace("\r", "").replace("\n", ""))
    except (HeaderParseError, ValueError):
        return raw
    words = []
    for part, charset in parts:
        if isinstance(part, str):
            words.append(part)
            continue
        words.append(decode_bytes(part, charset))
    return "".join(words)


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Text in the charset that is claimed, else UTF-8, else Latin-1, which fits everything."""
    for name in (charset or "utf-8", "utf-8"):
        try:
            return data.decode(name)
        except (LookupError, ValueError):
            continue
    return data.decode("latin-1")


def readable(text: str) -> str:
    """The text without lone surrogates, which the parser leaves for bytes beyond ASCII."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return (
            decode_bytes(text.encode("utf-8", "surrogateescape"), None)
            if _escaped(text)
            else (text.encode("utf-8", "replace").decode())
        )
    return text


def _escaped(text: str) -> bool:
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in text)


def first(mail: Message, name: str) -> str | None:
    """The topmost header of that name, decoded; None if there is none."""
    values = every(mail, name)
    return decode(values[0])[:LINE_LIMIT] if values else None


def every(mail: Message, name: str) -> list[str]:
    """All headers of that name as they stand, the topmost first."""
    # Not `get_all`: it replaces what is not ASCII instead of handing over the bytes.
    wanted = name.lower()
    return [str(value) for key, value in mail.raw_items() if key.lower() == wanted]


# -- ids --------------------------------------------------------------------------------------


def find_ids(values: Iterable[str]) -> tuple[str, ...]:
    """Every message id in these headers, without brackets and white space, each once.

    Without brackets a value counts only if each of its words looks like an id: old clients
    wrote `In-Reply-To: message from ana@example.org`, and an address is no id.
    """
    found: dict[str, None] = {}
    for value in values:
        found |= dict.fromkeys(_ids_in(decode(value)))
    kept = list(found)
    while sum(map(len, kept)) > IDS_LIMIT or len(kept) > ADDRESSES_LIMIT:
        # The first names the thread's root, the last ones the nearest: the middle goes.
        del kept[len(kept) // 4 : max(len(kept) // 2, len(kept) // 4 + 1)]
    return tuple(kept)


def _ids_in(value: str) -> list[str]:
    if "<" in value:
        ids = [_SPACE.sub("", one) for one in _BRACKETED.findall(value)]
        return [one for one in ids if 0 < len(one) <= ID_LIMIT]
    words = value.replace(",", " ").split()
    if words and all("@" in word.strip("@") for word in words):
        return [word for word in words if len(word) <= ID_LIMIT]
    return []


def message_id_of(mail: Message) -> str:
    """The Message-ID, bare; empty if it is absent or holds nothing."""
    for value in every(mail, "Message-ID"):
        text = decode(value)
        ids = _ids_in(text)
        bare = ids[0] if ids else _SPACE.sub("", _COMMENT.sub("", text)).strip("<>")
        if bare and len(bare) <= ID_LIMIT:
            return bare
    return ""


def aliases_of(mail: Message, message_id: str) -> tuple[str, ...]:
    """Other names of the same message: Amazon SES and gateways rewrite the Message-ID.

    SES answers a sender with the bare local part and puts `<local@region.amazonses.com>` on
    the wire; some gateways keep the first id in a header of their own.
    """
    names = ("X-Message-ID", "X-SES-Message-ID", "X-Microsoft-Original-Message-ID")
    more = ("X-Google-Original-Message-ID", "X-Original-Message-ID")
    aliases = []
    for name in names + more:
        for value in every(mail, name):
            text = decode(value)
            aliases += _ids_in(text) or ([text] if text and " " not in text else [])
    local, _, domain = message_id.rpartition("@")
    if local and domain.lower().endswith("amazonses.com"):
        aliases.append(local)
    return tuple(dict.fromkeys(a for a in aliases if a != message_id and len(a) <= ID_LIMIT))[:8]


# -- addresses --------------------------------------------------------------------------------


def addresses_in(values: Sequence[str]) -> tuple[str, ...]:
    """Bare addresses in lower case, each once; display names, comments and group names go.

    Own code: `email.utils.getaddresses` gives different answers for broken headers in
    different patch releases of Python, and an event must not depend on that.
    """
    found: dict[str, None] = {}
    for value in values:
        plain = _QUOTED.sub(" ", _CONTROL.sub(" ", readable(value)))
        chunks = _PARTING.split(_COMMENT.sub(" ", plain))
        for chunk in chunks:
            address = _address_in(chunk, alone=len(chunks) == 1)
            if address and len(address) <= ADDRESS_LIMIT:
                found[address] = None
    return tuple(found)[:ADDRESSES_LIMIT]


def _address_in(chunk: str, *, alone: bool) -> str:
    """The address of one entry; a name without `@` (MAILER-DAEMON) only if it stands alone."""
    bracketed = _BRACKETED.findall(chunk)
    if bracketed:
        return _SPACE.sub("", bracketed[-1]).lower()
    words = chunk.rpartition(":")[2].split()
    address = next((word for word in words if "@" in word.strip("@")), "")
    if not address and alone and len(words) == 1:
        address = words[0]
    return address.lower()


# -- times ------------------------------------------------------------------------------------


def date_of(mail: Message) -> datetime | None:
    """The Date header in UTC: the sender's clock."""
    return _first_time(every(mail, "Date"))


def received_at_of(mail: Message) -> datetime | None:
    """The time of the topmost Received line that has one: our own server's clock."""
    return _first_time(line.rpartition(";")[2] for line in every(mail, "Received") if ";" in line)


def _first_time(values: Iterable[str]) -> datetime | None:
    for value in values:
        try:
            when = parsedate_to_datetime(_SPACE.sub(" ", value).strip())
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        try:
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if _EARLIEST <= when < _LATEST:
            return when
    return None


def is_forward_subject(subject: str) -> bool:
    """Whether the outermost prefix is that of a forward (Fwd, WG, TR, ...)."""
    return _FORWARD.match(subject) is not None
