"""Brokers and memory: what the tests' servers do, also after an accident."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from confluent_kafka.admin import AdminClient

from services.runtime.embedded import ApacheKafka, Broker, EmbeddedBroker, Valkey
from tests.servers import Rack, ValkeyUnderTest


async def test_a_broker_keeps_records_in_order_and_stamps_them(broker: Broker, prefix: str) -> None:
    """Law: what was acknowledged is read back, in order, with the broker's own time."""
    topic = await make_topic(broker, f"{prefix}orders")
    await send(broker, topic, [b"one", b"two", b"three"])
    records = await read(broker, topic, 3)
    assert [r.value for r in records] == [b"one", b"two", b"three"]
    assert [r.offset for r in records] == [0, 1, 2]
    assert {r.timestamp_type for r in records} == {1}, "1 is LogAppendTime"


async def test_read_committed_never_shows_an_aborted_transaction(
    broker: Broker, prefix: str
) -> None:
    """Law: of an aborted and a committed transaction only the committed one is seen."""
    topic = await make_topic(broker, f"{prefix}orders")
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id=f"{prefix}t")
    async with producer:
        await producer.begin_transaction()
        await (await producer.send(topic, b"aborted"))
        await producer.abort_transaction()
        async with producer.transaction():
            await (await producer.send(topic, b"committed"))
    assert [r.value for r in await read(broker, topic, 1)] == [b"committed"]


@pytest.mark.durable
async def test_a_killed_broker_keeps_what_it_acknowledged(broker: Broker, prefix: str) -> None:
    """Law: SIGKILL loses no acknowledged record; port and data are the same afterwards."""
    topic = await make_topic(broker, f"{prefix}orders")
    await send(broker, topic, [b"%d" % n for n in range(500)])
    address = broker.bootstrap
    broker.kill()
    assert not broker.alive
    assert not broker.answers()
    broker.restart()
    assert broker.bootstrap == address
    assert len(await read(broker, topic, 500)) == 500


async def test_a_stopped_embedded_broker_comes_back_with_its_topics(
    embedded: EmbeddedBroker, prefix: str
) -> None:
    """Law: SIGTERM lets it save, so a restart in good order keeps its topics."""
    admin = AdminClient({"bootstrap.servers": embedded.bootstrap, "log_level": 0})
    topic = await make_topic(embedded, f"{prefix}kept")
    embedded.restart()
    assert topic in admin.list_topics(timeout=10).topics


def test_a_topic_that_nobody_made_stays_absent_on_apache_kafka(
    kafka: ApacheKafka, prefix: str
) -> None:
    """Law: asking for a topic does not create it; a service with a wrong name must notice."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    admin.list_topics(f"{prefix}wrong", timeout=10)
    assert f"{prefix}wrong" not in admin.list_topics(timeout=10).topics


@pytest.fixture(
    params=["valkey", pytest.param("redis_server", marks=pytest.mark.needs("redis-server"))]
)
def memory(request: pytest.FixtureRequest) -> ValkeyUnderTest:
    """Valkey, and Debian's redis-server."""
    server: ValkeyUnderTest = request.getfixturevalue(request.param)
    return server


def test_memory_forgets_when_it_is_killed_or_flushed(memory: ValkeyUnderTest, prefix: str) -> None:
    """Law: neither accident leaves anything behind; the address stays."""
    accidents: dict[str, Callable[[], object]] = {
        "stop": memory.stop,
        "kill": memory.kill,
        "flush": memory.flush,
    }
    for name, accident in accidents.items():
        with memory.client() as client:
            client.set(f"{prefix}k", "v")
            accident()
            memory.start()
            assert client.get(f"{prefix}k") is None, name


def test_memory_can_be_rolled_back_to_an_older_state(memory: ValkeyUnderTest, prefix: str) -> None:
    """Law: after a roll-back it holds what it held at the snapshot, and only once."""
    with memory.client() as client:
        client.set(f"{prefix}k", "old")
        snapshot = memory.snapshot()
        client.set(f"{prefix}k", "new")
        memory.restart()
        assert client.get(f"{prefix}k") is None, "a snapshot is not loaded by itself"
        memory.roll_back(snapshot)
        assert client.get(f"{prefix}k") == b"old"
        memory.restart()
        assert client.get(f"{prefix}k") is None


def test_frozen_memory_answers_nothing_until_it_is_resumed(valkey: ValkeyUnderTest) -> None:
    """Law: a paused server keeps its port and stays mute, as a stalled machine does."""
    valkey.pause()
    try:
        with (
            redis.Redis.from_url(valkey.url, socket_timeout=0.2, retry=None) as client,
            pytest.raises(redis.TimeoutError),
        ):
            client.ping()
    finally:
        valkey.resume()
    assert valkey.answers()


def test_what_a_test_breaks_is_mended_for_the_next(rack: Rack) -> None:
    """Law: a dead server runs again after `mend`, and a frozen one answers."""
    server = rack.get(Valkey)
    server.kill()
    rack.mend()
    assert server.answers()
    server.pause()
    rack.mend()
    assert server.answers()


async def make_topic(broker: Broker, name: str) -> str:
    """A topic with one partition, stamped by the broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        stamp = {"message.timestamp.type": "LogAppendTime"}
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=stamp)])
    finally:
        await admin.close()
    return name


async def send(broker: Broker, topic: str, values: Sequence[bytes]) -> None:
    """Send and await every acknowledgement."""
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
        for sent in [await producer.send(topic, value) for value in values]:
            await sent


async def read(broker: Broker, topic: str, count: int) -> list[ConsumerRecord]:
    """Read `count` committed records from the start."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    async with consumer:
        return [await anext(consumer) for _ in range(count)]
