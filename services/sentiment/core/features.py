"""Texts -> hashed features, for a whole batch at once, in numpy.

Version 1 of the hash. All texts of a batch become one array of forms (`glyphs.py`), a separator
before each; the features of all texts are computed over that array together, and each feature
stands at the position where it begins. A position without a feature has bucket 0, which no feature
has. What is hashed:

* characters, 1 to 5 in a row, within words and over their edges: never over a blank inside;
* tokens (words, Chinese characters, runs of marks, single emoji), one and two in a row, the two
  edges of the text included;
* stems (the first four characters of a token) in pairs: neighbours, and with one token between;
* tokens behind a negator, one and two in a row, marked (`negators.py`);
* tokens behind a `but`, marked;
* the shape of the whole text: length, capitals, question and exclamation marks, digits.

Golden vectors in `tests/core/test_sentiment_features.py` hold all of it in place: a change makes
every trained model worthless, so it needs a new version.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core import seeds
from services.sentiment.core.glyphs import BLANK, SEPARATOR, SIZE, SPACE, UNSEEN, load_glyphs
from services.sentiment.core.tokens import STEP, Hashes, Places, find_clauses, hash_tokens

HASH_VERSION = 1
MOST_CHARACTERS = 1_500
"""Characters of a text that are read; the mood of a longer one is in its beginning or nowhere."""
ORDERS = 5
SHAPES = 6
MOST_SEEN = 3
"""Counts above this are alike."""

_ORDER_SEEDS = tuple(map(np.uint32, seeds.ORDERS))
_FIRST_INNER = 2
"""From three characters on a gram has inner ones, which must not be blank."""
_SHAPE_SEED = np.uint32(seeds.SHAPE)


class Clauses(NamedTuple):
    """The clauses of n texts; each text has one at least."""

    gram_starts: Places
    """Where the positions of each clause begin."""
    token_starts: Places
    """Where the tokens of each clause begin; each has one at least, if only the edge of a text."""
    firsts: Places
    """The number of each text's first clause; n of them."""
    sizes: NDArray[np.intp]
    """Characters of each clause, at least 1."""


class Features(NamedTuple):
    """The features of n texts as 32-bit hashes, 0 where there is none; use their upper bits."""

    grams: Hashes
    """Characters: orders by positions."""
    gram_starts: Places
    """Where the positions of each text begin; n of them."""
    tokens: Hashes
    """Tokens, pairs, negated tokens, negated pairs, tokens behind a turn, pairs of stems, pairs of
    stems with one token between: kinds by tokens."""
    token_starts: Places
    """Where the tokens of each text begin; n of them."""
    clauses: Clauses
    shapes: Hashes
    """Shapes by texts."""
    sizes: NDArray[np.intp]
    """Characters read of each text, at least 1."""
    token_places: Places
    """The position at which each token begins."""
    letters: NDArray[np.uint32]
    """The form at each position; separators are blanks."""


def extract_features(texts: Sequence[str]) -> Features:
    """The features of a batch; any text will do, only its first 1,500 characters are read."""
    points, lengths = _join(texts)
    forms, seps, shapes = _normalise(points, lengths)
    classes = load_glyphs().classes[forms]
    letters = np.where(forms == SEPARATOR, np.uint32(SPACE), forms)
    tokens, token_places, token_starts = hash_tokens(letters, classes, seps)
    begun = find_clauses(letters, token_places, token_starts)
    return Features(
        grams=_hash_grams(letters, classes != BLANK),
        gram_starts=seps[:-1],
        tokens=tokens,
        token_starts=token_starts,
        clauses=Clauses(
            gram_starts=token_places[begun],
            token_starts=begun,
            firsts=np.searchsorted(begun, token_starts),
            sizes=np.diff(token_places[begun], append=seps[-1]),
        ),
        shapes=shapes,
        sizes=np.diff(seps),
        token_places=token_places,
        letters=letters,
    )


def _join(texts: Sequence[str]) -> tuple[NDArray[np.uint32], Places]:
    """All code points in one array, a separator before each text and at the end, and the lengths."""
    heads = [text[:MOST_CHARACTERS] for text in texts]
    joined = "\n".join(["", *heads, ""]).encode("utf-32-le", "surrogatepass")
    lengths = np.fromiter(map(len, heads), np.intp, len(heads))
    return np.frombuffer(joined, np.uint32), lengths


def _normalise(
    points: NDArray[np.uint32], lengths: Places
) -> tuple[NDArray[np.uint32], Places, NDArray[np.uint32]]:
    """Forms without what is not seen and without long repetitions; separators; shapes."""
    glyphs = load_glyphs()
    points = np.minimum(points, np.uint32(SIZE - 1))
    seps = np.zeros(len(lengths) + 1, np.intp)
    np.cumsum(lengths + 1, out=seps[1:])
    forms = glyphs.forms[points]
    forms[seps] = SEPARATOR
    same = forms[1:] == forms[:-1]
    drop = forms == UNSEEN
    drop[1:] |= same & (forms[1:] == SPACE)
    drop[2:] |= same[1:] & same[:-1]
    drop[1:] |= (forms[1:] == SPACE) & (forms[:-1] == SEPARATOR)
    drop[seps] = False
    shapes = _measure_shapes(points, forms, seps, drop)
    if drop.any():
        forms = forms[~drop]
        seps = np.flatnonzero(forms == SEPARATOR)
    return forms, seps, shapes


def _measure_shapes(
    points: NDArray[np.uint32], forms: NDArray[np.uint32], seps: Places, drop: NDArray[np.bool_]
) -> NDArray[np.uint32]:
    """Six small numbers about each text, hashed."""
    starts = seps[:-1]
    size = np.diff(seps)
    capitals = np.add.reduceat(load_glyphs().capitals[points], starts, dtype=np.intp)
    steps = np.empty((SHAPES, len(starts)), np.uint32)
    steps[0] = np.log2(size) * 2
    steps[1] = np.minimum(capitals, 2) + 2 * (capitals * 8 > size) + 2 * (capitals * 2 > size)
    for row, sign in ((2, "!"), (3, "?"), (4, "0")):
        steps[row] = np.minimum(
            np.add.reduceat(forms == ord(sign), starts, dtype=np.intp), MOST_SEEN
        )
    steps[5] = np.minimum(np.add.reduceat(drop, starts, dtype=np.intp), MOST_SEEN)
    names = np.arange(1, SHAPES + 1, dtype=np.uint32)[:, None] * np.uint32(seeds.SHAPE_ROW)
    return (steps + names) * _SHAPE_SEED | np.uint32(1)


def _hash_grams(letters: NDArray[np.uint32], solid: NDArray[np.bool_]) -> Hashes:
    """1 to 5 characters from each position on, none of the inner ones blank."""
    count = len(letters)
    grams = np.zeros((ORDERS, count), np.uint32)
    rolling = letters
    valid = solid
    for longer, seed in enumerate(_ORDER_SEEDS):
        width = max(count - longer, 0)
        if longer:
            rolling = rolling[:width] * STEP
            rolling += letters[longer:]
        if longer == 1:
            valid = solid[:-1] | solid[1:]
        elif longer == _FIRST_INNER:
            valid = solid[1 : width + 1]
        elif longer:
            valid = valid[:width] & solid[longer - 1 : longer - 1 + width]
        np.multiply(rolling * seed, valid, out=grams[longer, :width])
    return grams
