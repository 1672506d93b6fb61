"""Laws of the sentiment service as a process on Kafka: ready, exactly once, gone on a signal."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from services.contact import topics as names
from services.contact.codec import decode_sentiment, encode_event
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.reject import Reject
from services.contact.sentiment import Label, SentimentScored, SentimentSummary
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import ApacheKafka, Broker
from services.runtime.lane import EXIT_CODES

PARTITIONS = 4
WITHIN_S = 30.0
TEXTS = ("This is wonderful, thank you!", "This is awful, I am furious!", "Благодаря!", "")
CANARY = "canary4711"


class Service:
    """A sentiment service in a process of its own, with its log in a file."""

    def __init__(self, broker: Broker, prefix: str, folder: Path) -> None:
        """Start it on a free port."""
        self.log = folder / f"sentiment-{len(list(folder.iterdir()))}.log"
        env = {
            **os.environ,
            "OMNIROUTE_KAFKA": broker.bootstrap,
            "OMNIROUTE_PREFIX": prefix,
            "OMNIROUTE_HTTP": "127.0.0.1:0",
            "OMNIROUTE_LANES": "2",
            "OMNIROUTE_BATCH_RECORDS": "50",
            "OMNIROUTE_SESSION_TIMEOUT": "6",
        }
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.sentiment"], env=env, stderr=out, stdout=out
            )

    async def url(self) -> str:
        """Where its pages are, as its log tells."""
        for _ in range(int(WITHIN_S / 0.1)):
            found = re.search(r'"port":(\d+)', self.log.read_text("utf-8"))
            if found:
                return f"http://127.0.0.1:{found[1]}"
            await asyncio.sleep(0.1)
        raise AssertionError(self.log.read_text("utf-8"))

    async def fetch(self, path: str) -> tuple[int, str]:
        """One page."""
        async with aiohttp.ClientSession() as session, session.get(await self.url() + path) as got:
            return got.status, await got.text()

    async def await_ready(self) -> None:
        """Wait until its lanes are open."""
        for _ in range(int(WITHIN_S / 0.1)):
            if (await self.fetch("/readyz"))[0] == 200:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(await self.fetch("/readyz"), self.log.read_text("utf-8"))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(WITHIN_S)


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Every service in this list is killed when the test ends."""
    started: list[Service] = []
    yield started
    for service in started:
        service.process.kill()
        service.process.wait(WITHIN_S)


def make_event(number: int) -> ContactEvent:
    """Message `number`; every tenth is an agent's."""
    return ContactEvent(
        event_id=f"e{number}",
        source=CANARY,
        kind=Kind.MESSAGE,
        customer_id=f"{CANARY}-{number % 23}",
        channel=Channel.CHAT,
        side=Side.AGENT if number % 10 == 9 else Side.CUSTOMER,
        text=TEXTS[number % len(TEXTS)],
    )


async def produce(
    broker: Broker, prefix: str, numbers: range, make: Callable[[int], ContactEvent] = make_event
) -> None:
    """Put messages on contact.events, and one record that nobody can read."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    try:
        sent = []
        for number in numbers:
            e = encode_event(make(number))
            topic = prefix + names.EVENTS
            sent.append(await producer.send(topic, e.value, key=e.key, headers=list(e.headers)))
        sent.append(await producer.send(prefix + names.EVENTS, b"broken", key=b"c"))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def read_topic(broker: Broker, name: str) -> list[SentimentScored]:
    """Every score that is committed on a topic of sentiments now."""
    return [one for one in await read_all(broker, name) if isinstance(one, SentimentScored)]


async def read_all(broker: Broker, name: str) -> list[SentimentScored | SentimentSummary]:
    """Everything that is committed on it."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="none",
    )
    await consumer.start()
    try:
        places = [TopicPartition(name, p) for p in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[SentimentScored | SentimentSummary] = []
        while any([await consumer.position(tp) < ends[tp] for tp in places]):
            for tp, records in (await consumer.getmany(timeout_ms=100)).items():
                for r in records:
                    said = decode_sentiment(
                        r.key, r.value, r.headers, partition=tp.partition, partitions=PARTITIONS
                    )
                    assert not isinstance(said, Reject)
                    found.append(said)
        return found
    finally:
        await consumer.stop()


async def await_scored(broker: Broker, prefix: str, count: int) -> list[SentimentScored]:
    """Wait until that many sentiments are committed, and a moment longer for one too many."""
    found: list[SentimentScored] = []
    for _ in range(int(WITHIN_S / 0.5)):
        found = await read_topic(broker, prefix + names.SENTIMENT)
        if len(found) >= count:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(0.5)
    return await read_topic(broker, prefix + names.SENTIMENT)


def expect(numbers: range) -> Counter[str]:
    """The events that must have exactly one sentiment."""
    return Counter(e.event_id for e in map(make_event, numbers) if e.side is Side.CUSTOMER)


async def test_every_customer_message_is_scored_once_and_the_figures_agree(
    broker: Broker, prefix: str, services: list[Service], tmp_path: Path
) -> None:
    """Law: one sentiment per message; metrics equal the topic; the log names no customer."""
    await apply_topics(KafkaAccess(brokers=broker.bootstrap), prefix, partitions=PARTITIONS)
    service = Service(broker, prefix, tmp_path)
    services.append(service)
    await service.await_ready()
    await produce(broker, prefix, range(400))
    wanted = expect(range(400))
    found = await await_scored(broker, prefix, wanted.total())
    assert Counter(s.event_id for s in found) == wanted
    labels = Counter(s.label for s in found)
    assert set(labels) == {Label.POSITIVE, Label.NEGATIVE, Label.UNSCORED}
    metrics = (await service.fetch("/metrics"))[1]
    for label, count in labels.items():
        pattern = rf'^omniroute_sentiment_messages_total{{.*label="{label}".*}} (\S+)$'
        assert sum(map(float, re.findall(pattern, metrics, re.MULTILINE))) == count
    assert 'omniroute_sentiment_skipped_total{why="malformed"} 1.0' in metrics
    assert CANARY not in metrics
    assert (await service.fetch("/livez"))[0] == 200
    assert service.end() == 0
    lines = service.log.read_text("utf-8")
    assert CANARY not in lines
    assert all(orjson.loads(line)["service"] == "sentiment" for line in lines.splitlines())


@pytest.mark.durable
@pytest.mark.kafka
async def test_a_killed_service_neither_loses_nor_repeats_a_score(
    kafka: ApacheKafka, prefix: str, services: list[Service], tmp_path: Path
) -> None:
    """Law: kill -9 in the middle of the work, twice: each message still has one sentiment."""
    await apply_topics(KafkaAccess(brokers=kafka.bootstrap), prefix, partitions=PARTITIONS)
    await produce(kafka, prefix, range(6_000))
    for _ in range(2):
        service = Service(kafka, prefix, tmp_path)
        services.append(service)
        before = len(await read_topic(kafka, prefix + names.SENTIMENT))
        while len(await read_topic(kafka, prefix + names.SENTIMENT)) == before:
            assert service.process.poll() is None, service.log.read_text("utf-8")
            await asyncio.sleep(0.05)
        assert service.end(signal.SIGKILL) == -signal.SIGKILL
    services.append(Service(kafka, prefix, tmp_path))
    wanted = expect(range(6_000))
    found = await await_scored(kafka, prefix, wanted.total())
    assert Counter(s.event_id for s in found) == wanted


TURNS = 9
"""Eight messages of a contact and its close."""
PEOPLE = 40


def talk_event(number: int) -> ContactEvent:
    """Event `number`: customers take turns; of each, every ninth event closes the contact."""
    turn, person = divmod(number, PEOPLE)
    closes = turn % TURNS == TURNS - 1
    return ContactEvent(
        event_id=f"t{number}",
        source=CANARY,
        kind=Kind.CONTACT_CLOSED if closes else Kind.MESSAGE,
        customer_id=f"{CANARY}-{person}",
        contact_id=f"{CANARY}-{person}-{turn // TURNS % 2}",
        channel=Channel.CHAT,
        side=None if closes else Side.CUSTOMER,
        language="en",
        text="" if closes else TEXTS[(number * 7 + turn) % 2],
    )


@pytest.mark.durable
@pytest.mark.kafka
@pytest.mark.timeout(120)
async def test_each_close_has_one_whole_summary_whatever_was_killed(
    kafka: ApacheKafka, prefix: str, services: list[Service], tmp_path: Path
) -> None:
    """Law: kill -9 twice, then a second worker: one summary a close, equal to its scores' mean."""
    await apply_topics(KafkaAccess(brokers=kafka.bootstrap), prefix, partitions=PARTITIONS)
    count = PEOPLE * TURNS * 12
    await produce(kafka, prefix, range(count), talk_event)
    for _ in range(2):
        service = Service(kafka, prefix, tmp_path)
        services.append(service)
        before = len(await read_all(kafka, prefix + names.SENTIMENT))
        while len(await read_all(kafka, prefix + names.SENTIMENT)) == before:
            assert service.process.poll() is None, service.log.read_text("utf-8")
            await asyncio.sleep(0.05)
        assert service.end(signal.SIGKILL) == -signal.SIGKILL
    services += [Service(kafka, prefix, tmp_path), Service(kafka, prefix, tmp_path)]
    found: list[SentimentScored | SentimentSummary] = []
    for _ in range(int(2 * WITHIN_S / 0.5)):
        found = await read_all(kafka, prefix + names.SENTIMENT)
        if len(found) >= count:
            break
        await asyncio.sleep(0.5)
    summaries = {one.event_id: one for one in found if isinstance(one, SentimentSummary)}
    scores = {one.event_id: one for one in found if isinstance(one, SentimentScored)}
    assert len(found) == len(summaries) + len(scores) == count
    for number in range(count):
        if talk_event(number).kind is not Kind.CONTACT_CLOSED:
            continue
        mine = [scores[f"t{number - PEOPLE * back}"].score for back in range(TURNS - 1, 0, -1)]
        summary = summaries[f"t{number}"]
        assert summary.complete
        assert summary.customer is not None
        told = summary.customer
        assert told.negative + told.neutral + told.positive == TURNS - 1
        assert told.score == pytest.approx(sum(mine) / len(mine), abs=1e-4)
        assert told.shift == pytest.approx(sum(mine[-2:]) / 2 - sum(mine[:2]) / 2, abs=2e-4)


async def test_a_service_does_not_start_on_wrong_topics_and_says_how_to_mend_them(
    broker: Broker, prefix: str, services: list[Service], tmp_path: Path
) -> None:
    """Law: without its topics it ends with its own exit code and the command that makes them."""
    service = Service(broker, prefix, tmp_path)
    services.append(service)
    assert await asyncio.to_thread(service.process.wait, WITHIN_S) == EXIT_CODES["topics_wrong"]
    said = service.log.read_text("utf-8")
    assert f"omniroute topics apply --brokers {broker.bootstrap} --prefix {prefix}" in said


async def test_a_service_waits_for_kafka_alive_but_not_ready(
    services: list[Service], tmp_path: Path
) -> None:
    """Law: while no broker answers, /livez is 200 and /readyz says what is missing."""

    class Absent(Broker):
        """A broker that is not there."""

        bootstrap = "127.0.0.1:1"

        def __init__(self) -> None:
            """Nothing is started."""

    service = Service(Absent(), "t.", tmp_path)
    services.append(service)
    assert (await service.fetch("/livez"))[0] == 200
    status, text = await service.fetch("/readyz")
    assert (status, "topics" in text) == (503, True)
