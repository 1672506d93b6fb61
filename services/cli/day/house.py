"""The programs behind `omniroute run`: broker, memory, both services and the reader.

All of them are children that the kernel ends with this process, whatever ends it
(`services/runtime/child.py`).
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import msgspec

import services
from services.cli.day.counts import Counts
from services.runtime.admin import TopicsUnreachableError, apply_topics
from services.runtime.child import LOOPBACK, Server, StartFailedError
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import ApacheKafka, Broker, EmbeddedBroker, Valkey

USUAL_BROKER_PORT = 9092
USUAL_HTTP_PORTS = {"router": 8080, "sentiment": 8081}
READER_WITHIN_S = 30.0
_ROOT = Path(next(iter(services.__path__))).parent


class Service(Server):
    """One of our two services as a process of its own."""

    start_within_s = 60.0

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.name = name  # type: ignore[misc] # one class for both services
        super().__init__(usual_port=USUAL_HTTP_PORTS[name])
        self._environment = {**environment, "PYTHONPATH": str(_ROOT)}

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://{LOOPBACK}:{self.port}/"

    def command(self) -> Sequence[str | Path]:
        """As anybody would start it."""
        return [sys.executable, "-m", f"services.{self.name}"]

    def environment(self) -> Mapping[str, str]:
        """Where Kafka and Redis are, and the port of its pages."""
        return {**self._environment, "OMNIROUTE_HTTP": f"{LOOPBACK}:{self.port}"}

    def answers(self) -> bool:
        """Is it ready: has it all its lanes open?"""
        try:
            # Our own address, written above: no other scheme can get in here.
            with urllib.request.urlopen(f"{self.url}readyz", timeout=1) as answer:  # noqa: S310
                return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's word for good
        except (OSError, urllib.error.URLError):
            return False


class ReaderProcess(Server):
    """The separate reader; its last word is its counts."""

    name = "reader"
    stop_within_s = READER_WITHIN_S

    def __init__(self, brokers: str) -> None:
        super().__init__()
        self._brokers = brokers

    def command(self) -> Sequence[str | Path]:
        """Another client library in another process."""
        module = "services.cli.day.reader"
        return [sys.executable, "-m", module, "--brokers", self._brokers, "--prefix", ""]

    def environment(self) -> Mapping[str, str]:
        """Where our code is."""
        return {"PYTHONPATH": str(_ROOT)}

    def answers(self) -> bool:
        """It has no port; that it runs is enough, for it reads from the beginning."""
        return self.alive

    def finish(self) -> Counts | str:
        """Let it read to the end; its counts, or why there are none."""
        process = self._process
        if process is None or process.poll() is not None:
            return f"the reader ended early:\n{self.log_tail()}"
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(READER_WITHIN_S)
        except subprocess.TimeoutExpired:
            return f"the reader did not come to an end within {READER_WITHIN_S:.0f} s"
        lines = self.log.read_bytes().splitlines()
        if code != 0 or not lines:
            return f"the reader failed:\n{self.log_tail()}"
        return msgspec.json.decode(lines[-1], type=Counts)


class House:
    """Everything that runs behind the day; use as a context manager."""

    def __init__(self, broker: str, *, partitions: int, lanes: int) -> None:
        kind: type[Broker] = ApacheKafka if broker == "kafka" else EmbeddedBroker
        self.broker = kind(usual_port=USUAL_BROKER_PORT)
        self.memory = Valkey()
        self.partitions = partitions
        """Of each topic."""
        self._lanes = lanes
        self._stack = ExitStack()
        self.router: Service | None = None
        self.sentiment: Service | None = None
        self.reader: ReaderProcess | None = None
        self.services_started_s = 0.0
        """By the monotonic clock."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def access(self) -> KafkaAccess:
        """How to connect to the broker."""
        return KafkaAccess(brokers=self.broker.bootstrap, client_id="omniroute-run")

    async def start_servers(self) -> None:
        """Broker with its topics, and the memory.

        Raises:
            StartFailedError: one of them did not come up.
            ToolMissingError: the machine lacks a program.
        """
        self._stack.callback(self.broker.close)
        self._stack.callback(self.memory.close)
        await asyncio.gather(
            asyncio.to_thread(self.broker.start), asyncio.to_thread(self.memory.start)
        )
        try:
            report = await apply_topics(self.access, partitions=self.partitions)
        except TopicsUnreachableError as broken:
            raise StartFailedError(f"{broken}\n{self.broker.log_tail()}") from broken
        if not report.is_good:
            raise StartFailedError(report.describe())

    async def start_services(self) -> None:
        """Router, sentiment service and reader, at the same time; raises StartFailedError."""
        environment = {
            "OMNIROUTE_KAFKA": self.broker.bootstrap,
            "OMNIROUTE_REDIS": self.memory.url,
            "OMNIROUTE_PREFIX": "",
            "OMNIROUTE_LANES": str(self._lanes),
            "OMNIROUTE_LOG_FORMAT": "json",
        }
        self.router = Service("router", environment)
        self.sentiment = Service("sentiment", environment)
        self.reader = ReaderProcess(self.broker.bootstrap)
        self.services_started_s = time.monotonic()
        programs = (self.router, self.sentiment, self.reader)
        for program in programs:
            self._stack.callback(program.close)
        await asyncio.gather(*(asyncio.to_thread(p.start) for p in programs))

    def find_dead(self) -> str:
        """Which program has ended by itself, with the end of its log; empty if none has."""
        programs: list[Server | None] = [self.broker, self.memory, self.router, self.sentiment]
        for program in programs:
            if program is not None and not program.alive:
                return f"{program.name} ended. The end of its log:\n{program.log_tail()}"
        return ""

    def stop_services(self) -> None:
        """Ask both services to end, and wait for it."""
        for service in (self.router, self.sentiment):
            if service is not None:
                service.stop()
