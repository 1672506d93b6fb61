"""Sends a part of a run's messages at a steady rate: customers' words of a played day in 8 languages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import yaml
from aiokafka import AIOKafkaProducer

from services.contact.codec import Encoded, encode_event
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.topics import EVENTS

TEXTS = Path(__file__).parents[1] / "services" / "cli" / "day" / "texts"
TICK_S = 0.005
"""Messages go out in bursts so far apart: 10 at 2,000 a second."""
CUSTOMERS = 20_011


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent."""

    brokers: str
    prefix: str
    name: str
    """Part of the event ids: each feed of a run has its own."""
    rate: int
    """Messages a second; 0: as fast as they are taken."""
    count: int


def read_texts() -> list[tuple[str, str]]:
    """(language, text) of everything that customers say on a played day."""
    found = []
    for path in sorted(TEXTS.glob("*.yaml")):
        page = yaml.safe_load(path.read_text("utf-8"))
        for case in page["cases"]:
            found += [(page["language"], text) for text in (case["ask"], *case["more"])]
    return found


def make_event(name: str, number: int, texts: Sequence[tuple[str, str]]) -> ContactEvent:
    """Message `number` of a feed: customers in turn, a contact each, a chat."""
    customer = number % CUSTOMERS
    return make_chat(name, number, texts, customer=f"c{customer}", contact=f"{name}-{customer}")


def make_chat(
    name: str, number: int, texts: Sequence[tuple[str, str]], *, customer: str, contact: str
) -> ContactEvent:
    """A customer's message in a chat: the texts in turn, an id of its own."""
    language, text = texts[number % len(texts)]
    return ContactEvent(
        event_id=f"{name}-{number}",
        source="bench",
        kind=Kind.MESSAGE,
        customer_id=customer,
        contact_id=contact,
        channel=Channel.CHAT,
        side=Side.CUSTOMER,
        text=text,
        language=language,
    )


def send_feed(feed: Feed) -> dict[str, float]:
    """Send it; event id -> when the broker appended it, seconds since the epoch."""
    texts = read_texts()
    events = [make_event(feed.name, number, texts) for number in range(feed.count)]
    encoded = [encode_event(event) for event in events]
    appended = asyncio.run(_send(feed, encoded))
    return {event.event_id: at for event, at in zip(events, appended, strict=True)}


async def _send(feed: Feed, encoded: Sequence[Encoded]) -> list[float]:
    linger = 0 if feed.rate else 20
    producer = AIOKafkaProducer(
        bootstrap_servers=feed.brokers, linger_ms=linger, max_batch_size=131_072
    )
    await producer.start()
    sent = []
    began = time.monotonic()
    for number, e in enumerate(encoded):
        topic, headers = feed.prefix + EVENTS, list(e.headers)
        sent.append(await producer.send(topic, e.value, key=e.key, headers=headers))
        if feed.rate:
            ahead = number / feed.rate - (time.monotonic() - began)
            if ahead > 0:
                await asyncio.sleep(ahead + TICK_S)
    places = await asyncio.gather(*sent)
    await producer.stop()
    return [place.timestamp / 1000 for place in places]
