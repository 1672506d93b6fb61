"""A Kafka cluster: topics, leaders, coordinators, and an answer to each request of the client library."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.simulation.group import Group
from tests.simulation.loop import EPOCH_MS, Loop
from tests.simulation.partition import Partition
from tests.simulation.transactions import Coordinator, Offsets, Place

UNKNOWN_TOPIC = 3
LEADER_NOT_AVAILABLE = 5
NOT_LEADER = 6
NOT_COORDINATOR = 16
LATEST = -1
NO_OFFSET = (-1, "")

VERSIONS: dict[int, tuple[int, int]] = {
    0: (3, 3), 1: (4, 4), 2: (2, 2), 3: (1, 1), 9: (3, 3), 10: (1, 1), 11: (2, 2), 12: (1, 1),
    13: (1, 1), 14: (1, 1), 18: (0, 0), 22: (0, 0), 24: (0, 0), 25: (0, 0), 26: (0, 0), 28: (0, 0),
}  # fmt: skip
"""The requests that are answered, and in which version."""

Reply = Callable[..., None]


class Cluster:
    """All nodes share one state: what is acknowledged is on every copy."""

    def __init__(self, loop: Loop, chance: random.Random, nodes: int) -> None:
        self._loop = loop
        self._chance = chance
        self.nodes = nodes
        self.partitions: dict[Place, Partition] = {}
        self.counts: dict[str, int] = {}
        self.offsets: dict[str, Offsets] = {}
        self.groups: dict[str, Group] = {}
        self.down: set[int] = set()
        self.transactions = Coordinator(
            self.partitions, self.offsets_of, loop.later, random.Random(chance.getrandbits(32))
        )
        self._answers: dict[int, Callable[[int, Any, Reply], None]] = {
            0: self._produce, 1: self._fetch, 2: self._list_offsets, 3: self._metadata,
            9: self._fetch_offsets, 10: self._find_coordinator, 11: self._join, 12: self._beat,
            13: self._leave, 14: self._sync, 22: self._init_pid, 24: self._add_partitions,
            25: self._add_offsets, 26: self._end, 28: self._commit_offsets,
        }  # fmt: skip

    def create(self, topic: str, count: int) -> None:
        """Make a topic."""
        self.counts[topic] = count
        for number in range(count):
            made = Partition(topic, number, lambda: EPOCH_MS + round(self._loop.time() * 1000))
            made.leader = number % self.nodes
            self.partitions[topic, number] = made

    def offsets_of(self, group: str) -> Offsets:
        """What a group has committed."""
        return self.offsets.setdefault(group, Offsets())

    def coordinator_of(self, key: str) -> int:
        """The node that coordinates a group or a transactional id; -1 while there is none."""
        up = [node for node in range(self.nodes) if node not in self.down]
        home = zlib.crc32(key.encode()) % self.nodes
        if home in up or not up:
            return home if up else -1
        return up[0]

    # -- accidents

    def lose(self, node: int) -> None:
        """A node is gone; its partitions have no leader until an election."""
        self.down.add(node)
        for partition in self.partitions.values():
            if partition.leader == node:
                partition.leader = -1

    def elect(self) -> None:
        """Every partition gets a leader among the nodes that are up."""
        up = [node for node in range(self.nodes) if node not in self.down]
        for partition in self.partitions.values():
            if partition.leader < 0 and up:
                partition.leader = up[partition.number % len(up)]

    # -- requests

    def answer(self, node: int, request: Any, reply: Callable[[Any], None]) -> None:
        """Carry a request out; `reply` is called once, now or later, with the response."""
        make = request.RESPONSE_TYPE
        self._answers[request.API_KEY](node, request, lambda *args: reply(make(*args)))

    def _lead(self, node: int, place: Place) -> tuple[Partition | None, int]:
        partition = self.partitions.get(place)
        if partition is None:
            return None, UNKNOWN_TOPIC
        return (partition, 0) if partition.leader == node else (None, NOT_LEADER)

    def _produce(self, node: int, request: Any, reply: Reply) -> None:
        told = []
        for topic, parts in request.topics:
            told.append((topic, [self._append(node, topic, p, bytes(raw)) for p, raw in parts]))
        reply(told, 0)

    def _append(self, node: int, topic: str, number: int, raw: bytes) -> tuple[int, int, int, int]:
        partition, error = self._lead(node, (topic, number))
        if partition is None:
            return number, error, -1, -1
        if raw[22] & 0x10:
            pid = int.from_bytes(raw[43:51], "big")
            epoch = int.from_bytes(raw[51:53], "big")
            error = self.transactions.verify(pid, epoch, (topic, number))
            if error:
                return number, error, -1, -1
        return (number, *partition.append(raw))

    def _fetch(self, node: int, request: Any, reply: Reply) -> None:
        told, found = self._read(node, request)
        if found or request.max_wait_time <= 0:
            reply(0, told)
            return
        wait = _Wait(lambda: reply(0, self._read(node, request)[0]))
        for topic, parts in request.topics:
            for number, _, _ in parts:
                self.partitions[topic, number].when_changed(wait.look)
        # A broker looks again as soon as there is something; there may be nothing for this reader.
        self._loop.later(request.max_wait_time / 1000, wait.look)

    def _read(self, node: int, request: Any) -> tuple[list[Any], bool]:
        told, found = [], False
        for topic, parts in request.topics:
            answers = []
            for number, offset, limit in parts:
                partition, error = self._lead(node, (topic, number))
                gone: list[tuple[int, int]] = []
                raw, end, stable = b"", -1, -1
                if partition is not None:
                    committed = request.isolation_level == 1
                    error, raw, gone = partition.read(offset, limit, committed=committed)
                    end, stable = partition.end, partition.stable
                found = found or bool(raw) or bool(error)
                answers.append((number, error, end, stable, gone, raw))
            told.append((topic, answers))
        return told, found

    def _list_offsets(self, node: int, request: Any, reply: Reply) -> None:
        told = []
        for topic, parts in request.topics:
            answers = []
            for number, at in parts:
                partition, error = self._lead(node, (topic, number))
                offset = -1
                if partition is not None:
                    committed = request.isolation_level == 1
                    end = partition.stable if committed else partition.end
                    offset = end if at == LATEST else 0
                answers.append((number, error, -1, offset))
            told.append((topic, answers))
        reply(0, told)

    def _metadata(self, node: int, request: Any, reply: Reply) -> None:
        del node
        brokers = [(n, f"node-{n}", 9092, None) for n in range(self.nodes) if n not in self.down]
        names = self.counts if request.topics is None else sorted(request.topics)
        topics = []
        for topic in names:
            parts = []
            for number in range(self.counts.get(topic, 0)):
                leader = self.partitions[topic, number].leader
                error = LEADER_NOT_AVAILABLE if leader < 0 else 0
                parts.append((error, number, leader, [leader], [leader]))
            topics.append((0 if parts else UNKNOWN_TOPIC, topic, False, parts))
        reply(brokers, 0, topics)

    def _find_coordinator(self, node: int, request: Any, reply: Reply) -> None:
        del node
        where = self.coordinator_of(request.coordinator_key)
        reply(0, 0, None, where, f"node-{where}", 9092)

    def _fetch_offsets(self, node: int, request: Any, reply: Reply) -> None:
        group = request.consumer_group
        error = self._elsewhere(node, group)
        held = self.offsets_of(group).committed
        told = [
            (topic, [(p, *held.get((topic, p), NO_OFFSET), error) for p in parts])
            for topic, parts in request.topics
        ]
        reply(0, told, error)

    def _elsewhere(self, node: int, key: str) -> int:
        return 0 if self.coordinator_of(key) == node else NOT_COORDINATOR

    def _group(self, name: str) -> Group:
        if name not in self.groups:
            self.groups[name] = Group(name, self._loop.later, self._loop.time)
        return self.groups[name]

    def _join(self, node: int, request: Any, reply: Reply) -> None:
        if self._elsewhere(node, request.group):
            reply(0, NOT_COORDINATOR, -1, "", "", request.member_id, [])
            return
        self._group(request.group).join(request, partial(reply, 0))

    def _sync(self, node: int, request: Any, reply: Reply) -> None:
        if self._elsewhere(node, request.group):
            reply(0, NOT_COORDINATOR, b"")
            return
        self._group(request.group).sync(request, partial(reply, 0))

    def _beat(self, node: int, request: Any, reply: Reply) -> None:
        elsewhere = self._elsewhere(node, request.group)
        reply(0, elsewhere or self._group(request.group).beat(request))

    def _leave(self, node: int, request: Any, reply: Reply) -> None:
        elsewhere = self._elsewhere(node, request.group)
        reply(0, elsewhere or self._group(request.group).leave(request))

    def _init_pid(self, node: int, request: Any, reply: Reply) -> None:
        name = request.transactional_id
        if name is None:
            reply(0, 0, self.transactions.new_producer(), 0)
        elif self._elsewhere(node, name):
            reply(0, NOT_COORDINATOR, -1, -1)
        else:
            reply(0, *self.transactions.begin(name, request.transaction_timeout_ms / 1000))

    def _add_partitions(self, node: int, request: Any, reply: Reply) -> None:
        places = [(topic, p) for topic, parts in request.topics for p in parts]
        error = self._add(node, request, places)
        reply(0, [(topic, [(p, error) for p in parts]) for topic, parts in request.topics])

    def _add_offsets(self, node: int, request: Any, reply: Reply) -> None:
        reply(0, self._add(node, request, [], request.group_id))

    def _add(self, node: int, request: Any, places: Sequence[Place], group: str = "") -> int:
        name = request.transactional_id
        producer = request.producer_id, request.producer_epoch
        return self._elsewhere(node, name) or self.transactions.add(
            name, producer, list(places), group
        )

    def _end(self, node: int, request: Any, reply: Reply) -> None:
        name = request.transactional_id
        producer = request.producer_id, request.producer_epoch
        committed = bool(request.transaction_result)
        elsewhere = self._elsewhere(node, name)
        reply(0, elsewhere or self.transactions.end(name, producer, committed=committed))

    def _commit_offsets(self, node: int, request: Any, reply: Reply) -> None:
        error = self._elsewhere(node, request.group_id)
        if not error:
            wanted = {(t, p): (at, note) for t, parts in request.topics for p, at, note in parts}
            held = self.offsets_of(request.group_id)
            error = held.add(request.producer_id, request.producer_epoch, wanted)
        reply(0, [(t, [(p, error) for p, _, _ in parts]) for t, parts in request.topics])


class _Wait:
    """A fetch that waits for something to come: answered once, at the first change or time-out."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self._answer = answer
        self._done = False

    def look(self) -> None:
        if not self._done:
            self._done = True
            self._answer()
