"""Phrases as templates, and where they fit in a row of words; for `closing.py`.

A template such as `it (is|has been|) solved` is kept as it is, not as the thousands of
sentences it stands for: three groups, each a set of readings, the empty one for "may be left
out". Words are compared folded: without case, accents and Arabic vowel signs.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from services.router.core.closing_phrases import Phrases

Words = tuple[str, ...]


class Kind:
    """What a phrase does in a message; bits of a set (plain ints, for they are much faster)."""

    NONE: Final = 0
    THANKS: Final = 1
    SOLVED: Final = 2
    GREET: Final = 4
    SIGN: Final = 8
    FILL: Final = 16
    AFFIRM: Final = 32


CLOSING = Kind.THANKS | Kind.SOLVED
BREAKS = (
    '.!,;:\\n()\\[\\]{}"/|*_=<>#\u00a1\u00ab\u00bb\u00b7\u060c\u061b\u0964\u0965'
    "\u201c\u201d\u2022\u2026\u3002"
)
"""Punctuation between segments, for a class of a regular expression."""


class Group(msgspec.Struct, frozen=True):
    """One place of a template and the readings it may take."""

    readings: frozenset[Words]
    lengths: tuple[int, ...]

    @property
    def optional(self) -> bool:
        """It may be left out."""
        return 0 in self.lengths


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The templates of one language, by the words they may begin with."""

    by_first: dict[str, tuple[tuple[tuple[Group, ...], int], ...]]
    keys: frozenset[str]
    """Words of thanks or solution: a text without any of them does not close."""
    known: frozenset[str]
    """Every word of the templates."""
    weak: frozenset[str]
    """Words such as "fine": part of "it is fine", but no solution by themselves."""
    asks: tuple[Words, ...]
    """How a sentence begins that asks, even without a question mark."""
    before_for: frozenset[str]
    titles: frozenset[str]
    after_name: frozenset[str]
    cased: bool
    lone_names: bool

    def phrases_at(self, words: Words, at: int) -> Iterator[tuple[int, int]]:
        """Where each phrase that begins at word `at` ends, and its kind."""
        for template, kind in self.by_first.get(words[at], ()):
            for end in _ends(template, words, at):
                weak = kind == Kind.SOLVED and end == at + 1 and words[at] in self.weak
                yield end, Kind.FILL if weak else kind


# -- folding ----------------------------------------------------------------------------------

_MARKS = re.compile(
    "[\u0300-\u036f\u0640\u064b-\u065f\u0670\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
_SAME = str.maketrans(
    {
        "\u2019": "'",
        "\u2018": "'",
        "`": "'",
        "\u00b4": "'",
        "\u0649": "\u064a",  # Arabic: alef maksura, teh marbuta
        "\u0629": "\u0647",
        "\u0901": "\u0902",  # Devanagari: candrabindu, nukta
        "\u093c": None,
    }
)
_ELIDED = re.compile(r"((?:l|d|j|m|n|s|c|t|qu|un|all|dell|dall|nell|sull|nient|nessun)')(.+)")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Without case, accents, Arabic vowel signs and spelling variants."""
    if text.isascii():
        return text.lower()
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text.translate(_SAME)))
    return unicodedata.normalize("NFC", plain.translate(_SAME)).casefold()


def fold_words(words: Iterable[str]) -> tuple[Words, Words]:
    """The words as written and folded, side by side; `l'aide` becomes two words."""
    written: list[str] = []
    folded: list[str] = []
    for word in words:
        plain = fold(word)
        elided = _ELIDED.fullmatch(plain) if "'" in plain else None
        if elided is None:
            written.append(word)
            folded.append(plain)
            continue
        cut = len(elided[1])
        written += [word[:cut], word[cut:] or word]
        folded += [elided[1], elided[2]]
    return tuple(written), tuple(folded)


# -- templates --------------------------------------------------------------------------------

_SHORT = 12
"""Words of so many letters are hardly ever there by chance."""
_GROUP = re.compile(r"\(([^()]*)\)")


def expand(templates: Iterable[str]) -> list[str]:
    """Every reading of templates without regard to words, for scripts without spaces."""
    found = []
    for template in templates:
        parts = _GROUP.split(template)
        choices = [p.split("|") if i % 2 else [p] for i, p in enumerate(parts)]
        found += ["".join(pick) for pick in itertools.product(*choices)]
    return found


def compile_vocabulary(phrases: Phrases) -> Vocabulary:
    """The templates of one language, ready to match."""
    by_first: dict[str, list[tuple[tuple[Group, ...], int]]] = {}
    keys: set[str] = set()
    known: set[str] = set()
    for kind, templates in kinds_of(phrases):
        for text in templates:
            template = _parse(text)
            known |= {word for group in template for reading in group.readings for word in reading}
            for first in _first_words(template):
                by_first.setdefault(first, []).append((template, kind))
            if kind & CLOSING:
                keys |= _key_words(template)
    return Vocabulary(
        by_first={first: tuple(group) for first, group in by_first.items()},
        keys=_bare(keys),
        known=_bare(known),
        weak=folded(phrases.fill + phrases.affirm),
        asks=tuple(reading for ask in phrases.asks for reading in _readings(_parse(ask))),
        before_for=folded(phrases.before_for),
        titles=folded(phrases.titles),
        after_name=folded(phrases.after_name),
        cased=phrases.cased,
        lone_names=phrases.lone_names,
    )


def kinds_of(phrases: Phrases) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The templates of a language by kind."""
    return (
        (Kind.THANKS, phrases.thanks),
        (Kind.SOLVED, phrases.solved),
        (Kind.GREET, phrases.greet),
        (Kind.SIGN, phrases.sign),
        (Kind.FILL, phrases.fill),
        (Kind.AFFIRM, phrases.affirm),
    )


def _parse(text: str) -> tuple[Group, ...]:
    groups = []
    for index, part in enumerate(_GROUP.split(text)):
        if index % 2:
            readings = [fold_words(reading.split())[1] for reading in part.split("|")]
        elif part.strip():
            readings = [fold_words(part.split())[1]]
        else:
            continue
        lengths = tuple(sorted({len(reading) for reading in readings}))
        groups.append(Group(frozenset(readings), lengths))
    return tuple(groups)


def _ends(template: Sequence[Group], words: Words, at: int) -> set[int]:
    places = {at}
    for group in template:
        places = {
            place + length
            for place in places
            for length in group.lengths
            if words[place : place + length] in group.readings
        }
        if not places:
            break
    places.discard(at)
    return places


def _first_words(template: Sequence[Group]) -> set[str]:
    firsts: set[str] = set()
    for group in template:
        firsts |= {reading[0] for reading in group.readings if reading}
        if not group.optional:
            break
    return firsts


def _key_words(template: Sequence[Group]) -> set[str]:
    """Words of which each reading has at least one: the longest, for short ones are everywhere."""
    chosen = [
        {max(reading, key=len) for reading in group.readings}
        for group in template
        if not group.optional
    ]
    return min(chosen, key=lambda words: sum(_SHORT // len(word) for word in words) / len(words))


def _readings(template: Sequence[Group]) -> Iterator[Words]:
    for pick in itertools.product(*(group.readings for group in template)):
        yield tuple(itertools.chain.from_iterable(pick))


def folded(words: Iterable[str]) -> frozenset[str]:
    """The words folded, as a set."""
    return frozenset(fold(word) for word in words)


def _bare(words: Iterable[str]) -> frozenset[str]:
    """The words parted at apostrophes, as the first look at a text sees them."""
    return frozenset(part for word in words for part in re.split("['-]", word) if part)
