"""How slow the machine is at this moment, for limits that stand in milliseconds.

Processor time says nothing of other processes, but everything of the machine and of the caches that
they share. The yardstick is VADER, by which the speed of our own model is told too (docs/model-card.md).
"""

from __future__ import annotations

import time
from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

TEXTS = ("My parcel is late again and nobody answers, this is really NOT great!!",) * 100
USUAL = 20_000.0
"""Texts a second on the slowest machine for which the limits were set."""


@cache
def _analyser() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def find_slowness() -> float:
    """How many times more processor time than there this machine needs now; 1 or more.

    Ask it beside each measurement, not once: with a busy neighbour it changes within a second.
    """
    vader, spent = _analyser(), []
    for _ in range(3):
        began = time.process_time()
        for text in TEXTS:
            vader.polarity_scores(text)
        spent.append(time.process_time() - began)
    return max(1.0, min(spent) / len(TEXTS) * USUAL)
