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
from typing import NamedTuple, TypeVar

import msgspec
from aiokafka.errors import KafkaError

from services.runtime import crash
from services.runtime.assignor import LanePlan, partitions_of
from services.runtime.brake import Reading, cut, let_go
from services.runtime.caution import BrakedError, Caution, is_held
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
    Work,
)
from services.runtime.lane_note import Stood
from services.runtime.lane_settings import LaneSettings, LaneStatus
from services.runtime.log import get_log
from services.runtime.reading import Reader
from services.runtime.transaction import TooLarge, Transactor
from services.runtime.turns import Turns

log = get_log(__name__)

T = TypeVar("T")
GROW_AFTER = 16
"""Batches that were cut for their size are doubled again after so many good ones. What is too
large lies together, and each refusal costs a life of the lane: doubling after each good batch
would spend every second life on a refusal."""
HOLD_S = 1.0
"""How often a lane that the brake holds looks whether somebody let go."""


class Asked(NamedTuple):
    """What a lane asks of the process that it belongs to."""

    read_committed: Callable[[list[InputKey]], Awaitable[Mapping[InputKey, Stood]]]
    """The committed offsets, by the group's coordinator: a remote call."""
    still_ours: Callable[[], None]
    """Raises `Stop` where this process was frozen for too long."""


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
        asked: Asked,
        turns: Turns,
    ) -> None:
        self.lane = lane
        self.partitions = partitions_of(lane, plan)
        self._plan = plan
        self._access = access
        self._settings = settings
        self._make_job = make_job
        self._read_committed, self._still_ours = asked
        topics = [topic.removeprefix(settings.prefix) for topic in plan.inputs]
        self.inputs: list[InputKey] = [(topic, p) for p in self.partitions for topic in topics]
        """Everything that the lane reads."""
        self._caution = Caution(self.inputs, settings, turns)
        self._braked = ""
        self._stopping = asyncio.Event()
        self._limit = settings.batch_records
        self._good = 0
        self._oversized: frozenset[tuple[str, int, int]] = frozenset()
        self._reader: Reader | None = None
        self._open = False
        self._why = ""
        self._committed: dict[InputKey, int] = {}
        self._ends: Mapping[InputKey, int] = {}
        self._lives = 0
        self._failures = 0
        self._moved = time.monotonic()
        self._waited = 0.0
        self.busy = False
        """A batch was taken and does not stand yet."""

    # -- what others ask

    def status(self) -> LaneStatus:
        """How the lane is doing; cheap, touches nothing outside."""
        now = time.monotonic()
        return LaneStatus(
            lane=self.lane,
            open=self._open,
            why=self._why,
            braked=self._braked,
            lag=self._count_waiting(),
            lives=self._lives,
            quiet_s=now - self._moved,
            still_s=now - max(self._moved, self._waited),
        )

    def positions(self) -> dict[InputKey, int]:
        """The next offset that the lane will hand out, by input."""
        return self._reader.positions() if self._reader is not None and self._open else {}

    def see_ends(self, ends: Mapping[InputKey, int]) -> None:
        """Kafka says where the inputs end; what is missing was not said."""
        self._ends = {**self._ends, **{key: ends[key] for key in self.inputs if key in ends}}

    def _count_waiting(self) -> int:
        if self._reader is not None and self._open and not self._why:
            return self._reader.lag()
        # Nothing is fetched: what is not committed waits.
        places = self._committed
        return sum(max(0, end - places.get(key, end)) for key, end in self._ends.items())

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
            except BrakedError as braked:
                await self._hold(braked)
                continue
            except Unavailable as error:
                self._wait_for(str(error))
                log.warning("the lane waits", lane=self.lane, why=self._why)
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

    async def _hold(self, braked: BrakedError) -> None:
        """Stand still until an operator lets go, or until `stop`; nothing is read or written."""
        self._braked = str(braked)
        log.error(
            "the brake holds the lane",
            lane=self.lane, why=self._braked, remedy=let_go(self._settings.service, self.lane),
        )  # fmt: skip
        stood: Mapping[InputKey, Stood] = {}
        while not self._stopping.is_set():
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(self._settings.open_within):
                    stood = await self._read_committed(self.inputs)
                    self._committed = {
                        k: s.offset for k, s in stood.items() if s.offset is not None
                    }
                if not is_held(stood, self.inputs[0]):
                    log.info("an operator let go of the brake", lane=self.lane)
                    break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HOLD_S):
                    await self._stopping.wait()
        self._braked = ""
        self._touch()

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
            keys = self.inputs
            committed = await self._read_committed(keys)
        self._caution.open(committed)
        offsets = {key: one.offset for key, one in committed.items()}
        await reader.start(limit)
        first, end = await reader.bounds(limit)
        stood = {key: first[key] if at is None else at for key, at in offsets.items()}
        self._committed, self._ends = stood, end
        opening = Opening(
            lane=self.lane,
            lanes=self._plan.lanes,
            partition_count=self._plan.partitions,
            partitions=self.partitions,
            committed=offsets,
            beginning=first,
            end=end,
            clock=int(time.time() * 1000),
            alive=self._touch,
        )
        try:
            start = await job.open(opening)
        except Stop:
            # Positions read one after the other may only seem to disagree, where somebody fenced us
            # and committed in between. Reading them again would not tell: each becomes visible when
            # its own marker comes. As long as we own the lane they stand still.
            await transactor.prove(keys[0], limit)
            raise
        reader.seek(start.offsets)
        self._committed = dict(start.offsets)
        await self._settle(job, transactor, start)
        self._caution.begin(transactor, start.offsets, end)
        self._reader = reader
        self._open = True
        self._why = ""
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
        settings, caution = self._settings, self._caution
        budget = (caution.limit(self._limit), settings.batch_bytes)
        taken = await reader.take(self.lane, budget, settings.poll_ms, caution.first())
        if taken is None:
            return
        self.busy = True
        batch, work, reading = await self._work(job, taken)
        offsets = {(t, s.partition): n for s in batch.slices for t, n in s.inputs.items()}
        crash.pass_point(crash.BEFORE_TRANSACTION)
        dressed, notes = caution.dress(offsets, reading)
        try:
            receipts = await transactor.commit(
                work.outgoing, dressed, settings.batch_within, notes=notes
            )
        except TooLarge:
            self._shrink(batch)
            raise
        caution.stands(dressed)
        crash.pass_point(crash.AFTER_COMMIT)
        self._committed |= offsets
        self._grow(batch)
        await self._until_available(lambda: job.committed(batch, work, receipts))
        self._failures = 0
        self.busy = False
        self._touch()
        caution.stop_if_braked()

    async def _work(self, job: Job, taken: Batch) -> tuple[Batch, Work, Reading]:
        """The work of a batch, or of its front up to the record at which the brake stops it.

        What is cut off is read again: the lane does not go on behind it.
        """
        caution = self._caution
        batch = caution.prepare(taken)
        if self._oversized:
            batch = msgspec.structs.replace(batch, oversized=self._oversized)
        work = await self._until_available(lambda: caution.work(job, batch))
        reading = caution.weigh(batch, work)
        if reading.taken == batch.count:
            return batch, work, reading
        front = cut(batch, reading.taken)
        return front, await self._until_available(lambda: caution.work(job, front)), reading

    async def _until_available(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until the dependency is back. The lane pauses meanwhile, and its lag grows."""
        wait = self._settings.backoff_first
        while True:
            try:
                answer = await attempt()
            except Unavailable as error:
                if self._stopping.is_set():
                    raise
                if not self._why:
                    log.warning("the lane pauses", lane=self.lane, why=str(error))
                self._wait_for(str(error))
            else:
                if self._why:
                    self._wait_for("")
                    log.info("the lane goes on", lane=self.lane)
                return answer
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()
            wait = min(self._settings.backoff_most, wait * 2)

    def _wait_for(self, why: str) -> None:
        """Up to this moment the lane waited for somebody else; it did not stand still."""
        self._why = why
        self._waited = time.monotonic()

    def _touch(self) -> None:
        self._moved = time.monotonic()

    # -- size errors

    def _shrink(self, batch: Batch) -> None:
        """Halve the batches, down to the one record whose outcome does not fit."""
        self._limit = max(1, batch.count // 2)
        self._good = 0
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
        self._good += 1
        if self._good % GROW_AFTER == 0:
            self._limit = min(self._settings.batch_records, self._limit * 2)
        done = {(t, s.partition): n for s in batch.slices for t, n in s.inputs.items()}
        self._oversized = frozenset(
            place for place in self._oversized if place[2] >= done.get(place[:2], 0)
        )


async def _close_all(job: Job, transactor: Transactor, reader: Reader) -> None:
    """Close what a life held, side by side, each within its own bound."""
    await asyncio.gather(job.close(), transactor.discard(), reader.close(), return_exceptions=True)
