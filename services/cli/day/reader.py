"""The separate reader: counts the topics in its own process, with another client library.

    python -m services.cli.day.reader --brokers 127.0.0.1:9092

It shares no decoding with the services: JSON by the standard library, headers by name. After
SIGTERM it reads on to where the topics ended at that moment, prints its counts as one line of
JSON and ends.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from services.cli.day.counts import Counts

TOPICS = ("contact.events", "contact.decisions", "contact.deadletter", "contact.sentiment")
REJECT_CODE = "omniroute-reject-code"
SETTLE_STATE = "omniroute-settle-state"
START_WITHIN_S = 20.0
FINISH_WITHIN_S = 20.0
POLL_S = 0.2

Place = tuple[str | None, int | None]


class Reader:
    """Reads every partition from its beginning and counts."""

    def __init__(self, brokers: str, prefix: str) -> None:
        self._prefix = prefix
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "omniroute-day-reader",
                "client.id": "omniroute-day-reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 100,
            }
        )
        self._ends: dict[Place, int] = {}
        """Where each partition ended when we last came to its end."""
        self._records: Counter[str] = Counter()
        self._actions: Counter[str] = Counter()
        self._types: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._ids: set[str] = set()

    def assign(self) -> None:
        """Take all partitions, from the first record; waits until the topics are there."""
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            known = self._consumer.list_topics(timeout=START_WITHIN_S).topics
            names = [f"{self._prefix}{topic}" for topic in TOPICS]
            if all(name in known and known[name].partitions for name in names):
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"the topics {', '.join(names)} are not there")
            time.sleep(POLL_S)
        self._consumer.assign(
            [TopicPartition(name, p, 0) for name in names for p in known[name].partitions]
        )

    def read(self) -> None:
        """Count what one poll brings."""
        for message in self._consumer.consume(1000, POLL_S):
            broken = message.error()
            place, offset = (message.topic(), message.partition()), message.offset()
            if broken is None:
                self._count(message)
            elif broken.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                self._ends[place] = offset or 0
            elif not broken.retriable():
                raise KafkaException(broken)

    def finish(self) -> None:
        """Read to where the topics end now."""
        ends = {}
        for at in self._consumer.assignment():
            _, high = self._consumer.get_watermark_offsets(at, timeout=FINISH_WITHIN_S)
            ends[(at.topic, at.partition)] = high
        deadline = time.monotonic() + FINISH_WITHIN_S
        while any(self._ends.get(place, 0) < high for place, high in ends.items()):
            if time.monotonic() > deadline:
                raise SystemExit("the ends of the topics were not reached")
            self.read()
        self._consumer.close()

    def _count(self, message: Any) -> None:
        topic = message.topic().removeprefix(self._prefix)
        self._records[topic] += 1
        if topic == "contact.decisions":
            decision = json.loads(message.value())
            self._types[decision["type"]] += 1
            self._ids.add(decision["decision_id"])
            if decision["type"] == "decision.made":
                self._actions[decision["action"]] += 1
        elif topic == "contact.deadletter":
            headers = dict(message.headers() or [])
            if SETTLE_STATE not in headers or REJECT_CODE in headers:
                self._codes[headers.get(REJECT_CODE, b"without a code").decode()] += 1

    @property
    def counts(self) -> Counts:
        """What has been read so far."""
        return Counts(
            events=self._records["contact.events"],
            decisions=self._records["contact.decisions"],
            decision_ids=len(self._ids),
            actions=self._actions,
            revised=self._types["decision.revised"],
            cancelled=self._types["decision.cancelled"],
            letters=self._codes,
            sentiments=self._records["contact.sentiment"],
        )


def main(argv: Sequence[str]) -> int:
    """Read until SIGTERM or SIGINT, then print the counts; 0, or 1 with the reason."""
    parser = argparse.ArgumentParser(prog="python -m services.cli.day.reader", description=__doc__)
    parser.add_argument("--brokers", default=os.environ.get("OMNIROUTE_KAFKA", "127.0.0.1:9092"))
    parser.add_argument("--prefix", default=os.environ.get("OMNIROUTE_PREFIX", ""))
    words = parser.parse_args(argv)
    stopping = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.append(True))
    try:
        reader = Reader(words.brokers, words.prefix)
        reader.assign()
        while not stopping:
            reader.read()
        reader.finish()
    except KafkaException as broken:
        print(f"the reader failed: {broken}", file=sys.stderr)
        return 1
    print(msgspec.json.encode(reader.counts).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
