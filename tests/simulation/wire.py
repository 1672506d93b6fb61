"""The network between the client library and the nodes: latency, lost requests, lost replies.

Stands in for `aiokafka.conn.create_conn`, so everything above a connection is the library's own.
Requests are the library's own structs; they are not turned into bytes (record batches are).
"""

from __future__ import annotations

import asyncio
import random
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiokafka.client
from aiokafka import AIOKafkaConsumer
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import BrokerMetadata, TopicPartition

from tests.simulation.broker import VERSIONS, Cluster
from tests.simulation.loop import PROCESS, Loop, Process

LATENCY_S = (0.0001, 0.0015)
SLOW_S = 0.4
VERY_SLOW_S = 6.0
ORDER_S = 1e-6
STALLED = 0.3
STALL_S = 7.0
"""Longer than a transaction may take."""
IDLE_MS = 2_000
NAMES = {
    0: "Produce", 1: "Fetch", 2: "ListOffsets", 3: "Metadata", 9: "OffsetFetch",
    10: "FindCoordinator", 11: "JoinGroup", 12: "Heartbeat", 13: "LeaveGroup", 14: "SyncGroup",
    22: "InitProducerId", 24: "AddPartitions", 25: "AddOffsets", 26: "EndTxn",
    28: "TxnOffsetCommit",
}  # fmt: skip
PRECIOUS = frozenset({0, 22, 24, 25, 26, 28})
"""Requests whose loss is worth more than one in a hundred."""
END_TXN = 26

Trace = Callable[..., None]


class Weather:
    """What the network does to requests while a schedule lasts; nothing at all when it is calm."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.loss = 0.0
        """Share of the requests that are lost one way or the other."""
        self.slow = 0.0
        """Share of the requests or replies that take long."""
        self.stalls = 0
        """So many more times a node carries the end of a transaction out and then stands still."""
        self.done: Counter[str] = Counter()

    def latency(self) -> float:
        """Seconds for one way."""
        if self.slow and self._chance.random() < self.slow:
            self.done["slow"] += 1
            most = VERY_SLOW_S if self._chance.random() < 0.1 else SLOW_S
            return self._chance.uniform(0, most)
        return self._chance.uniform(*LATENCY_S)

    def fate(self, *, precious: bool, ending: bool = False) -> str:
        """What becomes of a request.

        Nothing special, cut (before it), lost (its reply, by a cut), silence (no reply comes), or
        stall (the node stands still behind the end of a transaction).
        """
        if ending and self.stalls and self._chance.random() < STALLED:
            self.stalls -= 1
            self.done["stall"] += 1
            return "stall"
        if not self.loss or self._chance.random() > self.loss * (3 if precious else 1):
            return ""
        fate = self._chance.choice(("cut", "lost", "lost", "silence"))
        self.done[fate] += 1
        return fate


class Network:
    """The connections of every process to every node."""

    def __init__(self, loop: Loop, cluster: Cluster, weather: Weather, trace: Trace) -> None:
        self.loop = loop
        self.cluster = cluster
        self.weather = weather
        self.trace = trace
        self.paused: set[int] = set()
        self._held: list[tuple[Connection, Any, asyncio.Future[Any]]] = []
        self._open: list[Connection] = []

    async def connect(self, host: str, port: int, **options: Any) -> Connection:
        """As `create_conn`; `host` is node-N, or anything for a node that is up."""
        del port
        await asyncio.sleep(self.weather.latency())
        up = [n for n in range(self.cluster.nodes) if n not in self.cluster.down]
        node = int(host.removeprefix("node-")) if host.startswith("node-") else min(up, default=-1)
        if node not in up:
            raise KafkaConnectionError(f"connection refused by {host}")
        made = Connection(self, node, options)
        self._open = [*(c for c in self._open if c.connected()), made]
        return made

    # -- accidents

    def kill(self, node: int) -> None:
        """The node is gone, and every connection to it."""
        self.cluster.lose(node)
        self._held = [one for one in self._held if one[0].node != node]
        for connection in self._open:
            if connection.node == node:
                connection.break_soon()

    def restart(self, node: int) -> None:
        """The node is back."""
        self.cluster.down.discard(node)
        self.cluster.elect()

    def pause(self, node: int) -> None:
        """The node takes requests and does not work."""
        self.paused.add(node)

    def resume(self, node: int) -> None:
        """It works off what has come meanwhile."""
        self.paused.discard(node)
        held, self._held = self._held, []
        for connection, request, future in held:
            self.arrive(connection, request, future, "")

    # -- the way of a request

    def arrive(
        self, connection: Connection, request: Any, future: asyncio.Future[Any], fate: str
    ) -> None:
        """A request has reached its node, or got lost on the way."""
        if connection.broken:
            return
        if fate == "cut" or connection.node in self.cluster.down:
            connection.break_soon()
            return
        if connection.node in self.paused:
            self._held.append((connection, request, future))
            return
        connection.queue.append((request, future, fate))
        if not connection.serving:
            self._serve(connection)

    def _serve(self, connection: Connection) -> None:
        """The next request of a connection: a node takes them one after the other."""
        while connection.queue and not connection.serving:
            request, future, fate = connection.queue.popleft()
            connection.serving = True

            def reply(
                response: Any, future: asyncio.Future[Any] = future, fate: str = fate
            ) -> None:
                connection.serving = False
                self._reply(connection, response, future, fate)
                self._serve(connection)

            self.cluster.answer(connection.node, request, reply)

    def _reply(
        self, connection: Connection, response: Any, future: asyncio.Future[Any], fate: str
    ) -> None:
        if fate == "lost":
            connection.break_soon()
        elif fate == "stall":
            self.pause(connection.node)
            self.loop.later(STALL_S, self.resume, connection.node)
        elif fate != "silence" and not connection.broken:
            at = max(self.loop.time() + self.weather.latency(), connection.heard + ORDER_S)
            connection.heard = at
            call = connection.deliver
            self.loop.call_at(at, call, response, future, context=connection.context)


class Connection:
    """One connection of a client; has what the library's own connection has."""

    def __init__(self, network: Network, node: int, options: dict[str, Any]) -> None:
        process = PROCESS.get()
        assert process is not None
        self.process: Process = process
        self.context = process.context
        self.node = node
        self.queue: deque[tuple[Any, asyncio.Future[Any], str]] = deque()
        self.serving = False
        self.broken = False
        """The other side knows that it is over."""
        self.heard = 0.0
        self._network = network
        self._sent = 0.0
        self._timeout = options["request_timeout_ms"] / 1000
        self._on_close = options.get("on_close")
        self._waiting: dict[asyncio.Future[Any], None] = {}
        self._closed = False

    @property
    def host(self) -> str:
        """Of the node."""
        return f"node-{self.node}"

    port = 9092

    def connected(self) -> bool:
        """Does this side believe so?"""
        return not self._closed

    def send(self, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002 - as in the library
        """Send a request; what comes back is awaited for the library's time limit."""
        del expect_response
        if self._closed:
            raise KafkaConnectionError(f"No connection to broker at {self.host}")
        network = self._network
        prepared = request.prepare(VERSIONS)
        future = network.loop.create_future()
        self._waiting[future] = None
        fate = network.weather.fate(
            precious=prepared.API_KEY in PRECIOUS, ending=prepared.API_KEY == END_TXN
        )
        at = max(network.loop.time() + network.weather.latency(), self._sent + ORDER_S)
        self._sent = at
        network.trace(self.process.name, NAMES[prepared.API_KEY], self.node, fate)
        network.loop.later(at - network.loop.time(), network.arrive, self, prepared, future, fate)
        timer = network.loop.call_at(
            network.loop.time() + self._timeout, self._expire, future, context=self.context
        )
        future.add_done_callback(lambda _: timer.cancel(), context=self.context)
        return future

    def _expire(self, future: asyncio.Future[Any]) -> None:
        if not future.done():
            future.set_exception(TimeoutError())

    def deliver(self, response: Any, future: asyncio.Future[Any]) -> None:
        """A reply has come."""
        if not self._closed and not future.done():
            self._waiting.pop(future, None)
            future.set_result(response)

    def break_soon(self) -> None:
        """The other side is gone; this side hears of it in its own time."""
        if not self.broken:
            self.broken = True
            self._network.loop.call_soon(self._break, context=self.context)

    def _break(self) -> None:
        self.close(reason=CloseReason.CONNECTION_BROKEN, exc=None)

    def close(self, reason: Any = None, exc: BaseException | None = None) -> asyncio.Future[None]:
        """Close it; whoever waits for a reply hears of it."""
        done = self._network.loop.create_future()
        done.set_result(None)
        if self._closed:
            return done
        self._closed = True
        waiting, self._waiting = self._waiting, {}
        for future in waiting:
            if not future.done():
                error = KafkaConnectionError(f"Connection at {self.host} closed")
                error.__cause__ = exc
                future.set_exception(error)
        if self._on_close is not None:
            self._on_close(self, reason)
            self._on_close = None
        return done


def _steady_places() -> None:
    """Sets of these are walked through; their order must not hang on the hashes of texts."""

    def place(tp: TopicPartition) -> int:
        return zlib.crc32(tp.topic.encode()) * 64 + int(tp.partition)

    def node(broker: BrokerMetadata) -> int:
        return int(broker.nodeId)

    TopicPartition.__hash__ = place
    BrokerMetadata.__hash__ = node


@contextmanager
def connected(network: Network) -> Iterator[None]:
    """The client library connects to the model while the block runs."""
    _steady_places()
    real = aiokafka.client.create_conn
    options = AIOKafkaConsumer.__init__.__kwdefaults__
    before = dict(options)
    aiokafka.client.create_conn = network.connect
    # Its idle look around costs more than everything else together; nothing hangs on it.
    options.update(consumer_timeout_ms=IDLE_MS, fetch_max_wait_ms=IDLE_MS)
    try:
        yield
    finally:
        aiokafka.client.create_conn = real
        options.update(before)
