"""What a lane remembers of its customers: Redis, repaired from `contact.memory` wherever it differs.

Invariant: the hash of a partition is a pure function of the changelog's prefix [0, clog), and
`clog` and `lineage` stand in it. Every recall reads them together with the customers and every
write compares them, so whatever Redis loses, rolls back or gets from a ghost is noticed before
it is used. Redis away: `Unavailable`, and the lane pauses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from services.contact.topics import CUSTOMER_KEY_PREFIX
from services.router.cache import Cache
from services.router.changelog import Changelog
from services.router.core.customer import Customer, FormatUnknownError, unpack
from services.router.marker import Seat, encode_partial_pos, encode_pos
from services.router.view import Change, Found, RedisView
from services.runtime import crash
from services.runtime.lane import LaneLost, Stop, Unavailable
from services.runtime.log import get_log

log = get_log(__name__)

ATTEMPTS = 8
"""So often a repair begins again because the partition moved under it; then the lane waits."""


class Written(msgspec.Struct, frozen=True):
    """What a committed transaction wrote of one partition."""

    seat: Seat
    """The new newest marker."""
    packed: Mapping[str, bytes | None]
    """Customer id -> packed state; None is a tombstone."""
    customers: Mapping[str, Customer | None]


class MemorySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much is held, and how long Kafka keeps tombstones."""

    cache_entries: int = 20_000
    cache_bytes: int = 64 * 1024 * 1024
    delete_retention_ms: int = 24 * 3_600_000
    """Of `contact.memory`. A position older than half of it is rebuilt, not repaired: the
    tombstones that it would need may be gone."""


class MemoryCounts:
    """What happened to the memory, for the metrics."""

    def __init__(self) -> None:
        self.repairs: dict[str, int] = {"incremental": 0, "rebuild": 0}
        self.hits = 0
        self.misses = 0


class Memory:
    """The customers of one lane. Lives and dies with the lane's life."""

    def __init__(
        self,
        view: RedisView,
        changelog: Changelog,
        settings: MemorySettings,
        counts: MemoryCounts | None = None,
    ) -> None:
        self._view = view
        self._changelog = changelog
        self._settings = settings
        self._counts = counts or MemoryCounts()
        self._cache = Cache(settings.cache_entries, settings.cache_bytes)
        self._seats: dict[int, Seat] = {}
        self._alive: Callable[[], None] = lambda: None

    # -- seats

    async def find_seats(self, partitions: Sequence[int]) -> dict[int, Seat | None]:
        """The newest committed markers. Only after the fence do they stand still."""
        return await self._changelog.find_seats(partitions)

    async def sit(self, seats: Mapping[int, Seat], alive: Callable[[], None]) -> None:
        """Take these seats and bring Redis to them, partition by partition."""
        self._alive = alive
        self._seats = dict(seats)
        found = await self._view.recall(dict.fromkeys(seats, ()))
        for partition, seat in seats.items():
            if not found[partition].stands_at(seat.marker.lineage, seat.clog):
                await self._repair(partition)

    def seat(self, partition: int) -> Seat:
        """Where the memory of a partition stands."""
        return self._seats[partition]

    # -- a batch

    async def recall(
        self, wanted: Mapping[int, Sequence[str]]
    ) -> dict[int, dict[str, Customer | None]]:
        """The customers of a batch as of the last commit: from the cache, else from Redis.

        One round trip for all partitions. A partition that does not stand exactly where we left
        it is repaired first, and asked again.
        """
        known: dict[int, dict[str, Customer | None]] = {}
        missing: dict[int, list[str]] = {}
        for partition, ids in wanted.items():
            known[partition] = {}
            for customer_id in ids:
                hit, customer = self._cache.get(partition, customer_id)
                if hit:
                    known[partition][customer_id] = customer
                else:
                    missing.setdefault(partition, []).append(customer_id)
        self._counts.hits += self._cache.hits
        self._counts.misses += self._cache.misses
        self._cache.hits = self._cache.misses = 0
        if missing:
            await self._ask(missing, known)
        return known

    async def _ask(
        self, missing: Mapping[int, list[str]], known: dict[int, dict[str, Customer | None]]
    ) -> None:
        fields = {p: [field_of(i) for i in ids] for p, ids in missing.items()}
        for _ in range(ATTEMPTS):
            found = await self._view.recall(fields)
            wrong = [p for p, answer in found.items() if not self._is_ours(p, answer)]
            for partition, answer in found.items():
                if partition not in wrong:
                    self._take(partition, missing[partition], answer, known[partition])
            fields = {p: fields[p] for p in wrong}
            if not wrong:
                return
            for partition in wrong:
                await self._repair(partition)
        raise Unavailable("Redis changes faster than it can be repaired")

    def _is_ours(self, partition: int, found: Found) -> bool:
        seat = self._seats[partition]
        return found.stands_at(seat.marker.lineage, seat.clog)

    def _take(
        self,
        partition: int,
        ids: Sequence[str],
        found: Found,
        known: dict[str, Customer | None],
    ) -> None:
        for customer_id, value in zip(ids, found.values, strict=True):
            customer = None if value is None else _unpack(value, customer_id)
            known[customer_id] = customer
            # What is read is committed (the position said so), so the cache may hold it.
            self._cache.put(partition, customer_id, customer, len(value or b""))

    async def remember(self, written: Mapping[int, Written]) -> None:
        """The transaction stands: bring cache and Redis to it. May be called again as a whole."""
        before = {p: self._seats[p] for p in written}
        changes = [
            Change(
                partition,
                before[partition].marker.lineage,
                before[partition].clog,
                encode_pos(one.seat),
                {field_of(i): value for i, value in one.packed.items()},
            )
            for partition, one in written.items()
            if before[partition].clog < one.seat.clog
        ]
        crash.pass_point(crash.BEFORE_APPLY)
        answers = await self._view.apply(changes) if changes else []
        for partition, one in written.items():
            self._seats[partition] = one.seat
            for customer_id, customer in one.customers.items():
                size = len(one.packed.get(customer_id) or b"")
                self._cache.put(partition, customer_id, customer, size)
        for change, answer in zip(changes, answers, strict=True):
            if answer is not None:
                await self._repair(change.partition)

    # -- repair

    async def _repair(self, partition: int) -> None:
        """Bring one partition of Redis to our seat, from `contact.memory`."""
        seat = self._seats[partition]
        started = time.monotonic()
        for _ in range(ATTEMPTS):
            found = (await self._view.recall({partition: ()}))[partition]
            if found.stands_at(seat.marker.lineage, seat.clog):
                return
            start = await self._find_start(partition, found, seat)
            if start is None:
                continue
            kind = "rebuild" if start == 0 else "incremental"
            log.warning(
                "Redis is brought to what Kafka says",
                partition=partition, state=kind, offset=start, offsets=seat.clog,
            )  # fmt: skip
            if await self._replay(partition, start, seat):
                self._counts.repairs[kind] += 1
                log.info(
                    "Redis stands where Kafka does",
                    partition=partition, seconds=round(time.monotonic() - started, 3),
                )  # fmt: skip
                return
        raise Unavailable("Redis changes faster than it can be repaired")

    async def _find_start(self, partition: int, found: Found, seat: Seat) -> int | None:
        """From which changelog offset to replay; 0 after the hash was emptied; None: look again."""
        pos = found.pos
        lineage = seat.marker.lineage
        if pos is not None and pos.lineage == lineage and pos.clog > seat.clog:
            await self._refuse_ghost(partition, seat)
        too_old = int(time.time() * 1000) - self._settings.delete_retention_ms // 2
        fits = pos is not None and pos.lineage == lineage and pos.clog < seat.clog
        if pos is not None and fits and (pos.at >= too_old or pos.clog == 0):
            return pos.clog
        empty = encode_partial_pos(lineage, 0, 0) if seat.clog else encode_pos(seat)
        return 0 if await self._view.reset(partition, found.raw, empty) else None

    async def _refuse_ghost(self, partition: int, seat: Seat) -> None:
        """Redis is ahead of us: either it is from another life of Kafka, or WE are the past."""
        newest = (await self._changelog.find_seats([partition]))[partition]
        if newest is not None and newest.clog > seat.clog:
            raise LaneLost("another process has committed to this lane")

    async def _replay(self, partition: int, start: int, seat: Seat) -> bool:
        """Apply the changelog from `start` to the seat; False if Redis moved meanwhile."""
        lineage, clog = seat.marker.lineage, start
        if clog == seat.clog:
            return True
        # Within half the retention of NOW this position may be gone on from: what is read from
        # here on still has its tombstones.
        now = int(time.time() * 1000)
        async for values, offset in self._changelog.read(partition, start, seat.clog):
            done = offset >= seat.clog
            pos = encode_pos(seat) if done else encode_partial_pos(lineage, offset, now)
            answers = await self._view.apply([Change(partition, lineage, clog, pos, values)])
            if answers[0] is not None:
                return False
            clog = offset
            self._alive()
        if clog != seat.clog:
            raise Stop(
                "memory_damaged",
                f"contact.memory partition {partition} ends at {clog}, but its newest marker was "
                f"at {seat.clog - 1}.",
            )
        return True


def field_of(customer_id: str) -> bytes:
    """The field of a customer in the hash, and the key of the record in the changelog."""
    return CUSTOMER_KEY_PREFIX + customer_id.encode()


def _unpack(value: bytes, customer_id: str) -> Customer:
    try:
        customer = unpack(value)
    except FormatUnknownError as error:
        raise Stop(
            "memory_damaged",
            "what is remembered of a customer has a format that this version does not read. "
            "Start the version that wrote it, or migrate as docs/ says.",
        ) from error
    if customer.id != customer_id:
        raise Stop("memory_damaged", "a customer's state lies under another customer's key.")
    return customer
