"""A record that kills the process is found, set aside, and costs nobody else anything."""

from __future__ import annotations

import time

import msgspec
import pytest

from services.cli.judging.court import Judged
from services.contact.event import ContactEvent
from tests.fault.arena import Arena, assert_kept
from tests.fault.test_oversized import Desk, chat, count
from tests.fault.workers import Worker

pytestmark = [pytest.mark.slow, pytest.mark.durable, pytest.mark.timeout(240)]
DEADLY = "a text that no parser survives"
LIVES_S = 4.0
"""A worker that has not died so long after its lanes opened has got past the record."""


def deadly(customer: str, number: int) -> ContactEvent:
    """An event at which the process dies."""
    return msgspec.structs.replace(chat(customer, number), text=DEADLY)


def is_alive(worker: Worker) -> bool:
    """Does it run now?"""
    return worker.alive


def live(arena: Arena) -> Worker | None:
    """Start a worker that dies at the deadly record; None if it died."""
    worker = arena.worker(fresh=False, OMNIROUTE_CRASH_ON=DEADLY)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not worker.alive:
            arena.evict()
            return None
        if worker.log.read_text(errors="replace").count("the lane is open") == 2:
            end = time.monotonic() + LIVES_S
            while time.monotonic() < end and is_alive(worker):
                time.sleep(0.05)
            if is_alive(worker):
                return worker
        time.sleep(0.05)  # without it this process takes a core that Kafka and the router need
    raise worker.complain("neither died nor opened its lanes")


def letters(judged: list[Judged]) -> dict[str, int]:
    """Dead letters by code."""
    found: dict[str, int] = {}
    for one in judged:
        for code, number in one.letters.items():
            found[code] = found.get(code, 0) + number
    return found


@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "before it starts"])
def test_a_record_that_kills_the_process_is_isolated_after_three_starts(
    arena: Arena, *, running: bool
) -> None:
    """Law: three starts die at it; then it is one dead letter, and all others are decided."""
    desk = Desk(arena)
    first = live(arena) if running else None
    desk.send_events([chat(f"customer-{n}", 0) for n in range(40)])
    desk.send_events([deadly("customer-7", 1)])
    desk.send_events([chat(f"customer-{n}", 2) for n in range(40)])
    if first is not None:
        first.await_kill()
        arena.evict()
    deaths = 0
    while (worker := live(arena)) is None:
        deaths += 1
        assert deaths <= 3
    assert deaths == 3
    judged = desk.judge()
    assert worker.stop() == 0
    assert_kept(judged)
    assert letters(judged) == {"process_killed": 1}
    assert count(judged, "decided") == 80


def test_deaths_that_are_not_a_records_doing_set_nothing_aside(arena: Arena) -> None:
    """Law: however often the process dies elsewhere, no innocent record becomes a dead letter."""
    desk = Desk(arena)
    # One customer: one lane is at work each time, on the same record first.
    desk.send_events([chat("customer-1", n) for n in range(40)])
    for point in ("before_transaction", "before_transaction", "after_some_sends") * 2:
        arena.worker(crash_at=point, fresh=False).await_kill()
        arena.evict()
    worker = arena.worker(fresh=False)
    judged = desk.judge()
    assert worker.stop() == 0
    assert_kept(judged)
    assert letters(judged) == {}
    assert count(judged, "decided") == 40
