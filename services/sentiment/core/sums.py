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
    spare, shift = np.int64(64 - width), np.int64(width)
    found = np.empty((len(sums), lanes, sums.shape[1]), np.int64)
    for lane in range(lanes):
        lowest = found[:, lane]
        np.right_shift(sums << spare, spare, out=lowest)
        sums = (sums - lowest) >> shift
    return found.reshape(-1, sums.shape[1])


def find_buckets(hashes: Hashes, count: int) -> Places:
    """The bucket of each hash in a table of `count` buckets, a power of two: its upper bits."""
    return (hashes >> np.uint32(_HASH_BITS + 1 - count.bit_length())).astype(np.intp)


def sum_all(tables: Packed, features: Features) -> Packed:
    """Over everything that is hashed, tables by texts, then by clauses: these are without the text's shape.

    `tables` holds tables of one size, tables by buckets.
    """
    count = tables.shape[1]
    grams, tokens, shapes = (
        tables.take(find_buckets(hashes, count), axis=1).sum(axis=1)
        for hashes in (features.grams, features.tokens, features.shapes)
    )
    clauses = np.add.reduceat(grams, features.clauses.gram_starts, axis=1)
    clauses += np.add.reduceat(tokens, features.clauses.token_starts, axis=1)
    texts = np.add.reduceat(clauses, features.clauses.firsts, axis=1) + shapes
    return np.concatenate([texts, clauses], axis=1)
