"""A customer's sentiment over time, in whole thousandths so that every replay agrees."""

from __future__ import annotations

from services.router.core.customer import Mood

DAY_MS = 86_400_000
MEMORY = 8
"""A new score weighs at least one in nine; each day of silence makes the past weigh one less."""


def feel(mood: Mood | None, score: int, at: int) -> Mood:
    """The mood after one more message of `score` (-1000 to 1000), scored at `at`."""
    if mood is None:
        return Mood(score, 1, at)
    days = max(0, at - mood.at) // DAY_MS
    weight = max(1, min(mood.count, MEMORY) - days)
    total = mood.score * weight + score
    # Rounded towards zero, so that a mirrored story gives a mirrored mood.
    mean = abs(total) // (weight + 1) * (1 if total >= 0 else -1)
    return Mood(mean, mood.count + 1, max(at, mood.at))
