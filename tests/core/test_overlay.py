"""Laws of a tenant's phrases: whole words, where they are meant, and shares that stay shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentiment.core.overlay import (
    NOTHING,
    Calibration,
    Phrase,
    apply_overlay,
    arrange,
    cut_words,
    find_shift,
    shift_score,
)
from services.sentiment.core.scorer import LANGUAGE_NOT_SUPPORTED, Scored, round_shares
from services.sentiment.core.temper import (
    LEAST_SHARE,
    Temper,
    read_logits,
    temper_answer,
    temper_shares,
)

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


@given(
    raw=SHARES,
    temperature=st.floats(min_value=0.2, max_value=10),
    neutral=st.floats(min_value=-3, max_value=3),
    lean=st.floats(min_value=-3, max_value=3),
)
def test_one_answer_is_tempered_as_many_are(
    raw: tuple[float, float, float], temperature: float, neutral: float, lean: float
) -> None:
    """Law: what was fitted on arrays of shares is what is done to one message."""
    total = sum(raw)
    scored = round_shares((raw[0] / total, raw[1] / total, raw[2] / total), "en")
    temper = Temper(temperature, neutral, lean)
    answer = temper_answer(scored, temper)
    shares = np.array([[scored.p_neg, scored.p_neu, scored.p_pos]])
    (wanted,) = temper_shares(read_logits(shares), {"": temper}, [""])
    assert (answer.p_neg, answer.p_neu, answer.p_pos) == pytest.approx(wanted, abs=2 * LEAST_SHARE)
    assert answer.p_neg + answer.p_neu + answer.p_pos == pytest.approx(1.0)
    assert answer.language == scored.language


def test_a_temper_of_nothing_leaves_the_shares() -> None:
    """Law: temperature 1, no margin, no lean; and no share where there was no score."""
    scored = round_shares((0.2, 0.5, 0.3), "en")
    assert temper_answer(scored, Temper()) == scored
    mute = Scored(why=LANGUAGE_NOT_SUPPORTED)
    assert temper_answer(mute, Temper(2.0)) is mute


PLAIN = round_shares((0.5, 0.3, 0.2), "en")
CALM, SOUR = Temper(neutral=2.0), Temper(lean=-2.0)
CALIBRATED = arrange(
    "v",
    [Phrase(("sick",), 0.5)],
    [
        Calibration(CALM, ("skates/main", "surf-*"), ("en",)),
        Calibration(SOUR, languages=("en", "de")),
    ],
)


@pytest.mark.parametrize(
    ("source", "language", "temper"),
    [
        ("skates/main", "en", CALM),
        ("surf-eu", "en", CALM),
        ("skates/main", "de", SOUR),
        ("x", "en", SOUR),
        ("x", "zh", Temper()),
    ],
)
def test_the_first_calibration_that_is_meant_holds(
    source: str, language: str, temper: Temper
) -> None:
    """Law: one calibration at most, by source and language; what phrases move is moved after it."""
    scored = round_shares((0.5, 0.3, 0.2), language)
    calibrated = temper_answer(scored, temper)
    assert apply_overlay(CALIBRATED, source, ["well"], scored) == calibrated
    assert apply_overlay(CALIBRATED, source, ["sick"], scored) == shift_score(calibrated, 0.5)
