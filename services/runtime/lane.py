"""What runs on a lane: the words between the shell that talks to Kafka and a service's work.

A lane is a fixed set of partition numbers (p belongs to lane `p mod lanes`), all input topics of
a service together, read, worked on and committed as one: one batch and one transaction at a time.
`services/runtime/keeper.py` carries a lane from its assignment to its revocation and calls a
`Job` in this order:

    open -> (work -> [transaction commits] -> committed)* -> close

Rule: a job object lives exactly as long as its lane. After any failure the whole lane is thrown
away, job and caches included, and a new one is built from what Kafka says is committed. So a job
never has to undo anything; it must only change what it remembers in `committed`, never in `work`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec
from aiokafka.structs import ConsumerRecord

Record: TypeAlias = ConsumerRecord[bytes, bytes]
"""One record as aiokafka hands it out. `topic` is the deployed name, `timestamp` the append time
in ms since the epoch, `headers` a tuple of (name, bytes)."""

InputKey: TypeAlias = tuple[str, int]
"""A topic's logical name (without prefix, as in `services/contact/topics.py`) and a partition."""


class Slice(msgspec.Struct, frozen=True, gc=False):
    """The records of one partition number in a batch, in the order in which they are folded."""

    partition: int
    records: Sequence[tuple[str, Sequence[Record]]]
    """(logical input topic, its records in offset order), in the order of `Job.inputs`; topics
    without a record are left out, and at least one record is in here."""
    inputs: Mapping[str, int]
    """Per logical input topic, the offset to read next after this batch: every input of the
    partition, also those without a record here. These offsets are committed."""


class Batch(msgspec.Struct, frozen=True, gc=False):
    """What one transaction is about: at least one record of at least one partition."""

    lane: int
    slices: Sequence[Slice]
    clock: int
    """The wall clock when the batch was taken, ms since the epoch; read once per batch."""
    count: int
    """Records in the batch."""
    oversized: frozenset[tuple[str, int, int]] = frozenset()
    """(logical topic, partition, offset) of records whose outcome Kafka refused as too large even
    alone in a transaction. They must become dead letters (`output_too_large`), never be decided."""
    deadly: frozenset[tuple[str, int, int]] = frozenset()
    """The same of records at which the process died again and again. They must become dead letters
    (`process_killed`) without a look into their bytes."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record to be written in the batch's transaction."""

    topic: str
    """Logical name."""
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Work(msgspec.Struct, frozen=True, gc=False):
    """What is to be committed for a batch. Records of one partition keep their order."""

    outgoing: Sequence[Outgoing]
    memo: object = None
    """Whatever the job wants back in `committed`."""
    bad: Sequence[int] = ()
    """Places of the records that become dead letters, ascending, among the records of the batch in
    the order in which they are folded (slice by slice, in each input by input)."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The delivery of the last record that a transaction wrote to one partition of one topic."""

    last_offset: int
    appended_at: int
    """The broker's append time, ms since the epoch; -1 where the broker does not say."""


class Receipts(msgspec.Struct, frozen=True, gc=False):
    """What came back from the brokers for a committed transaction."""

    last: Mapping[InputKey, Receipt]
    """By (logical topic, partition) written to."""
    committed_at: int
    """The wall clock after the commit, ms since the epoch."""


class Opening(msgspec.Struct, frozen=True, gc=False):
    """What a lane knows when its producer has fenced every former owner, and not earlier."""

    lane: int
    lanes: int
    partition_count: int
    """Partitions of every topic of the deployment."""
    partitions: Sequence[int]
    """The partition numbers of this lane."""
    committed: Mapping[InputKey, int | None]
    """The group's committed offset of every input, read from the coordinator after the fence;
    None where there is none."""
    beginning: Mapping[InputKey, int]
    """The first offset that still exists."""
    end: Mapping[InputKey, int]
    """The last stable offset (read_committed end)."""
    clock: int
    """Wall clock, ms since the epoch."""
    alive: Callable[[], None] = lambda: None
    """To be called now and then by long work, such as a rebuild: the watchdog then knows that the
    lane is not stuck. The job may keep it and call it later, too."""


class Start(msgspec.Struct, frozen=True, gc=False):
    """Where a lane begins to read."""

    offsets: Mapping[InputKey, int]
    """The offset to read first, for every input of the lane."""
    settle: Work | None = None
    """Records that must be committed, together with `offsets`, before the first batch (the
    first marker of a new memory, or an operator's choice between two disagreeing positions)."""


class Job(Protocol):
    """A service's work on one lane. Every method may be cancelled and must tolerate it."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Logical names of the topics to read, in the order in which a partition is folded."""

    async def open(self, opening: Opening) -> Start:
        """Get ready (repair what lies outside Kafka) and say where to begin.

        Raises `Stop` if the service must not run at all, `Unavailable` if a dependency is away:
        then the whole opening is tried again, later.
        """

    async def work(self, batch: Batch) -> Work:
        """Turn a batch into what is to be committed, changing nothing that is remembered.

        Raises `Unavailable` if a dependency is away: the lane pauses and calls again with the same
        batch. Any other exception rebuilds the lane. Bad input is data and never raises.
        """

    async def committed(self, batch: Batch, work: Work, receipts: Receipts) -> None:
        """The transaction stands: remember it, count it. Raises `Unavailable` to be called again."""

    async def started(self, start: Start, receipts: Receipts | None) -> None:
        """The settling transaction of `open` stands (None where there was nothing to settle)."""

    async def close(self) -> None:
        """Let go of connections; called once, also after failures. Must not raise."""


JobMaker: TypeAlias = Callable[[int], Job]
"""Makes a fresh job for a lane number."""


class Unavailable(Exception):  # noqa: N818 - reads as what it says at the raise
    """A dependency other than Kafka is away; the lane pauses, its lag grows, nothing is guessed."""


class LaneLost(Exception):  # noqa: N818
    """Somebody else owns this lane now; nothing may be written for it any more."""


class Stop(Exception):  # noqa: N818
    """The whole process must stop and a person must look.

    `code` is stable and documented, `why` tells the person what to do, without personal data.
    """

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


EXIT_CODES: dict[str, int] = {
    "crashed": 1,
    "usage": 2,
    "offsets_and_memory_disagree": 64,
    "events_lost_retention": 65,
    "partitions_changed": 66,
    "lanes_changed": 67,
    "topics_wrong": 68,
    "not_authorized": 69,
    "stuck": 70,
    "fenced": 71,
    "shutdown_too_slow": 72,
    "memory_damaged": 73,
}
"""Exit code of the process for each stop code; 0 is a clean shutdown."""


def begin_stateless(opening: Opening) -> Start:
    """Where a job without memory begins: at the committed offset, else at the beginning.

    Raises `Stop("events_lost_retention")` if events were deleted before they were read.
    """
    offsets: dict[InputKey, int] = {}
    for key, committed in opening.committed.items():
        refuse_lost(key, committed, opening.beginning[key])
        offsets[key] = opening.beginning[key] if committed is None else committed
    return Start(offsets)


def refuse_lost(key: InputKey, committed: int | None, beginning: int) -> None:
    """Stop if the next record to read no longer exists: that would be a silent gap."""
    if committed is None or committed >= beginning:
        return
    raise Stop(
        "events_lost_retention",
        f"{key[0]} partition {key[1]}: the next record to read is {committed}, but the topic "
        f"begins at {beginning}: {beginning - committed} offsets were deleted unread. Restore "
        f"them, or move the group's offset to {beginning} by hand and start with "
        "--accept-offsets group.",
    )
