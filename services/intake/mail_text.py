"""The text and the attachments of an e-mail, however it is built.

HTML is read with the standard library's tolerant parser: what is wanted is the words in their
lines and which of them are quoted, and that is forty lines; the libraries that render HTML as
text bring a licence (GPL) or native code that such a small need does not justify.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from html.parser import HTMLParser

from services.intake.mail_headers import decode_bytes, first, readable

TEXT_BYTES = 80_000
"""Bytes kept of a text, for an event has to fit into a record."""
_DEPTH = 40
_PARTS = 500
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_BLANK = re.compile(r"\n{3,}")
_NOT_ATTACHED = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "message/delivery-status",
        "message/disposition-notification",
        "text/rfc822-headers",
    }
)


def leaves_of(mail: Message) -> Iterator[Message]:
    """Every part that holds content, in order; the inside of an attached message is left out."""
    waiting = [(mail, 0)]
    seen = 0
    while waiting and seen < _PARTS:
        part, depth = waiting.pop()
        seen += 1
        children = part.get_payload()
        holds_message = part.get_content_maintype() == "message"
        if holds_message or not part.is_multipart() or not isinstance(children, list):
            yield part
        elif depth < _DEPTH:
            waiting += [(c, depth + 1) for c in reversed(children) if isinstance(c, Message)]


def text_of(mail: Message) -> str:
    """The text/plain parts, else the text/html parts as text; empty if there are none."""
    plain, html = [], []
    for part in leaves_of(mail):
        if _is_attached(part):
            continue
        kind = part.get_content_type()
        if kind == "text/plain":
            plain.append(_words_of(part))
        elif kind == "text/html":
            html.append(_words_of(part))
    text = "\n".join(plain).strip()
    return clip(text or "\n".join(html_to_text(one) for one in html).strip())


def count_attachments(mail: Message) -> int:
    """Parts that somebody attached; signatures and images inside of the text are none."""
    return sum(1 for part in leaves_of(mail) if part is not mail and _is_attached(part))


def clip(text: str, limit: int = TEXT_BYTES) -> str:
    """The text in plain lines, without control characters, cut to `limit` bytes of UTF-8."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    clean = _CONTROL.sub("", readable(lines))
    data = clean.encode()
    return clean if len(data) <= limit else data[:limit].decode("utf-8", "ignore")


def _is_attached(part: Message) -> bool:
    kind = part.get_content_type()
    if kind in _NOT_ATTACHED:
        return False
    how = (first(part, "Content-Disposition") or "").partition(";")[0].strip().lower()
    if how == "attachment":
        return True
    if kind in {"text/plain", "text/html"}:
        return how != "inline" and _names_file(part)
    inside = kind.startswith("image/") and (how == "inline" or part.get("Content-ID") is not None)
    return not inside and not kind.startswith("multipart/")


def _names_file(part: Message) -> bool:
    stated = " ".join(
        first(part, name) or "" for name in ("Content-Disposition", "Content-Type")
    ).lower()
    return "filename" in stated or "name=" in stated or "name*" in stated


def _words_of(part: Message) -> str:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # e.g. an impossible base64 or charset
        data = None
    if not isinstance(data, bytes):
        return ""
    return decode_bytes(data[: 4 * TEXT_BYTES], _charset_of(part))


def _charset_of(part: Message) -> str | None:
    stated = re.search(
        r"charset\*?\s*=\s*[\"']?([\w.:-]+)", first(part, "Content-Type") or "", re.IGNORECASE
    )
    return stated[1].lower() if stated else None


# -- HTML -------------------------------------------------------------------------------------

_LINES = frozenset(
    {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"}
    | {"hr", "section", "article", "blockquote", "header", "footer"}
)
_SILENT = frozenset({"script", "style", "head", "title", "template"})
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input"})
_QUOTES = ("gmail_quote", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix")


class _Reader(HTMLParser):
    """Collects the words; what stands in a quote gets `> ` in front of each line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._open: list[tuple[str, bool]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LINES:
            self._new_line()
        if tag in _VOID:
            return
        style = dict(attrs).get("class") or ""
        quoted = tag == "blockquote" or any(name in style for name in _QUOTES)
        self._open.append((tag, quoted))
        self._silent += tag in _SILENT
        if quoted:
            self._new_line()

    def handle_endtag(self, tag: str) -> None:
        if not any(name == tag for name, _ in self._open):
            return
        while self._open:
            name, _ = self._open.pop()
            self._silent -= name in _SILENT
            if name == tag:
                break
        if tag in _LINES:
            self._new_line()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        words = re.sub(r"\s+", " ", data)
        line = self.lines[-1]
        if not line:
            words = words.lstrip()
            if words and any(quoted for _, quoted in self._open):
                words = "> " + words
        self.lines[-1] = line + words

    def _new_line(self) -> None:
        if self.lines[-1]:
            self.lines.append("")


def html_to_text(html: str) -> str:
    """The words of an HTML part, a block a line; quotes are marked with `>` as in plain text."""
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, ValueError):  # the parser gives up on some broken declarations
        return re.sub(r"<[^<>]*>", " ", html)
    return _BLANK.sub("\n\n", "\n".join(line.rstrip() for line in reader.lines)).strip()
