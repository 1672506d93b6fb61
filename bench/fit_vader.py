"""Fits how VADER's compound value becomes three shares, and measures it; prints the constants.

    python bench/fit_vader.py [OMNIROUTE_DATA]      about a minute

Fitted on the English training sets that may be shipped (GoEmotions, BRIGHTER, XED, M-ABSA, UCI; at
most 3,000 texts each, classes weighted alike), measured on the development part of TweetEval.
"""

from __future__ import annotations

import math
import os
import random
import sys
from pathlib import Path

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from services.sentiment.core.vader import Calibration, share_out

LABELS = ("neg", "neu", "pos")
NEG, _, POS = range(3)
SETS = ("goemotions", "brighter", "xed", "mabsa", "uci")
MOST_TEXTS = 3_000
ROUNDS = 400
STEP = 2.0

Sample = list[tuple[float, int]]


def main() -> None:
    """Fit and print."""
    data = Path(
        sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OMNIROUTE_DATA", "../shared/data")
    )
    analyzer = SentimentIntensityAnalyzer()
    chance = random.Random(1)
    train: Sample = []
    for name in SETS:
        rows = read_english(data / f"sentiment/train/{name}.train.tsv")
        chance.shuffle(rows)
        train += [(analyzer.polarity_scores(t)["compound"], y) for t, y in rows[:MOST_TEXTS]]
    fitted = fit(train)
    print(fitted)
    dev = read_english(data / "sentiment/evaluate/tweeteval.dev.tsv")
    for name, sample in (
        ("train", train),
        ("tweeteval.dev", [(analyzer.polarity_scores(t)["compound"], y) for t, y in dev]),
    ):
        print(f"{name}: {len(sample)} texts, macro recall {measure(sample, fitted):.3f}")


def read_english(path: Path) -> list[tuple[str, int]]:
    """(text, class) of the English rows of one set."""
    rows = [line.split("\t") for line in path.read_text("utf-8").split("\n")[1:]]
    return [(r[0], LABELS.index(r[1])) for r in rows if r[2:3] == ["en"]]


def fit(sample: Sample) -> Calibration:
    """Gradient descent on the class-weighted log loss; three numbers, so plain Python will do."""
    weights = [len(sample) / (3 * sum(y == k for _, y in sample)) for k in range(3)]
    base, agree, oppose = 0.0, 0.0, 0.0
    for _ in range(ROUNDS):
        slopes = [0.0, 0.0, 0.0]
        shape = Calibration(base, agree, oppose)
        for compound, y in sample:
            p = share_out(compound, shape)
            low, high = max(-compound, 0.0), max(compound, 0.0)
            neg = (p[NEG] - (y == NEG)) * weights[y]
            pos = (p[POS] - (y == POS)) * weights[y]
            slopes[0] += neg + pos
            slopes[1] += neg * low + pos * high
            slopes[2] += neg * high + pos * low
        base, agree, oppose = (
            value - STEP * slope / len(sample)
            for value, slope in zip((base, agree, oppose), slopes, strict=True)
        )
    return Calibration(round(base, 2), round(agree, 2), round(oppose, 2))


def measure(sample: Sample, shape: Calibration) -> float:
    """Mean recall over the three classes."""
    right, total = [0] * 3, [0] * 3
    for compound, y in sample:
        p = share_out(compound, shape)
        total[y] += 1
        right[y] += max(range(3), key=p.__getitem__) == y
    return math.fsum(r / t for r, t in zip(right, total, strict=True) if t) / 3


if __name__ == "__main__":
    main()
