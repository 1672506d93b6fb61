"""Trains the whole model: mood, heads, languages; calibrates them; writes the files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.features import HASH_VERSION
from services.sentiment.core.linear import (
    DOUBT,
    LIMIT,
    SERVICE,
    Settings,
    Weights,
    mix,
    squash,
)
from services.sentiment.core.second_look import gather
from services.sentiment.core.temper import Temper, temper_shares
from services.sentiment.model.store import save_model
from services.sentiment.train.balance import Balance
from services.sentiment.train.calibrate import Sample, fit_temper
from services.sentiment.train.design import (
    ClauseDesign,
    build_clauses,
    build_design,
    see_all,
    see_letters,
)
from services.sentiment.train.fit import Floats, Ints, Task, Way, fit_classes, measure
from services.sentiment.train.heads import train_heads, train_service
from services.sentiment.train.phrases import read_asks
from services.sentiment.train.shrink import shrink
from services.sentiment.train.texts import (
    ALWAYS,
    ASKS,
    ELSEWHERE,
    FOLDS,
    NEG,
    NEU,
    NEVER,
    OWN,
    POS,
    REVIEWS,
    Labelled,
    SetError,
    read_elsewhere,
    read_own,
    read_public,
    read_words,
)
from services.sentiment.train.weigh import train_second

NAME = "omniroute 1"
LANGUAGES = ("ar", "bg", "de", "en", "es", "fr", "hi", "it", "pt", "ru", "zh")
MOOD_WAY = Way(bits=20, rate=0.05, passes=3)
LANGUAGE_WAY = Way(bits=16, rate=0.1, passes=2, domain_rate=0.0)
SEEDS = (1, 2, 3)
CROSS_SEEDS = (1,)
LANGUAGE_LIMIT = 127
NEVER_MOOD = -3
"""The fold of texts that neither teach moods nor measure them."""
OWN_BESIDE = 0.25
"""How much our own texts count in the calibration of what is not a customer's: little where public
sets have all classes in a language, and all that there is of neutral where they have not."""
PUBLIC_POSTS = frozenset({"tweeteval", "afrisenti"})
"""Public sets of posts: where a language has one of them, our own posts and reviews count as little as our messages in that
calibration; elsewhere they stand in for what is not there."""
LEAST_SAMPLE = 20
"""Texts that a set needs in a language to take part in its calibration."""
MOST_OF_A_LANGUAGE = 20_000

Say = Callable[[str], None]


class Crossed(NamedTuple):
    """What models that had not seen them said of our own texts."""

    texts: Sequence[Labelled]
    shares: Floats
    """Negative, neutral and positive."""
    heads: dict[str, Floats]
    """Logits of each head."""
    elsewhere: Sequence[Labelled]
    """Our own posts and reviews."""
    elsewhere_shares: Floats
    """The same of them, by the first look alone: the second one knows customers only."""


class Made(NamedTuple):
    """A trained model, and what is needed to write its card."""

    weights: Weights
    settings: Settings
    crossed: Crossed


def train(data: Path, into: Path, say: Say, corpus: Path | None = None) -> Made:
    """Train on the public sets under `data` and on our own texts; write the model into a folder.

    Raises:
        SetError: There is no public set or no corpus, or a file of them cannot be read.
    """
    own = read_own() if corpus is None else read_own(corpus)
    if not own:
        raise SetError("our corpus is not part of an installed package: train in a clone")
    texts = [*read_public(data), *read_elsewhere(), *own, *read_words(), *read_asks()]
    made = train_on(texts, say)
    save_model(into, made.weights, made.settings)
    return made


def train_on(texts: Sequence[Labelled], say: Say) -> Made:
    """The same, from texts in memory, writing nothing."""
    say(f"{len(texts):,} texts: features")
    mood = prepare_mood(texts)
    # What asks for something says nothing of moods: it is kept out by its fold.
    folds = np.array([NEVER_MOOD if text.source == ASKS else text.fold for text in texts])
    own = [text for text in texts if text.source == OWN]
    clauses = build_clauses([text.text for text in own])
    clause_folds = np.array([text.fold for text in own])[clauses.owners]
    rows, logits, said = cross_mood(mood, folds, clauses, clause_folds, say=say)
    final = fit_classes(mood, np.flatnonzero(folds >= ALWAYS), SEEDS, MOOD_WAY)
    weights, step = shrink(against_neutral(final), LIMIT)
    say("closing, wishes and hints")
    heads, service = train_heads(texts, clauses), train_service(texts, clauses)
    say("the second look")
    mine = np.array([texts[row].source == OWN for row in rows])
    crossed = [*service.crossed.values(), *heads.crossed.values()]
    first = [*logits[mine].T, *(one.texts for one in crossed)]
    parts = [*said.T, *(one.clauses for one in crossed)]
    sizes = np.rint(mood.design.scales[rows[mine]] ** -2).astype(np.intp)
    inputs = gather(np.stack(first), sizes, np.stack(parts), clauses.firsts)
    second = train_second(inputs, len(first) + 1, own)
    say("tempers of the languages")
    tempers = fit_tempers(own, second.mood, own_counts=1.0)
    asked = [texts[row] for row in rows]
    other_tempers = fit_tempers(asked, logits, own_counts=OWN_BESIDE)
    say("languages")
    languages, language_step = train_languages(texts)
    settings = Settings(
        name=NAME,
        hash_version=HASH_VERSION,
        mood_step=step,
        head_steps=service.steps | heads.steps,
        second=second.second,
        head_offsets=second.offsets,
        languages=list(LANGUAGES),
        language_step=language_step,
        tempers=tempers,
        other_tempers=other_tempers,
    )
    shares = mix(
        temper_shares(logits[mine], other_tempers, [text.language for text in own]),
        temper_shares(second.mood, tempers, [text.language for text in own]),
        squash(service.crossed[SERVICE].texts - DOUBT),
    )
    beside = np.array([text.source in ELSEWHERE for text in asked])
    elsewhere = [text for text in asked if text.source in ELSEWHERE]
    elsewhere_shares = temper_shares(
        logits[beside], other_tempers, [text.language for text in elsewhere]
    )
    all_texts = np.concatenate([weights, service.weights], axis=1)
    found = Weights(all_texts, heads.weights, languages)
    return Made(found, settings, Crossed(own, shares, second.heads, elsewhere, elsewhere_shares))


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


def cross_mood(
    task: Task, folds: Ints, clauses: ClauseDesign, clause_folds: Ints, *, say: Say
) -> tuple[Ints, Floats, Floats]:
    """Rows in order, and logits by models that had not seen them: of a text without a fold their mean.

    Then the logits of the clauses.
    """
    unseen = np.flatnonzero(folds == NEVER)
    said = np.zeros((len(clause_folds), 2))
    parts, found = [], []
    others = np.zeros((len(unseen), 2))
    for fold in range(FOLDS):
        say(f"cross-validation {fold + 1} of {FOLDS}")
        rows = np.flatnonzero((folds >= ALWAYS) & (folds != fold))
        # Not settled as those of heads are: docs/model-card.md, "How far the figures can be believed".
        weights = against_neutral(fit_classes(task, rows, CROSS_SEEDS, MOOD_WAY))
        held = np.flatnonzero(folds == fold)
        parts.append(held)
        found.append(measure(task.design, weights, held))
        pieces = np.flatnonzero(clause_folds == fold)
        said[pieces] = measure(clauses.design, weights, pieces)
        others += measure(task.design, weights, unseen) / FOLDS
    say("the final fit")
    rows = np.concatenate([*parts, unseen])
    order = np.argsort(rows)
    return rows[order], np.concatenate([*found, others])[order], said


def against_neutral(weights: Floats) -> Floats:
    """Two weights for three: a softmax feels only differences."""
    return weights[:, [NEG, POS]] - weights[:, [NEU]]


def fit_tempers(
    texts: Sequence[Labelled], logits: Floats, *, own_counts: float
) -> dict[str, Temper]:
    """One temper a language, and one over all of them for texts of no known language.

    Each public set counts 1 in each of its languages, and so do our posts and reviews where no public
    set has posts; else they count `own_counts`, as our messages do. Of reviews only negative and
    positive ones do: what is lukewarm of a purchase is no measure of how many texts show no mood.
    """
    posted = {text.language for text in texts if text.source in PUBLIC_POSTS}
    samples: dict[str, list[Sample]] = {}
    places: dict[tuple[str, str], list[int]] = {}
    for place, text in enumerate(texts):
        if text.source != REVIEWS or text.label != NEU:
            places.setdefault((text.language, text.source), []).append(place)
    for (language, source), found in sorted(places.items()):
        if len(found) >= LEAST_SAMPLE:
            labels = np.array([texts[place].label for place in found])
            ours = source == OWN or (source in ELSEWHERE and language in posted)
            weight = own_counts if ours else 1.0
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
    return shrink(fitted - fitted.mean(axis=1, keepdims=True), LANGUAGE_LIMIT)
