"""The second look: what the first one found of a text, weighed together.

The first look adds up weights of characters and words. It cannot say that a thank-you means little
beside a threat to leave, or that praise beside a request for a manager is bitter. The second one
sees what all models of the first look said, each with each.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.tokens import Places

Floats = NDArray[np.float64]

MOST = 3.0
"""Standard deviations from the mean at which an input is cut: nothing of a text outweighs all else."""
GRID, WEIGHT_GRID = 1024.0, 4096.0
"""Inputs and weights are whole multiples of one over these. Then every sum is exact in a float of 64 bits
(9 times 64 times 154 terms, in steps of 2^-32, are 49 bits): a text has the same answer in any batch."""

_OF_CLAUSES = 4
"""What is looked at of the clauses, beside how many they are."""


class SecondLook(msgspec.Struct, frozen=True):
    """What was fitted: how inputs are brought to one scale, and weights by output and term."""

    paired: int
    """Inputs, the first ones, of which the product of each two is a term too."""
    means: list[float]
    deviations: list[float]
    weights: list[list[float]]


def gather(logits: Floats, sizes: Places, clauses: Floats, firsts: Places) -> Floats:
    """What is looked at, inputs by texts: what the first look said of a text, and its length; then of its clauses.

    These are what it said of the first and of the last one, the most and the least that it said of any,
    and how many there are. `clauses` has a column for each, `firsts` the first one of each text.
    """
    ends = np.empty_like(firsts)
    ends[:-1], ends[-1] = firsts[1:], clauses.shape[1]
    looks = len(logits)
    inputs = np.empty((_OF_CLAUSES * looks + looks + 2, len(sizes)))
    inputs[:looks] = logits
    np.log(sizes, out=inputs[looks])
    behind = inputs[looks + 1 : -1].reshape(_OF_CLAUSES, looks, -1)
    behind[0] = clauses[:, firsts]
    behind[1] = clauses[:, ends - 1]
    np.maximum.reduceat(clauses, firsts, axis=1, out=behind[2])
    np.minimum.reduceat(clauses, firsts, axis=1, out=behind[3])
    np.log(ends - firsts, out=inputs[-1])
    return inputs


def spread(inputs: Floats, means: Floats, deviations: Floats, paired: int) -> Floats:
    """Terms by texts: each input on one scale, the product of each two of the paired, and one."""
    left, right = _list_pairs(paired)
    count = len(inputs)
    terms = np.empty((count + len(left) + 1, inputs.shape[1]))
    scaled = np.subtract(inputs, means[:, None], out=terms[:count])
    scaled /= deviations[:, None]
    np.maximum(scaled, -MOST, out=scaled)
    np.minimum(scaled, MOST, out=scaled)
    scaled *= GRID
    np.rint(scaled, out=scaled)
    scaled /= GRID
    np.multiply(scaled[left], scaled[right], out=terms[count:-1])
    terms[-1] = 1.0
    return terms


@lru_cache(maxsize=4)
def _list_pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(count)
