"""How much each text counts: no set, no language and no class may drown the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.sentiment.train.texts import (
    ALWAYS,
    ASKS,
    ELSEWHERE,
    LABELS,
    NEU,
    OWN,
    WORDS,
    Labelled,
)

OWN_WEIGHT = 0.5
"""Mean weight of a text of our corpus; that of a public text is 1."""
WORDS_WEIGHT = 2.0
ELSEWHERE_WEIGHT = 0.25
"""How much a set of our posts or reviews counts beside a public set of its size. On the development sets .25 is a tenth of a point
better than .5, and 1 costs one in English (docs/adr/0091-posts-and-reviews-of-our-own.md)."""
MIXED_ASPECTS = "mabsa"
"""Its neutral is a mean of opinions on parts of a thing, not a text without a mood: left out."""


class Balance:
    """Weights, classes that a text speaks of, and domains, text by text."""

    def __init__(self, texts: Sequence[Labelled]) -> None:
        labels = np.array([text.label for text in texts])
        names = [f"{text.source}/{text.language}" for text in texts]
        ours = np.array([text.source in {OWN, WORDS} for text in texts])
        fitted = np.array([text.fold >= ALWAYS and text.source != ASKS for text in texts])
        known = {name: i for i, name in enumerate(sorted(set(names)), 1)}
        places = np.array([known[name] for name in names])
        self.domains: NDArray[np.int64] = np.where(ours, 0, places)
        self.allowed = np.ones((len(texts), len(LABELS)), np.bool_)
        self.weights = np.zeros(len(texts))
        mixed = np.array([text.source == MIXED_ASPECTS for text in texts])
        usable = fitted & ~(mixed & (labels == NEU))
        for place in known.values():
            rows = np.flatnonzero((places == place) & usable)
            if len(rows):
                self.weights[rows] = weigh_classes(labels[rows]) / np.sqrt(len(rows))
            if not (labels[rows] == NEU).any():
                self.allowed[places == place, NEU] = False
        # Our posts and reviews come on top: they must not make the public sets count less beside our messages.
        elsewhere = np.array([text.source in ELSEWHERE for text in texts])
        self.weights /= self.weights[usable & ~elsewhere].mean()
        self.weights[elsewhere] *= ELSEWHERE_WEIGHT
        for source, weight in ((OWN, OWN_WEIGHT), (WORDS, WORDS_WEIGHT)):
            rows = np.flatnonzero(np.array([text.source == source for text in texts]) & usable)
            if len(rows):
                self.weights[rows] *= weight / self.weights[rows].mean()


def weigh_classes(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights by the root of the inverse frequency of the class, 1 on average."""
    counts = np.bincount(labels, minlength=len(LABELS))
    weights = np.sqrt(len(labels) / np.maximum(counts, 1))[labels]
    return np.asarray(weights / weights.mean(), np.float64)
