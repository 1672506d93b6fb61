"""The features of a few texts, word by word: the same hashes as in `features.py`, another way to them.

numpy needs a hundred calls for a batch, however small, and for one text they are nearly all of the
time. But what is hashed of a word and of the blanks around it depends on nothing else, and customers
use few words: each is hashed once, in Python, and remembered. Left are the pairs of tokens and the
shape of the text. Words that are written without blanks between them are not worth remembering:
these texts, and what is rare, are left to `features.py`.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import accumulate, chain, pairwise
from typing import NamedTuple

import numpy as np

from services.sentiment.core import seeds
from services.sentiment.core.features import (
    MOST_CHARACTERS,
    MOST_SEEN,
    Clauses,
    Features,
    extract_features,
)
from services.sentiment.core.glyphs import BLANK, HAN_BLOCKS, MARK, SIGN, SIZE, UNSEEN, load_glyphs
from services.sentiment.core.identify import ORDERS_SEEN
from services.sentiment.core.negators import REACH
from services.sentiment.core.tokens import (
    DIGIT,
    ENDS,
    NEGATOR,
    STEM,
    TURN,
    Hashes,
    Places,
    find_kinds,
)

FEW = 3
"""Texts up to which this is the faster way."""
LONGEST = 40
"""Characters of a word that is worth remembering."""
REMEMBERED = 4_096
"""Words; some 4 MB."""
_BITS = 0xFFFFFFFF
_HASH = np.dtype(np.uint32)
_LONG_RUN = re.compile(r"(.)\1\1+", re.DOTALL)
_BLANKS = re.compile("  +")
_HAN = re.compile("[" + "".join(f"{chr(one[0])}-{chr(one[-1])}" for one in HAN_BLOCKS) + "]")


class _Token(NamedTuple):
    """What a token brings along wherever it stands."""

    place: int
    """Characters of its word before it."""
    telling: bytes
    """Of one to four characters that begin in it."""
    others: bytes
    """Of five, and of the token itself."""
    name: int
    stem: int
    kind: int
    is_mark: bool
    opens_with_end: bool
    """Its first character ends a clause."""
    closes_with_end: bool
    """Its last one does."""
    opens_with_digit: bool


class _Word(NamedTuple):
    """What stands between two blanks; without tokens it is not for remembering."""

    telling: bytes = b""
    """Of up to four characters that begin at the blank before."""
    others: bytes = b""
    """Of the five that begin there."""
    tokens: tuple[_Token, ...] = ()


class _Clause(NamedTuple):
    telling: bytes
    others: bytes
    size: int


def read_features(texts: Sequence[str]) -> Features:
    """The features of any number of texts, in the way that is the faster one."""
    found = _read_words(texts) if len(texts) <= FEW else None
    return extract_features(texts) if found is None else found


def _read_words(texts: Sequence[str]) -> Features | None:
    """The features of a few texts, or nothing if one of them is not for remembering.

    What `Features` has by orders or by kinds stands in one row here: it is added up anyway.
    """
    clauses: list[_Clause] = []
    firsts: list[int] = []
    shapes: list[list[int]] = []
    sizes: list[int] = []
    for text in texts:
        letters, shape = _normalise(text[:MOST_CHARACTERS])
        found = _read_clauses(letters)
        if not found:
            return None
        firsts.append(len(clauses))
        clauses += found
        shapes.append(shape)
        sizes.append(len(letters) + 1)
    grams, gram_starts = _lay([clause.telling for clause in clauses])
    tokens, token_starts = _lay([clause.others for clause in clauses])
    return Features(
        grams=grams,
        gram_starts=gram_starts[firsts],
        tokens=tokens,
        token_starts=token_starts[firsts],
        clauses=Clauses(
            gram_starts=gram_starts,
            token_starts=token_starts,
            firsts=np.array(firsts),
            sizes=np.array([clause.size for clause in clauses]),
        ),
        shapes=np.array(shapes, _HASH).T,
        sizes=np.array(sizes),
    )


def _lay(of_clauses: Sequence[bytes]) -> tuple[Hashes, Places]:
    """The hashes of all clauses in one row, and where those of each begin."""
    starts = [0, *accumulate(len(one) // _HASH.itemsize for one in of_clauses)]
    return np.frombuffer(b"".join(of_clauses), _HASH)[None], np.array(starts[:-1])


def _normalise(text: str) -> tuple[str, list[int]]:
    """The forms of a text without what is not seen and without long repetitions; its shapes."""
    raw = text.translate(_FORMS)
    kept = _BLANKS.sub(" ", _LONG_RUN.sub(r"\1\1", raw)).lstrip(" ").replace(chr(UNSEEN), "")
    size = len(text) + 1
    capitals = sum(map(_load_capitals().__contains__, text))
    steps = (
        _load_lengths()[size],
        min(capitals, 2) + 2 * (capitals * 8 > size) + 2 * (capitals * 2 > size),
        min(raw.count("!"), MOST_SEEN),
        min(raw.count("?"), MOST_SEEN),
        min(raw.count("0"), MOST_SEEN),
        min(len(raw) - len(kept), MOST_SEEN),
    )
    return kept, [
        (step + row * seeds.SHAPE_ROW) * seeds.SHAPE & _BITS | 1
        for row, step in enumerate(steps, start=1)
    ]


class _Forms(dict[int, str]):
    """Code point -> form, looked up once for each."""

    def __missing__(self, point: int) -> str:
        form = chr(load_glyphs().forms[min(point, SIZE - 1)])
        if point < SIZE:
            self[point] = form
        return form


_FORMS = _Forms()


@cache
def _load_capitals() -> frozenset[str]:
    return frozenset(map(chr, np.flatnonzero(load_glyphs().capitals).tolist()))


@cache
def _load_lengths() -> list[int]:
    """By characters and one: the step of the length."""
    sizes = np.arange(1, MOST_CHARACTERS + 2)
    return [0, *(np.log2(sizes) * 2).astype(np.uint32).tolist()]


def _read_clauses(letters: str) -> list[_Clause]:
    """The clauses of a text; none where it is empty or a word of it is not for remembering."""
    # Each of their sentences would stand in the place of a word that comes again.
    if _HAN.search(letters):
        return []
    tokens = [_EDGE]
    telling, others = [tokens[0].telling], [tokens[0].others]
    begins, places = [0], [0]
    place, last_end = 1, 0
    for chunk in letters.split(" "):
        if chunk:
            word = _read_word(chunk) if len(chunk) <= LONGEST else _Word()
            if not word.tokens:
                return []
            # The blank before belongs to what is before.
            telling[-1] += word.telling
            others[-1] += word.others
            before, near = tokens[-1], place - last_end == 1
            for token in word.tokens:
                ended = before.opens_with_end or (near and before.closes_with_end)
                if ended and not (token.place and token.opens_with_digit):
                    begins.append(len(tokens))
                    places.append(place + token.place)
                tokens.append(token)
                telling.append(token.telling)
                others.append(token.others)
                before, near = token, True
            place = last_end = place + len(chunk)
        place += 1
    if len(tokens) == 1:
        return []
    pairs = _pair(tokens)
    ends, stops = [*begins[1:], len(tokens)], [*places[1:], len(letters) + 1]
    return [
        _Clause(
            telling=b"".join(telling[begin:end]),
            others=b"".join([*others[begin:end], _write(chain(*pairs[begin:end]))]),
            size=stop - start,
        )
        for begin, end, start, stop in zip(begins, ends, places, stops, strict=True)
    ]


def _pair(tokens: Sequence[_Token]) -> list[list[int]]:
    """What is hashed of each token with those around it; the edge of the text follows the last one."""
    edge = seeds.EDGE
    names = [*[token.name for token in tokens], edge]
    stems = [*[token.stem for token in tokens], edge, edge]
    pairs = [(left * seeds.PAIR + right) & _BITS for left, right in pairwise(names)]
    hashed = [
        [
            pair * seeds.WORDS & _BITS,
            (stem * seeds.PAIR + following) * seeds.STEMS & _BITS,
            (stem * seeds.PAIR + next_but_one) * seeds.SKIP & _BITS,
        ]
        for pair, stem, following, next_but_one in zip(
            pairs, stems, stems[1:], stems[2:], strict=False
        )
    ]
    hashed[-1].pop()
    if any(token.kind for token in tokens):
        negated, turned = _find_turned(tokens)
        for order, own in enumerate(hashed):
            if negated[order]:
                own.append(names[order] * seeds.NOT & _BITS)
                if negated[order + 1]:
                    own.append(pairs[order] * seeds.NOTS & _BITS)
            if turned[order]:
                own.append(names[order] * seeds.BUT & _BITS)
    return hashed


def _find_turned(tokens: Sequence[_Token]) -> tuple[list[bool], list[bool]]:
    """Which tokens stand behind a negator, and which behind a turn; the edge behind them does not."""
    negated, turned = [], []
    last_break, last_not, last_turn = 0, -1, len(tokens)
    for order, token in enumerate(tokens):
        if token.is_mark:
            last_break = order
        negated.append(last_not >= last_break and order - last_not <= REACH)
        turned.append(order > last_turn)
        if token.kind == NEGATOR:
            negated[-1], last_not = False, order
        elif token.kind == TURN:
            turned[-1], last_turn = False, order
    return [*negated, False], turned


@lru_cache(REMEMBERED)
def _read_word(word: str) -> _Word:
    """What is hashed of a word between blanks."""
    classes = load_glyphs().classes[[ord(letter) for letter in word]].tolist()
    if BLANK in classes:
        return _Word()
    begins = [
        place
        for place, kind in enumerate(classes)
        if not place or kind == SIGN or kind != classes[place - 1]
    ]
    ends = [*begins[1:], len(word)]
    # From the blank before the word on.
    grams = [_hash_grams(f" {word} "[place:]) for place in range(len(word) + 1)]
    return _Word(
        *_join(grams[:1]),
        tuple(
            _make_token(word[begin:end], begin, classes[begin], _join(grams[begin + 1 : end + 1]))
            for begin, end in zip(begins, ends, strict=True)
        ),
    )


def _hash_grams(letters: str) -> list[int]:
    """One to five characters from the first one on, 0 for a blank alone."""
    grams: list[int] = []
    rolling = 0
    for letter, seed in zip(letters, seeds.ORDERS, strict=False):
        rolling = (rolling * seeds.STEP + ord(letter)) & _BITS
        grams.append(rolling * seed & _BITS)
    if letters[0] == " ":
        grams[0] = 0
    return grams


def _join(grams: Sequence[Sequence[int]]) -> tuple[bytes, bytes]:
    """Those that tell a language, too, and the others, from several places on."""
    telling = chain.from_iterable(of_place[:ORDERS_SEEN] for of_place in grams)
    others = chain.from_iterable(of_place[ORDERS_SEEN:] for of_place in grams)
    return _write(filter(None, telling)), _write(filter(None, others))


def _make_token(text: str, place: int, kind: int, grams: tuple[bytes, bytes]) -> _Token:
    name = _name(text)
    telling, others = grams
    return _Token(
        place=place,
        telling=telling,
        others=others + _write([name * seeds.WORD & _BITS]),
        name=name,
        stem=_name(text[:STEM]),
        kind=int(find_kinds(np.array([name], _HASH))[0]),
        is_mark=kind == MARK,
        opens_with_end=text[0] in ENDS,
        closes_with_end=text[-1] in ENDS,
        opens_with_digit=text[0] == chr(DIGIT),
    )


def _name(token: str) -> int:
    """The hash of a run of characters."""
    name, power = 0, 1
    for letter in token:
        name += ord(letter) * power
        power = power * seeds.STEP & _BITS
    return name & _BITS


def _write(hashes: Iterable[int]) -> bytes:
    return array("I", hashes).tobytes()


_EDGE = _Token(
    place=0,
    telling=b"",
    others=_write([seeds.EDGE * seeds.WORD & _BITS]),
    name=seeds.EDGE,
    stem=seeds.EDGE,
    kind=0,
    is_mark=False,
    opens_with_end=False,
    closes_with_end=False,
    opens_with_digit=False,
)
"""With which every text begins."""
