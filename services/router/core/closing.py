"""Does a message only say thanks, or that it is solved?

Rule: precise rather than greedy. Every word has to be accounted for by the phrases of one
language (`closing_phrases.py`), or be a name where a name may stand; one word too many, a
question mark or an unhappy face, and it is a message like any other. A message wrongly held
for closing would keep an unhappy customer from the call; the other error costs one call.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import msgspec

from services.contact.quotes import strip_reply
from services.router.core.closing_han import HAN, closes_han
from services.router.core.closing_phrases import PHRASES
from services.router.core.phrase_grammar import (
    BREAKS,
    CLOSING,
    Kind,
    Vocabulary,
    Words,
    compile_vocabulary,
    fold,
    fold_words,
    folded,
)

TEXT_LIMIT = 320
"""Characters of typed text; a longer message says more than thanks."""
WORD_LIMIT = 45
_NAME_LIMIT = 3
_STRANGE_LIMIT = 6
"""Words outside of the vocabulary: the names of a greeting and of a signature."""
_NAME_AFTER = Kind.THANKS | Kind.GREET | Kind.SIGN


class _Segment(msgspec.Struct, frozen=True):
    """Words up to a mark of punctuation, as written and folded; `line` counts from 0."""

    raw: Words
    words: Words
    line: int
    mark: str
    """The punctuation after it; a line's end if there is none."""


def is_closing(text: str, language: str = "") -> bool:
    """True where `text` only says thanks or that the matter is solved.

    `language` is a BCP 47 hint (`bg`, `pt-BR`) and only sets the order in which the eleven
    vocabularies are tried; it may be wrong or empty. Quotes and signatures are left out first.
    """
    typed = strip_reply(text, TEXT_LIMIT)
    body = _plain(typed)
    if body is None:
        return False
    if not body.isascii() and HAN.search(body):
        return closes_han(body)
    words = set(_words_of(fold(body)))
    if not words:
        return _HAPPY.search(typed) is not None
    if words.isdisjoint(_ALL_KEYS):
        return False
    lower = words.intersection(_words_of(body))
    candidates = [
        vocabulary for vocabulary in _order(language) if _may_close(words, lower, vocabulary)
    ]
    segments = _split(body) if candidates else []
    if sum(len(segment.words) for segment in segments) > WORD_LIMIT:
        return False
    return any(_closes(segments, vocabulary) for vocabulary in candidates)


def _may_close(words: set[str], lower: set[str], vocabulary: Vocabulary) -> bool:
    """A first look: a word of thanks is there, and what is strange could be names."""
    if words.isdisjoint(vocabulary.keys):
        return False
    strange = words - vocabulary.known
    return len(strange) <= _STRANGE_LIMIT and not (vocabulary.cased and strange & lower)


def _plain(body: str) -> str | None:
    """The text without happy faces; None if it is too long, asks, or shows an unhappy one."""
    if not body or len(body) > TEXT_LIMIT or "?" in body or "\u00bf" in body:
        return None
    if not body.isascii():
        body = unicodedata.normalize("NFKC", body)
        if "?" in body or "\u061f" in body or _UNHAPPY.search(body):
            return None
        body = _HAPPY.sub(" \n", body)
    if not _FACE.search(body):
        return body
    return None if _SAD.search(body) else _SMILEY.sub("\n", body)


# -- words ------------------------------------------------------------------------------------

_WORDS = re.compile(rf"[^\W_][^\s'\u2019{BREAKS}~\u2013\u2014-]*")
_GAPS = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", " "))
_SEGMENT = re.compile(rf"([{BREAKS}]+\s*|\s[-\u2013\u2014]+\s|[\u2013\u2014]+)")
_AFTER_NAME_MARKS = ",!\u060c\n"
_HAPPY = re.compile(
    "[\U0001f600-\U0001f60f\U0001f617-\U0001f61d\U0001f642-\U0001f643\U0001f607\U0001f929"
    "\U0001f970\U0001f917\U0001f44d\U0001f44c\U0001f44f\U0001f64f\U0001f64c\U0001f91d\U0001f389"
    "\U0001f38a\U0001f490\U0001f339\U0001f33a\U0001f338\U0001f33b\U0001f31f\u2b50\u2728\u2764"
    "\U0001f493-\U0001f49f\U0001f4af\u2705\u2714\u263a\u270c\U0001faf6\U0001f973\U0001f601"
    "\U0001f4aa\u2600\U0001f499\ufe0f\u200d\U0001f3fb-\U0001f3ff]+"
)
_UNHAPPY = re.compile(
    "[\U0001f610-\U0001f616\U0001f61e-\U0001f641\U0001f644\U0001f92c\U0001f92f\U0001f926"
    "\U0001f937\U0001f44e\U0001f494\u274c\u2639\U0001f914\u2753\u2754\U0001f928]"
)
_FACE = re.compile(r"[:;=^<)8]|x[dD]\b")
_SAD = re.compile(r"[:;=]['-]?[(\[/\\]|\)-?[:;=](?!\S)|:'-?\(|[:=]-?\|")
_SMILEY = re.compile(r"[:;=8]-?[)\]dDpP](?!\w)|\^_?\^|<3|\bx[dD]\b|\){2,}")


def _words_of(body: str) -> list[str]:
    """The words between spaces and punctuation, for a first look."""
    return body.translate(_GAPS).split() if body.isascii() else _WORDS.findall(body)


def _split(body: str) -> list[_Segment]:
    segments = []
    for number, line in enumerate(body.split("\n")):
        parts = [*_SEGMENT.split(line), "\n"]
        for part, mark in zip(parts[::2], parts[1::2], strict=True):
            bare = (word.strip("'\u2019-\u2013\u2014~") for word in part.split())
            raw, words = fold_words(word for word in bare if word)
            if words:
                segments.append(_Segment(raw, words, number, mark.strip(" \t\r") or "\n"))
    return segments


# -- phrases ----------------------------------------------------------------------------------


def _order(language: str) -> Sequence[Vocabulary]:
    return _ORDERS.get(language[:2].lower(), _ANY_ORDER)


def _closes(segments: list[_Segment], vocabulary: Vocabulary) -> bool:
    """Whether every segment is accounted for, and one of them closes."""
    seen = last = Kind.NONE
    for index, segment in enumerate(segments):
        if any(segment.words[: len(ask)] == ask for ask in vocabulary.asks):
            return False
        found = _read(segment, vocabulary)
        if found is not None:
            kinds, last = found
            seen |= kinds
        elif not (
            _may_stand_alone(segments, index, last, vocabulary)
            and _are_names(segment, 0, len(segment.raw), vocabulary)
        ):
            return False
    if seen & Kind.AFFIRM and not seen & Kind.SOLVED:
        return False
    return bool(seen & CLOSING)


def _may_stand_alone(
    segments: list[_Segment], index: int, last: int, vocabulary: Vocabulary
) -> bool:
    """A name by itself: called on at the start, after thanks or greetings, or as signature."""
    segment = segments[index]
    if index == 0:
        return vocabulary.lone_names and segment.mark[0] in _AFTER_NAME_MARKS
    before = segments[index - 1]
    new_line = before.line < segment.line
    if len(before.raw[-1]) == 1 and before.mark == ".":  # an initial
        return True
    if last & _NAME_AFTER and (new_line or before.mark[0] in _AFTER_NAME_MARKS):
        return True
    return new_line and segment.line >= segments[-1].line - 1


def _read(segment: _Segment, vocabulary: Vocabulary) -> tuple[int, int] | None:
    """The kinds that account for every word, and the last one; None if some word is left."""
    reached: dict[int, dict[int, int]] = {0: {Kind.NONE: Kind.NONE}}
    for at in range(len(segment.words)):
        for last, seen in reached.get(at, {}).items():
            for end, kind in _steps(segment, at, last, vocabulary):
                ends = reached.setdefault(end, {})
                ends[kind] = ends.get(kind, Kind.NONE) | seen | kind
    final = reached.get(len(segment.words))
    if not final:
        return None
    everything = Kind.NONE
    for kinds in final.values():
        everything |= kinds
    return everything, max(final, key=lambda kind: bool(kind & _NAME_AFTER))


def _steps(segment: _Segment, at: int, last: int, vocabulary: Vocabulary) -> list[tuple[int, int]]:
    """Where the phrases and names that start at word `at` end."""
    words = segment.words
    steps = list(vocabulary.phrases_at(words, at))
    named = at > 0 and words[at - 1] in vocabulary.titles
    after = at > 0 and bool(last & _NAME_AFTER)
    if not (named or after or vocabulary.after_name):
        return steps
    for end in range(at + 1, min(at + _NAME_LIMIT, len(words)) + 1):
        called = end < len(words) and words[end] in vocabulary.after_name
        closed = end == len(words) or words[end] in vocabulary.before_for
        if not (named or called or (after and closed)):
            continue
        if _are_names(segment, at, end, vocabulary, titled=named or called):
            steps.append((end, last | Kind.FILL))
    return steps


def _are_names(
    segment: _Segment, start: int, end: int, vocabulary: Vocabulary, *, titled: bool = False
) -> bool:
    """One to three words that can be a person's name: capitalised, or next to a title."""
    if not 0 < end - start <= _NAME_LIMIT:
        return False
    for raw, word in zip(segment.raw[start:end], segment.words[start:end], strict=True):
        if word in _NEVER_NAMES or not raw[0].isalpha():
            return False
        if titled and not vocabulary.cased:
            continue
        if not (raw[0].isupper() and (raw[1:] == raw[1:].lower() or "-" in raw)):
            return False
    return True


_VOCABULARY: dict[str, Vocabulary] = {
    name: compile_vocabulary(phrases) for name, phrases in PHRASES.items() if name != "zh"
}
_ANY_ORDER = tuple(_VOCABULARY.values())
_ORDERS = {
    name: (first, *(other for other in _ANY_ORDER if other is not first))
    for name, first in _VOCABULARY.items()
}
_ALL_KEYS = frozenset[str]().union(*(vocabulary.keys for vocabulary in _ANY_ORDER))
_NEVER_NAMES = folded(word for phrases in PHRASES.values() for word in phrases.never_names)
