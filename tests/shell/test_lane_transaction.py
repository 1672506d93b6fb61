"""One transaction per batch: all of it or nothing, and nobody else's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaError

from services.contact.topics import DECISIONS, EVENTS, MEMORY
from services.runtime.embedded import ApacheKafka, Broker
from services.runtime.lane import LaneLost, Outgoing
from services.runtime.transaction import TooLarge, Transactor
from tests.shell.lanework import Deployment

LIMIT = 15.0
HUGE = 3_000_000
"""Larger than our topics allow."""


@pytest.fixture
async def deployment(broker: Broker, prefix: str) -> Deployment:
    """Topics on the broker in turn."""
    return await Deployment(broker.bootstrap, prefix).create()


@pytest.fixture
async def transactor(deployment: Deployment) -> AsyncIterator[Transactor]:
    """The owner of a lane."""
    one = make(deployment)
    await one.fence(LIMIT)
    yield one
    await one.discard()


def make(deployment: Deployment) -> Transactor:
    """A process that claims the lane."""
    group = f"{deployment.prefix}omniroute-router"
    return Transactor(
        deployment.access, f"{deployment.prefix}router-lane-0", group, deployment.prefix
    )


def decision(partition: int, value: bytes, key: bytes = b"c") -> Outgoing:
    """A record for contact.decisions."""
    return Outgoing(DECISIONS, partition, key, value)


async def test_a_record_that_kafka_refuses_commits_nothing_and_loses_nothing(
    deployment: Deployment, transactor: Transactor
) -> None:
    """Law: every delivery is awaited; the client library would commit the rest and the offsets."""
    outgoing = [decision(0, b"small"), decision(1, b"x" * HUGE), decision(2, b"small too")]
    with pytest.raises(TooLarge):
        await transactor.commit(outgoing, {(EVENTS, 0): 7}, LIMIT)
    await transactor.discard()
    successor = make(deployment)
    await successor.fence(LIMIT)
    assert await deployment.committed(EVENTS) is None
    assert await deployment.read(DECISIONS) == []
    await successor.commit([decision(0, b"again")], {(EVENTS, 0): 7}, LIMIT)
    await successor.discard()
    assert [r.value for r in await deployment.read(DECISIONS)] == [b"again"]
    assert await deployment.committed(EVENTS) == 7


async def test_records_keep_their_order_and_the_receipt_names_the_last_one(
    deployment: Deployment, transactor: Transactor
) -> None:
    """Law: a partition's records lie in the order of the work; offsets are the broker's."""
    values = [b"%05d" % i + b"." * 400 for i in range(3000)]
    receipts = await transactor.commit([decision(1, v) for v in values], {(EVENTS, 1): 3}, LIMIT)
    found = await deployment.read(DECISIONS)
    assert [r.value for r in found] == values
    assert receipts.last[DECISIONS, 1].last_offset == found[-1].offset
    assert receipts.last[DECISIONS, 1].appended_at == found[-1].timestamp


async def test_a_former_owner_is_fenced_and_says_so(
    deployment: Deployment, transactor: Transactor
) -> None:
    """Law: once a successor has the lane, nothing of the former owner is committed any more."""
    successor = make(deployment)
    await successor.fence(LIMIT)
    with pytest.raises(LaneLost):
        await transactor.commit([decision(0, b"ghost")], {(EVENTS, 0): 1}, LIMIT)
    await successor.discard()
    assert await deployment.read(DECISIONS) == []


async def test_an_owner_can_prove_it_and_a_former_one_cannot(
    deployment: Deployment, transactor: Transactor
) -> None:
    """Law: the proof changes nothing, whether it comes off or not."""
    await transactor.commit([decision(0, b"d")], {(EVENTS, 0): 7}, LIMIT)
    await transactor.prove((EVENTS, 0), LIMIT)
    assert await deployment.committed(EVENTS) == 7
    successor = make(deployment)
    await successor.fence(LIMIT)
    with pytest.raises(LaneLost):
        await transactor.prove((EVENTS, 0), LIMIT)
    await successor.commit([decision(0, b"e")], {(EVENTS, 0): 8}, LIMIT)
    await successor.discard()
    assert await deployment.committed(EVENTS) == 8


async def test_two_transactions_in_a_row_use_one_producer(
    deployment: Deployment, transactor: Transactor
) -> None:
    """Law: offsets and records of each transaction stand together."""
    for number in (1, 2, 3):
        memory = Outgoing(MEMORY, 0, b"m/marker", b"%d" % number)
        await transactor.commit([memory, decision(0, b"d")], {(EVENTS, 0): number}, LIMIT)
        assert await deployment.committed(EVENTS) == number
    assert [r.value for r in await deployment.read(MEMORY)] == [b"1", b"2", b"3"]


async def test_a_producer_that_lost_a_connection_ends_with_its_transaction(
    deployment: Deployment, transactor: Transactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: a late end of one transaction never ends the next one, so there is no next one.

    Until KIP-890 Kafka cannot tell to which transaction of a producer an EndTxn belongs.
    """
    plain = AIOKafkaProducer.commit_transaction

    async def commit_after_a_cut(producer: AIOKafkaProducer) -> None:
        for connection in list(producer.client._conns.values()):
            connection.close(reason=CloseReason.CONNECTION_BROKEN)
        await plain(producer)

    monkeypatch.setattr(AIOKafkaProducer, "commit_transaction", commit_after_a_cut)
    await transactor.commit([decision(0, b"came through")], {(EVENTS, 0): 1}, LIMIT)
    monkeypatch.undo()
    with pytest.raises(KafkaError, match="a connection was lost"):
        await transactor.commit([decision(0, b"would be at risk")], {(EVENTS, 0): 2}, LIMIT)
    assert [r.value for r in await deployment.read(DECISIONS)] == [b"came through"]
    assert await deployment.committed(EVENTS) == 1


async def test_a_silent_broker_cannot_hold_a_commit_or_a_discard(
    kafka: ApacheKafka, prefix: str
) -> None:
    """Law: every wait has an end; letting go of a producer never flushes."""
    deployment = await Deployment(kafka.bootstrap, prefix).create()
    one = make(deployment)
    await one.fence(LIMIT)
    await one.commit([decision(0, b"before")], {(EVENTS, 0): 1}, LIMIT)
    kafka.pause()
    try:
        began = time.monotonic()
        with pytest.raises((TimeoutError, KafkaError)):
            await one.commit([decision(0, b"silence")], {(EVENTS, 0): 2}, 1.0)
        await one.discard()
        assert time.monotonic() - began < 8
    finally:
        kafka.resume()
    await asyncio.sleep(0.5)
    successor = make(deployment)
    await successor.fence(LIMIT)
    await successor.discard()
    values = [r.value for r in await deployment.read(DECISIONS)]
    stands = (await deployment.committed(EVENTS)) == 2
    assert values == ([b"before", b"silence"] if stands else [b"before"])
