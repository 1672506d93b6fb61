"""Workers come, go and stand still under load, on Apache Kafka."""

from __future__ import annotations

import random
import time

import pytest

from services.runtime.lane import EXIT_CODES
from tests.fault.arena import Arena, assert_kept
from tests.fault.workers import Worker

pytestmark = [pytest.mark.slow, pytest.mark.durable, pytest.mark.timeout(240)]
ROUNDS = 5


@pytest.fixture(autouse=True)
def _traffic(arena: Arena) -> None:
    """A contact centre's day flows through every test here."""
    arena.begin_traffic(rate=100, seed=21)


def test_workers_that_join_and_leave_lose_nothing_and_repeat_nothing(arena: Arena) -> None:
    """Law: a rebalance in the middle of the traffic breaks no promise, and a clean leave is clean."""
    chance = random.Random(21)
    workers = [arena.worker(fresh=False)]
    workers[0].await_log("the lane is open")
    with arena.vandal(21):
        for _ in range(ROUNDS):
            joining = arena.worker(fresh=False)
            joining.await_log("the group gave")
            time.sleep(chance.uniform(0.2, 1.5))
            leaving = workers.pop()
            assert leaving.stop() == 0, leaving.complain("did not leave cleanly")
            workers.append(joining)
        workers[0].stop()
    assert_kept(arena.settle())


def test_a_worker_that_stood_still_and_was_replaced_does_no_harm_when_it_wakes(
    arena: Arena,
) -> None:
    """Law: a process frozen past its session ends within 5 s of waking, fenced, and changes nothing."""
    frozen = arena.worker(fresh=False)
    frozen.await_log("the lane is open")
    time.sleep(1.0)
    frozen.pause()
    replacing = arena.worker(fresh=False)
    replacing.await_log("the lane is open")
    time.sleep(1.0)
    woken = time.monotonic()
    frozen.resume()
    assert frozen.await_end(10) == EXIT_CODES["fenced"], frozen.complain("was not fenced")
    assert time.monotonic() - woken < 5
    replacing.stop()
    assert_kept(arena.settle())


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
