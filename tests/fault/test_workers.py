"""A worker that was replaced without noticing, under load, on Apache Kafka."""

from __future__ import annotations

import time

import pytest

from services.runtime.lane import EXIT_CODES
from tests.fault.arena import Arena, assert_kept
from tests.fault.workers import Worker

pytestmark = [pytest.mark.slow, pytest.mark.durable, pytest.mark.timeout(240)]


@pytest.fixture(autouse=True)
def _traffic(arena: Arena) -> None:
    """A contact centre's day flows through every test here."""
    arena.begin_traffic(rate=100, seed=21)


@pytest.mark.parametrize("moment", range(2))
def test_a_worker_that_was_replaced_unnoticed_is_fenced_by_kafka(arena: Arena, moment: int) -> None:
    """Law: also one that slept for less than its session cannot commit what another one owns."""
    frozen = arena.worker(fresh=False)
    frozen.await_log("the lane is open")
    time.sleep(0.3 * moment)
    frozen.pause()
    arena.evict()
    replacing = arena.worker(fresh=False)
    replacing.await_log("the lane is open")
    time.sleep(0.5)
    frozen.resume()
    time.sleep(2.0)
    end(replacing)
    end(frozen)
    assert_kept(arena.settle())


def end(worker: Worker) -> None:
    """It may have ended by itself, as one that was fenced."""
    assert worker.stop() in {0, EXIT_CODES["fenced"]}, worker.complain("ended badly")
