"""Send events through a real router, a process of its own, and read back what it decided."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self, cast

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from services.contact.codec import Encoded, decode_decision, encode_event, encode_sentiment
from services.contact.decision import Decision
from services.contact.event import ContactEvent
from services.contact.sentiment import SentimentScored
from services.contact.topics import DEADLETTER, DECISIONS, EVENTS, SENTIMENT, Topics
from services.runtime.lane import EXIT_CODES

PARTITIONS = 4
LANES = 2
BOUND_S = 60.0
Read = tuple[int, bytes | None, bytes | None, list[tuple[str, bytes]]]
"""Partition, key, value, headers."""


class Deployment:
    """Six topics under a prefix on one broker, with one Redis; and the router, when it runs."""

    def __init__(self, bootstrap: str, redis_url: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.redis_url = redis_url
        self.prefix = prefix
        self.topics = Topics(prefix)
        self._env = os.environ | {
            "OMNIROUTE_KAFKA": bootstrap,
            "OMNIROUTE_REDIS": redis_url,
            "OMNIROUTE_PREFIX": prefix,
            "OMNIROUTE_LANES": str(LANES),
            "OMNIROUTE_HTTP": "127.0.0.1:0",
        }
        subprocess.run(
            [
                *(sys.executable, "-m", "services.cli.main", "topics", "apply"),
                *("--brokers", bootstrap, "--prefix", prefix, "--partitions", str(PARTITIONS)),
            ],
            check=True,
            capture_output=True,
            timeout=BOUND_S,
        )

    @contextmanager
    def router(self, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        """The router, with further variables, ended cleanly afterwards."""
        process = subprocess.Popen(
            [sys.executable, "-m", "services.router"], env=self._env | variables
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=20)
            assert code in {0, -signal.SIGTERM}, [n for n, c in EXIT_CODES.items() if c == code]

    def send(self, inputs: Sequence[ContactEvent | SentimentScored]) -> None:
        """Put these on their topics, in order, and wait until the broker has them."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random", "acks": "all"}
        )
        for one in inputs:
            if isinstance(one, ContactEvent):
                self._produce(producer, EVENTS, encode_event(one))
            else:
                self._produce(producer, SENTIMENT, encode_sentiment(one))
        assert producer.flush(BOUND_S) == 0

    def send_raw(self, records: Sequence[Encoded]) -> None:
        """Put these bytes on the topic of events, whatever they are."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random", "acks": "all"}
        )
        for record in records:
            self._produce(producer, EVENTS, record)
        assert producer.flush(BOUND_S) == 0

    def _produce(self, producer: Producer, topic: str, record: Encoded) -> None:
        producer.produce(
            self.topics.name(topic),
            key=record.key,
            value=record.value,
            headers=list(record.headers),
        )
        producer.poll(0)

    def await_all(self) -> None:
        """Wait until the router has committed everything that was sent."""
        deadline = time.monotonic() + BOUND_S
        with _Reader(self, f"{self.prefix}omniroute-router") as reader:
            wanted = {
                (part.topic, part.partition): end
                for part in reader.parts(EVENTS) + reader.parts(SENTIMENT)
                if (end := reader.end(part))
            }
            while True:
                done = reader.committed([TopicPartition(t, p) for t, p in wanted])
                late = {key: end for key, end in wanted.items() if done.get(key, -1) < end}
                if not late:
                    return
                assert time.monotonic() < deadline, f"not committed: {late}, only {done}"
                time.sleep(0.1)

    def decisions(self) -> list[Decision]:
        """Every committed decision, by partition and offset."""
        read = []
        for _, _, value, headers in self.read(DECISIONS):
            decision = decode_decision(value, headers)
            assert isinstance(decision, Decision), decision
            read.append(decision)
        return read

    def dead_letters(self) -> list[tuple[bytes | None, bytes | None, dict[str, bytes]]]:
        """Key, value and headers of every dead letter."""
        return [(key, value, dict(headers)) for _, key, value, headers in self.read(DEADLETTER)]

    def read(self, topic: str) -> list[Read]:
        """Every committed record of a topic: partition, key, value, headers."""
        records: list[Read] = []
        with _Reader(self, f"{self.prefix}reader") as reader:
            for part in reader.parts(topic):
                records += reader.all(part)
        return records


class _Reader:
    """A read_committed consumer of another client library than the router's."""

    def __init__(self, deployment: Deployment, group: str) -> None:
        self._topics = deployment.topics
        self._consumer = Consumer(
            {
                "bootstrap.servers": deployment.bootstrap,
                "group.id": group,
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def parts(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(self._topics.name(topic), p) for p in range(PARTITIONS)]

    def end(self, part: TopicPartition) -> int:
        deadline = time.monotonic() + BOUND_S
        while True:
            try:
                return int(self._consumer.get_watermark_offsets(part, timeout=BOUND_S)[1])
            except KafkaException:  # a topic that is new has no leader yet, on a busy machine
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def committed(self, parts: list[TopicPartition]) -> dict[tuple[str, int], int]:
        found = self._consumer.committed(parts, timeout=BOUND_S)
        return {(part.topic, part.partition): part.offset for part in found}

    def all(self, part: TopicPartition) -> list[Read]:
        records: list[Read] = []
        part.offset = 0
        self._consumer.assign([part])
        deadline = time.monotonic() + BOUND_S
        while time.monotonic() < deadline:
            message = self._consumer.poll(1.0)
            if message is None:
                continue
            if message.error() is not None:
                return records  # the end of the partition
            headers = cast("list[tuple[str, bytes]]", message.headers() or [])
            records.append((part.partition, message.key(), message.value(), headers))
        raise AssertionError(f"no end of {part.topic} within {BOUND_S} s")
