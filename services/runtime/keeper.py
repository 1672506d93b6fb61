"""Carries one lane from its assignment to its revocation.

    fence -> committed offsets -> Job.open -> seek -> (take -> work -> commit -> committed)*

The order of the first steps is the promise: only after `fence` is the former owner's transaction
ended, so only then do the committed offsets and the end of its changelog stand still.

Any failure throws the whole life away (producer, reader, job, caches) and begins a new one from
what Kafka says. What survives a life is only what makes batches smaller after a size error.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

import msgspec

from services.runtime import crash
from services.runtime.assignor import LanePlan, partitions_of
from services.runtime.connection import KafkaAccess
from services.runtime.lane import (
    Batch,
    InputKey,
    Job,
    JobMaker,
    LaneLost,
    Opening,
    Start,
    Stop,
    Unavailable,
)
from services.runtime.lane_settings import LaneSettings, LaneStatus
from services.runtime.log import get_log
from services.runtime.reading import Reader
from services.runtime.transaction import TooLarge, Transactor

log = get_log(__name__)

T = TypeVar("T")
ReadCommitted: TypeAlias = Callable[[list[InputKey]], Awaitable[Mapping[InputKey, int | None]]]
"""Asks the group's coordinator for committed offsets: always a remote call."""


class LaneKeeper:
    """One lane that this process owns."""

    def __init__(
        self,
        lane: int,
        plan: LanePlan,
        *,
        access: KafkaAccess,
        settings: LaneSettings,
        make_job: JobMaker,
        read_committed: ReadCommitted,
        still_ours: Callable[[], None],
    ) -> None:
        self.lane = lane
        self.partitions = partitions_of(lane, plan)
        self._plan = plan
        self._access = access
        self._settings = settings
        self._make_job = make_job
        self._read_committed = read_committed
        self._still_ours = still_ours
        self._stopping = asyncio.Event()
        self._limit = settings.batch_records
        self._oversized: frozenset[tuple[str, int, int]] = frozenset()
        self._reader: Reader | None = None
        self._open = False
        self._paused = False
        self._lives = 0
        self._failures = 0
        self._moved = time.monotonic()
        self.busy = False
        """A batch was taken and does not stand yet."""

    # -- what others ask

    def status(self) -> LaneStatus:
        """How the lane is doing; cheap, touches nothing outside."""
        reader = self._reader
        return LaneStatus(
            lane=self.lane,
            open=self._open,
            paused=self._paused,
            lag=reader.lag() if reader is not None and self._open else 0,
            lives=self._lives,
            quiet_s=time.monotonic() - self._moved,
        )

    def positions(self) -> dict[InputKey, int]:
        """The next offset that the lane will hand out, by input."""
        return self._reader.positions() if self._reader is not None and self._open else {}

    def stop(self) -> None:
        """Ask the lane to finish its batch and end; `run` then returns."""
        self._stopping.set()

    # -- its life

    async def run(self) -> None:
        """Run until `stop`. Raises `Stop` or `LaneLost`; everything else is tried again."""
        while not self._stopping.is_set():
            try:
                await self._live()
            except (Stop, LaneLost):
                raise
            except TooLarge as error:
                log.warning(
                    "Kafka refused a size; smaller batches from here",
                    lane=self.lane, what=str(error), limit=self._limit,
                )  # fmt: skip
                continue
            except Unavailable as error:
                self._paused = True
                log.warning("the lane waits", lane=self.lane, why=str(error))
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                # Nobody cancelled the lane: a task inside the client library ended so. A lane that
                # ended with it would be missed by nobody until the watchdog bites.
                log.warning("the lane is rebuilt", lane=self.lane, exc_info=error)
            except Exception as error:  # the rule: any error rebuilds the lane
                log.warning("the lane is rebuilt", lane=self.lane, exc_info=error)
            await self._back_off()

    async def _back_off(self) -> None:
        wait = min(self._settings.backoff_most, self._settings.backoff_first * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._stopping.wait()

    async def _live(self) -> None:
        self._still_ours()
        self._lives += 1
        settings = self._settings
        job = self._make_job(self.lane)
        transactor = Transactor(
            self._access, settings.transactional_id(self.lane), settings.group, settings.prefix
        )
        reader = Reader(self._access, job.inputs, self.partitions, settings.prefix)
        try:
            await self._open_life(job, transactor, reader)
            while not self._stopping.is_set():
                await self._run_batch(job, transactor, reader)
        finally:
            self._open = self.busy = False
            self._reader = None
            await asyncio.shield(_close_all(job, transactor, reader))

    async def _open_life(self, job: Job, transactor: Transactor, reader: Reader) -> None:
        limit = self._settings.open_within
        await transactor.fence(limit)
        async with asyncio.timeout(limit):
            keys = [(topic, p) for p in self.partitions for topic in job.inputs]
            committed = await self._read_committed(keys)
        await reader.start(limit)
        first, end = await reader.bounds(limit)
        opening = Opening(
            lane=self.lane,
            lanes=self._plan.lanes,
            partition_count=self._plan.partitions,
            partitions=self.partitions,
            committed=committed,
            beginning=first,
            end=end,
            clock=int(time.time() * 1000),
            alive=self._touch,
        )
        try:
            start = await job.open(opening)
        except Stop as stop:
            # Positions read one after the other may only seem to disagree: somebody who does not
            # know yet that he was replaced, or who replaced us, fenced us and committed in between.
            async with asyncio.timeout(limit):
                now = await self._read_committed(keys)
            if now != committed:
                raise LaneLost(f"lane {self.lane}: its offsets moved while it opened") from stop
            raise
        reader.seek(start.offsets)
        await self._settle(job, transactor, start)
        self._reader = reader
        self._open = True
        self._paused = False
        if not self._failures:
            # After failures only a committed batch counts, or a lane that fails at every first
            # batch would look alive for ever.
            self._touch()
        log.info("the lane is open", lane=self.lane, partitions=self.partitions)

    async def _settle(self, job: Job, transactor: Transactor, start: Start) -> None:
        receipts = None
        if start.settle is not None:
            limit = self._settings.batch_within
            receipts = await transactor.commit(start.settle.outgoing, start.offsets, limit)
        await self._until_available(lambda: job.started(start, receipts))

    async def _run_batch(self, job: Job, transactor: Transactor, reader: Reader) -> None:
        settings = self._settings
        batch = await reader.take(self.lane, (self._limit, settings.batch_bytes), settings.poll_ms)
        if batch is None:
            return
        if self._oversized:
            batch = msgspec.structs.replace(batch, oversized=self._oversized)
        whole = batch
        self.busy = True
        work = await self._until_available(lambda: job.work(whole))
        offsets = {(t, s.partition): n for s in batch.slices for t, n in s.inputs.items()}
        crash.pass_point(crash.BEFORE_TRANSACTION)
        try:
            receipts = await transactor.commit(work.outgoing, offsets, settings.batch_within)
        except TooLarge:
            self._shrink(batch)
            raise
        crash.pass_point(crash.AFTER_COMMIT)
        self._grow(batch)
        await self._until_available(lambda: job.committed(whole, work, receipts))
        self._failures = 0
        self.busy = False
        self._touch()

    async def _until_available(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until the dependency is back. The lane pauses meanwhile, and its lag grows."""
        wait = self._settings.backoff_first
        while True:
            try:
                answer = await attempt()
            except Unavailable as error:
                if self._stopping.is_set():
                    raise
                if not self._paused:
                    log.warning("the lane pauses", lane=self.lane, why=str(error))
                self._paused = True
            else:
                if self._paused:
                    log.info("the lane goes on", lane=self.lane)
                self._paused = False
                return answer
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()
            wait = min(self._settings.backoff_most, wait * 2)

    def _touch(self) -> None:
        self._moved = time.monotonic()

    # -- size errors

    def _shrink(self, batch: Batch) -> None:
        """Halve the batches, down to the one record whose outcome does not fit."""
        self._limit = max(1, batch.count // 2)
        if batch.count > 1:
            return
        only = batch.slices[0]
        topic, records = only.records[0]
        place = (topic, only.partition, records[0].offset)
        if place in self._oversized:
            raise Stop(
                "topics_wrong",
                f"{topic} partition {only.partition} offset {records[0].offset}: not even its "
                "dead letter fits. Raise max.message.bytes of contact.deadletter "
                "(`omniroute topics apply` says to what).",
            )
        self._oversized |= {place}

    def _grow(self, batch: Batch) -> None:
        self._limit = min(self._settings.batch_records, max(self._limit, batch.count) * 2)
        done = {(t, s.partition): n for s in batch.slices for t, n in s.inputs.items()}
        self._oversized = frozenset(
            place for place in self._oversized if place[2] >= done.get(place[:2], 0)
        )


async def _close_all(job: Job, transactor: Transactor, reader: Reader) -> None:
    """Close what a life held, side by side, each within its own bound."""
    await asyncio.gather(job.close(), transactor.discard(), reader.close(), return_exceptions=True)
