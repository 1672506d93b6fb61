"""Apache Kafka with a listener for proxies: one node, or three in one quorum on loopback."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.child import LOOPBACK, free_port
from services.runtime.embedded import ApacheKafka
from tests.fault.disk import Disk
from tests.fault.several import Several

HEAP = "256m"
WHOLE_WITHIN_S = 90.0
POLL_S = 0.2


class Node(ApacheKafka):
    """One broker and controller. Its data survives a kill."""

    name = "Apache Kafka of a cluster"
    start_within_s = 90.0

    def __init__(self, number: int, voters: dict[int, int]) -> None:
        super().__init__(heap=HEAP)
        self.number = number
        self._voters = voters
        self.listener = free_port()
        """Where proxies connect to."""
        self.advertised = free_port()
        """Where clients that came by a proxy are sent to."""
        self.disk: Disk | None = None
        """A file system of its own under its data."""

    def get_disk(self, size_mib: int) -> None:
        """Put its data on a file system of its own; before its first start."""
        self.disk = Disk(self._data, size_mib)

    def close(self) -> None:
        """End it at once."""
        self.kill()
        if self.disk is not None:
            self.disk.close()
        super().close()

    def settings(self) -> dict[str, str | int]:
        """Those of a single node, with a second listener and all nodes in the quorum."""
        copies = len(self._voters)
        in_sync = 2 if copies > 1 else 1
        controller = self._voters[self.number]
        quorum = ",".join(f"{n}@{LOOPBACK}:{port}" for n, port in self._voters.items())
        here = f"PLAINTEXT://{LOOPBACK}:{self.port},PROXIED://{LOOPBACK}"
        return {
            **super().settings(),
            "node.id": self.number,
            "controller.quorum.voters": quorum,
            "listeners": f"{here}:{self.listener},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"{here}:{self.advertised}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_sync,
            "min.insync.replicas": in_sync,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": in_sync,
        }


class Brokers(Several):
    """`count` nodes. Use as a context manager."""

    def __init__(self, count: int, *, disk_mib: int = 0) -> None:
        """With `disk_mib` the last one gets a file system of that size, where we may mount one."""
        voters = {number: free_port() for number in range(1, count + 1)}
        self.nodes = [Node(number, voters) for number in voters]
        if disk_mib:
            self.nodes[-1].get_disk(disk_mib)

    @property
    def bootstrap(self) -> str:
        """The straight way."""
        return ",".join(node.bootstrap for node in self.nodes)

    @property
    def proxied_ports(self) -> list[tuple[int, int]]:
        """Of each node the port behind its proxy, and the one on which the proxy must listen."""
        return [(node.listener, node.advertised) for node in self.nodes]

    def begin(self) -> None:
        """Start all at once: they wait for each other."""
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(lambda node: node.start(), self.nodes))
        self.await_whole()

    def close(self) -> None:
        """End all."""
        for node in self.nodes:
            node.close()

    def await_whole(self, within_s: float = WHOLE_WITHIN_S) -> None:
        """Until every node is a member of the cluster and every replica is in sync."""
        deadline = time.monotonic() + within_s
        while not self._is_whole():
            if time.monotonic() > deadline:
                tails = "\n".join(node.log_tail()[-800:] for node in self.nodes)
                raise AssertionError(f"not whole within {within_s:.0f} s:\n{tails}")
            time.sleep(POLL_S)

    def _is_whole(self) -> bool:
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        try:
            told = admin.list_topics(timeout=5)
        except KafkaException:
            return False
        partitions = [p for topic in told.topics.values() for p in topic.partitions.values()]
        return len(told.brokers) == len(self.nodes) and all(
            len(p.isrs) == len(p.replicas) and p.leader >= 0 for p in partitions
        )
