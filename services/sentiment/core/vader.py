"""The first scorer: VADER's lexicon for English, calibrated to three shares.

VADER gives one compound value from -1 to 1. Its own three proportions say how much of the text
is neutral words, which is nearly all of it, so they are not class shares. The shares come from
the compound value by a softmax whose three numbers `bench/fit_vader.py` fits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import msgspec

from services.sentiment.core.scorer import LANGUAGE_NOT_SUPPORTED, Scored, round_shares

ENGLISH = "en"


class Calibration(msgspec.Struct, frozen=True):
    """How the compound value c becomes class weights, against 0 for neutral.

    Alike for both sides, so that a text about which the lexicon says nothing scores exactly 0:
    w(pos) = base + agree * max(c, 0) + oppose * max(-c, 0); w(neg) is its mirror image.
    """

    base: float
    agree: float
    oppose: float


FITTED = Calibration(base=-0.72, agree=3.54, oppose=0.21)


def share_out(compound: float, shape: Calibration = FITTED) -> tuple[float, float, float]:
    """The shares (negative, neutral, positive) of a compound value from -1 to 1."""
    low, high = max(-compound, 0.0), max(compound, 0.0)
    neg = math.exp(shape.base + shape.agree * low + shape.oppose * high)
    pos = math.exp(shape.base + shape.agree * high + shape.oppose * low)
    total = neg + 1.0 + pos
    return neg / total, 1.0 / total, pos / total


class VaderScorer:
    """Scores English with a function that gives VADER's figures for a text."""

    def __init__(self, measure: Callable[[str], Mapping[str, float]], version: str) -> None:
        self._measure = measure
        self._name = f"vader {version}"

    @property
    def name(self) -> str:
        """Name and version."""
        return self._name

    @property
    def languages(self) -> frozenset[str]:
        """English only: the lexicon is English."""
        return frozenset({ENGLISH})

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """Score what is English; all else is honestly not scored."""
        return [
            round_shares(share_out(self._measure(text)["compound"]), ENGLISH)
            if language == ENGLISH
            else Scored(language=language, why=LANGUAGE_NOT_SUPPORTED)
            for text, language in zip(texts, languages, strict=True)
        ]
