"""Membership of the consumer group, and the lanes that follow from it.

One consumer stands for the process in the group. It never reads: its partitions are paused and
positioned in the tick in which they are given, and what it is polled for is only to stay a member.
Whatever a rebalance does, a lane lives from its assignment to its revocation and is then rebuilt,
even when it comes back at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError
from aiokafka.structs import TopicPartition

from services.runtime.assignor import LanePlan, Refusal, make_assignor
from services.runtime.connection import KafkaAccess, close_consumer, make_consumer, read_stood
from services.runtime.keeper import Asked, LaneKeeper
from services.runtime.lane import InputKey, JobMaker, LaneLost, Stop
from services.runtime.lane_note import Stood
from services.runtime.lane_settings import LaneSettings, LaneStatus, tell_braked
from services.runtime.log import get_log
from services.runtime.turns import Turns
from services.runtime.watchdog import Watchdog

log = get_log(__name__)

TICK_S = 0.5
REVOKED_SOON_S = 3.0
"""A fenced lane waits so long for the group to take it away; then the process ends."""
MAX_POLL_INTERVAL_MS = 300_000
HEARTBEAT_MS = 1_000
"""A member hears of a rebalance with the answer to its next heartbeat: nobody who leaves should
have to wait longer than that for the others, whatever the session time-out is."""
REBALANCE_TIMEOUT_MS = 8_000
"""How long the group waits for a member to let go; `stop_within` and `DROPPED_WITHIN_S` fit in."""
JOIN_ROOM_MS = 2_000
"""A join is answered after the rebalance timeout at the latest, so its request must wait longer.
The client library has one limit for all requests of a member, so a heartbeat into a half-open
connection waits as long: the shorter both are, the sooner such a member finds back."""
DROPPED_WITHIN_S = 3.0
NOTHING = Stood(None)


class Lanes:
    """All lanes of this process. `run` returns when asked to stop, or raises `Stop`."""

    def __init__(
        self,
        *,
        access: KafkaAccess,
        settings: LaneSettings,
        inputs: Sequence[str],
        partitions: int,
        make_job: JobMaker,
    ) -> None:
        self._access = access
        self._settings = settings
        self._make_job = make_job
        deployed = tuple(sorted(settings.prefix + topic for topic in inputs))
        self.plan = LanePlan(settings.lanes, partitions, deployed)
        self._keepers: dict[int, LaneKeeper] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._watching: set[asyncio.Task[None]] = set()
        self._member: AIOKafkaConsumer | None = None
        self._assigned: tuple[int, ...] | None = None
        self._fatal: asyncio.Future[None] | None = None
        self._stopping = asyncio.Event()
        self._ticked = time.monotonic()
        self._turns = Turns()
        self._watchdog = Watchdog(
            access,
            settings,
            self._keepers,
            self._read_ends,
            is_member=lambda: self._assigned is not None,
        )

    # -- what others ask

    @property
    def is_ready(self) -> bool:
        """The group has spoken, and every lane that it gave us is open and can do its work."""
        return not self.waits_for()

    @property
    def kafka_away_s(self) -> float:
        """Seconds for which Kafka has not answered; 0 while it does."""
        return self._watchdog.away_s

    def waits_for(self) -> dict[str, str]:
        """What keeps this process from its work -> a sentence, for `/readyz`; empty: nothing."""
        waits = {}
        if away := self.kafka_away_s:
            waits["kafka"] = f"has not answered for {away:.0f} s; nothing is lost"
        statuses = self.statuses()
        waits |= tell_braked(statuses)
        opened = sum(one.open for one in statuses)
        if self._assigned is None:
            waits["lanes"] = "the group has given none yet"
        elif opened < len(statuses):
            waits["lanes"] = f"{opened} of {len(statuses)} assigned lanes are open"
        for why in {one.why for one in statuses if one.why}:
            what = "redis" if why.startswith("Redis") else "rules"
            waits[what] = f"{why}; nothing is lost, the lag grows"
        return waits

    @property
    def is_alive(self) -> bool:
        """The event loop turns; touches nothing outside."""
        return time.monotonic() - self._ticked < self._settings.session_timeout

    def statuses(self) -> list[LaneStatus]:
        """How each lane of this process is doing."""
        return [keeper.status() for _, keeper in sorted(self._keepers.items())]

    def stop(self) -> None:
        """Ask for a clean end: finish the running batches, leave the group."""
        self._stopping.set()

    # -- membership

    async def run(self) -> None:
        """Be a member and run the lanes that the group gives us, until `stop`.

        Raises `Stop` when the process must end and a person or a supervisor must look.
        """
        self._fatal = asyncio.get_running_loop().create_future()
        self._ticked = time.monotonic()
        helpers = [asyncio.create_task(self._beat()), asyncio.create_task(self._watchdog.run())]
        for helper in helpers:
            helper.add_done_callback(self._on_lane_end)
        try:
            while not self._stopping.is_set():
                await self._be_member()
        finally:
            for helper in helpers:
                helper.cancel()
            await self._end_lanes()

    async def _be_member(self) -> None:
        """Join the group and stay in it until `stop`; returns early if Kafka is away."""
        member = self._make_member()
        self._member = member
        try:
            if not await self._until(asyncio.ensure_future(member.start())):
                return
            while not self._stopping.is_set():
                polling = asyncio.ensure_future(member.getmany(timeout_ms=int(TICK_S * 1000)))
                if not await self._until(polling):
                    return
        finally:
            await self._end_lanes()
            self._assigned = None
            await close_consumer(member)

    def _make_member(self) -> AIOKafkaConsumer:
        session_ms = int(self._settings.session_timeout * 1000)
        member = make_consumer(
            self._access,
            group_id=self._settings.group,
            partition_assignment_strategy=[make_assignor(self.plan, self._on_given)],
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=min(HEARTBEAT_MS, session_ms * 3 // 10),
            rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
            request_timeout_ms=max(
                self._access.request_timeout_ms, REBALANCE_TIMEOUT_MS + JOIN_ROOM_MS
            ),
            max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        )
        member.subscribe(list(self.plan.inputs), listener=_Listener(self))
        return member

    async def _until(self, doing: asyncio.Future[Any]) -> bool:
        """Wait for a call of the membership consumer; False if it failed or we are to stop.

        Raises the fatal error of a lane or of the watchdog.
        """
        assert self._fatal is not None  # noqa: S101 - set by run(), for the type checker
        stopping = asyncio.ensure_future(self._stopping.wait())
        waited: set[asyncio.Future[Any]] = {doing, stopping, self._fatal}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not doing.done():
                doing.cancel()
        if self._fatal.done():
            self._fatal.result()
        if doing.cancelled() or not doing.done():
            return False
        try:
            doing.result()
        except (GroupAuthorizationFailedError, TopicAuthorizationFailedError) as error:
            told = f"Kafka refuses {type(error).__name__}: check the ACLs."
            raise Stop("not_authorized", told) from error
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("the group is joined again", exc_info=error)
            await asyncio.sleep(TICK_S)
            return False
        return True

    async def _beat(self) -> None:
        """Notice the passing of time. A gap means that we were frozen."""
        while True:
            self.still_ours()
            self._ticked = time.monotonic()
            await asyncio.sleep(TICK_S)

    def still_ours(self) -> None:
        """Raise `Stop` if this process was frozen for so long that its lanes were given away.

        A lane that is rebuilt would fence its rightful new owner.
        """
        gap = time.monotonic() - self._ticked
        if gap > self._settings.session_timeout:
            raise Stop("fenced", f"the process stood still for {gap:.0f} s and lost its lanes.")

    # -- what the group says

    def _on_given(self, lanes: tuple[int, ...], refusal: Refusal | None) -> None:
        """In the tick of the assignment: pause and position, so that nothing is ever fetched."""
        member = self._member
        if member is None:
            return
        for tp in member.assignment():
            member.pause(tp)
            member.seek(tp, 0)
        self._assigned = lanes
        if refusal is not None:
            self._fail(Stop(refusal.code, refusal.why))

    async def on_assigned(self) -> None:
        """Build a new keeper for every lane that we now own."""
        lanes = self._assigned or ()
        log.info("the group gave this process its lanes", lanes=lanes, group=self._settings.group)
        for lane in lanes:
            if lane in self._keepers:
                continue
            keeper = LaneKeeper(
                lane,
                self.plan,
                access=self._access,
                settings=self._settings,
                make_job=self._make_job,
                asked=Asked(self._read_committed, self.still_ours),
                turns=self._turns,
            )
            task = asyncio.create_task(keeper.run(), name=f"lane-{lane}")
            self._keepers[lane] = keeper
            self._tasks[lane] = task
            task.add_done_callback(self._on_lane_end)

    async def on_revoked(self) -> None:
        """Let every lane finish or abort its batch within a bound, then drop it."""
        self._assigned = None
        await self._end_lanes()

    def _on_lane_end(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, LaneLost):
            watcher = asyncio.ensure_future(self._expect_revocation(str(error)))
            self._watching.add(watcher)
            watcher.add_done_callback(self._watching.discard)
        elif error is not None:
            self._fail(error)

    async def _expect_revocation(self, why: str) -> None:
        """Fenced: either the group takes the lane away now, or we are a ghost."""
        log.warning("a lane is lost", why=why)
        await asyncio.sleep(REVOKED_SOON_S)
        if self._assigned is not None and not self._stopping.is_set():
            self._fail(Stop("fenced", why))

    def _fail(self, error: BaseException) -> None:
        if self._fatal is not None and not self._fatal.done():
            self._fatal.set_exception(error)

    async def _end_lanes(self) -> None:
        """Stop all lanes side by side; what is not done in time is cancelled."""
        for keeper in self._keepers.values():
            keeper.stop()
        tasks = set(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._settings.stop_within)
            for task in late:
                task.cancel()
            if late:
                log.warning("lanes did not stop in time, their batch is dropped", count=len(late))
                await asyncio.wait(late, timeout=DROPPED_WITHIN_S)
        self._keepers.clear()
        self._tasks.clear()

    # -- Kafka, on behalf of the lanes

    async def _read_committed(self, keys: list[InputKey]) -> Mapping[InputKey, Stood]:
        member = self._member
        assert member is not None  # noqa: S101 - lanes exist only while there is a member
        tps = {key: TopicPartition(self._settings.prefix + key[0], key[1]) for key in keys}
        found = await read_stood(member, list(tps.values()))
        return {key: Stood(*found[tp]) if tp in found else NOTHING for key, tp in tps.items()}

    async def _read_ends(self, keys: list[InputKey]) -> Mapping[InputKey, int]:
        member = self._member
        assert member is not None  # noqa: S101 - lanes exist only while there is a member
        tps = {key: TopicPartition(self._settings.prefix + key[0], key[1]) for key in keys}
        ends = await member.end_offsets(list(tps.values()))
        return {key: ends[tp] for key, tp in tps.items()}


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # the base has no types
    """Passes the group's word on; the client library swallows what these raise, so they do not."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    async def on_partitions_revoked(self, revoked: object) -> None:
        del revoked
        await self._lanes.on_revoked()

    async def on_partitions_assigned(self, assigned: object) -> None:
        del assigned
        await self._lanes.on_assigned()
