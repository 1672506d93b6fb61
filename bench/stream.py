"""Traffic that goes on for hours: known customers in turn, and new ones all the time."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess

import msgspec
from aiokafka import AIOKafkaProducer

from bench.feed import make_chat, read_texts
from services.contact.codec import encode_event
from services.contact.event import ContactEvent
from services.contact.topics import EVENTS

KNOWN = 5_003
"""Customers who come again and again; each of their contacts holds ten messages. So few that two million
messages give each a history as long as it will ever be: what a message costs no longer grows then."""
NEW_EVERY = 20
"""One message in so many is of a customer who never comes again."""
TICK_S = 0.02


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent."""

    brokers: str
    prefix: str
    name: str
    """Part of the ids: each stream of a run has its own."""
    rate: float
    """Messages a second; 0: as fast as they are taken."""
    count: int


def make_events(stream: Stream, texts: Sequence[tuple[str, str]]) -> Iterator[ContactEvent]:
    """The messages of a stream, in order."""
    for number in range(stream.count):
        known = f"c{number % KNOWN}"
        customer = known if number % NEW_EVERY else f"{stream.name}-new-{number}"
        contact = f"{stream.name}-{customer}-{number // (10 * KNOWN)}"
        yield make_chat(stream.name, number, texts, customer=customer, contact=contact)


def send_stream(stream: Stream) -> float:
    """Send all of it; returns the seconds that it took. Ends with the process that waits for it."""
    if (parent := parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return asyncio.run(_send(stream))


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


async def _send(stream: Stream) -> float:
    producer = AIOKafkaProducer(
        bootstrap_servers=stream.brokers, linger_ms=0 if stream.rate else 20, max_batch_size=131_072
    )
    await producer.start()
    began, under_way = time.monotonic(), []
    for number, event in enumerate(make_events(stream, read_texts())):
        e = encode_event(event)
        sent = await producer.send(
            stream.prefix + EVENTS, e.value, key=e.key, headers=list(e.headers)
        )
        under_way.append(sent)
        if len(under_way) >= 10_000:  # noqa: PLR2004 - an error shows soon, and memory stays small
            await asyncio.gather(*under_way)
            under_way.clear()
        if stream.rate:
            ahead = number / stream.rate - (time.monotonic() - began)
            if ahead > 0:
                await asyncio.sleep(ahead + TICK_S)
    await asyncio.gather(*under_way)
    await producer.stop()
    return time.monotonic() - began
