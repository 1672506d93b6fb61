"""Fits linear models to hashed texts: one pass after another, one text at a time, one thread.

Every text moves the weights of its own features only, each by AdaGrad's step (Duchi et al. 2011).
Stopping after few passes is the regularisation. Same texts, same order, same machine: same bytes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from services.sentiment.core.tokens import Hashes
from services.sentiment.train.design import Design

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_CAUTION = 1e-4
"""Added to the sum of squared slopes of a weight: how far its first step goes."""
_DOMAIN_CAUTION = 1.0


class Task(NamedTuple):
    """What is to be learned of the texts of a design."""

    design: Design
    targets: NDArray[np.int64]
    """Class of each text."""
    allowed: NDArray[np.bool_]
    """Texts by classes: a text of a set without neutral says nothing of neutral."""
    weights: Floats
    domains: NDArray[np.int64]
    """Each domain has offsets of its own, so that its share of classes is not blamed on its words.
    They are not shipped; domain 0 has none."""


class Way(NamedTuple):
    """How it is fitted."""

    bits: int
    rate: float
    passes: int
    domain_rate: float = 0.05


def fit_classes(task: Task, rows: Ints, seeds: tuple[int, ...], way: Way) -> Floats:
    """Weights, buckets by classes, of a softmax: the mean over several orders of the rows."""
    total = np.zeros((1 << way.bits, task.allowed.shape[1]))
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(rows)
        weights = np.zeros_like(total)
        offsets = np.zeros((int(task.domains.max()) + 1, total.shape[1]))
        _descend(
            task.design.bounds, task.design.hashes, task.design.scales, task.targets, task.allowed,
            task.weights, task.domains, order, weights, np.zeros_like(weights), offsets,
            np.zeros_like(offsets), way.rate, way.domain_rate, way.passes, 32 - way.bits,
        )  # fmt: skip
        total += weights
    return total / len(seeds)


def measure(design: Design, weights: Floats, rows: Ints) -> Floats:
    """Sums of the weights of each row, scaled: rows by classes."""
    shift = 33 - len(weights).bit_length()
    found: Floats = _measure(design.bounds, design.hashes, design.scales, rows, weights, shift)
    return found


@njit(cache=False)
def _descend(  # noqa: C901, PLR0913, PLR0917 - one loop, compiled: a call would cost more
    bounds: Ints,
    hashes: Hashes,
    scales: Floats,
    targets: Ints,
    allowed: NDArray[np.bool_],
    text_weights: Floats,
    domains: Ints,
    order: Ints,
    weights: Floats,
    slopes: Floats,
    offsets: Floats,
    offset_slopes: Floats,
    rate: float,
    domain_rate: float,
    passes: int,
    shift: int,
) -> None:
    classes = weights.shape[1]
    z = np.zeros(classes)
    for _ in range(passes):
        for row in order:
            first, last, scale, domain = bounds[row], bounds[row + 1], scales[row], domains[row]
            z[:] = 0.0
            for j in range(first, last):
                bucket = hashes[j] >> shift
                for c in range(classes):
                    z[c] += weights[bucket, c]
            top = -1e300
            for c in range(classes):
                z[c] = z[c] * scale + offsets[domain, c]
                if allowed[row, c] and z[c] > top:
                    top = z[c]
            total = 0.0
            for c in range(classes):
                z[c] = np.exp(z[c] - top) if allowed[row, c] else 0.0
                total += z[c]
            for c in range(classes):
                z[c] = (z[c] / total - (1.0 if c == targets[row] else 0.0)) * text_weights[row]
                if domain > 0 and z[c] != 0.0:
                    offset_slopes[domain, c] += z[c] * z[c]
                    step = domain_rate / np.sqrt(offset_slopes[domain, c] + _DOMAIN_CAUTION)
                    offsets[domain, c] -= step * z[c]
                z[c] *= scale
            for j in range(first, last):
                bucket = hashes[j] >> shift
                for c in range(classes):
                    slopes[bucket, c] += z[c] * z[c]
                    weights[bucket, c] -= rate * z[c] / np.sqrt(slopes[bucket, c] + _CAUTION)


@njit(cache=False)
def _measure(  # noqa: PLR0917 - compiled
    bounds: Ints, hashes: Hashes, scales: Floats, rows: Ints, weights: Floats, shift: int
) -> Floats:
    classes = weights.shape[1]
    found = np.zeros((len(rows), classes))
    for i in range(len(rows)):
        row = rows[i]
        for j in range(bounds[row], bounds[row + 1]):
            bucket = hashes[j] >> shift
            for c in range(classes):
                found[i, c] += weights[bucket, c]
        for c in range(classes):
            found[i, c] *= scales[row]
    return found
