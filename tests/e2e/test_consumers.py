"""Laws of the consumer page: each of its consumers, run as it stands there, on Apache Kafka."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from services.contact import topics as names
from services.contact.codec import decode_event, encode_decision
from services.contact.decision import Action, Decision, DecisionType, Effect
from services.contact.event import Channel, ContactEvent
from services.contact.partition import partition_of
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import ApacheKafka
from services.runtime.jars import jars_folder
from tests import machine

CONSUMERS = machine.CLONE / "docs" / "consumers"
PARTITIONS = 4
WITHIN_S = 40.0
KAFKAJS = "2.2.4"
ME = "crm"

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

Command = Callable[[Path], Sequence[str]]
Starter = Callable[[Sequence[str], Path], "subprocess.Popen[bytes]"]


def run_python(_: Path) -> Sequence[str]:
    """As the page says."""
    return [sys.executable, str(CONSUMERS / "consumer.py")]


def run_node(folder: Path) -> Sequence[str]:
    """With its one package, which is kept outside of the clone."""
    (folder / "node_modules").symlink_to(install_kafkajs() / "node_modules")
    script = shutil.copy(CONSUMERS / "consumer.mjs", folder)
    return [machine.program("node") or "node", str(script)]


def install_kafkajs() -> Path:
    """The user's cache of the package, filled once."""
    folder = jars_folder().parent / f"kafkajs-{KAFKAJS}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / "kafkajs" / "package.json").exists():
            npm = machine.program("npm") or "npm"
            words = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]
            subprocess.run(
                [*words, str(folder), f"kafkajs@{KAFKAJS}"],
                check=True,
                timeout=120,
                capture_output=True,
            )
    return folder


def run_java(folder: Path) -> Sequence[str]:
    """Compiled against the jars that came with Kafka."""
    jars = f"{jars_folder()}/*"
    source = str(CONSUMERS / "Consumer.java")
    javac = machine.program("javac") or "javac"
    words = [javac, "-Werror", "-Xlint:all,-path", "-d", str(folder), "-cp", jars, source]
    subprocess.run(words, check=True, timeout=90)
    return ["java", "-Xmx128m", "-XX:+UseSerialGC", "-cp", f"{folder}:{jars}", "Consumer"]


class Desk:
    """The router's side: puts decisions on their topic and reads what the executor says."""

    def __init__(self, kafka: ApacheKafka, prefix: str) -> None:
        """Nothing is on the topics yet."""
        self._brokers = kafka.bootstrap
        self._prefix = prefix
        self.customer = "клиент-7"

    async def issue(self, *decisions: Decision) -> None:
        """Write decisions as the router does: in one transaction, on the event's partition."""
        producer = AIOKafkaProducer(bootstrap_servers=self._brokers, transactional_id=f"{uuid4()}")
        await producer.start()
        try:
            async with producer.transaction():
                for decision in decisions:
                    e = encode_decision(decision)
                    assert e.key is not None
                    await producer.send_and_wait(
                        self._prefix + names.DECISIONS,
                        e.value,
                        key=e.key,
                        partition=partition_of(e.key, PARTITIONS),
                        headers=list(e.headers),
                    )
        finally:
            await producer.stop()

    async def issue_and_abort(self, decision: Decision) -> None:
        """A transaction that is given up: nobody may act on it."""
        producer = AIOKafkaProducer(bootstrap_servers=self._brokers, transactional_id=f"{uuid4()}")
        await producer.start()
        await producer.begin_transaction()
        e = encode_decision(decision)
        assert e.key is not None
        await producer.send_and_wait(
            self._prefix + names.DECISIONS,
            e.value,
            key=e.key,
            partition=partition_of(e.key, PARTITIONS),
        )
        await producer.abort_transaction()
        await producer.stop()

    async def hear(self, count: int) -> list[tuple[str, str, str]]:
        """(kind, decision, outcome or cause) of the first `count` events, and one too many if any.

        Every one must be an event that the router takes, on its customer's partition.
        """
        consumer = AIOKafkaConsumer(bootstrap_servers=self._brokers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            places = [TopicPartition(self._prefix + names.EVENTS, p) for p in range(PARTITIONS)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            heard: list[tuple[str, str, str]] = []
            ends = asyncio.get_running_loop().time() + WITHIN_S
            while asyncio.get_running_loop().time() < ends:
                polled = await consumer.getmany(timeout_ms=1_000)
                for tp, records in polled.items():
                    for r in records:
                        event = decode_event(
                            r.key, r.value, r.headers, partition=tp.partition, partitions=PARTITIONS
                        )
                        assert isinstance(event, ContactEvent), event
                        assert event.customer_id == self.customer
                        heard.append((event.kind, event.decision_id, event.outcome or event.cause))
                if len(heard) >= count and not polled:
                    break
            return heard
        finally:
            await consumer.stop()

    def decide(self, event_id: str, revision: int = 0, **fields: object) -> Decision:
        """A decision for the executor under test; its id says which."""
        revised = DecisionType.REVISED if revision else DecisionType.MADE
        given: dict[str, object] = {
            "decision_id": f"{event_id}.{revision}",
            "type": revised,
            "revision": revision,
            "revises": f"{event_id}.{revision - 1}" if revision else "",
            "event_id": event_id,
            "source": "mail",
            "customer_id": self.customer,
            "contact_id": f"contact-{event_id}",
            "action": Action.ROUTE,
            "from_channel": Channel.EMAIL,
            "channel": Channel.EMAIL,
            "executor": ME,
            "queue": "general",
            "priority": 5,
            "rule": "root",
            "rules_version": "v1",
            "decided_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
            **fields,
        }
        return Decision(**given)  # type: ignore[arg-type] # the fields are given by name


@pytest.fixture
async def desk(kafka: ApacheKafka, prefix: str) -> Desk:
    """A deployment with its topics."""
    await apply_topics(KafkaAccess(brokers=kafka.bootstrap), prefix, partitions=PARTITIONS)
    return Desk(kafka, prefix)


@pytest.fixture
def start(kafka: ApacheKafka, prefix: str) -> Iterator[Starter]:
    """Starts an executor with its output in a file; it is killed when the test ends."""
    started: list[subprocess.Popen[bytes]] = []
    env = {
        **os.environ,
        "OMNIROUTE_KAFKA": kafka.bootstrap,
        "OMNIROUTE_PREFIX": prefix,
        "OMNIROUTE_EXECUTOR": ME,
    }

    def start_one(words: Sequence[str], file: Path) -> subprocess.Popen[bytes]:
        with file.open("wb") as out:
            started.append(subprocess.Popen(words, env=env, stdout=out, stderr=out))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.wait(WITHIN_S)


@pytest.mark.parametrize(
    "make_command",
    [
        pytest.param(run_python, id="python"),
        pytest.param(run_node, id="node", marks=pytest.mark.needs("node", "npm")),
        pytest.param(run_java, id="java", marks=pytest.mark.needs("javac")),
    ],
)
async def test_a_consumer_of_the_page_does_what_the_page_says(
    make_command: Command, desk: Desk, start: Starter, tmp_path: Path
) -> None:
    """Law: the highest revision of what is ours is carried out once, and every step is told."""
    call: dict[str, Any] = {
        "action": Action.CALLBACK,
        "channel": Channel.PHONE,
        "queue": "callbacks",
    }
    later = datetime.now(UTC) + timedelta(hours=1)
    await desk.issue_and_abort(desk.decide("aborted"))
    await desk.issue(
        desk.decide("a"),
        desk.decide("a"),
        desk.decide("a", 1, **call),
        desk.decide("a"),
        desk.decide("theirs", executor="dialler"),
        desk.decide("shadow", effect=Effect.NONE),
        desk.decide("stays", action=Action.STAY),
        desk.decide("night", not_before=later, **call),
        desk.decide("gone"),
        desk.decide("gone", 1, type=DecisionType.CANCELLED),
        desk.decide("moved"),
        desk.decide("moved", 1, executor="dialler"),
    )
    words = await asyncio.to_thread(make_command, tmp_path)
    process = start(words, tmp_path / "out")
    first = await desk.hear(7)
    told = (tmp_path / "out").read_text("utf-8")
    assert first == [
        ("routing.accepted", "a.0", ""),
        ("routing.accepted", "a.1", ""),
        ("routing.accepted", "night.0", ""),
        ("routing.accepted", "gone.0", ""),
        ("routing.accepted", "moved.0", ""),
        ("routing.started", "a.1", ""),
        ("routing.completed", "a.1", "solved"),
    ], told
    await desk.issue(desk.decide("a", 2, queue="vip"), desk.decide("a", 1, **call))
    assert (await desk.hear(8))[7:] == [("routing.started", "a.1", "revision_ignored")]
    assert process.poll() is None, told
    assert "callback: phone, queue callbacks" in told


def test_the_page_shows_its_consumers_and_they_are_short() -> None:
    """Law: the page links each consumer; none has more than a page of code; read_committed."""
    page = (machine.CLONE / "docs" / "consumers.md").read_text("utf-8")
    for name in ("consumer.py", "consumer.mjs", "Consumer.java"):
        assert f"(consumers/{name})" in page
        text = (CONSUMERS / name).read_text("utf-8")
        code = [n for n in text.splitlines() if re.match(r"\s*[^\s#/*]", n)]
        assert len(code) <= 100, name
        assert "read_committed" in text or "reads committed records only" in text
