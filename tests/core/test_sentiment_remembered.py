"""Few texts are read word by word: what comes out is what a batch has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.sentiment.core.features import extract_features
from services.sentiment.core.few import FEW, Reader
from services.sentiment.core.sums import Summed, Tables, sum_features
from services.sentiment.core.words import LONGEST
from services.sentiment.train.texts import read_corpus

CORPUS = Path(__file__).parents[2] / "services/sentiment/train/corpus"
PIECES = st.sampled_from(
    ["not ", "but ", "good", "Bad. ", "?! ", "...", " ", "  ", "не ", "нет, ", "но ", "ничего",
     "12,50 ", "a", "ﬁ", "😀", "😀😀", "\u200b", "\x01", "\n", "“ok” ", "LOUD ", "soooo ", "10:30",
     "क्या ", "लेकिन ", "لكن ", "मत", "'", "ß", "İ", "\ud800", "\U000f0000", "好的", "\ue000"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)


CHANCE = np.random.default_rng(3)


def make_table(count: int, buckets: int) -> NDArray[np.int64]:
    """Numbers of which hardly two sums are alike."""
    table = CHANCE.integers(-(2**40), 2**40, (count, buckets))
    table[:, 0] = 0
    return table


TABLES = Tables(make_table(1, 1 << 16), make_table(3, 1 << 14), make_table(4, 1 << 12))
READER = Reader(TABLES)


def tell(found: Summed | None) -> list[object]:
    """All that a model is told."""
    assert found is not None
    return [part.tolist() for part in found]


def read_batch(texts: list[str]) -> list[object]:
    """The same in the way of a batch."""
    return tell(sum_features(TABLES, extract_features(texts), range(len(texts))))


@given(st.lists(TEXTS, min_size=1, max_size=FEW))
@example(["Not good, but  not bad.Ok"])
@example(["\x01 a", "ok"])
@example(['He said "no."  Then 12.50.'])
@example([" . a", "?"])
@example(["Ok. \u200b then"])
@example(["not but", "never"])
@example(["but not so", "not it"])
def test_few_texts_have_the_sums_of_a_batch(texts: list[str]) -> None:
    """Law: of each text and clause, of each language, whatever a customer can write."""
    found = READER.read(texts, range(len(texts)))
    if found is not None:
        assert tell(found) == read_batch(texts)


@pytest.mark.parametrize("language", ["en", "ru", "bg", "de", "fr", "es", "it", "pt", "ar", "hi"])
def test_what_customers_write_is_read_word_by_word(language: str) -> None:
    """Law: of our own messages nearly all are, and each has the sums that it has in a batch."""
    texts = [one.text for one in read_corpus(CORPUS / "train" / f"{language}.tsv")[:150]]
    found = [READER.read([text], [0]) for text in texts]
    assert sum(one is not None for one in found) >= 0.97 * len(texts)
    for one, text in zip(found, texts, strict=True):
        if one is not None:
            assert tell(one) == read_batch([text])


@pytest.mark.parametrize(
    "text", ["好的，谢谢", "ab" * LONGEST, "private \ue000 use", "", " ", "\u200b"]
)
def test_what_is_not_worth_remembering_is_left_to_the_batch(text: str) -> None:
    """Law: no word without blanks fills the memory."""
    reader = Reader(TABLES)
    assert reader.read([text], [0]) is None
    most = 2 if " " in text.strip() else 0
    assert reader.remembered <= most


def test_of_the_languages_only_those_that_are_asked_about_are_told() -> None:
    """Law: in both ways, in their order."""
    texts = ["good day", "доброе утро", "buenos días"]
    every = READER.read(texts, range(3))
    some = READER.read(texts, [0, 2])
    batch = sum_features(TABLES, extract_features(texts), [0, 2])
    assert every is not None
    assert some is not None
    assert some.languages.tolist() == every.languages[:, [0, 2]].tolist()
    assert some.languages.tolist() == batch.languages.tolist()
    assert sum_features(TABLES, extract_features(texts), []).languages.shape == (4, 0)
