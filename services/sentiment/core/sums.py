"""Integer sums of hashed weights over each text of a batch.

Several small weights of one bucket stand side by side in one 64-bit number, so that one look-up and
one addition serve them all. Sums are exact: no order of addition, no machine changes them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.features import Features
from services.sentiment.core.tokens import Hashes, Places

Packed = NDArray[np.int64]
_HASH_BITS = 32


def pack(weights: NDArray[np.int8], width: int) -> Packed:
    """Weights (buckets by lanes) as one number per bucket, `width` bits a lane; bucket 0 is empty.

    A lane's sum must stay below 2 to the (width - 1): at most 3 lanes of 21 bits, or 2 of 32.
    """
    packed = np.zeros(len(weights), np.int64)
    for lane in range(weights.shape[1]):
        packed += weights[:, lane].astype(np.int64) << np.int64(lane * width)
    packed[0] = 0
    return packed


def unpack(sums: Packed, width: int, lanes: int) -> NDArray[np.int64]:
    """The lanes of packed sums, tables by places: the lanes of each table in turn, by places."""
    # Half of a lane's range more in each, and none is below zero: then the lanes are bits.
    half = 1 << (width - 1)
    shifts = np.arange(lanes, dtype=np.int64) * width
    raised = sums + np.left_shift(np.int64(half), shifts).sum()
    found = (raised[:, None] >> shifts[:, None] & (2 * half - 1)) - half
    return np.asarray(found.reshape(-1, sums.shape[1]))


def find_buckets(hashes: Hashes, count: int) -> Places:
    """The bucket of each hash in a table of `count` buckets, a power of two: its upper bits."""
    return (hashes >> np.uint32(_HASH_BITS + 1 - count.bit_length())).astype(np.intp)


def sum_all(tables: Packed, features: Features) -> Packed:
    """Over everything that is hashed, tables by texts, then by clauses: these are without the text's shape.

    `tables` holds tables of one size, tables by buckets.
    """
    clauses = features.clauses
    if len(features.grams) == len(features.tokens) == 1:
        texts, found = _sum_rows(tables, features)
    else:
        found = np.add.reduceat(_look_up(tables, features.grams), clauses.gram_starts, axis=1)
        found += np.add.reduceat(_look_up(tables, features.tokens), clauses.token_starts, axis=1)
        texts = _look_up(tables, features.shapes)
    texts += np.add.reduceat(found, clauses.firsts, axis=1)
    return np.concatenate([texts, found], axis=1)


def _look_up(tables: Packed, hashes: Hashes) -> Packed:
    """The sums of each column of hashes, tables by columns."""
    return np.asarray(tables.take(find_buckets(hashes, tables.shape[1]), axis=1).sum(axis=1))


def _sum_rows(tables: Packed, features: Features) -> tuple[Packed, Packed]:
    """Sums of the shapes and of the clauses, where all kinds stand in one row: one look-up for all."""
    clauses, (kinds, texts) = features.clauses, features.shapes.shape
    grams, tokens = features.grams[0], features.tokens[0]
    hashes = np.concatenate([grams, tokens, features.shapes.T.ravel()])
    starts = np.concatenate(
        [
            clauses.gram_starts,
            clauses.token_starts + len(grams),
            np.arange(texts) * kinds + (len(grams) + len(tokens)),
        ]
    )
    buckets = find_buckets(hashes, tables.shape[1])
    found = np.add.reduceat(tables.take(buckets, axis=1), starts, axis=1)
    count = len(clauses.sizes)
    return found[:, 2 * count :], found[:, :count] + found[:, count : 2 * count]
