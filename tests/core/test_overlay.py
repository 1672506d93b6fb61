"""Laws of a tenant's phrases: whole words, where they are meant, and shares that stay shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentiment.core.overlay import (
    NOTHING,
    Phrase,
    arrange,
    cut_words,
    find_shift,
    shift_score,
)
from services.sentiment.core.scorer import LANGUAGE_NOT_SUPPORTED, Scored, round_shares

OVERLAY = arrange(
    "v",
    [
        Phrase(("sick",), 1.2, ("skates/main", "surf-*"), ("en",)),
        Phrase(("claims", "department"), 0.3),
        Phrase(cut_words("太坑"), -0.5),
    ],
)


@pytest.mark.parametrize(
    ("source", "language", "text", "shift"),
    [
        ("skates/main", "en", "SICK board, so sick!", 1.2),
        ("surf-eu", "en", "sick", 1.2),
        ("skates/other", "en", "sick", 0),
        ("skates/main", "de", "sick", 0),
        ("skates/main", "en", "sickness, homesick", 0),
        ("x", "en", "The Claims  Department called", 0.3),
        ("x", "en", "department claims", 0),
        ("x", "zh", "这个太坑了", -0.5),
        ("surf-eu", "en", "the claims department is sick", 1.5),
        ("x", "", "", 0),
    ],
)
def test_a_phrase_counts_once_where_it_is_meant(
    source: str, language: str, text: str, shift: float
) -> None:
    """Law: whole words in their order, any case, this source and language; shifts add up."""
    assert find_shift(OVERLAY, source, language, [text]) == pytest.approx(shift)
    assert find_shift(NOTHING, source, language, [text]) == 0


SHARES = st.tuples(*[st.floats(min_value=0.001, max_value=1)] * 3)


@given(raw=SHARES, shift=st.floats(min_value=-2, max_value=2))
def test_the_score_moves_as_far_as_it_can_and_shares_sum_to_one(
    raw: tuple[float, float, float], shift: float
) -> None:
    """Law: the new score is the old one plus the shift, held between -1 and 1."""
    total = sum(raw)
    scored = round_shares((raw[0] / total, raw[1] / total, raw[2] / total), "en")
    moved = shift_score(scored, shift)
    assert moved.p_neg + moved.p_neu + moved.p_pos == pytest.approx(1.0)
    assert min(moved.p_neg, moved.p_neu, moved.p_pos) >= 0
    assert moved.score == pytest.approx(max(-1, min(1, scored.score + shift)), abs=3e-4)


def test_what_was_not_scored_is_not_moved() -> None:
    """Law: a phrase makes no score where there is none."""
    mute = Scored(why=LANGUAGE_NOT_SUPPORTED)
    assert shift_score(mute, 1.0) is mute
