"""From the text of a message to the parts that are scored: bounded in number and in length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MOST_CHARACTERS = 1_500
"""Characters of a part, and of a message that is scored in one piece."""
PART_CHARACTERS = 500
"""Characters that sentences of a longer text are gathered to; a longer sentence stays whole."""
MOST_PARTS = 12
"""Parts of a message; of a longer one the first and the last half of them, where the mood is."""
MOST_READ = 64 * 1024
"""Characters of a text that are looked at at all: what the contract allows for."""

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+"
)
"""Control and direction marks; the joiners of emoji and of Indian scripts are none of them."""
_SURROGATE = re.compile("[\ud800-\udfff]+")
_BLOB = re.compile(r"[A-Za-z0-9+/=_\-]{120,}")
"""Encoded data: no language has such a word."""
_SENTENCE = re.compile(r"[.!?…。！？؟।\n]+[\"'»”)\]]*\s*")


def clean(text: str) -> str:
    """The text as a scorer reads it: well-formed, without control characters and encoded data."""
    text = text[:MOST_READ]
    if not text.isprintable():
        text = _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text))
    if len(text) > 120:  # noqa: PLR2004 - as in _BLOB
        text = _BLOB.sub(" ", text)
    return text.strip()


def split_text(text: str) -> tuple[str, ...]:
    """The parts of a clean text; one, if it is not long, and none, if it is empty."""
    if len(text) <= MOST_CHARACTERS:
        return (text,) if text else ()
    return bound(_gather(_sentences(text)))


def bound(parts: Iterable[str]) -> tuple[str, ...]:
    """At most `MOST_PARTS` of them: of more, the first half and the last half of that number."""
    kept = tuple(parts)
    if len(kept) <= MOST_PARTS:
        return kept
    half = MOST_PARTS // 2
    return (*kept[:half], *kept[-half:])


def _sentences(text: str) -> Iterator[str]:
    """Each sentence with what ends it; one that is too long in pieces."""
    start = 0
    for end in (*(found.end() for found in _SENTENCE.finditer(text)), len(text)):
        if 0 < end - start <= MOST_CHARACTERS:  # nearly always
            yield text[start:end]
        else:
            yield from (
                text[at : min(end, at + MOST_CHARACTERS)]
                for at in range(start, end, MOST_CHARACTERS)
            )
        start = end


def _gather(sentences: Iterable[str]) -> Iterator[str]:
    part = ""
    for sentence in sentences:
        if part and len(part) + len(sentence) > PART_CHARACTERS:
            yield from (part.strip(),) if part.strip() else ()
            part = ""
        part += sentence
    if part.strip():
        yield part.strip()
