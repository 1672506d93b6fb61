"""Few texts are read word by word: what comes out is what a batch has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.sentiment.core import words
from services.sentiment.core.features import Features, extract_features
from services.sentiment.core.tokens import Hashes, Places
from services.sentiment.core.words import FEW, LONGEST, read_features
from services.sentiment.train.texts import read_corpus

CORPUS = Path(__file__).parents[2] / "services/sentiment/train/corpus"
PIECES = st.sampled_from(
    ["not ", "but ", "good", "Bad. ", "?! ", "...", " ", "  ", "не ", "нет, ", "но ", "ничего",
     "12,50 ", "a", "ﬁ", "😀", "😀😀", "\u200b", "\x01", "\n", "“ok” ", "LOUD ", "soooo ", "10:30",
     "क्या ", "लेकिन ", "لكن ", "मत", "'", "ß", "İ", "\ud800", "\U000f0000", "好的", "\ue000"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)


def sort_segments(rows: Hashes, starts: Places) -> list[list[int]]:
    """The hashes of each segment, whatever the row in which they stand."""
    ends = np.append(starts, rows.shape[1])[1:]
    return [
        sorted(rows[:, begin:end][rows[:, begin:end] != 0].tolist())
        for begin, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]


def tell(found: Features) -> list[object]:
    """All that a model sees: the hashes of each clause and text, its shape and its sizes."""
    clauses = found.clauses
    # A gram of five stands among the tokens where words were remembered.
    grams = sort_segments(found.grams[:4], clauses.gram_starts)
    longest = sort_segments(found.grams[4:], clauses.gram_starts)
    tokens = sort_segments(found.tokens, clauses.token_starts)
    return [
        grams,
        [sorted(five + own) for five, own in zip(longest, tokens, strict=True)],
        sort_segments(found.grams[:4], found.gram_starts),
        found.shapes.tolist(),
        found.sizes.tolist(),
        clauses.firsts.tolist(),
        clauses.sizes.tolist(),
    ]


@given(st.lists(TEXTS, min_size=1, max_size=FEW))
@example(["Not good, but  not bad.Ok"])
@example(["\x01 a", "ok"])
@example(['He said "no."  Then 12.50.'])
@example([" . a", "?"])
def test_few_texts_have_the_features_of_a_batch(texts: list[str]) -> None:
    """Law: the same hashes in the same clauses, whatever a customer can write."""
    assert tell(read_features(texts)) == tell(extract_features(texts))


@pytest.mark.parametrize("language", ["en", "ru", "bg", "de", "fr", "es", "it", "pt", "ar", "hi"])
def test_what_customers_write_is_read_word_by_word(language: str) -> None:
    """Law: of our own messages nearly all are, and each has the features that it has in a batch."""
    texts = [one.text for one in read_corpus(CORPUS / "train" / f"{language}.tsv")[:150]]
    found = [words._read_words([text]) for text in texts]
    assert sum(one is not None for one in found) >= 0.97 * len(texts)
    for one, text in zip(found, texts, strict=True):
        if one is not None:
            assert tell(one) == tell(extract_features([text]))


@pytest.mark.parametrize(
    "text", ["好的，谢谢", "ab" * LONGEST, "private \ue000 use", "", " ", "\u200b"]
)
def test_what_is_not_worth_remembering_is_left_to_the_batch(text: str) -> None:
    """Law: no word without blanks fills the memory."""
    before = words._read_word.cache_info().currsize
    assert words._read_words([text]) is None
    most = 2 if " " in text.strip() else 0
    assert words._read_word.cache_info().currsize <= before + most
