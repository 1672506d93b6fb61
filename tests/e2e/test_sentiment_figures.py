"""Scores, mood and NEV of generated traffic through Kafka, held against a reckoning of their own.

The reckoning reads the topics with another client library (librdkafka) and another JSON decoder, and
shares no code with the services: what counts as a customer's message, what a mood is and what NEV is
stand here a second time.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
import urllib.request
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from services.cli.day.house import House, Service
from tests.e2e.test_run import ROOT

PARTITIONS = 8
LANGUAGES = {"bg", "de", "en", "es", "fr", "pt", "ru", "zh"}
RATE, SECONDS, SURVEYS = 300, 8, 60
WITHIN_S = 120.0
EMOTIONS = (
    ("interested", "energetic", "stimulated", "exploratory", "indulgent", "trusting", "valued"),
    ("focused", "safe", "cared_for", "happy", "pleased"),
    ("irritated", "hurried", "neglected", "unhappy", "unsatisfied", "stressed"),
    ("disappointed", "frustrated"),
)
GOOD, BAD = (*EMOTIONS[0], *EMOTIONS[1]), (*EMOTIONS[2], *EMOTIONS[3])
Figures = dict[str, Counter[tuple[tuple[str, str], ...]]]


@pytest.fixture
def house() -> Iterator[House]:
    """Apache Kafka, Valkey and the router; the sentiment service comes later."""
    with House("kafka", partitions=PARTITIONS, lanes=2) as opened:
        asyncio.run(opened.start_servers())
        yield opened


def start(house: House, name: str) -> Service:
    """A service as a process."""
    where = {"OMNIROUTE_KAFKA": house.broker.bootstrap, "OMNIROUTE_REDIS": house.memory.url}
    service = Service(name, {**where, "OMNIROUTE_PREFIX": "", "OMNIROUTE_LANES": "2"})
    service.start()
    return service


def send_traffic(house: House) -> None:
    """A part of a contact centre's day, and surveys, which it does not have."""
    words = ("--rate", str(RATE), "--for", str(SECONDS), "--seed", "23", "--quiet")
    subprocess.run(
        [sys.executable, "-m", "services.cli.main", "traffic", *words],
        env={**os.environ, "OMNIROUTE_KAFKA": house.broker.bootstrap},
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=WITHIN_S,
    )
    draw = random.Random(6)
    producer = Producer(
        {"bootstrap.servers": house.broker.bootstrap, "partitioner": "murmur2_random"}
    )
    for number in range(SURVEYS):
        customer = f"guest-{number % 7}"
        survey = {name: draw.randint(0, 10) for name in (*GOOD, *BAD)}
        event = {
            "event_id": f"survey-{number}",
            "source": "survey",
            "kind": "survey.answered",
            "customer_id": customer,
            "channel": draw.choice(("email", "chat")),
            "queue": draw.choice(("care", "sales")),
            "survey": survey,
        }
        producer.produce("contact.events", json.dumps(event), key=customer)
    assert producer.flush(WITHIN_S) == 0


def read(house: House, topic: str) -> list[Message]:
    """Every committed record of a topic; of a partition in order."""
    consumer = Consumer(
        {
            "bootstrap.servers": house.broker.bootstrap,
            "group.id": "reckoning",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
    found: list[Message] = []
    ended: set[int | None] = set()
    deadline = time.monotonic() + WITHIN_S
    while len(ended) < PARTITIONS and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error() is None:
            found.append(message)
        else:
            ended.add(message.partition())
    consumer.close()
    assert len(ended) == PARTITIONS
    return found


def scrape(service: Service) -> Figures:
    """Value by name and labels, of what a service tells at /metrics."""
    # Our own service's address, made by `House`: no other scheme can get in here.
    with urllib.request.urlopen(f"{service.url}metrics", timeout=10) as answer:  # noqa: S310
        page = answer.read().decode()
    figures: Figures = defaultdict(Counter)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            figures[sample.name][tuple(sorted(sample.labels.items()))] = sample.value  # type: ignore[assignment] # of whole numbers
    return figures


def await_count(tell: Callable[[], float], wanted: int) -> None:
    """Wait until so many records are counted; never more."""
    deadline = time.monotonic() + WITHIN_S
    while (seen := tell()) < wanted:
        assert time.monotonic() < deadline, f"{seen:.0f} of {wanted} records within {WITHIN_S} s"
        time.sleep(0.2)
    assert seen == wanted


def tell_heard(service: Service, topic: str) -> Callable[[], float]:
    """How many records of a topic the router has counted."""
    return lambda: sum(
        value
        for labels, value in scrape(service)["omniroute_router_records_total"].items()
        if dict(labels)["input"] == topic
    )


def tell_seen(service: Service) -> Callable[[], float]:
    """How many events the sentiment service has counted, one way or the other."""
    names = [f"omniroute_sentiment_{n}_total" for n in ("messages", "skipped", "deadletters")]
    return lambda: sum(sum(scrape(service)[name].values()) for name in names)


# -- the reckoning


def list_headers(record: Message) -> list[tuple[str, bytes]]:
    """Name and value of each header."""
    headers: Any = record.headers() or ()
    return [(name, value or b"") for name, value in headers]


def list_messages(events: list[Message], dead: list[Message]) -> dict[int, list[str]]:
    """By partition, the ids of the customers' messages that a person wrote, in order."""
    refused = set()
    for letter in dead:
        headers = dict(list_headers(letter))
        partition, offset = (
            headers["omniroute-reject-partition"],
            headers["omniroute-reject-offset"],
        )
        refused.add((int(partition), int(offset)))
    listed: dict[int, list[str]] = defaultdict(list)
    for record in events:
        place = (record.partition() or 0, record.offset() or 0)
        if place in refused:
            continue
        event = json.loads(record.value() or b"")
        speaker = (event.get("actor") or {}).get("type")
        by_machine = bool(event.get("headers")) or event.get("is_private", False)
        if event["kind"] == "message" and speaker == "customer" and not by_machine:
            listed[place[0]].append(event["event_id"])
    return listed


def reckon_moods(scores: list[dict[str, Any]], events: list[Message]) -> dict[str, Counter[float]]:
    """By channel, how many moods lie in each bucket: a mean of some eight scores, in thousandths."""
    erased = {}
    for record in events:
        if b"customer.erased" in (record.value() or b""):
            event = json.loads(record.value() or b"")
            erased[event["customer_id"]] = event.get("received_at", "")
    held: dict[str, tuple[int, int]] = {}
    heard = set()
    moods: dict[str, Counter[float]] = defaultdict(Counter)
    for score in scores:
        customer, name = score["customer_id"], (score["source"], score["event_id"])
        gone = score.get("received_at", "~") <= erased.get(customer, "")
        if score["label"] == "unscored" or gone or name in heard:
            continue
        heard.add(name)
        value = round(score.get("score", 0) * 1000)
        mood, count = held.get(customer, (value, 0))
        weight = min(count, 8)
        mood = int((mood * weight + value) / (weight + 1))  # towards zero
        held[customer] = (mood, count + 1)
        moods[score["channel"]][mood / 1000] += 1
    return moods


def reckon_nev(labels: Counter[str]) -> float:
    """NEV of text, of the messages with feeling: -100 to 100."""
    good, bad = labels["positive"], labels["negative"]
    return 100 * (good - bad) / (good + bad)


# -- the law


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(400)
def test_scores_mood_and_nev_equal_an_independent_reckoning(house: House) -> None:
    """Law: each customer message is scored once and in order; mood and NEV are what the topics say.

    The scores come when the router knows every customer, so that none meets an unknown one.
    """
    router = start(house, "router")
    send_traffic(house)
    events = read(house, "contact.events")
    await_count(tell_heard(router, "contact.events"), len(events))
    sentiment = start(house, "sentiment")
    try:
        await_count(tell_seen(sentiment), len(events))
        records = read(house, "contact.sentiment")
        await_count(tell_heard(router, "contact.sentiment"), len(records))
        told, moods = scrape(sentiment), scrape(router)
    finally:
        sentiment.close()
        router.close()
    wanted = list_messages(events, read(house, "contact.deadletter"))
    scored: dict[int, list[str]] = defaultdict(list)
    scores = []
    for record in records:
        value = json.loads(record.value() or b"")
        if dict(list_headers(record))["ce_type"] == b"sentiment.scored":
            scored[record.partition() or 0].append(value["event_id"])
            scores.append(value)
    assert sum(map(len, wanted.values())) > RATE * SECONDS // 4
    assert scored == wanted
    assert {score["language"] for score in scores} >= LANGUAGES
    check_labels(scores, told)
    check_nev(scores, told)
    check_surveys(events, told)
    check_moods(reckon_moods(scores, events), moods)


def check_labels(scores: list[dict[str, Any]], told: Figures) -> None:
    """Messages by label, language and channel."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for score in scores:
        counts[score["channel"], score["label"], score["language"]] += 1
    figures = {
        tuple(value for _, value in labels): value
        for labels, value in told["omniroute_sentiment_messages_total"].items()
    }
    assert figures == {(c, label, language): n for (c, label, language), n in counts.items()}


def check_nev(scores: list[dict[str, Any]], told: Figures) -> None:
    """NEV of text by channel, from the counters as `deploy/monitoring/rules/nev.yaml` has it."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    places: Counter[tuple[str, ...]] = Counter()
    for score in scores:
        if score["label"] != "unscored":
            labels[score["channel"]][score["label"]] += 1
            place = (score.get("queue", "none"), score.get("topic", "none"))
            places[score["channel"], score["label"], *place] += 1
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    figures = told["omniroute_sentiment_touchpoint_messages_total"]
    for key, value in figures.items():
        named = dict(key)
        counted[named["channel"]][named["label"]] += value
    found = {tuple(value for _, value in key): n for key, n in figures.items() if n}
    assert found == places
    assert len(labels) >= 3
    for channel, mine in labels.items():
        assert reckon_nev(counted[channel]) == reckon_nev(mine)


def check_surveys(events: list[Message], told: Figures) -> None:
    """NEV of surveys by channel and queue: mean of 12 good emotions minus mean of 8 bad ones."""
    mine: dict[tuple[str, str], list[float]] = defaultdict(list)
    for record in events:
        if b'"survey-' in (record.value() or b""):
            event = json.loads(record.value() or b"")
            rated = event["survey"]
            nev = sum(rated[n] for n in GOOD) / 12 - sum(rated[n] for n in BAD) / 8
            mine[event["channel"], event["queue"]].append(nev)
    assert sum(map(len, mine.values())) == SURVEYS
    points: Counter[tuple[str, str, str]] = Counter()
    for key, value in told["omniroute_sentiment_survey_points_total"].items():
        named = dict(key)
        points[named["channel"], named["queue"], named["side"]] += value
    for (channel, queue), values in mine.items():
        place = (("channel", channel), ("queue", queue), ("topic", "none"))
        assert told["omniroute_sentiment_surveys_total"][place] == len(values)
        nev = points[channel, queue, "positive"] - points[channel, queue, "negative"]
        assert nev / len(values) == pytest.approx(sum(values) / len(values))


def check_moods(mine: dict[str, Counter[float]], told: Figures) -> None:
    """The histogram of moods by channel, bucket by bucket."""
    assert sum(counts.total() for counts in mine.values()) > RATE * SECONDS // 4
    buckets = told["omniroute_router_mood_bucket"]
    for channel, counts in mine.items():
        bounds = {
            float(dict(key)["le"]): value
            for key, value in buckets.items()
            if dict(key)["channel"] == channel
        }
        moods = sorted(counts.elements())
        assert len(bounds) > 10
        for bound, value in bounds.items():
            below = bisect_left(moods, bound + 1e-9)
            assert value == below, f"{channel}: {value} moods up to {bound}, {below} reckoned"
