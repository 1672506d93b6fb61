"""How the figures of the model grow with its texts: `python -m bench.learning_curve --own 0.5 --public 1`.

Trains on a share of our own messages, posts and reviews and of the public sets (ten minutes of a core for all of them),
evenly thinned by source and language, and prints the figures for which there is an aim, on texts that
nothing was trained on. Each pair of shares is a point; the packaged model is the one of 1 and 1.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from services.sentiment.core.linear import LinearScorer
from services.sentiment.model.store import load_scorer
from services.sentiment.train.card import find_said
from services.sentiment.train.evaluate import evaluate
from services.sentiment.train.heads import find_truth
from services.sentiment.train.make import train_on
from services.sentiment.train.measure import measure_hits
from services.sentiment.train.phrases import read_asks
from services.sentiment.train.texts import (
    ALWAYS,
    CORPUS,
    ELSEWHERE,
    OWN,
    Labelled,
    list_files,
    read_corpus,
    read_elsewhere,
    read_own,
    read_public,
    read_set,
    read_words,
)

SETS = ("rusentitweet", "waimai", "shopping10", "tweeteval")
OURS = frozenset({OWN, *ELSEWHERE})
"""Sources written for this project."""
FOUR = ("en", "ru", "zh", "bg")
ASIDE = ("closing", "human")
"""What is told beside the mood and has an aim."""


def thin(texts: Sequence[Labelled], own: float, public: float) -> list[Labelled]:
    """An even share of each source and language; what is only for tuning stays whole."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for text in texts:
        share = own if text.source in OURS else public
        key = (text.source, text.language)
        before = seen[key] * share
        seen[key] += 1
        if text.fold < ALWAYS or int(before) != int(before + share):
            kept.append(text)
    return kept


def tell(scorer: LinearScorer, data: Path) -> Iterator[str]:
    """The figures, one a line."""
    for path in list_files(data / "sentiment" / "evaluate"):
        if path.stem in SETS:
            for result in evaluate(scorer, read_set(path), peers=False, intervals=False):
                figures = result.figures
                yield f"{path.stem:14} macro-F1 {figures.macro_f1:.3f}  recall {figures.macro_recall:.3f}"
    for part, language in product(("heldout", "heldout_closing"), FOUR):
        texts = read_corpus(CORPUS / part / f"{language}.tsv")
        scored = scorer.score([text.text for text in texts], [language] * len(texts))
        said = find_said(scored)
        hits = {head: measure_hits(said[head], find_truth(texts, head)) for head in ASIDE}
        cells = [f"{head} {one.precision:.2f} / {one.recall:.2f}" for head, one in hits.items()]
        (result,) = evaluate(scorer, texts, peers=False, intervals=False)
        yield f"{part:15} {language}  macro-F1 {result.figures.macro_f1:.3f}  {'  '.join(cells)}"


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own", type=float, default=1.0, help="share of our own texts, up to 1")
    parser.add_argument("--public", type=float, default=1.0, help="share of the public sets")
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("OMNIROUTE_DATA", "../shared/data")
    )
    words = parser.parse_args()
    if words.own == words.public == 1.0:
        scorer = load_scorer()
    else:
        texts = thin(
            [*read_public(words.data), *read_elsewhere(), *read_own()], words.own, words.public
        )
        made = train_on(
            [*texts, *read_words(), *read_asks()], lambda step: print(step, file=sys.stderr)
        )
        scorer = LinearScorer(made.weights, made.settings)
    print(f"{words.own:g} of our messages, {words.public:g} of the public sets")
    for line in tell(scorer, words.data):
        print(f"  {line}")


if __name__ == "__main__":
    main()
