"""A customer's mood: two means of the same scores, their difference, and how all of it fades."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.core.customer import Mood
from services.router.core.mood import DAY_MS, HALF_LIFE_DAYS, feel, read_score, read_trend

SCORES = st.lists(st.integers(-1000, 1000), min_size=1, max_size=40)
GAPS = st.integers(0, 200 * DAY_MS)


def tell(scores: list[int], gap: int = 0) -> Mood:
    """The mood after these scores, so far apart."""
    mood: Mood | None = None
    for number, score in enumerate(scores):
        mood = feel(mood, score, 1 + number * gap)
    assert mood is not None
    return mood


def test_one_message_is_the_whole_mood() -> None:
    """Law: after one message mood and last messages are its score, and there is no trend."""
    mood = tell([-700])
    assert mood == Mood(-700, 1, 1, -700)
    assert (read_score(mood, 1), read_trend(mood, 1)) == (-700, 0)


def test_a_turn_for_the_worse_shows_in_the_trend_before_it_shows_in_the_mood() -> None:
    """Law: ten content messages and two angry ones: still a good mood, but falling steeply."""
    mood = tell([800] * 10 + [-800] * 2)
    assert read_score(mood, mood.at) > 400
    assert read_trend(mood, mood.at) < -500


def test_a_turn_for_the_better_shows_too() -> None:
    """Law: the mirror image."""
    mood = tell([-800] * 10 + [800] * 2)
    assert read_score(mood, mood.at) < -400
    assert read_trend(mood, mood.at) > 500


@given(scores=SCORES, gap=GAPS)
def test_a_mirrored_story_gives_a_mirrored_mood(scores: list[int], gap: int) -> None:
    """Law: nothing in it prefers one side, at any moment of reading."""
    mood, mirror = tell(scores, gap), tell([-score for score in scores], gap)
    for later in (0, DAY_MS, 100 * DAY_MS):
        now = mood.at + later
        assert read_score(mood, now) == -read_score(mirror, now)
        assert read_trend(mood, now) == -read_trend(mirror, now)


@given(scores=SCORES, gap=GAPS)
def test_a_mood_lies_between_the_scores_it_rests_on(scores: list[int], gap: int) -> None:
    """Law: it is a mean (rounded towards zero), and the trend is no wider than their spread."""
    mood = tell(scores, gap)
    low, high = min([*scores, 0]), max([*scores, 0])
    assert low <= read_score(mood, mood.at) <= high
    assert abs(read_trend(mood, mood.at)) <= high - low + 1
    assert mood.count == len(scores)


@pytest.mark.parametrize(("days", "left"), [(0, -800), (29, -800), (30, -400), (60, -200)])
def test_what_is_read_halves_with_each_month_of_silence(days: int, left: int) -> None:
    """Law: nobody is upset for ever; the stored value stays, so every replay agrees."""
    mood = tell([-800, -800])
    assert HALF_LIFE_DAYS == 30
    assert read_score(mood, mood.at + days * DAY_MS) == left


def test_after_years_nothing_is_left() -> None:
    """Law: the fading ends at zero and overflows nowhere."""
    mood = tell([-1000])
    assert read_score(mood, mood.at + 10_000 * DAY_MS) == 0
    assert read_trend(tell([900, -900]), 10_000 * DAY_MS) == 0


def test_a_clock_before_the_last_score_reads_it_whole() -> None:
    """Law: a batch's clock may lie before a score's; nothing fades backwards."""
    assert read_score(tell([-900]), -5 * DAY_MS) == -900


def test_a_state_from_before_the_trend_was_kept_has_none() -> None:
    """Law: an older state reads as no trend, and the next message begins one."""
    old = Mood(-600, 5, 100)
    assert read_trend(old, 100) == 0
    assert read_trend(feel(old, 900, 200), 200) > 0
