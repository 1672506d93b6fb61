"""The judge over real servers: it reads what is committed, and says what it cannot read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import orjson
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from services.cli.day.expect import write_line
from services.cli.judge import main, read_tables
from services.cli.judging.evidence import Record
from services.contact.topics import EVENTS, SENTIMENT, Topics
from services.router.rules.packaged import find_default
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import Broker
from tests.servers import ValkeyUnderTest
from tests.shell.recorded import PARTITIONS, Partition, Recording, tell_story

WITHIN_S = 20.0


class Stage:
    """A recorded run on real servers."""

    def __init__(self, broker: Broker, valkey: ValkeyUnderTest, prefix: str) -> None:
        self.brokers = broker.bootstrap
        self.redis = valkey
        self.prefix = prefix
        self.topics = Topics(prefix)
        tables = read_tables([find_default()])
        assert isinstance(tables, dict)
        self.run = Recording(next(iter(tables.values())))
        tell_story(self.run, seed=3)

    def perform(self) -> None:
        """Put it there, beside a transaction that was aborted."""
        producer = self._producer()
        producer.init_transactions(WITHIN_S)
        producer.begin_transaction()
        for partition in self.run.partitions:
            producer.produce(self.topics.decisions, b"aborted", b"x", partition=partition.number)
            producer.produce(self.topics.memory, b"?", b"c/aborted", partition=partition.number)
        producer.flush(WITHIN_S)
        producer.abort_transaction(WITHIN_S)
        self._send_inputs()
        for partition in self.run.partitions:
            self._send_outputs(producer, partition)

    def judge(self, *words: str) -> int:
        """Call the command on it."""
        where = ["--brokers", self.brokers, "--redis", self.redis.url, "--prefix", self.prefix]
        return main([*where, "--quiet", *words])

    def send(self, topic: str, partition: int, record: Record) -> None:
        """One more record, outside of any transaction."""
        producer = Producer({"bootstrap.servers": self.brokers, "log_level": 2})
        _produce(producer, topic, partition, record)
        assert producer.flush(WITHIN_S) == 0

    def _producer(self) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self.brokers,
                "transactional.id": f"{self.prefix}writer",
                "log_level": 2,
            }
        )

    def _send_inputs(self) -> None:
        producer = Producer({"bootstrap.servers": self.brokers, "log_level": 2})
        for partition in self.run.partitions:
            for record in partition.events:
                _produce(producer, self.topics.events, partition.number, record)
            for record in partition.sentiment:
                _produce(producer, self.topics.sentiment, partition.number, record)
        assert producer.flush(WITHIN_S) == 0

    def _send_outputs(self, producer: Producer, partition: Partition) -> None:
        delivered: list[int] = []
        producer.begin_transaction()
        for record in partition.decisions:
            _produce(producer, self.topics.decisions, partition.number, record)
        for record in partition.deadletters:
            _produce(producer, self.topics.deadletter, partition.number, record)
        for record in partition.memory:
            producer.produce(
                self.topics.memory,
                record.value,
                record.key,
                partition=partition.number,
                on_delivery=lambda _, message: delivered.append(message.offset() or 0),
            )
        self._commit_offsets(producer, partition)
        producer.commit_transaction(WITHIN_S)
        position = orjson.loads(partition.redis[b"pos"])
        position["clog"] = max(delivered) + 1
        partition.redis[b"pos"] = orjson.dumps(position)
        with self.redis.client() as client:
            key = f"{{{self.prefix}r.{partition.number}}}:customers"
            client.hset(key, mapping=dict(partition.redis))

    def _commit_offsets(self, producer: Producer, partition: Partition) -> None:
        consumer = Consumer(
            {"bootstrap.servers": self.brokers, "group.id": f"{self.prefix}omniroute-router"}
        )
        offsets = [
            TopicPartition(self.topics.name(topic), partition.number, partition.taken[topic])
            for topic in (EVENTS, SENTIMENT)
        ]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), WITHIN_S)
        consumer.close()


def _produce(producer: Producer, topic: str, partition: int, record: Record) -> None:
    headers: list[tuple[str, str | bytes | None]] = list(record.headers)
    producer.produce(topic, record.value, record.key, partition=partition, headers=headers)


@pytest.fixture
async def stage(broker: Broker, valkey: ValkeyUnderTest, prefix: str) -> Stage:
    """A good run on the servers."""
    await apply_topics(KafkaAccess(brokers=broker.bootstrap), prefix, partitions=PARTITIONS)
    on = Stage(broker, valkey, prefix)
    on.perform()
    return on


@pytest.fixture
def ledger(stage: Stage, tmp_path: Path) -> Path:
    """The ledger of the run as a file."""
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"".join(write_line(entry) for entry in stage.run.ledger))
    return path


def test_a_good_run_ends_with_0(
    stage: Stage, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: nothing found, exit 0; what a transaction aborted is not seen."""
    code = stage.judge("--ledger", str(ledger), "--wait", "5", "--partitions", "2")
    said = capsys.readouterr().out
    assert code == 0, said
    assert "KEPT" in said
    assert f"{sum(len(p.events) for p in stage.run.partitions)} events" in said


def test_damage_on_kafka_and_in_redis_ends_with_1_and_is_named(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: a decision made twice and a flushed Redis are told by the names of their promises."""
    stage.send(stage.topics.decisions, 0, stage.run.partitions[0].decisions[0])
    with stage.redis.client() as client:
        client.delete(f"{{{stage.prefix}r.1}}:customers")
    assert stage.judge("--format", "json") == 1
    said = orjson.loads(capsys.readouterr().out)
    broken = {promise for promise, count in said["counts"].items() if count}
    assert broken == {"no outcome twice", "Redis equals contact.memory"}
    assert not said["good"]


def test_redis_may_be_left_out(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Law: with `--redis none` Redis is neither read nor judged."""
    with stage.redis.client() as client:
        client.delete(f"{{{stage.prefix}r.1}}:customers")
    assert stage.judge("--redis", "none") == 0, capsys.readouterr().out


def test_an_event_that_waits_is_waited_for_and_then_told(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: `--wait` ends after its time, and what has no outcome then is a finding."""
    record = msgspec.structs.replace(stage.run.partitions[0].events[0], offset=0)
    stage.send(stage.topics.events, 0, record)
    assert stage.judge("--wait", "1") == 1
    assert "have no outcome" in capsys.readouterr().out


def test_what_cannot_be_read_ends_with_2(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: a wrong prefix, another partition count, a broken ledger or rule file are wrong use."""
    broken = tmp_path / "broken"
    broken.write_text("{]\n")
    assert stage.judge("--prefix", "nobody.") == 2
    assert stage.judge("--partitions", "5") == 2
    assert stage.judge("--ledger", str(broken)) == 2
    assert stage.judge("--rules", str(broken)) == 2
    said = capsys.readouterr().err
    for word in ("nobody.contact.events", "expected 5", "broken:1", "broken:1:2"):
        assert word in said
