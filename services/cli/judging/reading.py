"""Reads partitions with librdkafka (confluent-kafka): another client than the services use.

Only committed records are read (`isolation.level=read_committed`); a partition is read to its
end once it says so itself, never because a poll came back empty.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from services.cli.judging.evidence import Evidence, Log, Record, UnreadableError
from services.contact.topics import EVENTS, SENTIMENT, Topics

BATCH = 5_000
POLL_S = 0.05
"""The client waits for a whole batch or so long, also when the partition's end has come."""
SILENCE_S = 30.0
"""A partition that delivers nothing for so long cannot be judged."""
ANSWER_S = 10.0
"""A question to the brokers is answered within so long, or they are not there."""
ROUTER_GROUP = "omniroute-router"

_MOVING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    }
)
"""A leader or coordinator that moves, or that a new topic does not have yet, is there soon."""

Progress = Callable[[str], None]
T = TypeVar("T")


class Reader:
    """Reads the topics of one deployment; use `open_reader`."""

    def __init__(self, consumer: Consumer, topics: Topics, progress: Progress) -> None:
        """Take a consumer that nobody else uses; `progress` gets a line now and then."""
        self._consumer = consumer
        self._topics = topics
        self._progress = progress
        self._limit: int | None = None

    def ask_limit(self, brokers: str) -> None:
        """Ask for the least `max.message.bytes` of the topics that the router writes."""
        names = (self._topics.decisions, self._topics.memory, self._topics.deadletter)
        asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        admin = AdminClient({"bootstrap.servers": brokers, "log_level": 2})
        try:
            answers = admin.describe_configs(asked, request_timeout=ANSWER_S)
            found = [answer.result(ANSWER_S)["max.message.bytes"] for answer in answers.values()]
        except (KafkaException, KeyError, TimeoutError):
            return  # not every broker tells, and not everybody may ask
        self._limit = min(int(entry.value) for entry in found)

    def partitions(self) -> int:
        """The partition count of `contact.events`; raises UnreadableError if it is not there."""
        name = self._topics.events
        found = self._consumer.list_topics(name, timeout=ANSWER_S).topics.get(name)
        if found is None or found.error is not None or not found.partitions:
            raise UnreadableError(f"there is no topic {name}: is the prefix right?")
        return len(found.partitions)

    def cluster(self) -> str:
        """The id of the cluster; empty where the brokers do not tell it."""
        found = self._consumer.list_topics(self._topics.events, timeout=ANSWER_S)
        return str(getattr(found, "cluster_id", None) or "")

    def collect(self, partition: int, partitions: int) -> Evidence:
        """Everything about one partition but Redis.

        The memory is read first: what it tells is then certainly on the other topics.
        """
        topics = self._topics
        memory = self.read(topics.memory, partition)
        return Evidence(
            partition=partition,
            partitions=partitions,
            memory=memory,
            decisions=self.read(topics.decisions, partition),
            deadletters=self.read(topics.deadletter, partition),
            events=self.read(topics.events, partition),
            sentiment=self.read(topics.sentiment, partition),
            committed=self.committed(partition),
            limit=self._limit,
        )

    def read(self, topic: str, partition: int) -> Log:
        """One partition from its first record to its end."""
        low, _ = self.edges(topic, partition)
        records: list[Record] = []
        end = low
        for message in self._messages(TopicPartition(topic, partition, low)):
            error = message.error()
            if error is not None:
                end = message.offset() or 0
                break
            records.append(_record(message))
            if len(records) % 50_000 == 0:
                self._progress(f"{topic}/{partition}: {len(records)} records")
        return Log(tuple(records), low, end)

    def stream(
        self, topic: str, partition: int, since: int = 0, until: int | None = None
    ) -> Iterator[Record]:
        """The committed records from an offset on, up to but without `until` (None: the end)."""
        low, high = self.edges(topic, partition)
        start, stop = max(low, since), high if until is None else until
        if start >= min(high, stop):
            return
        found = False
        for record in self._span(topic, partition, start, stop):
            found = True
            yield record
        if not found and start > low:
            # The embedded broker names aborted transactions that ended before `start`; the client
            # takes what follows for a part of them. From the beginning nothing is amiss.
            for record in self._span(topic, partition, low, stop):
                if record.offset >= start:
                    yield record

    def _span(self, topic: str, partition: int, start: int, stop: int) -> Iterator[Record]:
        for message in self._messages(TopicPartition(topic, partition, start)):
            if message.error() is not None or (message.offset() or 0) >= stop:
                return
            yield _record(message)

    def offset_at(self, topic: str, partition: int, at_ms: int) -> int:
        """The first offset appended at a moment (ms since the epoch) or later; the end if none."""
        asked = [TopicPartition(topic, partition, at_ms)]
        (found,) = _ask(lambda: self._consumer.offsets_for_times(asked, timeout=ANSWER_S))
        return found.offset if found.offset >= 0 else self.edges(topic, partition)[1]

    def end(self, partition: int) -> int:
        """The next offset of contact.memory: it moves with every transaction of the router."""
        return self.edges(self._topics.memory, partition)[1]

    def committed(self, partition: int) -> dict[str, int | None]:
        """The router group's offsets of one partition, by logical topic name."""
        names = {self._topics.name(topic): topic for topic in (EVENTS, SENTIMENT)}
        asked = [TopicPartition(name, partition) for name in names]
        found = _ask(lambda: self._consumer.committed(asked, timeout=ANSWER_S))
        return {names[tp.topic]: tp.offset if tp.offset >= 0 else None for tp in found}

    def is_waiting(self, partition: int) -> bool:
        """Is there an input record that the group has not committed?"""
        return any(
            self.has_more(self._topics.name(topic), partition, offset)
            for topic, offset in self.committed(partition).items()
        )

    def is_behind(self, partition: int, clog: int | None) -> bool:
        """Is there a record of contact.memory that a view standing at `clog` has not applied?"""
        return self.has_more(self._topics.memory, partition, clog)

    def has_more(self, topic: str, partition: int, since: int | None) -> bool:
        """Is there a record at `since` (None: the beginning) or behind it?"""
        low, high = self.edges(topic, partition)
        start = max(low, since or 0)
        if start >= high:
            return False
        # Behind `start` may lie nothing but control records: only reading tells.
        first = next(iter(self._messages(TopicPartition(topic, partition, start))))
        return first.error() is None

    def edges(self, topic: str, partition: int) -> tuple[int, int]:
        """The first offset that the broker still holds, and the one behind the last."""
        place = TopicPartition(topic, partition)
        found = _ask(lambda: self._consumer.get_watermark_offsets(place, timeout=ANSWER_S))
        if found is None:
            raise UnreadableError(f"{topic}/{partition} does not tell where it begins and ends")
        return found

    def _messages(self, start: TopicPartition) -> Iterator[Message]:
        """Every message from a place on; the last one carries the error `_PARTITION_EOF`."""
        self._consumer.assign([start])
        try:
            heard = time.monotonic()
            while True:
                messages = self._consumer.consume(BATCH, POLL_S)
                if messages:
                    heard = time.monotonic()
                elif time.monotonic() - heard > SILENCE_S:
                    where = f"{start.topic}/{start.partition}"
                    raise UnreadableError(f"{where}: nothing came for {SILENCE_S:.0f} s")
                for message in messages:
                    error = message.error()
                    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name of this code
                        raise UnreadableError(f"{start.topic}/{start.partition}: {error.str()}")
                    yield message
                    if error is not None:
                        return
        finally:
            self._consumer.unassign()


@contextmanager
def open_reader(
    brokers: str, prefix: str, progress: Progress, client: str = "omniroute-judge"
) -> Iterator[Reader]:
    """A reader, closed at the end; KafkaException comes out as UnreadableError."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "client.id": client,
            # Only to ask for its offsets: partitions are assigned by hand, nothing is committed.
            "group.id": f"{prefix}{ROUTER_GROUP}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "allow.auto.create.topics": False,
            # A fetch at the end of one partition must not hold up the next one.
            "fetch.wait.max.ms": 20,
            "log_level": 2,
        }
    )
    try:
        reader = Reader(consumer, Topics(prefix), progress)
        reader.ask_limit(brokers)
        yield reader
    except KafkaException as why:
        raise UnreadableError(f"Kafka at {brokers}: {why.args[0].str()}") from why
    finally:
        consumer.close()


def _ask(question: Callable[[], T]) -> T:
    """The answer to a question, asked again for `ANSWER_S` while whoever knows it moves."""
    deadline = time.monotonic() + ANSWER_S
    while True:
        try:
            return question()
        except KafkaException as why:
            if why.args[0].code() not in _MOVING or time.monotonic() > deadline:
                raise
        time.sleep(POLL_S)


def _record(message: Message) -> Record:
    # The stubs allow a mapping, as for writing; a message that was read has a list of pairs.
    headers = cast("list[tuple[str, str | bytes | None]]", message.headers() or [])
    return Record(
        offset=message.offset() or 0,
        key=message.key(),
        value=message.value(),
        headers=tuple((name, _bytes(value)) for name, value in headers),
        time=message.timestamp()[1],
    )


def _bytes(value: str | bytes | None) -> bytes:
    """A header's value; the client's types allow more than Kafka does."""
    return value.encode() if isinstance(value, str) else value or b""
