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


def look_up(packed: Packed, hashes: Sequence[Hashes]) -> Packed:
    """For each position, the sum of the weights of all features that begin there."""
    shift = np.uint32(_HASH_BITS - (len(packed).bit_length() - 1))
    total: Packed = packed[hashes[0] >> shift]
    for more in hashes[1:]:
        total += packed[more >> shift]
    return total


def add_up(values: Packed, starts: Places) -> Packed:
    """Sums over the positions of each text; every text has at least one."""
    return np.asarray(np.add.reduceat(values, starts))


def sum_all(packed: Packed, features: Features) -> Packed:
    """Per text, over everything that is hashed of it."""
    total = add_up(look_up(packed, features.grams), features.gram_starts)
    total += add_up(look_up(packed, features.tokens), features.token_starts)
    total += look_up(packed, tuple(features.shapes))
    return total
