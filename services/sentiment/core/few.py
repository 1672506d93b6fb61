"""Few texts, word by word: the same sums as of a batch, another way to them.

numpy needs a hundred calls for a batch, however small, and for one text they are nearly all of the
time. Here each word is remembered with its sums (`words.py`); left are the pairs of tokens, those
behind a negator or a turn, and the shape of the text. Words that are written without blanks between
them are not worth remembering: these texts, and what is rare, are left to `features.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core import seeds
from services.sentiment.core.features import MOST_CHARACTERS, MOST_SEEN
from services.sentiment.core.glyphs import HAN_BLOCKS, SIZE, UNSEEN, load_glyphs
from services.sentiment.core.negators import REACH
from services.sentiment.core.sums import Packed, Summed, Tables, look_up
from services.sentiment.core.tokens import NEGATOR, TURN, Hashes
from services.sentiment.core.words import (
    BREAK,
    BUT,
    COLUMNS,
    EDGE,
    LONGEST,
    NOT,
    NOTS,
    PAIR,
    RIGHT_NOTS,
    RIGHT_PAIR,
    RIGHT_SKIP,
    SKIP,
    Hashed,
    Vocabulary,
    Word,
)

FEW = 3
"""Texts up to which this is the faster way."""
_LONG_RUN = re.compile(r"(.)\1\1+", re.DOTALL)
_BLANKS = re.compile("  +")
_HAN = re.compile("[" + "".join(f"{chr(one[0])}-{chr(one[-1])}" for one in HAN_BLOCKS) + "]")


class Reader:
    """Reads few texts at a time; what it remembers changes no answer, so it is safe to share."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._summed = len(tables.mood) + len(tables.heads)
        self._words = Vocabulary(tables)
        self._shapes = [
            [self._words.weigh([Hashed((), [_hash_shape(row, step)])]) for step in range(steps)]
            for row, steps in enumerate(_count_steps(), start=1)
        ]

    @property
    def remembered(self) -> int:
        """How many words are."""
        return self._words.find_word.cache_info().currsize

    def read(self, texts: Sequence[str], asked: Sequence[int]) -> Summed | None:
        """What the tables say of texts, or nothing if a word of them is not for remembering.

        `asked` are the texts whose language is asked about.
        """
        pages = _Pages(self._words)
        shapes: list[bytes] = []
        for text in texts:
            letters, steps = _normalise(text[:MOST_CHARACTERS])
            if not pages.add(letters):
                return None
            shapes += [rows[step] for rows, step in zip(self._shapes, steps, strict=True)]
        alone, of_shapes = self._sum_alone(pages, shapes)
        count, summed = len(texts), self._summed
        firsts = np.array(pages.firsts)
        sums = np.empty((summed, count + len(pages.tokens)), np.int64)
        of_texts, of_clauses = sums[:, :count], sums[:, count:]
        np.add(alone[:summed], self._sum_pairs(pages), out=of_clauses)
        np.add.reduceat(of_clauses, firsts, axis=1, out=of_texts)
        of_texts += of_shapes[:summed]
        clause_sizes = [end - begin for begin, end in pairwise([*pages.places, pages.place])]
        languages = alone[summed:, :0]
        if asked:
            languages = np.add.reduceat(alone[summed:], firsts, axis=1)[:, asked]
        return Summed(
            sums=sums,
            sizes=np.array([*pages.sizes, *clause_sizes]),
            firsts=firsts,
            languages=languages,
        )

    def _sum_alone(self, pages: _Pages, shapes: Sequence[bytes]) -> tuple[Packed, Packed]:
        """What stands by itself, tables by clauses, and the shapes, tables by texts."""
        rows = [word.rows for word in pages.words]
        count = pages.row + len(shapes)
        table = np.frombuffer(b"".join([*rows, *shapes]), np.int64).reshape(count, -1)
        begins = [*pages.rows, *range(pages.row, count, len(self._shapes))]
        sums = np.add.reduceat(table, begins, axis=0).T
        return sums[:, : len(pages.rows)], sums[:, len(pages.rows) :]

    def _sum_pairs(self, pages: _Pages) -> Packed:
        """What depends on other words, tables by clauses."""
        hashes = _hash_pairs(pages)
        kinds, every = hashes.shape[1], hashes.ravel()
        found = [look_up(tables, every) for tables in (self._tables.mood, self._tables.heads)]
        begins = [token * kinds for token in pages.tokens]
        return np.asarray(np.add.reduceat(np.concatenate(found), begins, axis=1))


class _Pages:
    """The words of all texts, the edge before each, and where the clauses begin."""

    def __init__(self, words: Vocabulary) -> None:
        self._vocabulary = words
        self.words: list[Word] = []
        self.firsts: list[int] = []
        """By texts: its first clause."""
        self.sizes: list[int] = []
        """By texts."""
        self.tokens: list[int] = []
        """By clauses: its first token."""
        self.rows: list[int] = []
        """By clauses: its first row of sums."""
        self.places: list[int] = []
        """By clauses: its first character."""
        self.token = self.row = self.place = 0
        """How many there are."""

    def add(self, letters: str) -> bool:
        """Add the forms of a text; false where it is empty or a word of it is not for remembering."""
        # Each Chinese sentence would stand in the place of a word that comes again.
        if _HAN.search(letters):
            return False
        before = edge = self._vocabulary.edge
        self.firsts.append(len(self.tokens))
        self._begin(self.token, self.row, self.place)
        self.words.append(edge)
        token, row, place, end = self.token + 1, self.row + 1, self.place + 1, 0
        for chunk in letters.split(" "):
            if chunk:
                word = self._vocabulary.find_word(chunk) if len(chunk) <= LONGEST else None
                if word is None:
                    return False
                # The blank before belongs to what is before.
                row += 1
                if before.opens_with_end or (before.closes_with_end and place - end == 1):
                    self._begin(token, row, place)
                for order, inner in word.begins:
                    self._begin(token + order, row + order, place + inner)
                token += len(word.kinds)
                row += len(word.kinds)
                place = end = place + len(chunk)
                self.words.append(word)
                before = word
            place += 1
        self.sizes.append(len(letters) + 1)
        self.token, self.row, self.place = token, row, self.place + len(letters) + 1
        return before is not edge

    def _begin(self, token: int, row: int, place: int) -> None:
        self.tokens.append(token)
        self.rows.append(row)
        self.places.append(place)


def _hash_pairs(pages: _Pages) -> Hashes:
    """What is hashed of each token with those around it, tokens by kinds, 0 where there is nothing."""
    words = [*pages.words, pages.words[0]]
    columns = np.frombuffer(b"".join([word.columns for word in words]), np.uint32)
    columns = columns.reshape(-1, COLUMNS)
    kinds = b"".join([word.kinds for word in words])
    marked = NEGATOR in kinds or TURN in kinds
    hashes = np.zeros((pages.token, 6 if marked else 3), np.uint32)
    left, right = columns[:-1], columns[1:]
    np.add(left[:, PAIR:SKIP], right[:, RIGHT_PAIR:RIGHT_SKIP], out=hashes[:, :2])
    np.add(left[:-1, SKIP], right[1:, RIGHT_SKIP], out=hashes[:-1, 2])
    if len(pages.firsts) > 1:
        # Nothing is skipped to the next text.
        edges = np.array([pages.tokens[first] for first in pages.firsts[1:]])
        hashes[edges - 1, 2] = 0
    if marked:
        negated, turned = _find_turned(kinds)
        hashes[:, 3] = left[:, NOT] * negated[:-1]
        hashes[:, 4] = (left[:, NOTS] + right[:, RIGHT_NOTS]) * (negated[:-1] & negated[1:])
        hashes[:, 5] = left[:, BUT] * turned[:-1]
    return hashes


def _find_turned(kinds: bytes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tokens stand behind a negator, and which behind a turn."""
    negated, turned = [], []
    last_break = 0
    last_not = -REACH - 1
    behind = False
    for order, kind in enumerate(kinds):
        if kind >= BREAK:
            last_break = order
            behind = behind and kind != EDGE
        negated.append(kind != NEGATOR and last_not >= last_break and order - last_not <= REACH)
        turned.append(behind and kind != TURN)
        if kind == NEGATOR:
            last_not = order
        elif kind == TURN:
            behind = True
    return np.array(negated), np.array(turned)


def _normalise(text: str) -> tuple[str, tuple[int, ...]]:
    """The forms of a text without what is not seen and without long repetitions; steps of its shape."""
    raw = text.translate(_FORMS)
    kept = _BLANKS.sub(" ", _LONG_RUN.sub(r"\1\1", raw)).lstrip(" ").replace(chr(UNSEEN), "")
    size = len(text) + 1
    capitals = sum(map(_load_capitals().__contains__, text))
    return kept, (
        _load_lengths()[size],
        min(capitals, 2) + 2 * (capitals * 8 > size) + 2 * (capitals * 2 > size),
        min(raw.count("!"), MOST_SEEN),
        min(raw.count("?"), MOST_SEEN),
        min(raw.count("0"), MOST_SEEN),
        min(len(raw) - len(kept), MOST_SEEN),
    )


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


def _count_steps() -> tuple[int, ...]:
    """How many steps each kind of shape has."""
    capitals = 2 + 2 + 2
    return (_load_lengths()[-1] + 1, capitals + 1, *[MOST_SEEN + 1] * 4)


def _hash_shape(row: int, step: int) -> int:
    return (step + row * seeds.SHAPE_ROW) * seeds.SHAPE & 0xFFFFFFFF | 1
