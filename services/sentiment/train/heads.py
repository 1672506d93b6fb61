"""Trains what is told beside the mood, and what the second look is told of it.

The heads: closing, what is asked for, and whether a human being is. The hints: the mood, for all that
customers' own messages teach, and whether a text is a customer's at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.linear import HEADS, HINTS, LIMIT, SERVICE
from services.sentiment.train.design import ClauseDesign, Design, build_design, see_all
from services.sentiment.train.fit import Floats, Ints, Task, Way, fit_classes, measure
from services.sentiment.train.shrink import settle, shrink
from services.sentiment.train.texts import (
    ALWAYS,
    ASKS,
    FOLDS,
    LABELS,
    OWN,
    WORDS,
    Labelled,
)

WAY = Way(bits=18, rate=0.1, passes=6, domain_rate=0.0)
SERVICE_WAY = Way(bits=20, rate=0.1, passes=3, domain_rate=0.0)
SEEDS = (1,)
JOINED = "joined"
WEIGHTS = {OWN: 1.0, ASKS: 0.5, WORDS: 0.5, JOINED: 0.5}
"""How much a text counts, by source; the lexicon only says what asks for nothing, and moods."""
PHRASE_WEIGHT = 0.3
"""How much a phrase counts for what a customer's text is; a message and a public text count 1."""
OTHERS = 150_000
"""Public texts that say what a customer's text is not."""
FRONT_SHARE = 0.4
"""Share of the joined texts in which what is asked for comes first."""


class Lesson(NamedTuple):
    """What one yes-or-no model is taught."""

    design: Design
    texts: Sequence[Labelled]
    """Our own messages come first."""
    clauses: ClauseDesign
    """Of our own messages."""
    truth: NDArray[np.bool_]
    weights: Floats
    way: Way


class Said(NamedTuple):
    """Logits of our own texts and of their clauses, each by a model that had not seen it."""

    texts: Floats
    clauses: Floats


class Learned(NamedTuple):
    """Trained yes-or-no models, side by side."""

    weights: NDArray[np.int8]
    steps: dict[str, float]
    crossed: dict[str, Said]

    def learn(self, column: int, name: str, lesson: Lesson) -> None:
        """Train one model into its column."""
        task = Task(
            lesson.design,
            lesson.truth.astype(np.int64),
            np.ones((len(lesson.texts), 2), np.bool_),
            lesson.weights,
            np.zeros(len(lesson.texts), np.int64),
        )
        folds = np.array([text.fold for text in lesson.texts])
        self.crossed[name] = cross(task, folds, lesson.clauses, lesson.way)
        every = np.flatnonzero(lesson.weights > 0)
        self.weights[:, [column]], self.steps[name] = shrink(fit(task, every, lesson.way), LIMIT)


def train_heads(texts: Sequence[Labelled], clauses: ClauseDesign) -> Learned:
    """The heads and the hints, on our corpus, our phrases, our lexicon, and messages with phrases."""
    own, asks, words = ([t for t in texts if t.source == one] for one in (OWN, ASKS, WORDS))
    mine = [*own, *asks, *words, *join(own, asks)]
    weights = np.array([WEIGHTS[text.source] for text in mine])
    design = build_design([text.text for text in mine], see_all)
    learned = Learned(np.zeros((1 << WAY.bits, len(HEADS) + len(HINTS)), np.int8), {}, {})
    for column, name in enumerate((*HEADS, *HINTS)):
        teachers = {OWN, ASKS} if name == "closing" else {OWN, WORDS} if name in HINTS else WEIGHTS
        count = np.where([text.source in teachers for text in mine], weights, 0.0)
        learned.learn(
            column, name, Lesson(design, mine, clauses, find_truth(mine, name), count, WAY)
        )
    return learned


def train_service(texts: Sequence[Labelled], clauses: ClauseDesign) -> Learned:
    """Whether a text is a customer's: our corpus and our phrases against the public sets.

    Our posts and reviews say nothing of it, for customers write both: with them the irony of customers was taken for
    somebody else's (docs/adr/0091-posts-and-reviews-of-our-own.md).
    """
    own, asks = ([text for text in texts if text.source == one] for one in (OWN, ASKS))
    public = [text for text in texts if text.source not in WEIGHTS and text.fold == ALWAYS]
    chance = np.random.default_rng(5)
    others = [public[i] for i in sorted(chance.permutation(len(public))[:OTHERS])]
    mine = [*own, *asks, *others]
    weights = np.array([PHRASE_WEIGHT if text.source == ASKS else 1.0 for text in mine])
    design = build_design([text.text for text in mine], see_all)
    truth = np.array([text.source in WEIGHTS for text in mine])
    learned = Learned(np.zeros((1 << SERVICE_WAY.bits, 1), np.int8), {}, {})
    learned.learn(0, SERVICE, Lesson(design, mine, clauses, truth, weights, SERVICE_WAY))
    return learned


def find_truth(texts: Sequence[Labelled], name: str) -> NDArray[np.bool_]:
    """Which texts are to be answered with yes."""
    if name in HINTS:
        return np.array([LABELS[text.label] == name for text in texts])
    if name == "closing":
        return np.array([text.closing for text in texts])
    words = {"person", "manager"} if name == "human" else {name}
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
                source=JOINED,
                fold=message.fold,
                asks=phrase.asks,
            )
        )
    return found


def cross(task: Task, folds: Ints, clauses: ClauseDesign, way: Way) -> Said:
    """Logits of the texts that come first, and of their clauses, each by a model that had not seen its fold."""
    owners = clauses.owners
    said = Said(np.zeros(len(clauses.firsts)), np.zeros(len(owners)))
    mine, used = folds[: len(said.texts)], task.weights > 0
    for fold in range(FOLDS):
        weights = settle(fit(task, np.flatnonzero(used & (folds != fold)), way), LIMIT)
        for design, logits, held in (
            (task.design, said.texts, np.flatnonzero(mine == fold)),
            (clauses.design, said.clauses, np.flatnonzero(mine[owners] == fold)),
        ):
            logits[held] = measure(design, weights, held)[:, 0]
    return said


def fit(task: Task, rows: Ints, way: Way) -> Floats:
    """One column: yes against no."""
    weights = fit_classes(task, rows, SEEDS, way)
    return weights[:, [1]] - weights[:, [0]]
