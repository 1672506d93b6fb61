"""Makes the scorer that the service runs with. Reading VADER's lexicon file is I/O, so it is here."""

from __future__ import annotations

from importlib.metadata import version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from services.sentiment.core.vader import VaderScorer


def load_vader() -> VaderScorer:
    """VADER with the lexicon of the installed package; takes about 20 ms."""
    analyzer = SentimentIntensityAnalyzer()
    return VaderScorer(analyzer.polarity_scores, version("vaderSentiment"))
