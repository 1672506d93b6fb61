"""Fits the second look: a few weights on what models of the first look said of texts they had not seen.

Newton's steps with a ridge; some hundred weights on tens of thousands of texts, so there is one
optimum and no order of texts in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.sentiment.core.linear import HEADS
from services.sentiment.core.second_look import WEIGHT_GRID, SecondLook, spread
from services.sentiment.train.calibrate import find_offset
from services.sentiment.train.fit import Floats, Ints
from services.sentiment.train.heads import find_truth
from services.sentiment.train.texts import FOLDS, NEG, NEU, POS, Labelled

PRECISION = {
    "closing": 0.95,
    "person": 0.93,
    "manager": 0.93,
    "callback": 0.9,
    "leaving": 0.9,
    "human": 0.93,
}
"""Precision at which each head answers yes, in cross-validation on our corpus without what is rich in closings. For a person, a manager
and either there is a margin: either is told where one of the three says so, and at .90 messages of new scenes
had .83 to .91 (docs/adr/0083-closing-labelled-by-one-rule.md)."""
RIDGE = 5.0
"""Half of it times the square of each weight is added to the loss, which is a sum over texts."""
STEPS = 8
"""Newton's method doubles its right digits with each; it is at rest after seven."""
DECIMALS = 5
CLASSES = (NEG, POS, NEU)


class Weighed(NamedTuple):
    """A second look, and what such looks said that had not seen the text."""

    second: SecondLook
    mood: Floats
    """Logits of negative and positive."""
    heads: dict[str, Floats]
    """Logits of each head."""
    offsets: dict[str, float]
    """By head, what to add so that from 0 on its precision is as promised."""


def train_second(inputs: Floats, paired: int, own: Sequence[Labelled]) -> Weighed:
    """Fit it on what the first look says of our own texts without having seen them: inputs by texts.

    The first `paired` inputs are multiplied with each other too.
    """
    means = np.round(inputs.mean(axis=1), DECIMALS)
    deviations = np.maximum(np.round(inputs.std(axis=1), DECIMALS), 10.0**-DECIMALS)
    terms = spread(inputs, means, deviations, paired).T
    folds = np.array([text.fold for text in own])
    usual = np.array([not text.rich for text in own])
    targets = np.array([CLASSES.index(text.label) for text in own])
    columns = [fit_softmax(terms, targets, len(CLASSES) - 1)]
    mood = cross(terms, targets, folds, len(CLASSES) - 1)
    heads, offsets = {}, {}
    for name in HEADS:
        truth = find_truth(own, name)
        no = np.where(truth, 0, 1)
        columns.append(fit_softmax(terms, no, 1))
        heads[name] = cross(terms, no, folds, 1)[:, 0]
        offset = find_offset(heads[name][usual], truth[usual], PRECISION[name])
        offsets[name] = round(offset, 4)
    weights = np.rint(np.concatenate(columns, axis=1).T * WEIGHT_GRID) / WEIGHT_GRID
    second = SecondLook(paired, means.tolist(), deviations.tolist(), weights.tolist())
    return Weighed(second, mood, heads, offsets)


def cross(terms: Floats, targets: Ints, folds: Ints, free: int) -> Floats:
    """Logits of all texts, each by weights that had not seen its fold."""
    found = np.zeros((len(terms), free))
    for fold in range(FOLDS):
        held = folds == fold
        found[held] = terms[held] @ fit_softmax(terms[~held], targets[~held], free)
    return found


def fit_softmax(terms: Floats, targets: Ints, free: int) -> Floats:
    """Weights, terms by `free` classes; the class behind them is what they are measured against.

    `terms` has a row for each text.
    """
    found = np.zeros((terms.shape[1], free))
    wanted = np.eye(free + 1)[targets][:, :free]
    for _ in range(STEPS):
        shares = share_out(terms @ found)
        slope = terms.T @ (shares - wanted) + RIDGE * found
        step = np.linalg.solve(_bend(terms, shares), slope.T.ravel())
        found -= step.reshape(free, -1).T
    return found


def share_out(logits: Floats) -> Floats:
    """Shares of the classes but for the last, whose logit is zero."""
    top = np.maximum(logits.max(axis=1, keepdims=True), 0.0)
    raised = np.exp(logits - top)
    return np.asarray(raised / (raised.sum(axis=1, keepdims=True) + np.exp(-top)))


def _bend(terms: Floats, shares: Floats) -> Floats:
    """The second derivatives of the loss, classes by classes of blocks of terms by terms."""
    free, count = shares.shape[1], terms.shape[1]
    bend = RIDGE * np.eye(free * count)
    for a in range(free):
        for b in range(free):
            curve = shares[:, a] * ((a == b) - shares[:, b])
            block = (terms * curve[:, None]).T @ terms
            bend[a * count : (a + 1) * count, b * count : (b + 1) * count] += block
    return bend
