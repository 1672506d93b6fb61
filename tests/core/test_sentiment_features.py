"""Laws of the hash: golden vectors, and that a text's features are its own."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentiment.core.features import HASH_VERSION, MOST_CHARACTERS, extract_features
from services.sentiment.core.linear import LinearScorer, Settings
from services.sentiment.core.second_look import SecondLook
from services.sentiment.core.sums import pack, sum_all, unpack
from services.sentiment.model.store import load_scorer
from services.sentiment.train.design import build_design, see_all

MODEL = load_scorer()
ANY_TEXT = st.text(alphabet=st.characters(), max_size=80)
"""Lone surrogates and control characters included."""

GOLDEN = {
    "I am NOT happy with it, but the 2 agents were kind!!!": 1239194123,
    "до сих пор ничего, ёлки": 1528237809,
    "不满意，但是客服不错": 1474186434,
    "не съм доволен... 😡😡": 1701235670,
    "no me gusta nada pero gracias": 2501722937,
    "किसी ने जवाब नहीं दिया": 3430616973,
    "لم يصل الطلب، شُكراً": 3740682588,
    "": 1536516058,
    "a": 1554033945,
    "\ud800\u202e x": 1403611783,
}
"""CRC-32 of the sorted hashes of each text."""


def digest(text: str) -> int:
    """One number for all features of a text."""
    hashes = np.sort(build_design([text], see_all).hashes)
    return zlib.crc32(hashes.astype("<u4").tobytes())


@pytest.mark.parametrize("text", GOLDEN, ids=range(len(GOLDEN)))
def test_the_hash_is_the_one_that_the_weights_were_trained_for(text: str) -> None:
    """Law: version 1 of the hash never changes; a change needs a new version and new weights."""
    assert HASH_VERSION == 1
    assert digest(text) == GOLDEN[text]


@given(st.lists(ANY_TEXT, min_size=1, max_size=8))
def test_neighbours_in_a_batch_change_nothing(texts: list[str]) -> None:
    """Law: a text has the same answer alone and among any others."""
    together = MODEL.score(texts, ["en"] * len(texts))
    alone = [MODEL.score([text], ["en"])[0] for text in texts]
    assert list(together) == alone


@given(ANY_TEXT)
def test_any_text_gets_features_or_none_and_never_an_error(text: str) -> None:
    """Law: whatever a customer can write, there is one row, of at least one position."""
    features = extract_features([text, "plain"])
    assert len(features.sizes) == 2
    assert features.sizes.min() >= 1


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Thanks, but no. Call me!!", ["Thanks, ", "but no. ", "Call me!!"]),
        ("很好，但是慢。", ["很好，", "但是慢。"]),
        ("شكرا، متى؟ الآن", ["شكرا، ", "متى؟ ", "الآن"]),
        ("ठीक है। धन्यवाद", ["ठीक है। ", "धन्यवाद"]),
        ('He said "no." Then (yes?) he', ['He said "no." ', "Then (yes?) ", "he"]),
        ("Pay 12.50 by 10:30, 5,01.", ["Pay 12.50 by 10:30, ", "5,01."]),
        ("It broke (again). Why", ["It broke (again). ", "Why"]),
        ("no mark at all", ["no mark at all"]),
        ("?", ["?"]),
        ("", [""]),
    ],
)
def test_a_text_is_cut_into_clauses_behind_its_marks(text: str, clauses: list[str]) -> None:
    """Law: whatever stands before and behind it, a mark there included."""
    found = extract_features(["Not this one. Ever!", text, "nor that; no."]).clauses
    first, end = found.firsts[1:]
    # The position before a text is its own: there the edge is hashed.
    sizes = [len(clause) for clause in clauses]
    sizes[0] += 1
    assert found.sizes[first:end].tolist() == sizes


@given(st.lists(ANY_TEXT, min_size=1, max_size=5))
def test_the_clauses_of_a_text_are_all_of_it_but_its_shape(texts: list[str]) -> None:
    """Law: their sums are the text's, whatever the text; each text has one at least."""
    features = extract_features(texts)
    table = np.arange(-512, 512)
    table[0] = 0
    whole, clauses = np.split(sum_all(table[None], features)[0], [len(texts)])
    grams, tokens, shapes = (
        table[hashes >> np.uint32(22)].sum(axis=0)
        for hashes in (features.grams, features.tokens, features.shapes)
    )
    parts = np.add.reduceat(grams, features.gram_starts)
    parts += np.add.reduceat(tokens, features.token_starts)
    firsts = features.clauses.firsts
    assert np.diff(firsts, append=len(clauses)).min() >= 1
    assert (np.add.reduceat(clauses, firsts) == parts).all()
    assert (parts + shapes == whole).all()
    assert (np.add.reduceat(features.clauses.sizes, firsts) == features.sizes).all()


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    """Law: 5 MB cost no more than 1,500 characters."""
    head = ("terrible service " * 100)[:MOST_CHARACTERS]
    long = head + "wonderful " * 500_000
    assert MODEL.score([long], ["en"]) == MODEL.score([head], ["en"])


@pytest.mark.parametrize(
    ("plain", "dressed"),
    [
        ("good service", "g\u200bood\u202e service\u202c"),
        ("GOOD service", "ＧＯＯＤ　service"),
        ("cool", "coooooool"),
        ("شكرا لكم", "شُكْراً لَكُم"),
        ("it's fine", "it’s fine"),
    ],
)
def test_dress_does_not_change_what_is_read(plain: str, dressed: str) -> None:
    """Law: marks that nobody sees, widths, vowel signs and long vowels do not make another word."""
    first, second = extract_features([plain]), extract_features([dressed])
    assert first.letters.tolist()[:3] == second.letters.tolist()[:3]
    assert "".join(map(chr, first.letters)).strip() == "".join(map(chr, second.letters)).strip()


def test_a_negated_word_is_another_feature() -> None:
    """Law: `not happy` has a feature that neither `not` nor `happy` has."""
    both, one, other = (
        set(build_design([text], see_all).hashes.tolist()) for text in ("not happy", "not", "happy")
    )
    joint = both - one - other
    negated = extract_features(["not happy"]).tokens[2]
    assert set(negated[negated != 0].tolist()) <= joint
    assert (negated != 0).any()


@given(st.lists(st.tuples(*[st.integers(-127, 127)] * 5), min_size=1, max_size=50))
def test_sums_of_packed_weights_are_the_sums_of_the_weights(rows: list[tuple[int, ...]]) -> None:
    """Law: lanes never run into each other; what fills no whole number is filled up with nothing."""
    weights = np.array([(0,) * 5, *rows], np.int8)
    packed = pack(weights, 21, 3)
    found = unpack(packed.sum(axis=1, keepdims=True), 21, 3)[:, 0]
    assert found.tolist() == [*weights.astype(int).sum(axis=0).tolist(), 0]


def test_weights_of_another_hash_are_refused() -> None:
    """Law: weights never meet a hash that they were not trained for."""
    settings = Settings("m", 99, 1.0, {}, SecondLook(0, [], [], []), {}, [], 1.0, {}, {})
    with pytest.raises(ValueError, match="version 99"):
        LinearScorer(None, settings)  # type: ignore[arg-type] # refused before it is looked at


def test_the_words_that_moved_the_score_are_the_texts_own() -> None:
    """Law: `explain` names each word once, in order, and the mood of the strongest is the text's."""
    moved = MODEL.explain("The delivery was terrible", "en")
    assert [word.word for word in moved] == ["the", "delivery", "was", "terrible"]
    assert min(moved, key=lambda word: word.by).word == "terrible"
    assert MODEL.explain("", "en") == []
