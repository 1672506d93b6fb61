"""A calm world with a steady stream: how long an event takes, by the clock of the simulation.

What is left here is what waits for what: round trips one after the other, records that lie while a
transaction runs, pauses of the client library. Computing takes no time, so a busy machine does not matter
and the figures are the same in every run.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer

from services.contact.codec import encode_event
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.topics import DECISIONS, EVENTS
from tests.simulation.loop import Loop, virtual
from tests.simulation.schedule import World
from tests.simulation.traffic import Sent
from tests.simulation.wire import connected

CUSTOMERS = 997
OPEN_S = 2.0
"""The lanes are open by then."""
FETCH_OPTIONS = {"consumer_timeout_ms": 200, "fetch_max_wait_ms": 500}
"""As the client library has them; the simulation of accidents takes longer ones, to be faster."""


class Stream:
    """What the world asks of a plan: no accident, and messages at a rate for some seconds."""

    nodes = begin = slots = 1
    batch = 500
    cache = 20_000
    may_be_fenced = False

    def __init__(self, rate: float, seconds: float, *, partitions: int = 8, lanes: int = 4) -> None:
        self.partitions = partitions
        self.lanes = lanes
        self.length = OPEN_S + seconds + 1.0
        self.narrow: dict[str, int] = {}
        chance = random.Random(7)
        self.traffic: list[tuple[float, Sent]] = []
        at, number = OPEN_S, 0
        while at < OPEN_S + seconds:
            self.traffic.append((at, make_message(number)))
            at += chance.expovariate(rate)
            number += 1

    def greet(self, *_: object) -> None:
        """A worker starts."""

    def begin_faults(self, *_: object) -> None:
        """There are none."""


def make_message(number: int) -> Sent:
    """A customer's message in a chat: it gets one decision."""
    customer = f"c{number % CUSTOMERS}"
    event = ContactEvent(
        event_id=f"m{number}",
        source="steady",
        kind=Kind.MESSAGE,
        customer_id=customer,
        contact_id=f"k{customer}",
        channel=Channel.CHAT,
        side=Side.CUSTOMER,
        text=f"Where is order {number}?",
    )
    e = encode_event(event)
    return Sent(EVENTS, e.key or b"", e.value or b"", tuple(e.headers))


class Lateness(msgspec.Struct, frozen=True):
    """Virtual milliseconds from the append of an event to its decision being readable."""

    late: list[float]

    def at(self, share: float) -> float:
        """What this share of the events does not pass, ms."""
        return self.late[min(len(self.late) - 1, int(len(self.late) * share))]


def run_stream(stream: Any, seed: int = 1) -> Lateness:
    """Run it; every event must have one decision. Must not be called from within an event loop."""
    loop = Loop(seed)
    with virtual(loop, seed):
        world = World(loop, seed, stream)
        asyncio.set_event_loop(None)
        sent: dict[int, list[float]] = defaultdict(list)
        read: dict[int, list[float]] = defaultdict(list)
        for number in range(stream.partitions):
            _note_marks(world, number, read[number])
        with connected(world.network):
            AIOKafkaConsumer.__init__.__kwdefaults__.update(FETCH_OPTIONS)
            loop.run_until_complete(loop.create_task(_feed(world, sent)))
            world.over = True
            loop.bury()
    late = []
    for number, times in sent.items():
        assert len(read[number]) == len(times), "each event has one decision"
        late += [1000 * (b - a) for a, b in zip(times, read[number], strict=True)]
    return Lateness(sorted(late))


def _note_marks(world: World, number: int, read: list[float]) -> None:
    """Note when each decision of a partition becomes readable, in order."""
    log = world.cluster.partitions[DECISIONS, number]
    mark, seen = log.mark, 0

    def marked(pid: int, epoch: int, *, committed: bool) -> None:
        nonlocal seen
        mark(pid, epoch, committed=committed)
        visible = sum(e.last - e.base + 1 for e in log.entries if e.visible)
        read.extend([world.loop.time()] * (visible - seen))
        seen = visible

    log.mark = marked  # type: ignore[method-assign]


async def _feed(world: World, sent: dict[int, list[float]]) -> None:
    plan, loop = world.plan, world.loop

    def put(one: Sent) -> None:
        sent[one.partition(plan.partitions)].append(loop.time())
        world.put(one)

    world.start(0)
    for at, one in plan.traffic:
        loop.later(at, put, one)
    await asyncio.sleep(plan.length)
