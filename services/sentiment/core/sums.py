"""Integer sums of hashed weights over each text of a batch.

Several small weights of one bucket stand side by side in one 64-bit number, so that one look-up and
one addition serve them all. Sums are exact: no order of addition, no machine changes them.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    """The lanes of packed sums: lanes by texts."""
    spare = np.int64(64 - width)
    found = np.empty((lanes, len(sums)), np.int64)
    for lane in range(lanes):
        found[lane] = (sums << spare) >> spare
        sums = (sums - found[lane]) >> np.int64(width)
    return found


def find_buckets(hashes: Hashes, count: int) -> Places:
    """The bucket of each hash in a table of `count` buckets, a power of two: its upper bits."""
    return (hashes >> np.uint32(_HASH_BITS + 1 - count.bit_length())).astype(np.intp)


def look_up(packed: Packed, hashes: Hashes) -> Packed:
    """For each position, the sum of the weights of all features that begin there.

    `hashes` has the kinds of features in rows and the positions in columns.
    """
    found: Packed = packed.take(find_buckets(hashes, len(packed))).sum(axis=0)
    return found


def sum_all(tables: Sequence[Packed], features: Features) -> list[Packed]:
    """Per table and text, over everything that is hashed of it; the tables are of one size."""
    count = len(tables[0])
    grams, tokens, shapes = (
        find_buckets(hashes, count) for hashes in (features.grams, features.tokens, features.shapes)
    )
    return [
        np.add.reduceat(table.take(grams).sum(axis=0), features.gram_starts)
        + np.add.reduceat(table.take(tokens).sum(axis=0), features.token_starts)
        + table.take(shapes).sum(axis=0)
        for table in tables
    ]
