"""A Cluster of three nodes on loopback whose slots are moved while they are in use."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import RedisError
from redis.retry import Retry

from services.runtime.child import LOOPBACK, free_port
from tests.fault.several import Several
from tests.servers import ValkeyUnderTest

SLOTS = 16_384
NODE_TIMEOUT_MS = 2_000
SETTLE_S = 30.0
POLL_S = 0.05
MIGRATE_MS = 5_000


class Node(ValkeyUnderTest):
    """One node. Its customers are in memory only; which slots it has lies in its folder."""

    name = "Valkey of a Cluster"

    def __init__(self) -> None:
        super().__init__()
        self.bus = free_port()

    def command(self) -> Sequence[str | Path]:
        """As ever, and as a part of a Cluster."""
        words = ["--cluster-enabled", "yes", "--cluster-port", str(self.bus)]
        return [*super().command(), *words, "--cluster-node-timeout", str(NODE_TIMEOUT_MS)]

    def ask(self, *words: object) -> Any:
        """One command to this node; raises `RedisError`."""
        once, patience = Retry(NoBackoff(), 0), MIGRATE_MS / 1000
        with redis.Redis(port=self.port, socket_timeout=patience, retry=once) as client:
            return client.execute_command(*words)

    @property
    def id(self) -> str:
        """Its name within the Cluster."""
        told: bytes = self.ask("CLUSTER", "MYID")
        return told.decode()


class ThreeNodes(Several):
    """The Cluster. Use as a context manager; `url` goes to the router."""

    def __init__(self) -> None:
        self.nodes = [Node() for _ in range(3)]
        self.owners: dict[int, Node] = {}
        """Of the slots that were moved or looked at."""

    @property
    def url(self) -> str:
        """All three nodes: any of them is enough to learn of the others."""
        return "redis+cluster://" + ",".join(f"{LOOPBACK}:{node.port}" for node in self.nodes)

    def begin(self) -> None:
        """Start all, then make one cluster of them."""
        for node in self.nodes:
            node.start()
        self._join()

    def close(self) -> None:
        """End all three."""
        for node in self.nodes:
            node.close()

    def _join(self) -> None:
        first = self.nodes[0]
        share = -(-SLOTS // len(self.nodes))
        for number, node in enumerate(self.nodes):
            begin, end = number * share, min(SLOTS, (number + 1) * share) - 1
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            node.ask("CLUSTER", "ADDSLOTSRANGE", begin, end)
            if node is not first:
                node.ask("CLUSTER", "MEET", LOOPBACK, first.port, first.bus)
        self.await_whole()

    def await_whole(self, within_s: float = SETTLE_S) -> None:
        """Until every node finds every slot covered."""
        deadline = time.monotonic() + within_s
        while not all(self._is_content(node) for node in self.nodes):
            if time.monotonic() > deadline:
                tails = "\n".join(node.log_tail()[-600:] for node in self.nodes)
                raise AssertionError(f"the Cluster did not become whole:\n{tails}")
            time.sleep(POLL_S)

    def _is_content(self, node: Node) -> bool:
        try:
            told = node.ask("CLUSTER", "INFO")
        except (RedisError, OSError):
            return False
        text = told.decode() if isinstance(told, bytes) else str(told)
        return "cluster_state:ok" in text and f"cluster_known_nodes:{len(self.nodes)}" in text

    def owner(self, key: str) -> Node:
        """The node that has the key's slot."""
        slot = key_slot(key.encode())
        if slot not in self.owners:
            share = -(-SLOTS // len(self.nodes))
            self.owners[slot] = self.nodes[slot // share]
        return self.owners[slot]

    def move(self, key: str, target: Node, pause_s: float = 0.0) -> None:
        """Move the slot of `key`, as `redis-cli --cluster reshard` does, key by key.

        `pause_s` passes before the key moves and once more behind it: then the slot has two nodes,
        and the answers are ASK.
        """
        slot, source = key_slot(key.encode()), self.owner(key)
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        time.sleep(pause_s)
        while keys := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
            words = ("MIGRATE", LOOPBACK, target.port, "", 0, MIGRATE_MS, "REPLACE", "KEYS", *keys)
            source.ask(*words)
        time.sleep(pause_s)
        for node in (target, source, *self.nodes):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id)
        self.owners[slot] = target

    def move_at_once(self, key: str, target: Node, within_s: float = SETTLE_S) -> None:
        """Move the slot of `key` as a whole, with Valkey's own atomic migration."""
        slot, source = key_slot(key.encode()), self.owner(key)
        source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", target.id)
        deadline = time.monotonic() + within_s
        while target.id not in self._owner_line(source, slot):
            if time.monotonic() > deadline:
                raise AssertionError(f"slot {slot} was not moved:\n{source.log_tail()}")
            time.sleep(POLL_S)
        self.owners[slot] = target

    @staticmethod
    def _owner_line(node: Node, slot: int) -> str:
        for first, last, primary, *_ in node.ask("CLUSTER", "SLOTS"):
            if int(first) <= slot <= int(last):
                return bytes(primary[2]).decode()
        return ""
