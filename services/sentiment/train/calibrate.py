"""Temperature, neutral margin and lean per language, on texts that the fit has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.temper import (
    COLDEST,
    HOTTEST,
    MOST_OFFSET,
    Temper,
    temper_shares,
)
from services.sentiment.train.texts import NEG, NEU, POS

Floats = NDArray[np.float64]
_START = (1.0, 0.0, 0.0)
_FIRST_STEP, _LAST_STEP = 0.4, 0.01
LEAN_COST, NEUTRAL_COST = 0.02, 0.005
"""Keeps the offsets near zero where the texts do not ask for more."""


class Sample(NamedTuple):
    """One set of texts in one language."""

    logits: Floats
    """Texts by negative and positive, against neutral."""
    labels: NDArray[np.int64]
    weight: float


def fit_temper(samples: Sequence[Sample]) -> Temper:
    """The temper with the least loss, every sample counting by its weight; a pattern search."""
    best = np.array(_START)
    least = measure_loss(samples, best)
    step = _FIRST_STEP
    while step > _LAST_STEP:
        trials = [best + step * sign * axis for axis in np.eye(3) for sign in (1, -1)]
        losses = [measure_loss(samples, trial) for trial in trials]
        if min(losses) < least:
            least = min(losses)
            best = trials[losses.index(least)]
        else:
            step /= 2
    temperature, neutral, lean = np.round(best, 2).tolist()
    return Temper(temperature, neutral, lean)


def measure_loss(samples: Sequence[Sample], point: Floats) -> float:
    """Weighted mean log loss; for sets without neutral only of negative against positive."""
    temperature, neutral, lean = (float(value) for value in point)
    if not COLDEST <= temperature <= HOTTEST or max(abs(neutral), abs(lean)) > MOST_OFFSET:
        return float("inf")
    temper = Temper(temperature, neutral, lean)
    total = LEAN_COST * lean**2 + NEUTRAL_COST * neutral**2
    for sample in samples:
        shares = temper_shares(sample.logits, {"": temper}, [""] * len(sample.labels))
        if not (sample.labels == NEU).any():
            shares = shares[:, [NEG, NEU, POS]] * np.array([1.0, 0.0, 1.0])
            shares /= shares.sum(axis=1, keepdims=True)
        hit = shares[np.arange(len(shares)), sample.labels]
        total -= sample.weight * float(np.log(np.maximum(hit, 1e-9)).mean())
    return total


def find_offset(logits: Floats, truth: NDArray[np.bool_], precision: float) -> float:
    """What to add to logits so that from 0 on at least this share of them is true.

    The lowest threshold with that precision, half way to the next lower logit; where none has it,
    the one above all.
    """
    order = np.argsort(-logits, kind="stable")
    hits = np.cumsum(truth[order])
    precisions = hits / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precisions >= precision)
    if not len(good):
        return -float(logits.max()) - 1.0
    last = int(good[-1])
    lower = logits[order[last + 1]] if last + 1 < len(order) else logits[order[last]] - 1.0
    return -float((logits[order[last]] + lower) / 2)
