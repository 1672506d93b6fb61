"""One deployment under attack: topics, traffic, workers, a vandal in Redis, and the judge at last."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from services.cli.judge import Options, judge, read_tables
from services.cli.judging.court import Judged
from services.cli.judging.report import tell_text
from services.router.rules.packaged import find_default
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from tests.fault.group import evict
from tests.fault.nursery import Nursery
from tests.fault.vandal import Vandal
from tests.fault.workers import CLONE, Child, Worker

PARTITIONS = 4
LANES = 2
SESSION_S = 6
SETTLE_S = 240.0
TRAFFIC_WITHIN_S = 100.0
"""Its last acknowledgement may wait for a broker."""


class Arena:
    """Everything of one deployment; workers are started and ended through it."""

    def __init__(
        self,
        servers: tuple[str, str],
        prefix: str,
        folder: Path,
        nursery: Nursery | None = None,
        *,
        size: tuple[int, int] = (PARTITIONS, LANES),
        direct: tuple[str, str] = ("", ""),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`servers` are the brokers and the URL of Redis; a `nursery` that is given stays open.

        `size` are partitions and lanes. Where the workers go by proxies, `direct` is the way for
        everybody else. `settings` are environment variables of every worker.
        """
        brokers, redis_url = servers
        self.brokers = brokers
        self.partitions, self.lanes = size
        self.direct, self.direct_redis = direct[0] or brokers, direct[1] or redis_url
        self._settings = settings or {}
        self.redis_url = redis_url
        self.prefix = prefix
        self.folder = folder
        self.group = f"{prefix}omniroute-router"
        self.ledger: Path | None = None
        self._children: list[Child] = []
        self._traffic: Child | None = None
        self._nursery = nursery
        self._own_nursery: Nursery | None = None
        self.rules = write_patient_rules(folder / "patient.yaml")
        access = KafkaAccess(brokers=self.direct)
        asyncio.run(apply_topics(access, prefix, partitions=self.partitions))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            if child.alive:
                child.kill()
        if self._own_nursery is not None:
            self._own_nursery.close()

    @property
    def keys(self) -> list[str]:
        """The hashes in Redis."""
        return [f"{{{self.prefix}r.{p}}}:customers" for p in range(self.partitions)]

    def worker(
        self,
        *,
        crash_at: str = "",
        after: int = 1,
        fresh: bool = True,
        environment: Mapping[str, str] | None = None,
        **settings: str,
    ) -> Worker:
        """Start a router process: a new interpreter, or (quicker) one that forks off another.

        `settings` and `environment` are variables of this one.
        """
        variables = {
            "OMNIROUTE_KAFKA": self.brokers,
            "OMNIROUTE_REDIS": self.redis_url,
            "OMNIROUTE_PREFIX": self.prefix,
            "OMNIROUTE_RULES": str(self.rules),
            "OMNIROUTE_LANES": str(self.lanes),
            "OMNIROUTE_HTTP": "127.0.0.1:0",
            "OMNIROUTE_LOG_FORMAT": "json",
            "OMNIROUTE_SESSION_TIMEOUT": str(SESSION_S),
            "OMNIROUTE_BATCH_RECORDS": "100",
            "OMNIROUTE_CRASH_AT": crash_at,
            "OMNIROUTE_CRASH_AFTER": str(after),
            **self._settings,
            **(environment or {}),
            **settings,
        }
        if fresh:
            worker = Worker.program(["services.router"], self.folder, variables)
        else:
            if self._nursery is None:
                self._nursery = self._own_nursery = Nursery(CLONE)
            worker = Worker.forked(self._nursery, self.folder, variables)
        self._children.append(worker)
        return worker

    def evict(self) -> None:
        """Take the dead workers out of the group at once."""
        evict(self.direct, self.group)

    def begin_traffic(self, rate: float, seed: int) -> None:
        """Let a contact centre's day flow until `end_traffic`."""
        self.ledger = self.folder / "ledger.jsonl"
        words = ["tests.fault.feeder", "--rate", str(rate), "--seed", str(seed)]
        words += ["--ledger", str(self.ledger), "--brokers", self.direct]
        self._traffic = Child.program([*words, "--prefix", self.prefix], self.folder, {})
        self._children.append(self._traffic)

    def end_traffic(self) -> None:
        """End it; all that was sent is acknowledged and stands in the ledger."""
        if self._traffic is not None:
            code = self._traffic.stop(signal.SIGINT, TRAFFIC_WITHIN_S)
            if code != 0:
                raise self._traffic.complain(f"ended with {code}")
            self._traffic = None

    def vandal(self, seed: int) -> Vandal:
        """Somebody who damages Redis while the block runs."""
        return Vandal(self.direct_redis, self.keys, seed=seed)

    def settle(self) -> list[Judged]:
        """With a worker that nobody disturbs: wait for lag 0, judge, and end the worker cleanly."""
        self.end_traffic()
        self.evict()
        worker = self.worker(fresh=self._nursery is None)
        judged = self.judge()
        code = worker.stop()
        if code != 0:
            raise worker.complain(f"ended with {code} when it was asked to stop")
        return judged

    def judge(self, wait: float = SETTLE_S) -> list[Judged]:
        """The verdicts, after the router has taken everything."""
        tables = read_tables([self.rules])
        assert isinstance(tables, dict)
        options = Options(
            brokers=self.direct,
            redis=self.direct_redis,
            prefix=self.prefix,
            rules=(),
            ledger=self.ledger,
            partitions=self.partitions,
            wait=wait,
            format="text",
            most=5,
            quiet=True,
        )
        return judge(options, tables)


def write_patient_rules(path: Path) -> Path:
    """The packaged rules, but a contact that waited while no worker lived is not stale.

    What the stories expect holds for events that are read within a minute.
    """
    text = find_default().read_text("utf-8")
    for hurried in ("stale_after: 60s", "revise_within: 60s"):
        assert hurried in text
        text = text.replace(hurried, hurried.replace("60s", "24h"))
    path.write_text(text, "utf-8")
    return path


def assert_kept(judged: list[Judged]) -> None:
    """No promise was broken, and there was something to break."""
    findings = [finding for one in judged for finding in one.findings]
    assert not findings, tell_text(judged, 5)
    assert all(one.folded for one in judged)
    assert sum(one.records["decisions"] for one in judged) > 0


def sleep_until(deadline: float) -> None:
    """Until a moment of time.monotonic()."""
    time.sleep(max(0.0, deadline - time.monotonic()))
