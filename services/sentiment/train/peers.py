"""Other sentiment packages, where they are installed, behind one function: text -> a value.

They come with the dependency group `peers`; nothing that runs needs them.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.train.texts import NEG, NEU, POS

Value = Callable[[str], float]


class Peer(NamedTuple):
    """A package, the languages it is made for, and how its value is read."""

    name: str
    package: str
    language: str
    make: Callable[[], Value]
    margin: float
    """Values within it, on both sides of `middle`, are neutral: its authors' own, else the usual."""
    middle: float = 0.0


def make_vader() -> Value:
    """VADER's compound value."""
    module = importlib.import_module("vaderSentiment.vaderSentiment")
    analyzer = module.SentimentIntensityAnalyzer()
    return lambda text: float(analyzer.polarity_scores(text)["compound"])


def make_afinn() -> Value:
    """AFINN's sum of word values, emoticons included."""
    afinn = importlib.import_module("afinn").Afinn(emoticons=True)
    return lambda text: float(afinn.score(text))


def make_textblob() -> Value:
    """TextBlob's polarity."""
    blob = importlib.import_module("textblob").TextBlob
    return lambda text: float(blob(text).sentiment.polarity)


def make_snownlp() -> Value:
    """SnowNLP's probability of positive; a text without words is undecided."""
    snow = importlib.import_module("snownlp").SnowNLP
    return lambda text: float(snow(text).sentiments) if text.strip() else 0.5


def make_cnsenti() -> Value:
    """Cnsenti's weighted counts, positive minus negative."""
    senti = importlib.import_module("cnsenti").Sentiment()

    def value(text: str) -> float:
        found = senti.sentiment_calculate(text)
        return float(found["pos"] - found["neg"])

    return value


PEERS = (
    Peer("VADER", "vaderSentiment", "en", make_vader, 0.05),
    Peer("AFINN", "afinn", "en", make_afinn, 0.0),
    Peer("TextBlob", "textblob", "en", make_textblob, 0.0),
    Peer("SnowNLP", "snownlp", "zh", make_snownlp, 0.1, 0.5),
    Peer("cnsenti", "cnsenti", "zh", make_cnsenti, 0.0),
)


def find_peers(language: str) -> list[Peer]:
    """The installed peers that know a language."""
    return [
        peer
        for peer in PEERS
        if peer.language == language and importlib.util.find_spec(peer.package) is not None
    ]


def ask_peer(peer: Peer, texts: Sequence[str], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The classes that a peer finds; for sets without neutral its value is only cut in two."""
    value = peer.make()
    values = np.array([value(text) for text in texts]) - peer.middle
    if not (labels == NEU).any():
        return np.where(values > 0, POS, NEG)
    return np.where(values > peer.margin, POS, np.where(values < -peer.margin, NEG, NEU))
