"""Kafka's transaction coordinator, version 1 of the protocol: what aiokafka speaks, on any broker.

A commit is decided at once (EndTxn is answered then) and carried out by markers that reach each
partition and the group's offsets a moment later, in any order: until then readers do not see it,
and the next InitProducerId is told to come again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from enum import Enum

from tests.simulation.partition import INVALID_PRODUCER_EPOCH, OK, Partition

INVALID_TXN_STATE = 48
INVALID_PRODUCER_ID_MAPPING = 49
CONCURRENT_TRANSACTIONS = 51
MARKER_DELAY_S = (0.0002, 0.004)
SLOW_MARKER_S = 0.8
RETRY_S = 0.05

Later = Callable[..., object]
Place = tuple[str, int]


class State(Enum):
    """Where a transaction stands."""

    EMPTY = 0
    ONGOING = 1
    COMMITTING = 2
    ABORTING = 3
    COMMITTED = 4
    ABORTED = 5


ENDING = (State.COMMITTING, State.ABORTING)


class Transaction:
    """What the coordinator knows of one transactional id."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.epoch = -1
        self.state = State.EMPTY
        self.timeout_s = 60.0
        self.partitions: set[Place] = set()
        self.groups: set[str] = set()
        self.began = 0
        self.waiting = 0
        """Markers that are not written yet."""


class Offsets:
    """What a group has committed, and what running transactions want to commit."""

    def __init__(self) -> None:
        self.committed: dict[Place, tuple[int, str]] = {}
        """The offset, and the metadata beside it."""
        self.pending: dict[int, dict[Place, tuple[int, str]]] = {}
        self.epochs: dict[int, int] = {}

    def add(self, pid: int, epoch: int, offsets: Mapping[Place, tuple[int, str]]) -> int:
        """Offsets of a transaction; they count when its marker comes."""
        if epoch < self.epochs.get(pid, -1):
            return INVALID_PRODUCER_EPOCH
        self.epochs[pid] = epoch
        self.pending.setdefault(pid, {}).update(offsets)
        return OK

    def at(self, place: Place) -> int | None:
        """The committed offset; None if there is none."""
        found = self.committed.get(place)
        return None if found is None else found[0]

    def mark(self, pid: int, epoch: int, *, committed: bool) -> None:
        """The marker of a transaction."""
        offsets = self.pending.pop(pid, {})
        self.epochs[pid] = max(epoch, self.epochs.get(pid, -1))
        if committed:
            self.committed.update(offsets)


class Coordinator:
    """All transactional ids of a cluster."""

    def __init__(
        self,
        partitions: Mapping[Place, Partition],
        offsets: Callable[[str], Offsets],
        later: Later,
        chance: random.Random,
    ) -> None:
        self._partitions = partitions
        self._offsets = offsets
        self._later = later
        self._chance = chance
        self._known: dict[str, Transaction] = {}
        self._by_pid: dict[int, Transaction] = {}
        self._next_pid = 1000
        self.slow = 0.0
        """Chance of a marker that takes long."""

    def begin(self, name: str, timeout_s: float) -> tuple[int, int, int]:
        """InitProducerId: (error, producer id, epoch). Fences, and ends what the former one left."""
        txn = self._known.get(name)
        if txn is None:
            txn = self._known[name] = Transaction(self._next_pid)
            self._by_pid[txn.pid] = txn
            self._next_pid += 1
        if txn.state is State.ONGOING:
            txn.epoch += 1
            self._end(txn, committed=False)
        if txn.state in ENDING:
            return CONCURRENT_TRANSACTIONS, -1, -1
        txn.epoch += 1
        txn.state = State.EMPTY
        txn.timeout_s = timeout_s
        return OK, txn.pid, txn.epoch

    def new_producer(self) -> int:
        """A producer id without transactions."""
        self._next_pid += 1
        return self._next_pid

    def add(
        self, name: str, producer: tuple[int, int], places: list[Place], group: str = ""
    ) -> int:
        """AddPartitionsToTxn and AddOffsetsToTxn."""
        txn, error = self._find(name, producer)
        if txn is None:
            return error
        if txn.state in ENDING:
            return CONCURRENT_TRANSACTIONS
        if txn.state is not State.ONGOING:
            txn.state = State.ONGOING
            txn.began += 1
            txn.partitions, txn.groups = set(), set()
            self._later(txn.timeout_s, self._expire, txn, txn.began)
        txn.partitions.update(places)
        if group:
            txn.groups.add(group)
        return OK

    def end(self, name: str, producer: tuple[int, int], *, committed: bool) -> int:
        """EndTxn. A repeated one is answered as the first was."""
        txn, error = self._find(name, producer)
        if txn is None:
            return error
        if txn.state is State.ONGOING:
            self._end(txn, committed=committed)
            return OK
        if txn.state in ENDING:
            same = (txn.state is State.COMMITTING) is committed
            return CONCURRENT_TRANSACTIONS if same else INVALID_TXN_STATE
        done = State.COMMITTED if committed else State.ABORTED
        return OK if txn.state is done else INVALID_TXN_STATE

    def verify(self, pid: int, epoch: int, place: Place) -> int:
        """May a transactional batch be appended? Kafka asks since 3.6, also for old clients."""
        txn = self._by_pid.get(pid)
        if txn is None or epoch > txn.epoch:
            return INVALID_PRODUCER_ID_MAPPING
        if epoch < txn.epoch:
            return INVALID_PRODUCER_EPOCH
        running = txn.state is State.ONGOING and place in txn.partitions
        return OK if running else INVALID_TXN_STATE

    def _find(self, name: str, producer: tuple[int, int]) -> tuple[Transaction | None, int]:
        txn = self._known.get(name)
        if txn is None or txn.pid != producer[0]:
            return None, INVALID_PRODUCER_ID_MAPPING
        if txn.epoch != producer[1]:
            return None, INVALID_PRODUCER_EPOCH
        return txn, OK

    def _expire(self, txn: Transaction, began: int) -> None:
        if txn.state is State.ONGOING and txn.began == began:
            txn.epoch += 1
            self._end(txn, committed=False)

    def _end(self, txn: Transaction, *, committed: bool) -> None:
        txn.state = State.COMMITTING if committed else State.ABORTING
        txn.waiting = len(txn.partitions) + len(txn.groups)
        if not txn.waiting:
            self._finish(txn)
        for place in sorted(txn.partitions):
            self._later(self._delay(), self._mark_partition, txn, place, committed)
        for group in sorted(txn.groups):
            self._later(self._delay(), self._mark_group, txn, group, committed)

    def _delay(self) -> float:
        if self.slow and self._chance.random() < self.slow:
            return self._chance.uniform(0, SLOW_MARKER_S)
        return self._chance.uniform(*MARKER_DELAY_S)

    def _mark_partition(self, txn: Transaction, place: Place, committed: bool) -> None:  # noqa: FBT001 - called by the clock
        partition = self._partitions[place]
        if partition.leader < 0:
            self._later(RETRY_S, self._mark_partition, txn, place, committed)
            return
        partition.mark(txn.pid, txn.epoch, committed=committed)
        self._count(txn)

    def _mark_group(self, txn: Transaction, group: str, committed: bool) -> None:  # noqa: FBT001 - called by the clock
        self._offsets(group).mark(txn.pid, txn.epoch, committed=committed)
        self._count(txn)

    def _count(self, txn: Transaction) -> None:
        txn.waiting -= 1
        if not txn.waiting:
            self._finish(txn)

    def _finish(self, txn: Transaction) -> None:
        txn.state = State.COMMITTED if txn.state is State.COMMITTING else State.ABORTED
