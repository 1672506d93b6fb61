"""A worker: the router as `services/router/__main__.py` wires it, without its pages."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.router.agreement import Accept
from services.router.changelog import Changelog
from services.router.core.table import Table
from services.router.lately import Lately
from services.router.live.reload import FixedRules
from services.router.memory import Memory, MemoryCounts, MemorySettings
from services.router.metrics import Metrics
from services.router.pipeline import Router
from services.router.rules.file import load_table
from services.router.rules.packaged import read_text
from services.router.view import RedisView
from services.runtime.connection import KafkaAccess
from services.runtime.lane_settings import LaneSettings
from services.runtime.lanes import Lanes

REQUEST_MS = 3_000
ACCESS = KafkaAccess(
    brokers="model:9092", request_timeout_ms=REQUEST_MS, transaction_timeout_ms=9_000
)
SESSION_S = 3.0
SETTINGS: dict[str, Any] = {
    "service": "router",
    "poll_ms": 1_000,
    "batch_within": 5.0,
    "open_within": 6.0,
    "stop_within": 2.0,
    "stuck_after": 45.0,
    "backoff_first": 0.05,
    "backoff_most": 1.0,
    "session_timeout": SESSION_S,
}
"""Times in seconds; shorter than in production, so that more happens in a schedule."""


@cache
def read_table() -> Table:
    """The packaged rules."""
    name, text = read_text()
    table = load_table(text, name)
    assert isinstance(table, Table)
    return table


def build_lanes(
    redis: Any, *, partitions: int, lanes: int, batch: int, cache_entries: int
) -> Lanes:
    """One worker's lanes; must be called in the worker's own process."""
    counts = MemoryCounts()
    table = read_table()
    metrics, lately = Metrics(counts), Lately(5)
    rules = FixedRules(lambda: table)
    view, changelog = RedisView(redis, ""), Changelog(ACCESS, "")
    memory = MemorySettings(cache_entries=cache_entries)

    def make_job(_: int) -> Router:
        fresh = Memory(view, changelog, memory, counts)
        return Router(fresh, rules, metrics, lately, accept=Accept.NEITHER)

    return Lanes(
        access=ACCESS,
        settings=LaneSettings(lanes=lanes, batch_records=batch, **SETTINGS),
        inputs=Router.inputs,
        partitions=partitions,
        make_job=make_job,
    )
