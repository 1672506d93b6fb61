"""Integer sums of hashed weights over each text of a batch.

Several small weights of one bucket stand side by side in one 64-bit number, so that one look-up and
one addition serve them all. Sums are exact: no order of addition, no machine changes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.features import Features
from services.sentiment.core.tokens import Hashes, Places

Packed = NDArray[np.int64]
_HASH_BITS = 32
ORDERS_SEEN = 4
"""Characters in a row that tell a language: 1 to 4."""


class Tables(NamedTuple):
    """The packed weights of a model, tables by buckets each."""

    mood: Packed
    heads: Packed
    languages: Packed


class Summed(NamedTuple):
    """What the tables say of n texts and their clauses."""

    sums: Packed
    """Of mood and heads: tables by texts, then by clauses, these without the shape of their text."""
    sizes: Places
    """Characters read of each text, then of each clause, at least 1."""
    firsts: Places
    """The number of each text's first clause; n of them."""
    languages: Packed
    """Of the languages: tables by the texts that were asked about."""


def pack(weights: NDArray[np.int8], width: int, lanes: int) -> Packed:
    """Weights (buckets by classes) as tables by buckets: `lanes` classes a number of `width` bits each.

    Bucket 0 is empty. A lane's sum must stay below 2 to the (width - 1): at most 3 lanes of 21 bits,
    or 2 of 32.
    """
    count = weights.shape[1]
    packed = np.zeros((-(-count // lanes), len(weights)), np.int64)
    for one in range(count):
        table, lane = divmod(one, lanes)
        packed[table] += weights[:, one].astype(np.int64) << np.int64(lane * width)
    packed[:, 0] = 0
    return packed


def unpack(sums: Packed, width: int, lanes: int) -> NDArray[np.int64]:
    """The lanes of packed sums, tables by places: the lanes of each table in turn, by places."""
    half, raise_by, shifts = _list_lanes(width, lanes)
    # Half of a lane's range more in each, and none is below zero: then the lanes are bits.
    found = (sums + raise_by)[:, None] >> shifts
    found &= 2 * half - 1
    found -= half
    return found.reshape(-1, sums.shape[1])


@cache
def _list_lanes(width: int, lanes: int) -> tuple[int, int, NDArray[np.int64]]:
    """Half of a lane's range, the same in all lanes, and where the lanes begin."""
    half = 1 << (width - 1)
    starts = [lane * width for lane in range(lanes)]
    return half, sum(half << start for start in starts), np.array(starts)[:, None]


def look_up(tables: Packed, hashes: Hashes) -> Packed:
    """What stands in the buckets of hashes, tables by hashes: the upper bits are the bucket."""
    # A power of two of buckets, so that none is out of bounds; numpy need not look, a tenth faster.
    shift = _HASH_BITS + 1 - tables.shape[1].bit_length()
    return tables.take((hashes >> np.uint32(shift)).astype(np.intp), axis=1, mode="wrap")


def sum_features(tables: Tables, features: Features, asked: Sequence[int]) -> Summed:
    """What the tables say of a batch; `asked` are the texts whose language is asked about."""
    clauses = features.clauses
    return Summed(
        sums=np.concatenate([sum_all(one, features) for one in (tables.mood, tables.heads)]),
        sizes=np.concatenate([features.sizes, clauses.sizes]),
        firsts=clauses.firsts,
        languages=_sum_languages(tables.languages, features, asked),
    )


def sum_all(tables: Packed, features: Features) -> Packed:
    """Over everything that is hashed, tables by texts, then by clauses: these are without the text's shape."""
    clauses = features.clauses
    found = np.add.reduceat(_sum_columns(tables, features.grams), clauses.gram_starts, axis=1)
    found += np.add.reduceat(_sum_columns(tables, features.tokens), clauses.token_starts, axis=1)
    texts = _sum_columns(tables, features.shapes)
    texts += np.add.reduceat(found, clauses.firsts, axis=1)
    return np.concatenate([texts, found], axis=1)


def _sum_languages(tables: Packed, features: Features, asked: Sequence[int]) -> Packed:
    if not asked:
        return np.zeros((len(tables), 0), np.int64)
    grams, starts = features.grams[:ORDERS_SEEN], features.gram_starts
    if len(asked) < len(starts):
        meant = np.zeros(len(starts), np.bool_)
        meant[asked] = True
        sizes = np.diff(starts, append=grams.shape[1])
        grams = grams[:, np.repeat(meant, sizes)]
        starts = np.cumsum(sizes[meant]) - sizes[meant]
    return np.asarray(np.add.reduceat(_sum_columns(tables, grams), starts, axis=1))


def _sum_columns(tables: Packed, hashes: Hashes) -> Packed:
    """The sums of each column of hashes, tables by columns."""
    return np.asarray(look_up(tables, hashes).sum(axis=1))
