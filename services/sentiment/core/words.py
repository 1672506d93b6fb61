"""What the tables of a model say of a word, wherever it stands; `few.py` reads texts by it.

What is hashed of a word and of the blank before it depends on nothing else, and customers use few
words: what the tables say of each is added up once and remembered. With its neighbours a word is
hashed anew in every text, from numbers that stand in its columns: those of two need only be added.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np

from services.sentiment.core import seeds
from services.sentiment.core.glyphs import BLANK, MARK, SIGN, load_glyphs
from services.sentiment.core.sums import ORDERS_SEEN, Tables, look_up
from services.sentiment.core.tokens import DIGIT, ENDS, STEM, load_kinds

LONGEST = 40
"""Characters of a word that is worth remembering."""
REMEMBERED = 8_192
"""Words; some 5 MB."""
BREAK, EDGE = 3, 4
"""Kinds of tokens beside those of `negators.py`: marks, and the edges of texts."""
PAIR, STEMS, SKIP, RIGHT_PAIR, RIGHT_STEMS, RIGHT_SKIP, NOT, NOTS, RIGHT_NOTS, BUT = range(10)
"""Columns of a token: what it is hashed to beside others. The hash of a pair, (left * PAIR + right) * its
seed, is the column of the left token and that of the right one, added up."""
COLUMNS = 10
_BITS = 0xFFFFFFFF


class Word(msgspec.Struct, frozen=True, gc=False):
    """What stands between two blanks. Thousands are remembered, and none can be part of a cycle."""

    rows: bytes
    """Packed sums, tables side by side: of the blank before the word, then of each token."""
    columns: bytes
    """Tokens by columns."""
    kinds: bytes
    """By tokens."""
    begins: tuple[tuple[int, int], ...] = ()
    """The tokens that begin a clause, whatever stands before the word, and the characters before them."""
    opens_with_end: bool = False
    """Does the first character of its last token end a clause?"""
    closes_with_end: bool = False
    """Does its last one?"""


class Hashed(NamedTuple):
    """Hashes that are summed up together."""

    telling: Sequence[int]
    """Those that tell a language, too."""
    others: Sequence[int]


class Vocabulary:
    """The words that were read last, as the tables of one model see them."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.find_word = lru_cache(REMEMBERED)(self._read_word)
        """The word with these forms; none where it is not for remembering."""
        self.edge = Word(
            rows=self.weigh([Hashed((), [seeds.EDGE * seeds.WORD & _BITS])]),
            columns=_list_columns(seeds.EDGE, seeds.EDGE),
            kinds=bytes([EDGE]),
        )
        """With which a text begins, and behind which it ends."""

    def weigh(self, groups: Sequence[Hashed]) -> bytes:
        """Packed sums of each group, tables side by side."""
        every: list[int] = []
        telling: list[int] = []
        starts: list[int] = []
        for group in groups:
            starts.append(len(every))
            # No group is empty, and the others tell no language: 0 stands for nothing.
            every += (0, *group.telling, *group.others)
            telling += (0, *group.telling, *[0] * len(group.others))
        mood, heads, languages = self._tables
        hashes, tells = np.array([every, telling], np.uint32)
        found = [look_up(mood, hashes), look_up(heads, hashes), look_up(languages, tells)]
        return np.add.reduceat(np.concatenate(found), starts, axis=1).T.tobytes()

    def _read_word(self, letters: str) -> Word | None:
        points = [ord(letter) for letter in letters]
        known = _load_classes()
        classes = [known[point] for point in points]
        if BLANK in classes:
            return None
        begins = [
            place
            for place, kind in enumerate(classes)
            if not place or kind == SIGN or kind != classes[place - 1]
        ]
        places = [*begins, len(points)]
        tokens = [points[begin:end] for begin, end in pairwise(places)]
        names = [_name(token) for token in tokens]
        stems = [
            name if len(token) <= STEM else _name(token[:STEM])
            for name, token in zip(names, tokens, strict=True)
        ]
        # From the blank before the word on, as far as to the one behind it.
        blank = ord(" ")
        padded = [blank, *points, blank]
        groups = [_hash_grams(padded, 0, 1)]
        for name, (begin, end) in zip(names, pairwise(places), strict=True):
            telling, others = _hash_grams(padded, begin + 1, end + 1)
            groups.append(Hashed(telling, [*others, name * seeds.WORD & _BITS]))
        kinds = load_kinds()
        return Word(
            rows=self.weigh(groups),
            columns=b"".join(map(_list_columns, names, stems)),
            kinds=bytes(
                BREAK if classes[begin] == MARK else kinds.get(name, 0)
                for name, begin in zip(names, begins, strict=True)
            ),
            begins=tuple(
                (order, begins[order])
                for order, (before, token) in enumerate(pairwise(tokens), start=1)
                if (before[0] in _ENDS or before[-1] in _ENDS) and token[0] != DIGIT
            ),
            opens_with_end=tokens[-1][0] in _ENDS,
            closes_with_end=tokens[-1][-1] in _ENDS,
        )


_ENDS = frozenset(map(ord, ENDS))


@cache
def _load_classes() -> bytes:
    """Classes by form."""
    return load_glyphs().classes.tobytes()


def _hash_grams(points: Sequence[int], begin: int, end: int) -> Hashed:
    """What begins at these places: one to five characters, never a blank alone."""
    telling: list[int] = []
    others: list[int] = []
    for place in range(begin, end):
        rolling = 0
        grams = []
        for seed, point in zip(
            seeds.ORDERS, points[place : place + len(seeds.ORDERS)], strict=False
        ):
            rolling = (rolling * seeds.STEP + point) & _BITS
            grams.append(rolling * seed & _BITS)
        # Only the first place is one of a blank.
        telling += grams[not place : ORDERS_SEEN]
        others += grams[ORDERS_SEEN:]
    return Hashed(telling, others)


def _name(points: Sequence[int]) -> int:
    """The hash of a run of characters."""
    name, power = 0, 1
    for point in points:
        name += point * power
        power = power * seeds.STEP & _BITS
    return name & _BITS


def _list_columns(name: int, stem: int) -> bytes:
    """What a token is hashed to beside others."""
    left, left_stem = name * seeds.PAIR, stem * seeds.PAIR
    columns = {
        PAIR: left * seeds.WORDS,
        STEMS: left_stem * seeds.STEMS,
        SKIP: left_stem * seeds.SKIP,
        RIGHT_PAIR: name * seeds.WORDS,
        RIGHT_STEMS: stem * seeds.STEMS,
        RIGHT_SKIP: stem * seeds.SKIP,
        NOT: name * seeds.NOT,
        NOTS: left * seeds.NOTS,
        RIGHT_NOTS: name * seeds.NOTS,
        BUT: name * seeds.BUT,
    }
    return array("I", [columns[one] & _BITS for one in range(COLUMNS)]).tobytes()
