"""Trains the whole model: mood, heads, languages; calibrates them; writes the files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.features import HASH_VERSION
from services.sentiment.core.linear import Settings, Temper, Weights
from services.sentiment.model.store import save_model
from services.sentiment.train.balance import Balance
from services.sentiment.train.calibrate import Sample, fit_temper
from services.sentiment.train.design import (
    build_design,
    see_all,
    see_letters,
)
from services.sentiment.train.fit import Floats, Ints, Task, Way, fit_classes, measure
from services.sentiment.train.heads import train_heads
from services.sentiment.train.phrases import read_asks
from services.sentiment.train.shrink import shrink
from services.sentiment.train.texts import (
    ALWAYS,
    ASKS,
    FOLDS,
    NEG,
    NEU,
    NEVER,
    OWN,
    POS,
    Labelled,
    read_own,
    read_public,
    read_words,
)

NAME = "omniroute 1"
LANGUAGES = ("ar", "bg", "de", "en", "es", "fr", "hi", "it", "pt", "ru", "zh")
MOOD_WAY = Way(bits=20, rate=0.05, passes=3)
LANGUAGE_WAY = Way(bits=16, rate=0.1, passes=2, domain_rate=0.0)
SEEDS = (1, 2, 3)
CROSS_SEEDS = (1,)
MOOD_LIMIT = 127
NEVER_MOOD = -3
"""The fold of texts that neither teach moods nor measure them."""
OWN_SAMPLE = 3.0
"""How much our own texts count in the calibration of a language; each public set counts 1."""
LEAST_SAMPLE = 20
"""Texts that a set needs in a language to take part in its calibration."""
MOST_OF_A_LANGUAGE = 20_000

Say = Callable[[str], None]


class Crossed(NamedTuple):
    """What models that had not seen them said of our own texts and of the development sets."""

    rows: Ints
    logits: Floats
    """Negative and positive, against neutral."""
    heads: dict[str, Floats]
    """Logits of each head, of the rows of our own texts only."""


class Made(NamedTuple):
    """A trained model, and what is needed to write its card."""

    weights: Weights
    settings: Settings
    texts: Sequence[Labelled]
    crossed: Crossed


def train(data: Path, into: Path, say: Say, corpus: Path | None = None) -> Made:
    """Train on the public sets under `data` and on our own texts; write the model into a folder."""
    own = read_own() if corpus is None else read_own(corpus)
    texts = [*read_public(data), *own, *read_words(), *read_asks()]
    made = train_on(texts, say)
    save_model(into, made.weights, made.settings)
    return made


def train_on(texts: Sequence[Labelled], say: Say) -> Made:
    """The same, from texts in memory, writing nothing."""
    say(f"{len(texts):,} texts: features")
    mood = prepare_mood(texts)
    # What asks for something says nothing of moods: it is kept out by its fold.
    folds = np.array([NEVER_MOOD if text.source == ASKS else text.fold for text in texts])
    rows, logits = cross_mood(mood, folds, say)
    final = fit_classes(mood, np.flatnonzero(folds >= ALWAYS), SEEDS, MOOD_WAY)
    weights, step = shrink(against_neutral(final), MOOD_LIMIT)
    say("tempers of the languages")
    tempers = fit_tempers(texts, rows, logits)
    say("closing and wishes")
    heads = train_heads(texts)
    say("languages")
    languages, language_step = train_languages(texts)
    settings = Settings(
        name=NAME,
        hash_version=HASH_VERSION,
        mood_step=step,
        head_steps=heads.steps,
        head_offsets=heads.offsets,
        languages=list(LANGUAGES),
        language_step=language_step,
        tempers=tempers,
    )
    crossed = Crossed(rows, logits, heads.crossed)
    return Made(Weights(weights, heads.weights, languages), settings, texts, crossed)


def prepare_mood(texts: Sequence[Labelled]) -> Task:
    """What is to be learned of moods."""
    balance = Balance(texts)
    return Task(
        design=build_design([text.text for text in texts], see_all),
        targets=np.array([text.label for text in texts]),
        allowed=balance.allowed,
        weights=balance.weights,
        domains=balance.domains,
    )


def cross_mood(task: Task, folds: Ints, say: Say) -> tuple[Ints, Floats]:
    """Logits of all texts by models that had not seen them: fold by fold, the rest by their mean."""
    unseen = np.flatnonzero(folds == NEVER)
    parts, found = [], []
    others = np.zeros((len(unseen), 2))
    for fold in range(FOLDS):
        say(f"cross-validation {fold + 1} of {FOLDS}")
        rows = np.flatnonzero((folds >= ALWAYS) & (folds != fold))
        weights = against_neutral(fit_classes(task, rows, CROSS_SEEDS, MOOD_WAY))
        held = np.flatnonzero(folds == fold)
        parts.append(held)
        found.append(measure(task.design, weights, held))
        others += measure(task.design, weights, unseen) / FOLDS
    say("the final fit")
    return np.concatenate([*parts, unseen]), np.concatenate([*found, others])


def against_neutral(weights: Floats) -> Floats:
    """Two weights for three: a softmax feels only differences."""
    return weights[:, [NEG, POS]] - weights[:, [NEU]]


def fit_tempers(texts: Sequence[Labelled], rows: Ints, logits: Floats) -> dict[str, Temper]:
    """One temper a language, and one over all of them for texts of no known language."""
    samples: dict[str, list[Sample]] = {}
    places: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows.tolist()):
        places.setdefault((texts[row].language, texts[row].source), []).append(place)
    for (language, source), found in sorted(places.items()):
        if len(found) >= LEAST_SAMPLE:
            labels = np.array([texts[rows[place]].label for place in found])
            weight = OWN_SAMPLE if source == OWN else 1.0
            samples.setdefault(language, []).append(Sample(logits[found], labels, weight))
    tempers = {language: fit_temper(samples[language]) for language in sorted(samples)}
    tempers[""] = fit_temper([sample for every in samples.values() for sample in every])
    return tempers


def train_languages(texts: Sequence[Labelled]) -> tuple[NDArray[np.int8], float]:
    """Weights, buckets by languages; at most 20,000 texts of a language take part."""
    taken: dict[str, int] = {}
    mine = []
    for text in texts[::-1]:  # our own texts come last, and so first into the sample
        if text.fold >= ALWAYS and taken.get(text.language, 0) < MOST_OF_A_LANGUAGE:
            taken[text.language] = taken.get(text.language, 0) + 1
            mine.append(text)
    targets = np.array([LANGUAGES.index(text.language) for text in mine])
    weights = 1.0 / np.sqrt(np.bincount(targets, minlength=len(LANGUAGES))[targets])
    task = Task(
        build_design([text.text for text in mine], see_letters),
        targets,
        np.ones((len(mine), len(LANGUAGES)), np.bool_),
        weights / weights.mean(),
        np.zeros(len(mine), np.int64),
    )
    fitted = fit_classes(task, np.arange(len(mine)), CROSS_SEEDS, LANGUAGE_WAY)
    return shrink(fitted - fitted.mean(axis=1, keepdims=True), MOOD_LIMIT)
