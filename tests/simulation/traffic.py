"""What the customers of a schedule send: a few threads and chats, scores, duplicates and rubbish."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec

from services.contact.codec import Encoded, encode_event, encode_sentiment
from services.contact.event import Actor, Channel, ContactEvent, Handle, Kind, Side
from services.contact.partition import partition_of
from services.contact.sentiment import Label, SentimentScored
from services.contact.topics import EVENTS, SENTIMENT
from tests.simulation.loop import EPOCH_MS

CUSTOMERS = 7
STEPS = 12
START = datetime.fromtimestamp(EPOCH_MS / 1000, UTC) - timedelta(minutes=5)
RUBBISH = (b"", b"{", b"not json", b'{"event_id": 5}', b"\xff\xfe", b"[]", b"null")


class Sent(msgspec.Struct, frozen=True):
    """One record on an input topic."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    def partition(self, count: int) -> int:
        """Where it belongs."""
        return partition_of(self.key, count)


@cache
def _story(customer: int) -> tuple[Sent, ...]:
    """All that one customer may do, in order: an e-mail thread, chats between, their scores."""
    name = f"customer-{customer}"
    sent: list[Sent] = []
    for step in range(STEPS):
        at = START + timedelta(seconds=7 * step + customer)
        event = _event(name, step, at)
        sent.append(_sent(EVENTS, encode_event(event)))
        if step % 2 == 0:
            scored = SentimentScored(
                event_id=event.event_id,
                source=event.source,
                customer_id=name,
                contact_id=event.contact_id,
                channel=event.channel,
                label=Label.NEGATIVE if customer % 2 else Label.POSITIVE,
                score=-0.9 if customer % 2 else 0.8,
                received_at=at,
                scored_at=at + timedelta(seconds=1),
            )
            sent.append(_sent(SENTIMENT, encode_sentiment(scored)))
    return tuple(sent)


def _event(name: str, step: int, at: datetime) -> ContactEvent:
    if step == STEPS - 2 and name.endswith(("2", "5")):
        return ContactEvent(
            event_id=f"{name}/{step}",
            source="desk",
            kind=Kind.CUSTOMER_ERASED,
            customer_id=name,
            received_at=at,
        )
    chat = step % 4 == 3
    return ContactEvent(
        event_id=f"{name}/{step}",
        source="desk",
        kind=Kind.MESSAGE,
        customer_id=name,
        channel=Channel.CHAT if chat else Channel.EMAIL,
        actor=Actor(type=Side.AGENT if step % 4 == 1 else Side.CUSTOMER),
        contact_id=f"{name}-{'chat' if chat else 'mail'}",
        conversation_id="" if chat else f"{name}-thread",
        message_id="" if chat else f"<{step}@{name}>",
        in_reply_to=(f"<{step - 1}@{name}>",) if step and not chat else (),
        received_at=at,
        text="Where is my order? I wait and wait.",
        subject="Order",
        customer_handles=(Handle(kind=Channel.PHONE, value="+359888123456"),),
    )


def _sent(topic: str, encoded: Encoded) -> Sent:
    return Sent(topic, encoded.key or b"", encoded.value or b"", tuple(encoded.headers))


def list_traffic(chance: random.Random, count: int, *, rubbish: bool) -> list[Sent]:
    """So many records, each customer's in order, some of them twice, some of them rubbish."""
    places = [0] * CUSTOMERS
    traffic: list[Sent] = []
    while len(traffic) < count:
        if rubbish and chance.random() < 0.06:
            key = f"customer-{chance.randrange(CUSTOMERS)}".encode()
            topic = chance.choice((EVENTS, EVENTS, SENTIMENT))
            traffic.append(Sent(topic, key, chance.choice(RUBBISH), ()))
            continue
        if traffic and chance.random() < 0.08:
            traffic.append(chance.choice(traffic[-10:]))
            continue
        who = chance.randrange(CUSTOMERS)
        story = _story(who)
        if places[who] < len(story):
            traffic.append(story[places[who]])
            places[who] += 1
        elif all(place >= STEPS for place in places):
            break
    return traffic


@cache
def list_last(partitions: int) -> Sequence[Sent]:
    """One message of a customer whom nobody knows yet, for every partition."""
    found: dict[int, Sent] = {}
    number = 0
    while len(found) < partitions:
        event = ContactEvent(
            event_id=f"last-{number}/0",
            source="desk",
            kind=Kind.MESSAGE,
            customer_id=f"last-{number}",
            channel=Channel.EMAIL,
            actor=Actor(type=Side.CUSTOMER),
            contact_id=f"last-{number}",
            received_at=START,
            text="Hello, is anybody there?",
        )
        sent = _sent(EVENTS, encode_event(event))
        found.setdefault(sent.partition(partitions), sent)
        number += 1
    return tuple(found.values())
