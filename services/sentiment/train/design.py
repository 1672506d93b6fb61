"""Features of many texts as one sparse matrix of ones, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.sentiment.core.features import Features, extract_features
from services.sentiment.core.sums import ORDERS_SEEN
from services.sentiment.core.tokens import Hashes, Places

BATCH = 256
Part = tuple[Hashes, Places]
"""Hashes at places, and where the places of each text begin."""


class Design(NamedTuple):
    """The hashes of text i are hashes[bounds[i]:bounds[i + 1]]; each counts scales[i]."""

    bounds: NDArray[np.int64]
    hashes: Hashes
    scales: NDArray[np.float64]
    """One over the root of the length of the text."""


def see_all(features: Features) -> Iterable[Part]:
    """What mood and heads are judged by."""
    yield from ((hashes, features.gram_starts) for hashes in features.grams)
    yield from ((hashes, features.token_starts) for hashes in features.tokens)
    every = np.arange(features.shapes.shape[1])
    yield from ((hashes, every) for hashes in features.shapes)


def see_letters(features: Features) -> Iterable[Part]:
    """What the language is judged by."""
    yield from ((hashes, features.gram_starts) for hashes in features.grams[:ORDERS_SEEN])


def see_clauses(features: Features) -> Iterable[Part]:
    """What mood and heads are judged by, clause by clause: all but the shape, which is the whole text's."""
    clauses = features.clauses
    yield from ((hashes, clauses.gram_starts) for hashes in features.grams)
    yield from ((hashes, clauses.token_starts) for hashes in features.tokens)


def build_design(texts: Sequence[str], see: Callable[[Features], Iterable[Part]]) -> Design:
    """The design of texts, of what `see` picks of their features."""
    return _join((see(features), features.sizes) for features in _read(texts))


class ClauseDesign(NamedTuple):
    """The clauses of texts, as texts of their own."""

    design: Design
    """A row for each clause, text after text."""
    firsts: NDArray[np.int64]
    """The row of each text's first clause."""
    owners: NDArray[np.int64]
    """The text of each row."""


def build_clauses(texts: Sequence[str]) -> ClauseDesign:
    """The clauses of texts."""
    counts: list[NDArray[np.int64]] = []

    def cut() -> Iterator[tuple[Iterable[Part], Places]]:
        for features in _read(texts):
            found = features.clauses
            counts.append(np.diff(found.firsts, append=len(found.sizes)))
            yield see_clauses(features), found.sizes

    design = _join(cut())
    of_each = np.concatenate(counts)
    return ClauseDesign(
        design, np.cumsum(of_each) - of_each, np.repeat(np.arange(len(texts)), of_each)
    )


def _read(texts: Sequence[str]) -> Iterator[Features]:
    """The features of texts, batch by batch."""
    for first in range(0, len(texts), BATCH):
        yield extract_features(texts[first : first + BATCH])


def _join(batches: Iterable[tuple[Iterable[Part], Places]]) -> Design:
    """One design of what is seen in each batch, and the characters of each row there."""
    hashes: list[Hashes] = []
    counts: list[NDArray[np.int64]] = []
    sizes: list[Places] = []
    for parts, of_rows in batches:
        rows, found = flatten(parts, len(of_rows))
        hashes.append(found)
        counts.append(np.bincount(rows, minlength=len(of_rows)))
        sizes.append(of_rows)
    bounds = np.zeros(sum(map(len, counts)) + 1, np.int64)
    np.cumsum(np.concatenate(counts), out=bounds[1:])
    return Design(bounds, np.concatenate(hashes), 1.0 / np.sqrt(np.concatenate(sizes)))


def flatten(parts: Iterable[Part], count: int) -> tuple[Places, Hashes]:
    """Row numbers and hashes, without the places where there is none, in the order of the rows."""
    rows: list[Places] = []
    found: list[Hashes] = []
    for hashes, starts in parts:
        places = np.flatnonzero(hashes)
        rows.append(np.searchsorted(starts, places, side="right") - 1)
        found.append(hashes[places])
    every = np.concatenate(rows)
    order = np.argsort(every, kind="stable")
    assert count  # noqa: S101 - a batch has texts
    return every[order], np.concatenate(found)[order]
