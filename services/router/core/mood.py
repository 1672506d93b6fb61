"""A customer's sentiment over time, in whole thousandths so that every replay agrees.

Two means of the same scores: `score` remembers some eight messages, `recent` some two. Their
difference is the trend: below zero, the customer sounds worse than before. Both forget with time:
while the customer is silent the past weighs less against the next message, and what is read fades.
"""

from __future__ import annotations

from services.router.core.customer import Mood

DAY_MS = 86_400_000
MEMORY = 8
"""A new score weighs at least one in nine; each day of silence makes the past weigh one less."""
RECENT = 2
"""The same for `recent`: at least one in three."""
HALF_LIFE_DAYS = 30
"""What is read halves with each so many days of silence: nobody is upset for ever."""


def feel(mood: Mood | None, score: int, at: int) -> Mood:
    """The mood after one more message of `score` (-1000 to 1000), scored at `at`."""
    if mood is None:
        return Mood(score, 1, at, score)
    days = max(0, at - mood.at) // DAY_MS
    recent = mood.score if mood.recent is None else mood.recent
    return Mood(
        score=_mean(mood.score, max(1, min(mood.count, MEMORY) - days), score),
        count=mood.count + 1,
        at=max(at, mood.at),
        recent=_mean(recent, max(1, min(mood.count, RECENT) - days), score),
    )


def read_score(mood: Mood, now: int) -> int:
    """The mood as it is read at `now`, -1000 to 1000."""
    return _fade(mood.score, mood, now)


def read_trend(mood: Mood, now: int) -> int:
    """How much better (above zero) or worse the customer sounds lately, -2000 to 2000."""
    recent = mood.score if mood.recent is None else mood.recent
    return _fade(recent - mood.score, mood, now)


def _mean(old: int, weight: int, new: int) -> int:
    return _divide(old * weight + new, weight + 1)


def _fade(value: int, mood: Mood, now: int) -> int:
    halvings = max(0, now - mood.at) // (HALF_LIFE_DAYS * DAY_MS)
    return _divide(value, 1 << min(halvings, 16))


def _divide(value: int, by: int) -> int:
    """Rounded towards zero, so that a mirrored story gives a mirrored mood."""
    return abs(value) // by * (1 if value >= 0 else -1)
