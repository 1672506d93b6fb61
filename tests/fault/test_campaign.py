"""The promises under fire, on Apache Kafka: kills at every crash point, Redis damaged meanwhile."""

from __future__ import annotations

import pytest

from services.runtime.crash import POINTS
from tests.fault.arena import Arena, assert_kept
from tests.fault.campaign import AT_RANDOM, campaign


@pytest.mark.slow
@pytest.mark.durable
@pytest.mark.timeout(300)
def test_two_kills_at_each_crash_point_lose_nothing_and_repeat_nothing(arena: Arena) -> None:
    """Law: no kill at any point, and no loss in Redis, breaks a promise; the short form."""
    outcome = campaign(arena, seed=11, kills=2, fresh=False)
    assert outcome.kills == dict.fromkeys((*POINTS, AT_RANDOM), 2)
    assert sum(outcome.damage.values()) > 0
    assert_kept(list(outcome.judged))


@pytest.mark.slow
@pytest.mark.durable
@pytest.mark.timeout(1200)
def test_ten_kills_at_each_crash_point_lose_nothing_and_repeat_nothing(arena: Arena) -> None:
    """Law: the same, ten times each, while Redis is flushed and rolled back many times."""
    outcome = campaign(arena, seed=12, kills=10)
    assert outcome.kills == dict.fromkeys((*POINTS, AT_RANDOM), 10)
    assert outcome.damage["flushes"] >= 10
    assert outcome.damage["roll-backs"] >= 10
    assert_kept(list(outcome.judged))
