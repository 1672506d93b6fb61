"""All that is up during a round, and what the nemeses tell of it."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from services.runtime.embedded import ApacheKafka
from tests.fault.arena import Arena
from tests.fault.cluster import Brokers
from tests.fault.fleet import Fleet
from tests.fault.links import Links
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.nursery import Nursery
from tests.fault.scene import Topology
from tests.fault.watch import Watch
from tests.fault.workers import CLONE


class Struck(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that was done."""

    nemesis: str
    what: str
    began_ms: int
    healed_ms: int


class Stage:
    """What a nemesis can reach. `measure`, `count` and `note` may be called from any strand."""

    def __init__(
        self, arena: Arena, fleet: Fleet, watch: Watch, *, kafka: Any, redis: Any, links: Links
    ) -> None:
        self.arena = arena
        self.fleet = fleet
        self.watch = watch
        self.kafka: ApacheKafka | Brokers = kafka
        self.redis = redis
        self.links = links
        self.counts: Counter[str] = Counter()
        self.measured: dict[str, list[float]] = defaultdict(list)
        self.struck: list[tuple[Nemesis, Struck]] = []
        self.notes: list[str] = []
        self.missed = 0
        self._lock = threading.Lock()

    def count(self, what: str, times: int = 1) -> None:
        """A fault that really happened, by its name in the ledger."""
        with self._lock:
            self.counts[what] += times

    def measure(self, what: str, seconds: float) -> None:
        """A time that was measured, by its name in the row's limits."""
        with self._lock:
            self.measured[what].append(round(seconds, 2))

    def note(self, line: str) -> None:
        """Something that the report should tell."""
        with self._lock:
            self.notes.append(line)

    def miss(self, why: str) -> None:
        """A planned blow found nothing to strike."""
        self.note(f"missed: {why}")
        with self._lock:
            self.missed += 1

    def remember(self, nemesis: Nemesis, blow: Blow, began_ms: int) -> None:
        """A blow is over now."""
        healed = int(time.time() * 1000)
        done = Struck(
            nemesis=nemesis.name, what=blow.what, began_ms=began_ms, healed_ms=healed
        )  # fmt: skip
        with self._lock:
            self.struck.append((nemesis, done))


@contextmanager
def open_stage(topology: Topology, prefix: str) -> Iterator[Stage]:
    """Servers, topics, workers to be and the concurrent reader; all end with the block."""
    size = (topology.partitions, topology.lanes)
    with ExitStack() as stack:
        kafka: Any = stack.enter_context(
            Brokers(topology.brokers, disk_mib=topology.disk_mib)
            if topology.proxied
            else ApacheKafka()
        )
        redis = stack.enter_context(topology.redis())
        links = stack.enter_context(Links.around(kafka, redis, proxied=topology.proxied))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        nursery = Nursery(CLONE)
        stack.callback(nursery.close)
        arena = stack.enter_context(
            Arena(
                (links.brokers, links.redis_url),
                prefix,
                folder,
                nursery,
                size=size,
                direct=(kafka.bootstrap, redis.url),
                settings=topology.settings,
            )
        )
        fleet = Fleet(arena, topology.workers)
        watch = stack.enter_context(Watch(kafka.bootstrap, prefix, *size))
        yield Stage(arena, fleet, watch, kafka=kafka, redis=redis, links=links)
