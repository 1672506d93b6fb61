"""Every kind of poison, a flood of it, repeats and disorder: all is as the generators' ledgers say."""

from __future__ import annotations

import pytest

from services.cli.judging.report import tell_text
from tests.contract.bad_input import BAD_INPUT
from tests.fault.arena import Arena
from tests.fault.poison import Found, disorder, flood, mix

pytestmark = [pytest.mark.slow, pytest.mark.durable, pytest.mark.timeout(240)]


def assert_good(found: Found) -> None:
    """Nothing was found, by the judge or beside it."""
    assert found.kept, (found.wrong, tell_text(found.judged, 5))


def test_each_kind_of_poison_is_one_dead_letter_with_its_cause(arena: Arena) -> None:
    """Law: more than a hundred kinds among a day's events; every good one has its outcome."""
    found = mix(arena, events=4_000, seed=3, say=lambda _: None)
    assert_good(found)
    assert f"of {len(BAD_INPUT)} kinds" in found.figures["poison"]


def test_nothing_but_poison_stops_at_its_limit_however_often_it_is_restarted(arena: Arena) -> None:
    """Law: a worker that is killed and started for ever writes no dead letter beyond the limit."""
    assert_good(flood(arena, events=2_000, starts=3, say=lambda _: None))


def test_repeats_and_disorder_end_in_one_standing_call_for_each_thread(arena: Arena) -> None:
    """Law: a fifth twice, a fifth out of order: outcomes as the ledger says, one call a thread."""
    assert_good(disorder(arena, threads=600, seed=3, say=lambda _: None))
