"""Laws of how much a text counts in training, and of what a calibration listens to."""

from __future__ import annotations

import numpy as np

from services.sentiment.train.balance import ELSEWHERE_WEIGHT, OWN_WEIGHT, Balance
from services.sentiment.train.make import fit_tempers
from services.sentiment.train.texts import (
    NEG,
    NEU,
    NEVER,
    OWN,
    POS,
    POSTS,
    REVIEWS,
    Labelled,
)


def make(source: str, language: str, count: int, fold: int = 0) -> list[Labelled]:
    """So many texts, a third of each class."""
    return [Labelled("", i % 3, language, source, fold=fold) for i in range(count)]


def test_posts_and_reviews_take_nothing_from_what_else_counts() -> None:
    """Law: all other texts weigh as without them; they weigh a quarter of a public set of their size."""
    others = [*make("xed", "ru", 300), *make("brighter", "ru", 90), *make(OWN, "ru", 120)]
    alone = Balance(others).weights
    weights = Balance([*others, *make(POSTS, "ru", 90), *make(REVIEWS, "zh", 300)]).weights
    assert np.allclose(weights[: len(others)], alone)
    assert np.isclose(alone[390:].mean(), OWN_WEIGHT)
    assert np.allclose(weights[510:600], ELSEWHERE_WEIGHT * alone[300:390])
    assert np.allclose(weights[600:], ELSEWHERE_WEIGHT * alone[:300])


def test_a_set_without_neutral_texts_says_nothing_of_neutral() -> None:
    """Law: it speaks of negative and positive only; a set with them of all three."""
    two = [Labelled("", label, "es", "xed") for label in (NEG, POS) * 20]
    allowed = Balance([*two, *make("brighter", "es", 30)]).allowed
    assert not allowed[:40, NEU].any()
    assert allowed[:40, [NEG, POS]].all()
    assert allowed[40:].all()


def calibrate(rows: list[Labelled], margins: list[float]) -> float:
    """The neutral margin that is found for the first language, where the model says so of each text."""
    logits = np.repeat(np.array(margins)[:, None], 2, axis=1)
    return fit_tempers(rows, logits, own_counts=0.25)[rows[0].language].neutral


def test_the_lukewarm_of_reviews_move_no_margin() -> None:
    """Law: reviews that are all neutral, whatever the model says of them, leave a calibration as it was."""
    public = make("brighter", "ru", 90, NEVER)
    lukewarm = [Labelled("", NEU, "ru", REVIEWS) for _ in range(90)]
    margins = [0.0] * 90
    assert calibrate([*public, *lukewarm], margins * 2) == calibrate(public, margins)


def test_our_posts_count_less_where_the_public_sets_have_some() -> None:
    """Law: the same posts, nearly all neutral, move the margin further in Russian than beside public posts."""
    posts = [NEU] * 80 + [NEG, POS] * 5

    def shift(source: str) -> float:
        public = make(source, "ru", 90, NEVER)
        ours = [Labelled("", label, "ru", POSTS) for label in posts]
        return calibrate([*public, *ours], [0.0] * 180) - calibrate(public, [0.0] * 90)

    assert shift("brighter") > 2 * shift("afrisenti") > 0
