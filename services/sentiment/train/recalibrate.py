"""Calibrates a scorer anew on labelled messages of one tenant, and measures by cross-validation if it helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.sentiment.core.language import read_tag
from services.sentiment.core.scorer import Scorer
from services.sentiment.core.temper import Temper, read_logits, temper_shares
from services.sentiment.train.calibrate import Sample, fit_temper
from services.sentiment.train.measure import Figures, Floats, Labels, measure_shares
from services.sentiment.train.texts import LABELS, Labelled

LEAST_TEXTS = 100
"""Labelled messages that a language needs; its ECE has an error of some .04 then."""
LEAST_OF_A_CLASS = 10
FOLDS = 5
SURE = 1.0
"""Standard errors by which the loss on unseen messages must fall: chance does that once in six times, and three
numbers do little harm then."""
SEED = 1


class Recalibrated(NamedTuple):
    """What was found for one language."""

    language: str
    temper: Temper | None
    """What to put into the overlay; None where it would not help, or cannot be told."""
    why: str
    """Why there is none; empty where there is one."""
    before: Figures
    after: Figures | None
    """On messages that it was not made from."""


def recalibrate(scorer: Scorer, texts: Sequence[Labelled]) -> tuple[list[Recalibrated], int]:
    """One result a language, and how many texts were not scored, which say nothing of shares.

    The languages are as the scorer tells them, in the order of their names; texts of which it tells none
    come last, for in an overlay theirs would hold for every language.
    """
    scored = scorer.score(
        [text.text for text in texts], [read_tag(text.language) for text in texts]
    )
    found: dict[str, list[int]] = {}
    for row, answer in enumerate(scored):
        if not answer.why:
            found.setdefault(answer.language, []).append(row)
    results = []
    for language in sorted(found, key=lambda name: (not name, name)):
        rows = found[language]
        shares = np.array([(scored[i].p_neg, scored[i].p_neu, scored[i].p_pos) for i in rows])
        labels = np.array([texts[i].label for i in rows])
        results.append(recalibrate_language(language, shares, labels))
    return results, len(texts) - sum(map(len, found.values()))


def recalibrate_language(language: str, shares: Floats, labels: Labels) -> Recalibrated:
    """The temper of one language, if messages that it was not made from say that it helps."""
    before = measure_shares(shares, labels)
    why = find_lack(labels)
    if why:
        return Recalibrated(language, None, why, before, None)
    crossed = cross_validate(shares, labels)
    after = measure_shares(crossed, labels)
    gain = measure_loss(shares, labels) - measure_loss(crossed, labels)
    if gain.mean() < SURE * gain.std() / np.sqrt(len(gain)):
        why = "no gain that shows on so many"
        return Recalibrated(language, None, why, before, after)
    return Recalibrated(language, fit_shares(shares, labels), "", before, after)


def find_lack(labels: Labels) -> str:
    """Why these labels are not enough; empty if they are."""
    if len(labels) < LEAST_TEXTS:
        return f"{len(labels)} messages; it takes {LEAST_TEXTS}"
    counts = np.bincount(labels, minlength=len(LABELS))
    few = [f"{count} {name}" for name, count in zip(LABELS, counts, strict=True)]
    if counts.min() < LEAST_OF_A_CLASS:
        return f"{', '.join(few)}; it takes {LEAST_OF_A_CLASS} of each"
    return ""


def cross_validate(shares: Floats, labels: Labels) -> Floats:
    """Each message's shares by the temper of the other four fifths."""
    folds = np.random.default_rng(SEED).permutation(len(labels)) % FOLDS
    crossed = np.empty_like(shares)
    for fold in range(FOLDS):
        held = folds == fold
        crossed[held] = temper(shares[held], fit_shares(shares[~held], labels[~held]))
    return crossed


def fit_shares(shares: Floats, labels: Labels) -> Temper:
    """The temper of these shares."""
    return fit_temper([Sample(read_logits(shares), labels, 1.0)])


def temper(shares: Floats, by: Temper) -> Floats:
    """Shares under a temper."""
    return temper_shares(read_logits(shares), {"": by}, [""] * len(shares))


def measure_loss(shares: Floats, labels: Labels) -> Floats:
    """Minus the logarithm of the share of the true class, text by text."""
    return np.asarray(-np.log(np.maximum(shares[np.arange(len(labels)), labels], 1e-4)))
