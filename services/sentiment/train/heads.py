"""Trains the heads: closing, what is asked for, and whether a human being is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.linear import HEAD_LIMIT, HEADS
from services.sentiment.train.calibrate import find_offset
from services.sentiment.train.design import build_design, see_all
from services.sentiment.train.fit import Floats, Ints, Task, Way, fit_classes, measure
from services.sentiment.train.shrink import shrink
from services.sentiment.train.texts import ASKS, FOLDS, OWN, WORDS, Labelled

WAY = Way(bits=18, rate=0.1, passes=6, domain_rate=0.0)
SEEDS = (1,)
PRECISION = {
    "closing": 0.95,
    "person": 0.9,
    "manager": 0.9,
    "callback": 0.9,
    "leaving": 0.9,
    "human": 0.9,
}
"""Precision at which each head answers yes, in cross-validation on our corpus."""
WEIGHTS = {OWN: 1.0, ASKS: 0.5, WORDS: 0.5, "joined": 0.5}
"""How much a text counts, by source; the lexicon only says what asks for nothing."""
FRONT_SHARE = 0.4
"""Share of the joined texts in which what is asked for comes first."""


class Heads(NamedTuple):
    """Trained heads."""

    weights: NDArray[np.int8]
    steps: dict[str, float]
    offsets: dict[str, float]
    crossed: dict[str, Floats]
    """Logits of our own texts, each by a model that had not seen it, without offsets."""


def train_heads(texts: Sequence[Labelled]) -> Heads:
    """One yes-or-no model a head, on our corpus, our phrases, and both joined."""
    own = [text for text in texts if text.source == OWN]
    asks = [text for text in texts if text.source == ASKS]
    words = [text for text in texts if text.source == WORDS]
    mine = [*own, *asks, *words, *join(own, asks)]
    design = build_design([text.text for text in mine], see_all)
    weights = np.array([WEIGHTS[text.source] for text in mine])
    closing_weights = np.where([text.source in {OWN, ASKS} for text in mine], weights, 0.0)
    folds = np.array([text.fold for text in mine])
    found = Heads(np.zeros((1 << WAY.bits, len(HEADS)), np.int8), {}, {}, {})
    for column, head in enumerate(HEADS):
        truth = find_truth(mine, head)
        count = closing_weights if head == "closing" else weights
        task = Task(
            design,
            truth.astype(np.int64),
            np.ones((len(mine), 2), np.bool_),
            count,
            np.zeros(len(mine), np.int64),
        )
        crossed = cross(task, folds, len(own))
        found.crossed[head] = crossed
        found.offsets[head] = round(find_offset(crossed, truth[: len(own)], PRECISION[head]), 4)
        small, step = shrink(fit(task, np.flatnonzero(count > 0)), HEAD_LIMIT)
        found.weights[:, [column]] = small
        found.steps[head] = step
    return found


def find_truth(texts: Sequence[Labelled], head: str) -> NDArray[np.bool_]:
    """Which texts are to be answered with yes."""
    if head == "closing":
        return np.array([text.closing for text in texts])
    words = {"person", "manager"} if head == "human" else {head}
    return np.array([bool(text.asks & words) for text in texts])


def join(own: Sequence[Labelled], asks: Sequence[Labelled]) -> list[Labelled]:
    """Each message that asks for nothing, with a phrase of its language: long texts that do ask.

    A joined text stays in the fold of its message.
    """
    chance = np.random.default_rng(3)
    phrases: dict[str, list[Labelled]] = {}
    for phrase in asks:
        if not phrase.closing:
            phrases.setdefault(phrase.language, []).append(phrase)
    found = []
    for message in own:
        choice = phrases.get(message.language, [])
        if message.asks or message.closing or not choice:
            continue
        phrase = choice[chance.integers(len(choice))]
        first, second = message.text, phrase.text
        if chance.random() < FRONT_SHARE:
            first, second = f"{phrase.text}.", message.text
        found.append(
            Labelled(
                text=f"{first} {second}",
                label=message.label,
                language=message.language,
                source="joined",
                fold=message.fold,
                asks=phrase.asks,
            )
        )
    return found


def cross(task: Task, folds: Ints, count: int) -> Floats:
    """Logits of the first `count` texts, each by a model that had not seen its fold."""
    crossed = np.zeros(count)
    used = task.weights > 0
    for fold in range(FOLDS):
        held = np.flatnonzero(folds[:count] == fold)
        weights = fit(task, np.flatnonzero(used & (folds != fold)))
        crossed[held] = measure(task.design, weights, held)[:, 0]
    return crossed


def fit(task: Task, rows: Ints) -> Floats:
    """One column: yes against no."""
    weights = fit_classes(task, rows, SEEDS, WAY)
    return weights[:, [1]] - weights[:, [0]]
