"""Figures about labels and shares: macro-F1, macro-recall, confusion, calibration, intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.train.texts import NEG, NEU, POS

BINS = 15
ROUNDS = 500
"""Samples of the bootstrap."""
CONFIDENCE = 0.95
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


class Figures(NamedTuple):
    """What was measured of one set of texts."""

    texts: int
    classes: tuple[int, ...]
    macro_f1: float
    macro_recall: float
    ece: float
    """Expected calibration error over 15 bins; nan for sets with two classes."""
    confusion: NDArray[np.int64]
    """True class by predicted class."""


def predict(shares: Floats, labels: Labels) -> Labels:
    """Predicted classes; where the truth has no neutral, negative and positive are compared."""
    if (labels == NEU).any():
        return np.asarray(shares.argmax(axis=1))
    return np.asarray(np.where(shares[:, NEG] >= shares[:, POS], NEG, POS))


def measure_shares(shares: Floats, labels: Labels) -> Figures:
    """All figures of one set."""
    return measure_labels(predict(shares, labels), labels, measure_ece(shares, labels))


def measure_labels(predicted: Labels, labels: Labels, ece: float = float("nan")) -> Figures:
    """The figures that need no shares."""
    confusion = np.zeros((3, 3), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    classes = tuple(np.flatnonzero(confusion.sum(axis=1)).tolist())
    hits, true, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = [2 * hits[c] / (true[c] + said[c]) for c in classes]
    recall = [hits[c] / true[c] for c in classes]
    return Figures(len(labels), classes, float(np.mean(f1)), float(np.mean(recall)), ece, confusion)


def measure_ece(shares: Floats, labels: Labels) -> float:
    """How far confidence and accuracy lie apart, over 15 bins of confidence, weighted by size."""
    if not (labels == NEU).any():
        return float("nan")
    sure = shares.max(axis=1)
    right = shares.argmax(axis=1) == labels
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gap = np.bincount(bins, weights=sure - right, minlength=BINS)
    return float(np.abs(gap).sum() / len(labels))


def find_interval(
    shares: Floats, labels: Labels, figure: Callable[[Figures], float], seed: int = 1
) -> tuple[float, float]:
    """The middle 95 % of a figure over 500 samples with replacement."""
    chance = np.random.default_rng(seed)
    predicted = predict(shares, labels)
    found = []
    for _ in range(ROUNDS):
        rows = chance.integers(len(labels), size=len(labels))
        ece = measure_ece(shares[rows], labels[rows])
        found.append(figure(measure_labels(predicted[rows], labels[rows], ece)))
    if np.isnan(found).all():
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(found, [tail, 1 - tail])
    return float(low), float(high)


class Hits(NamedTuple):
    """Precision and recall of a yes or no."""

    precision: float
    recall: float
    true: int
    """How many are truly yes."""


def measure_hits(said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Hits:
    """Nan where nothing was said, or nothing is true."""
    both = int((said & truth).sum())
    precision = both / int(said.sum()) if said.any() else float("nan")
    recall = both / int(truth.sum()) if truth.any() else float("nan")
    return Hits(precision, recall, int(truth.sum()))
