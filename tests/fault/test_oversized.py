"""What is too large for Kafka costs itself only: neighbours are routed and nothing stalls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from services.cli.judging.court import Judged
from services.contact.codec import encode_event
from services.contact.event import Actor, Channel, ContactEvent, Kind, Side
from services.contact.limits import MAX_RECORD
from services.contact.partition import partition_of
from services.contact.topics import DECISIONS, MEMORY
from tests.fault.arena import PARTITIONS, Arena, assert_kept

pytestmark = [pytest.mark.slow, pytest.mark.durable, pytest.mark.timeout(120)]
WITHIN_S = 15.0
LONG = 180
"""Characters of a contact id that makes a state grow quickly."""


class Desk:
    """Sends events to a deployment with one worker, and narrows its topics."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self._producer = Producer(
            {
                "bootstrap.servers": arena.brokers,
                "message.max.bytes": 2_000_000,
                # Sent together, so that they are read together.
                "linger.ms": 100,
                "log_level": 2,
            }
        )

    def send(self, key: bytes, value: bytes) -> None:
        """One record onto the partition of its key."""
        partition = partition_of(key, PARTITIONS)
        self._producer.produce(
            f"{self.arena.prefix}contact.events", value, key, partition=partition
        )

    def send_events(self, events: Sequence[ContactEvent]) -> None:
        """Events, all acknowledged."""
        for event in events:
            encoded = encode_event(event)
            self.send(encoded.key or b"", encoded.value or b"")
        assert self._producer.flush(WITHIN_S) == 0

    def narrow(self, topic: str, size: int) -> None:
        """The broker takes no larger record batch on this topic from now on."""
        admin = AdminClient({"bootstrap.servers": self.arena.brokers, "log_level": 2})
        entry = ConfigEntry(
            "max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET
        )
        name = f"{self.arena.prefix}{topic}"
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
        for done in admin.incremental_alter_configs([resource]).values():
            done.result(WITHIN_S)

    def judge(self) -> list[Judged]:
        """When the worker has taken everything."""
        return self.arena.judge(wait=60)


@pytest.fixture
def desk(arena: Arena) -> Desk:
    """A deployment with one worker that is ready."""
    arena.worker(fresh=False).await_log("the lane is open")
    return Desk(arena)


def chat(customer: str, number: int, contact: str = "") -> ContactEvent:
    """A customer's chat message."""
    return ContactEvent(
        event_id=f"{customer}/{number}",
        source="desk/test",
        kind=Kind.MESSAGE,
        customer_id=customer,
        channel=Channel.CHAT,
        actor=Actor(type=Side.CUSTOMER),
        contact_id=contact or f"{customer}-{number}",
        received_at=datetime.now(UTC),
        text="Where is my order?",
    )


def count(judged: list[Judged], outcome: str) -> int:
    """How many records ended so."""
    return sum(one.outcomes.get(outcome, 0) for one in judged)


def test_an_oversized_record_costs_itself_only(desk: Desk) -> None:
    """Law: a value beyond the limit is one dead letter; those before and behind it are routed."""
    desk.send_events([chat(f"customer-{n}", 0) for n in range(40)])
    for n in range(4):
        desk.send(f"customer-{n}".encode(), b"x" * (MAX_RECORD + 1))
    desk.send_events([chat(f"customer-{n}", 1) for n in range(40)])
    judged = desk.judge()
    assert_kept(judged)
    assert (count(judged, "decided"), count(judged, "rejected")) == (80, 4)


def test_an_oversized_state_costs_its_own_record_only(desk: Desk) -> None:
    """Law: when Kafka refuses one customer's state, that record is a dead letter, no other is."""
    desk.send_events([chat(f"customer-{n}", 0) for n in range(12)])
    assert_kept(desk.judge())
    desk.narrow(MEMORY, 2_500)
    events = []
    for n in range(24):
        events += [chat("grows", n, f"{n:0{LONG}}"), chat(f"customer-{n % 12}", 1 + n)]
    desk.send_events(events)
    judged = desk.judge()
    assert_kept(judged)
    assert 0 < count(judged, "rejected") < 24
    assert count(judged, "decided") + count(judged, "rejected") == 12 + 48


def test_an_oversized_batch_is_made_smaller_and_loses_nothing(desk: Desk) -> None:
    """Law: when a batch's outcome does not fit, smaller batches do; nothing is refused."""
    desk.narrow(DECISIONS, 8_000)
    desk.send_events([chat(f"customer-{n % 60}", n) for n in range(300)])
    judged = desk.judge()
    assert_kept(judged)
    assert (count(judged, "decided"), count(judged, "rejected")) == (300, 0)
