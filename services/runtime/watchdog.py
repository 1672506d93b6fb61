"""Looks at the lanes of a process from outside: do they move, how much waits, is Kafka there?

A lane that waits fetches nothing, and one that cannot be opened has no reader: neither knows that
its lag grows. So the ends of all inputs are asked for here, every few seconds.

A lane that stands still ends the process, for a client that is broken mends itself by no other
means. Kafka away is no such case: a new process could do no more than wait, and this one does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from services.runtime.connection import KafkaAccess, reaches_kafka
from services.runtime.keeper import LaneKeeper
from services.runtime.lane import InputKey, Stop
from services.runtime.lane_settings import LaneSettings
from services.runtime.log import get_log

log = get_log(__name__)

LOOK_S = 5.0
JOIN_S = 60.0
"""A process that is no member of the group for so long at least, although Kafka answers, hangs:
a rebalance takes a fraction of it."""
ANSWER_WITHIN_S = 4.0

ReadEnds: TypeAlias = Callable[[list[InputKey]], Awaitable[Mapping[InputKey, int]]]
"""Asks the brokers where these inputs end: always a remote call."""


class Watchdog:
    """Of the lanes of one process. `run` raises `Stop("stuck")`."""

    def __init__(
        self,
        access: KafkaAccess,
        settings: LaneSettings,
        keepers: Mapping[int, LaneKeeper],
        read_ends: ReadEnds,
        *,
        is_member: Callable[[], bool],
    ) -> None:
        """`keepers` are the lanes of the moment; the mapping is looked at, never changed.

        `is_member` says whether the group has told which lanes are ours, be it none.
        """
        self._access = access
        self._limit = settings.stuck_after
        self._keepers = keepers
        self._read_ends = read_ends
        self._is_member = is_member
        self._belonged = time.monotonic()
        self._answered = time.monotonic()
        self._away: float | None = None
        self._back = -self._limit

    @property
    def away_s(self) -> float:
        """Seconds for which Kafka has not answered; 0 while it does."""
        return 0.0 if self._away is None else time.monotonic() - self._away

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            await asyncio.sleep(min(self._limit / 4, LOOK_S))
            await self._look()

    async def _look(self) -> None:
        before = {lane: keeper.positions() for lane, keeper in self._keepers.items()}
        ends = await self._ask([key for one in self._keepers.values() for key in one.inputs])
        for lane, keeper in list(self._keepers.items()):
            keeper.see_ends(ends)
            if self._stands_still(keeper, before.get(lane, {}), ends):
                state = "has records waiting" if keeper.status().open else "does not open"
                raise Stop(
                    "stuck", f"lane {lane} {state} and has not moved for {self._limit:.0f} s."
                )
        self._look_at_membership()

    def _look_at_membership(self) -> None:
        now, limit = time.monotonic(), max(self._limit, JOIN_S)
        if self._is_member() or self._away is not None:
            self._belonged = now
        elif now - self._belonged > limit:
            raise Stop("stuck", f"the group has given no lanes for {limit:.0f} s.")

    def _stands_still(
        self, keeper: LaneKeeper, before: Mapping[InputKey, int], ends: Mapping[InputKey, int]
    ) -> bool:
        status = keeper.status()
        if status.still_s < self._limit or status.paused or status.braked:
            return False
        if self._away is not None or time.monotonic() - self._back < self._limit:
            return False
        if not status.open or keeper.busy:
            return True
        after = keeper.positions()
        return any(after.get(key) == at < ends.get(key, 0) for key, at in before.items())

    async def _ask(self, keys: list[InputKey]) -> Mapping[InputKey, int]:
        """Where the inputs end, empty if nobody says so; notes whether Kafka answers."""
        asked = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                ends = await self._read_ends(keys) if keys else {}
        except Exception:  # noqa: BLE001 - whatever the client fails with, it is no answer
            ends = {}
        # Without an answer it may be the client that is broken, and not Kafka.
        if ends or await reaches_kafka(self._access, ANSWER_WITHIN_S):
            if self._away is not None:
                log.info("Kafka answers again", seconds=round(self.away_s, 1))
                self._away, self._back = None, time.monotonic()
            self._answered = asked
        elif self._away is None:
            self._away = self._answered
            log.warning("Kafka does not answer", seconds=round(self.away_s, 1))
        return ends
