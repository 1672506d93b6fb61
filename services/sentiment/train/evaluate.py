"""Evaluates a scorer on labelled texts, per language, beside the peers that are installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.scorer import Scorer
from services.sentiment.train.measure import (
    Figures,
    Floats,
    find_interval,
    measure_labels,
    measure_shares,
)
from services.sentiment.train.peers import ask_peer, find_peers
from services.sentiment.train.texts import Labelled

LEAST = 20
"""Texts below which a part of a set has no figures of its own."""
MOST_OF_PEERS = 1_000
"""Texts that slow peers are asked; the scorer is measured on all, and on these beside them."""


class Result(NamedTuple):
    """The figures of a scorer or a peer on one part of a set."""

    source: str
    language: str
    by: str
    figures: Figures
    f1_interval: tuple[float, float] | None = None
    recall_interval: tuple[float, float] | None = None
    ece_interval: tuple[float, float] | None = None


def score_texts(scorer: Scorer, texts: Sequence[Labelled]) -> Floats:
    """Shares, texts by classes; a text that is not scored counts as neutral."""
    scored = scorer.score([text.text for text in texts], [text.language for text in texts])
    return np.array(
        [(s.p_neg, s.p_neu, s.p_pos) if not s.why else (0.0, 1.0, 0.0) for s in scored]
    ).reshape(-1, 3)


def evaluate(
    scorer: Scorer, texts: Sequence[Labelled], *, peers: bool, intervals: bool
) -> Iterator[Result]:
    """Figures per source and language, and over all languages of a source."""
    shares = score_texts(scorer, texts)
    labels = np.array([text.label for text in texts])
    for source in sorted({text.source for text in texts}):
        mine = np.array([text.source == source for text in texts])
        languages = sorted({text.language for text in texts if text.source == source})
        parts = [*languages, "all"] if len(languages) > 1 else languages
        for language in parts:
            here = mine & np.array([language in {text.language, "all"} for text in texts])
            rows = np.flatnonzero(here)
            if len(rows) < LEAST:
                continue
            yield judge(source, language, scorer.name, shares[rows], labels[rows], intervals)
            if peers:
                yield from compare(
                    source, language, [texts[row] for row in rows.tolist()], labels[rows]
                )


def judge(  # noqa: PLR0917 - what is judged, by whom, on what
    source: str,
    language: str,
    by: str,
    shares: Floats,
    labels: NDArray[np.int64],
    intervals: bool,  # noqa: FBT001 - handed through
) -> Result:
    """The figures of one part, with 95 % intervals on request."""
    figures = measure_shares(shares, labels)
    if not intervals:
        return Result(source, language, by, figures)
    f1, recall, ece = (
        find_interval(shares, labels, figure)
        for figure in (
            lambda found: found.macro_f1,
            lambda found: found.macro_recall,
            lambda found: found.ece,
        )
    )
    return Result(source, language, by, figures, f1, recall, ece)


def compare(
    source: str, language: str, texts: Sequence[Labelled], labels: NDArray[np.int64]
) -> Iterator[Result]:
    """The same for the peers, on the same texts, or on an even sample of them."""
    every = max(1, -(-len(texts) // MOST_OF_PEERS))
    for peer in find_peers(language):
        predicted = ask_peer(peer, [text.text for text in texts[::every]], labels[::every])
        name = peer.name if every == 1 else f"{peer.name} (1 in {every})"
        yield Result(source, language, name, measure_labels(predicted, labels[::every]))
