"""The traffic of a campaign: a contact centre's day, by a client that outlives its brokers.

    python -m tests.fault.feeder --brokers HOST:PORT --prefix P --rate 150 --seed 1 --ledger FILE

`omniroute traffic` tells the same stories and ends when Kafka refuses a record, as it should. Here
brokers die on purpose: librdkafka goes on, in order and without repeating, until it is asked to
end (SIGINT, SIGTERM); then every record is acknowledged and stands in the ledger, or it exits 1.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from confluent_kafka import KafkaError, Message, Producer

from services.cli.day.expect import enter, write_line
from services.cli.day.generate import Sending, generate
from services.cli.day.script import Raw
from services.contact.codec import encode_event
from services.contact.event import ContactEvent
from services.contact.partition import partition_of
from services.contact.topics import EVENTS, Topics

ANSWER_S = 10.0
FLUSH_S = 90.0
"""An acknowledgement may wait for an election and a restart."""


class Feeder:
    """Sends records to their partitions and writes what each acknowledged one expects."""

    def __init__(self, brokers: str, prefix: str, ledger: BinaryIO) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": 0,  # for ever: what was handed over is sent
                "message.max.bytes": 2 * 1024 * 1024,
                "log_level": 0,
            }
        )
        self._topic = Topics(prefix).events
        found = self._producer.list_topics(self._topic, timeout=ANSWER_S)
        self._partitions = len(found.topics[self._topic].partitions)
        self._ledger = ledger
        self.refused = ""

    def send(self, sending: Sending) -> None:
        """Hand one record over; the oldest wait is that of the client's own queue."""
        record = sending.record
        raw = encode_event(record) if isinstance(record, ContactEvent) else record
        partition = partition_of(raw.key or b"", self._partitions)
        if isinstance(record, Raw) and record.astray:
            partition = (partition + 1) % self._partitions
        heard = self._hear(sending)
        while True:
            try:
                self._producer.produce(
                    self._topic, raw.value, raw.key, partition,
                    on_delivery=heard, headers=list(raw.headers),
                )  # fmt: skip
            except BufferError:
                self._producer.poll(0.1)
                continue
            break
        self._producer.poll(0)

    def end(self) -> None:
        """Until all is acknowledged."""
        left = self._producer.flush(FLUSH_S)
        if left:
            self.refused = self.refused or f"{left} records were not acknowledged"

    def _hear(self, sending: Sending) -> Callable[[KafkaError | None, Message], None]:
        record, story = sending.record, sending.story
        known = (
            {"event_id": record.event_id, "source": record.source}
            if isinstance(record, ContactEvent)
            else {}
        )

        def hear(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self.refused = str(error)
                return
            entry = enter(
                sending.expected,
                topic=EVENTS,
                partition=message.partition() or 0,
                offset=message.offset() or 0,
                story=story.name,
                customer_id=story.person.id,
                threads=story.threads if sending.last else (),
                **known,
            )
            self._ledger.write(write_line(entry))

        return hear


def main(argv: Sequence[str]) -> int:
    """Feed until a signal; 0 if all was acknowledged."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault.feeder", description=__doc__)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--rate", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", type=Path, required=True)
    options = parser.parse_args(list(argv))
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    with options.ledger.open("wb") as ledger:
        feeder = Feeder(options.brokers, options.prefix, ledger)
        begin = time.monotonic()
        for sending in generate(options.seed, int(time.time() * 1000), rate=options.rate):
            wait = begin + sending.due_ms / 1000 - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if asked or feeder.refused:
                break
            feeder.send(sending)
        feeder.end()
    if feeder.refused:
        sys.stderr.write(f"feeder: {feeder.refused}\n")
    return 1 if feeder.refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
