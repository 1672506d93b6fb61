"""Kills and freezes a single Redis, and keeps it away for a minute while all is looked at."""

from __future__ import annotations

import random
import time
from typing import ClassVar

from tests.fault.lasting import LastingValkey
from tests.fault.nemeses.damage import Damage
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.pages import Pages, Told
from tests.fault.stage import Stage

WITH_LOG, EMPTY, OLDER = "with its log", "empty", "as it was before"
PAUSED = "Redis paused"
RESUME = "resumes after Redis is back"
TOLD_WITHIN_S = 15.0
GROWTH_MIB = 25.0
"""What a worker may grow by while it waits: its batch, and one fetch of each partition."""
LAG = "omniroute_lane_lag_records"


def killed(how: str) -> str:
    """The name in the ledger."""
    return f"Redis killed, back {how}"


class QuickDamage(Damage):
    """The same, several times as often."""

    every_s: ClassVar[float] = 0.6


class _OfRedis(Nemesis):
    """Measures how long after the return the last lane decides again."""

    resume: ClassVar[str] = RESUME
    rest_s: ClassVar[tuple[float, float]] = (1.0, 3.0)

    @staticmethod
    def server(stage: Stage) -> LastingValkey:
        """The only one."""
        assert isinstance(stage.redis, LastingValkey), "this topology has another Redis"
        return stage.redis


class KillRedis(_OfRedis):
    """SIGKILL; it comes back with its log, empty, or as it was a moment ago."""

    name: ClassVar[str] = "kill Redis"

    def plan(self, chance: random.Random) -> Blow:
        """Draw how it comes back, and after how long."""
        how = chance.choice((WITH_LOG, WITH_LOG, EMPTY, OLDER))
        ago = round(chance.uniform(0.5, 3.0), 1)
        hold = round(chance.uniform(0.0, 4.0), 1)
        return Blow(what=killed(how), hold_s=hold, words={"ago_s": ago})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """End it at once; what is kept for later is copied before."""
        server = self.server(stage)
        if blow.what == killed(OLDER):
            server.keep()
            time.sleep(float(blow.words["ago_s"]))
        server.kill()
        if blow.what == killed(EMPTY):
            server.lose_log()
        if blow.what == killed(OLDER):
            server.go_back()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Start it."""
        del blow
        self.server(stage).start()


class PauseRedis(_OfRedis):
    """SIGSTOP: connections stay open and nothing answers."""

    name: ClassVar[str] = "pause Redis"

    def plan(self, chance: random.Random) -> Blow:
        """Draw for how long."""
        return Blow(what=PAUSED, hold_s=round(chance.uniform(1.0, 10.0), 1))

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Freeze it."""
        del blow
        self.server(stage).pause()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Thaw it."""
        del blow
        self.server(stage).resume()


class Outage(_OfRedis):
    """Redis is away for a minute: workers live, say so, wait, and hold no more than before."""

    name: ClassVar[str] = "outage of Redis"
    lasts_s: ClassVar[float] = 60.0

    def plan(self, chance: random.Random) -> Blow:
        """Draw whether it is dead or only silent."""
        how = chance.choice(("dead", "silent"))
        return Blow(what=f"Redis away for {self.lasts_s:.0f} s", words={"how": how})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Take it away, and look at every worker until the time is over."""
        begin, workers = time.monotonic(), stage.fleet.workers
        pages = [Pages(worker) for worker in workers]
        sizes = [page.resident_mib() for page in pages]
        (self.server(stage).kill if blow.words["how"] == "dead" else self.server(stage).pause)()
        for page in pages:
            page.await_told(_waits_for_redis, TOLD_WITHIN_S)
        lags = [page.metric(LAG) for page in pages]
        while time.monotonic() - begin < self.lasts_s:
            time.sleep(1.0)
            for page in pages:
                assert page.is_live(), "a worker that waits for Redis must be left alone"
                assert _waits_for_redis(page.readyz()), page.readyz()
        for page, worker, lag, size in zip(pages, workers, lags, sizes, strict=True):
            if page.metric(LAG) <= lag:
                raise worker.complain(f"says a lag of {page.metric(LAG)}, before of {lag}")
            grown = page.resident_mib() - size
            if grown > GROWTH_MIB:
                raise worker.complain(f"grew by {grown:.0f} MiB while it waited")

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Bring it back; whoever waited is there and ready again."""
        del blow
        server, workers = self.server(stage), stage.fleet.workers
        server.resume()
        server.start()
        for worker in workers:
            Pages(worker).await_told(lambda told: told.ready, TOLD_WITHIN_S)
        assert workers == stage.fleet.workers, "a worker ended because Redis was away"


class ShortOutage(Outage):
    """The same, for `make check`."""

    lasts_s: ClassVar[float] = 12.0


def _waits_for_redis(told: Told) -> bool:
    return not told.ready and "nothing is lost" in told.waits_for.get("redis", "")
