"""Tokens of a batch of texts and what is hashed of them: see `features.py`."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core import seeds
from services.sentiment.core.glyphs import BLANK, HAN, MARK, SIGN, SIZE, SPACE, load_glyphs
from services.sentiment.core.negators import NEGATORS, REACH, TURNS

STEM = 4
"""Characters of a token's stem."""

Hashes = NDArray[np.uint32]
Places = NDArray[np.intp]

STEP, _PAIR, _EDGE = np.uint32(seeds.STEP), np.uint32(seeds.PAIR), np.uint32(seeds.EDGE)
_WORD_SEED, _WORDS_SEED = np.uint32(seeds.WORD), np.uint32(seeds.WORDS)
_NOT_SEED, _NOTS_SEED = np.uint32(seeds.NOT), np.uint32(seeds.NOTS)
_BUT_SEED = np.uint32(seeds.BUT)
_STEMS_SEED, _SKIP_SEED = np.uint32(seeds.STEMS), np.uint32(seeds.SKIP)
_SLOT_SEED = np.uint32(0x6C8E9CF5)
_SLOT_SHIFT = np.uint32(16)
ENDS = ".,:;!?،؟؛۔।॥"
"""What ends a clause, as it is read: marks of China and of wide print have these forms."""
DIGIT = ord("0")
"""Every digit is read as this one."""
NEGATOR, TURN = 1, 2
"""What a word does to those behind it; 0 for all other words."""


def hash_tokens(
    letters: NDArray[np.uint32], classes: NDArray[np.uint8], seps: Places
) -> tuple[Hashes, Places, Places]:
    """Tokens of all texts, each text led by the edge token, with all that is hashed of them."""
    is_edge = np.zeros(len(letters), np.bool_)
    is_edge[seps] = True
    begins = (classes == HAN) | (classes == SIGN) | is_edge
    begins[1:] |= (classes[1:] != classes[:-1]) | is_edge[:-1]
    places = np.flatnonzero(begins)
    names, stems = _name_runs(letters, places)
    kept = (classes[places] != BLANK) | is_edge[places]
    places, names, stems = places[kept], names[kept], stems[kept]
    edges = is_edge[places]
    names[edges] = stems[edges] = _EDGE
    breaks = (classes[places] == MARK) | edges
    return (
        np.stack([*_combine(names, breaks, edges), *_pair_stems(stems, edges)]),
        places,
        np.flatnonzero(edges)[:-1],
    )


def find_clauses(letters: NDArray[np.uint32], places: Places, edges: Places) -> Places:
    """Which tokens begin a clause: those with which texts begin, and those behind a mark that ends one.

    The mark stands first or last in a run of marks (`?"`, `).`). None ends within a number (`12.50`, `10:30`).
    `places` are the positions of the tokens, the last one that of the closing edge; `edges` the tokens
    with which texts begin.
    """
    behind = letters[places[1:] - 1]
    touches = behind != SPACE
    last = np.where(touches, behind, letters[np.maximum(places[1:] - 2, 0)])
    ends = _load_ends()
    ended = ends[letters[places[:-1]]] | ends[last]
    begins = np.zeros(len(places), np.bool_)
    begins[1:-1] = (ended & ~(touches & (letters[places[1:]] == DIGIT)))[:-1]
    # What stands before a text is another one's.
    begins[edges + 1] = False
    begins[edges] = True
    return np.flatnonzero(begins)


@cache
def _load_ends() -> NDArray[np.bool_]:
    """By form: does it end a clause?"""
    ends = np.zeros(SIZE, np.bool_)
    ends[[ord(sign) for sign in ENDS]] = True
    return ends


def _name_runs(letters: NDArray[np.uint32], places: Places) -> tuple[Hashes, Hashes]:
    """Hashes of each run of characters from one place to the next, and of its first four."""
    powers, inverses = _load_powers(1 << max(16, len(letters).bit_length()))
    sums = np.zeros(len(letters) + 1, np.uint32)
    np.cumsum(letters * powers[: len(letters)], out=sums[1:])
    ends = np.append(places[1:], len(letters))
    before, backs = sums[places], inverses[places]
    stem_ends = np.minimum(places + STEM, ends)
    return (sums[ends] - before) * backs, (sums[stem_ends] - before) * backs


@cache
def _load_powers(size: int) -> tuple[Hashes, Hashes]:
    """Powers of the step, and of its inverse modulo 2 to the 32nd."""
    step, modulus = int(STEP), 1 << 32
    steps = np.full(size, step, np.uint32)
    backs = np.full(size, pow(step, -1, modulus), np.uint32)
    steps[0] = backs[0] = 1
    return np.cumprod(steps, dtype=np.uint32), np.cumprod(backs, dtype=np.uint32)


def _combine(
    names: Hashes, breaks: NDArray[np.bool_], edges: NDArray[np.bool_]
) -> tuple[Hashes, ...]:
    """Tokens, pairs, negated tokens, negated pairs, tokens behind a turn."""
    kinds = find_kinds(names)
    order = np.arange(len(names), dtype=np.int32)
    last_break = np.maximum.accumulate(np.where(breaks, order, 0))
    last_not = np.maximum.accumulate(np.where(kinds == NEGATOR, order, -REACH))
    negated = (last_not >= last_break) & (order - last_not <= REACH) & (order > last_not)
    last_edge = np.maximum.accumulate(np.where(edges, order, 0))
    last_turn = np.maximum.accumulate(np.where(kinds == TURN, order, 0))
    turned = (last_turn > last_edge) & (order > last_turn)
    pairs = np.zeros_like(names)
    pairs[:-1] = names[:-1] * _PAIR + names[1:]
    pairs_negated = np.zeros_like(negated)
    pairs_negated[:-1] = negated[:-1] & negated[1:]
    words = names * _WORD_SEED
    words[-1] = 0
    pairs[-1] = 0
    return (
        words,
        pairs * _WORDS_SEED,
        names * _NOT_SEED * negated,
        pairs * _NOTS_SEED * pairs_negated,
        names * _BUT_SEED * turned,
    )


def _pair_stems(stems: Hashes, edges: NDArray[np.bool_]) -> tuple[Hashes, Hashes]:
    """Neighbouring stems, and stems with one token between that is no edge."""
    pairs, skips = np.zeros_like(stems), np.zeros_like(stems)
    pairs[:-1] = (stems[:-1] * _PAIR + stems[1:]) * _STEMS_SEED
    skips[:-2] = (stems[:-2] * _PAIR + stems[2:]) * _SKIP_SEED * ~edges[1:-1]
    return pairs, skips


def find_kinds(names: Hashes) -> NDArray[np.uint8]:
    """Which tokens negate and which turn."""
    slots, kinds = _load_slots()
    places = (names * _SLOT_SEED) >> _SLOT_SHIFT
    return np.where(slots[places] == names, kinds[places], np.uint8(0))


@cache
def _load_slots() -> tuple[Hashes, NDArray[np.uint8]]:
    """The kinds by the slot of a token's hash, and that hash, to be sure."""
    slots, kinds = np.zeros(1 << 16, np.uint32), np.zeros(1 << 16, np.uint8)
    for name, kind in load_kinds().items():
        place = (name * int(_SLOT_SEED) & 0xFFFFFFFF) >> int(_SLOT_SHIFT)
        if slots[place]:
            raise ValueError(f"two words share slot {place}: change _SLOT_SEED")
        slots[place], kinds[place] = name, kind
    return slots, kinds


@cache
def load_kinds() -> dict[int, int]:
    """The kinds of the words of `negators.py` by the hashes of their tokens; one that is both negates."""
    return {
        int(name_token(word)): kind
        for kind, words in ((TURN, TURNS), (NEGATOR, NEGATORS))
        for word in words
    }


def name_token(word: str) -> np.uint32:
    """The hash of one token as it stands in a text, in small letters."""
    letters = np.frombuffer(word.encode("utf-32-le"), np.uint32)
    forms = load_glyphs().forms[letters]
    name: np.uint32 = _name_runs(forms, np.zeros(1, np.intp))[0][0]
    return name
