"""Redis or Kafka is away for minutes while every worker is looked at."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import ClassVar

from services.runtime.embedded import ApacheKafka
from tests.fault.nemeses.memory import OfRedis
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.pages import Pages, Told
from tests.fault.stage import Stage
from tests.fault.workers import Worker

GROWTH_MIB = 25.0
"""What a worker may grow by while it waits: its batch, and one fetch of each partition."""
LAG = "omniroute_lane_lag_records"
RESUME_KAFKA = "resumes after Kafka is back"


class Watched:
    """The workers of a stage through an outage: alive, honest, and no larger than before."""

    def __init__(self, stage: Stage, what: str) -> None:
        self._stage = stage
        self._what = what
        self._workers: list[Worker] = stage.fleet.workers
        self._pages = [Pages(worker) for worker in self._workers]
        self._sizes = [page.resident_mib() for page in self._pages]

    def look(self, begin: float, lasts_s: float, told_within_s: float) -> None:
        """Until the time is over: each lives, says what it waits for, and does not grow."""
        for page in self._pages:
            page.await_told(self._waits, told_within_s)
        while time.monotonic() - begin < lasts_s:
            time.sleep(1.0)
            for page in self._pages:
                assert page.is_live(), "a worker that waits must be left alone"
                assert self._waits(page.readyz()), page.readyz()
        for page, worker, size in zip(self._pages, self._workers, self._sizes, strict=True):
            if (grown := page.resident_mib() - size) > GROWTH_MIB:
                raise worker.complain(f"grew by {grown:.0f} MiB while it waited")

    def lags(self) -> list[float]:
        """What each says of what waits."""
        return [page.metric(LAG) for page in self._pages]

    def await_ready(self, within_s: float) -> None:
        """Until each goes on, and none had to be replaced."""
        for page in self._pages:
            page.await_told(lambda told: told.ready, within_s)
        assert self._workers == self._stage.fleet.workers, "a worker ended in the outage"

    def _waits(self, told: Told) -> bool:
        return not told.ready and "nothing is lost" in told.waits_for.get(self._what, "")


class Outage(OfRedis):
    """Redis is away for a minute: workers live, say so, wait, and hold no more than before."""

    name: ClassVar[str] = "outage of Redis"
    lasts_s: ClassVar[float] = 60.0
    told_within_s: ClassVar[float] = 15.0

    def __init__(self) -> None:
        self._watched: Watched | None = None

    def plan(self, chance: random.Random) -> Blow:
        """Draw whether it is dead or only silent."""
        return plan_absence(chance, "Redis", self.lasts_s)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Take it away, and look at every worker until the time is over."""
        server, begin = self.server(stage), time.monotonic()
        watched = self._watched = Watched(stage, "redis")
        take_away(blow, server.kill, server.pause)
        watched.look(begin, self.told_within_s, self.told_within_s)
        before = watched.lags()
        watched.look(begin, self.lasts_s, self.told_within_s)
        after = watched.lags()
        assert self.lasts_s < 2 * self.told_within_s or all(
            later > sooner for sooner, later in zip(before, after, strict=True)
        ), f"the lag must grow: {before}, then {after}"

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Bring it back; whoever waited is there and ready again."""
        del blow
        self.server(stage).resume()
        self.server(stage).start()
        if self._watched is not None:
            self._watched.await_ready(self.told_within_s)


class ShortOutage(Outage):
    """The same, for `make check`."""

    lasts_s: ClassVar[float] = 22.0
    told_within_s: ClassVar[float] = 11.0
    """A silent Redis is noticed after 5 s, one that is back after another 5: not less than both."""


class KafkaAway(Nemesis):
    """The only broker is away for three minutes: for longer than `OMNIROUTE_STUCK_AFTER`."""

    name: ClassVar[str] = "outage of Kafka"
    resume: ClassVar[str] = RESUME_KAFKA
    lasts_s: ClassVar[float] = 180.0
    told_within_s: ClassVar[float] = 30.0

    def __init__(self) -> None:
        self._watched: Watched | None = None

    def plan(self, chance: random.Random) -> Blow:
        """Draw whether it is dead or only silent."""
        return plan_absence(chance, "Kafka", self.lasts_s)

    @staticmethod
    def server(stage: Stage) -> ApacheKafka:
        """The only one."""
        assert isinstance(stage.kafka, ApacheKafka), "this topology has several brokers"
        return stage.kafka

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Take it away, and look at every worker until the time is over."""
        server, begin = self.server(stage), time.monotonic()
        self._watched = Watched(stage, "kafka")
        take_away(blow, server.kill, server.pause)
        self._watched.look(begin, self.lasts_s, self.told_within_s)

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Bring it back; whoever waited is there and ready again."""
        del blow
        self.server(stage).resume()
        self.server(stage).start()
        if self._watched is not None:
            self._watched.await_ready(self.told_within_s)


def plan_absence(chance: random.Random, who: str, lasts_s: float) -> Blow:
    """Draw whether it is dead or only silent."""
    how = chance.choice(("dead", "silent"))
    return Blow(what=f"{who} away for {lasts_s:.0f} s", words={"how": how})


def take_away(blow: Blow, kill: Callable[[], None], pause: Callable[[], None]) -> None:
    """As it was drawn."""
    (kill if blow.words["how"] == "dead" else pause)()
