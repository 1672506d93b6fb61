"""A router under test: in this process, on the test's own deployment, judged from outside."""

from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client import generate_latest

from services.cli.judge import main as judge
from services.contact.codec import decode_decision
from services.contact.decision import Decision
from services.contact.event import Channel, ContactEvent, Handle, Kind, Side
from services.contact.topics import DECISIONS
from services.router.agreement import Accept
from services.router.changelog import Changelog
from services.router.core.table import Table
from services.router.lately import Lately
from services.router.live.reload import FixedRules, Rules
from services.router.memory import Memory, MemoryCounts, MemorySettings
from services.router.metrics import Metrics
from services.router.pipeline import Router
from services.router.redis_client import open_redis
from services.router.rules.file import load_table
from services.router.rules.packaged import read_text
from services.router.view import RedisView
from services.runtime.lanes import Lanes
from tests.shell.lanework import PARTITIONS, Deployment


def read_table() -> Table:
    """The packaged rules."""
    name, text = read_text()
    table = load_table(text, name)
    assert isinstance(table, Table)
    return table


class RouterWorker:
    """One worker of the router."""

    def __init__(self, deployment: Deployment, url: str, **changes: Any) -> None:
        self.deployment = deployment
        self.url = url
        self.counts = MemoryCounts()
        self.table = read_table()
        self.rules: Rules = FixedRules(lambda: self.table)
        self.lately = Lately(50)
        self.metrics = Metrics(self.counts, changes.pop("figures", None))
        self.redis = open_redis(url)
        self.view = RedisView(self.redis, deployment.prefix)
        self.accept = changes.pop("accept", Accept.NEITHER)
        self.memory = MemorySettings(**changes.pop("memory", {}))
        self.jobs: list[Router] = []
        partitions = changes.pop("partitions", PARTITIONS)
        self.lanes: Lanes = deployment.lanes(self.make, partitions=partitions, **changes)

    def make(self, lane: int) -> Router:
        """A fresh job."""
        del lane
        changelog = Changelog(self.deployment.access, self.deployment.prefix)
        memory = Memory(self.view, changelog, self.memory, self.counts)
        self.jobs.append(Router(memory, self.rules, self.metrics, self.lately, accept=self.accept))
        return self.jobs[-1]

    def counted(self, name: str = "omniroute_router_records_total") -> float:
        """The sum of a metric over its labels, as a scrape would tell it."""
        lines = generate_latest(self.metrics.registry).decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{"))

    async def close(self) -> None:
        """Let go of Redis."""
        await self.redis.aclose()


async def verdict(deployment: Deployment, url: str, *more: str) -> int:
    """What the independent judge says: 0 is good."""
    words = ["--brokers", deployment.access.brokers, "--prefix", deployment.prefix, "--redis", url]
    return await asyncio.to_thread(judge, [*words, "--quiet", *more])


def write_mails(first: int, count: int, *handles: Handle) -> list[ContactEvent]:
    """One e-mail of each of so many customers, reached at these addresses; nobody waits for it."""
    return [
        ContactEvent(
            event_id=f"m{number}",
            source="desk",
            kind=Kind.MESSAGE,
            customer_id=f"c{number}",
            channel=Channel.EMAIL,
            side=Side.CUSTOMER,
            contact_id=f"k{number}",
            text="Where is my order?",
            customer_handles=handles,
        )
        for number in range(first, first + count)
    ]


async def read_decisions(deployment: Deployment) -> list[Decision]:
    """All that was decided."""
    made = []
    for record in await deployment.read(DECISIONS):
        decision = decode_decision(record.value, record.headers)
        assert isinstance(decision, Decision), decision
        made.append(decision)
    return made
