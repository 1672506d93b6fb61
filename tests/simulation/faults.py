"""The plan of a seed: how large everything is, what is sent when, and which accidents happen.

Each schedule draws which kinds of accidents it has at all, so that some have only one kind and
others nearly all: rare combinations come up sooner than if everything always happened.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from services.contact.topics import DECISIONS, EVENTS, MEMORY, SENTIMENT
from tests.simulation.loop import Process
from tests.simulation.traffic import Sent, list_traffic

if TYPE_CHECKING:
    from tests.simulation.schedule import World

DAY_MS = 86_400_000
EXCUSES = frozenset(
    {"evict", "stop", "freeze", "kill", "crash", "weather", "brokers", "leaders", "outage"}
)
"""Accidents after which a worker may find that somebody else has its lanes."""
EXTRA = 8
"""Records that come again while two workers believe that a lane is theirs."""
STEPS_MOST = 700
"""A worker that dies at a step dies within so many callbacks."""

Deed = Callable[["World"], None]


class Plan:
    """What a seed has in store."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.partitions = chance.choice((1, 2, 2, 3))
        self.lanes = chance.randint(1, min(2, self.partitions))
        self.nodes = chance.choice((1, 2, 2, 3))
        self.begin = chance.choice((1, 1, 1, 2))
        self.slots = self.begin
        self.batch = chance.choice((2, 5, 20, 500))
        self.cache = chance.choice((0, 2, 20_000, 20_000))
        self.kinds = [kind for kind in KINDS if chance.random() < OFTEN.get(kind, 0.3)]
        self.chunk = chance.choice((1, 2, 1_000, 1_000))
        """Records that a repair applies at once."""
        self.length = chance.uniform(0.6, 4.0) + (15.0 if "outage" in self.kinds else 0.0)
        self.narrow: dict[str, int] = {}
        if "oversized" in self.kinds:
            self.narrow = {chance.choice((DECISIONS, MEMORY)): chance.choice((900, 2_500, 5_000))}
        count = chance.randint(6, 24)
        sent = list_traffic(chance, count, rubbish="rubbish" in self.kinds)
        first = min(self.length, 4.0)
        times = sorted(chance.uniform(0, first * 0.9) for _ in sent)
        if chance.random() < 0.3:
            times = [0.0 if at < first / 3 else at for at in times]
        self.traffic: list[tuple[float, Sent]] = list(zip(times, sent, strict=True))

    @property
    def may_be_fenced(self) -> bool:
        """Is there an accident that makes a ghost of a worker?"""
        return not EXCUSES.isdisjoint(self.kinds)

    def greet(self, world: World, slot: int, process: Process) -> None:
        """What a new worker has before it."""
        if world.calm:
            return
        if "skew" in self.kinds:
            process.skew_ms = self._chance.choice((0, 0, -DAY_MS, DAY_MS, -3_000, 40_000))
        if "crash" in self.kinds and self._chance.random() < 0.7:
            step = self._chance.randint(1, STEPS_MOST)
            process.at_step[step] = lambda: kill(world, slot, process)
        if "stop" in self.kinds and self._chance.random() < 0.5:
            step = self._chance.randint(1, STEPS_MOST)
            seconds = self._chance.choice((0.3, 2.0, 4.0, 9.0))
            process.at_step[step] = lambda: freeze(world, slot, process, seconds)

    def begin_faults(self, world: World) -> None:
        """Put every accident on the clock."""
        for kind in self.kinds:
            for at, deed in KINDS[kind](self._chance, self.length):
                world.loop.later(at, _unless_calm, world, deed)


def _unless_calm(world: World, deed: Deed) -> None:
    if not world.calm:
        deed(world)


def draw_plan(seed: int) -> Plan:
    """The plan of a seed."""
    return Plan(random.Random(seed))


# -- what can be done to workers


def kill(world: World, slot: int, process: Process) -> None:
    """SIGKILL."""
    if process.alive and not world.calm:
        world.do("killed", process.name, process.steps)
        world.end(slot, process)
        if world.chance.random() < 0.5:
            # Its successor need not wait for the end of its session: requests of both overlap.
            _forget_members(world)


def freeze(world: World, slot: int, process: Process, seconds: float) -> None:
    """SIGSTOP, and SIGCONT after so long; sometimes somebody takes its place meanwhile."""
    if not process.alive or process.frozen or world.calm:
        return
    world.do("frozen", process.name, process.steps, seconds)
    process.frozen = True
    world.loop.later(seconds, _thaw, world, process)
    if seconds > 3 and world.plan.slots < 4:
        world.plan.slots += 1
        world.loop.later(world.chance.uniform(0, 2), world.start, world.plan.slots - 1)
    del slot


def _thaw(world: World, process: Process) -> None:
    if process.alive and process.frozen:
        world.tell("fate", "thaws", process.name)
        world.loop.thaw(process)


def _somebody(world: World) -> tuple[int, Process] | None:
    found = sorted(world.workers.items())
    return world.chance.choice(found) if found else None


def _kill_somebody(world: World) -> None:
    who = _somebody(world)
    if who is not None:
        kill(world, *who)


def _freeze_somebody(world: World) -> None:
    who = _somebody(world)
    if who is not None:
        freeze(world, *who, world.chance.choice((0.2, 1.0, 3.2, 5.0, 8.0)))


def _forget_members(world: World) -> None:
    for _, group in sorted(world.cluster.groups.items()):
        group.forget()


def _evict(world: World) -> None:
    """The first to join again gets everything, while the others still work on what was theirs."""
    world.do("members forgotten")
    _forget_members(world)
    for _ in range(EXTRA):
        _, sent = world.chance.choice(world.plan.traffic)
        world.loop.later(world.chance.uniform(0, 1.2), world.put_more, sent)


def _leave(world: World) -> None:
    who = _somebody(world)
    if who is not None and who[1] in world.lanes and not who[1].frozen:
        world.do("leaves", who[1].name)
        world.lanes[who[1]].stop()


def _join(world: World) -> None:
    if world.plan.slots < 3:
        world.do("joins")
        world.plan.slots += 1
        world.start(world.plan.slots - 1)


def _skew(world: World) -> None:
    who = _somebody(world)
    if who is not None:
        who[1].skew_ms = world.chance.choice((0, -DAY_MS, DAY_MS, -60_000, 5_000))
        world.do("clock moved", who[1].name, who[1].skew_ms)


# -- what can be done to Kafka


def _lose_node(world: World) -> None:
    up = [node for node in range(world.cluster.nodes) if node not in world.cluster.down]
    if len(up) < 1:
        return
    node = world.chance.choice(up)
    world.do("broker killed", node)
    world.network.kill(node)
    if len(up) > 1:
        world.loop.later(world.chance.uniform(0.2, 2.5), world.cluster.elect)
    world.loop.later(world.chance.uniform(0.5, 5), world.network.restart, node)


def _pause_node(world: World) -> None:
    node = world.chance.randrange(world.cluster.nodes)
    if node not in world.network.paused:
        world.do("broker paused", node)
        world.network.pause(node)
        world.loop.later(world.chance.choice((0.2, 1.0, 4.0, 8.0)), world.network.resume, node)


def _pause_long(world: World) -> None:
    """Longer than a transaction may take, and than the client waits for an answer."""
    node = world.chance.randrange(world.cluster.nodes)
    if node not in world.network.paused:
        world.do("broker paused for long", node)
        world.network.pause(node)
        world.loop.later(world.chance.uniform(5.5, 11.0), world.network.resume, node)


def _stall(world: World) -> None:
    world.weather.stalls = 1


def _lose_leader(world: World) -> None:
    place = world.chance.choice(sorted(world.cluster.partitions))
    topic = world.chance.choice((EVENTS, SENTIMENT, DECISIONS, MEMORY, MEMORY))
    partition = world.cluster.partitions[topic, place[1]]
    if partition.leader >= 0:
        world.do("without a leader", topic, place[1])
        partition.leader = -1
        world.loop.later(world.chance.choice((0.3, 1.0, 3.5, 4.5, 8.0)), world.cluster.elect)


# -- what can be done to Redis


def _remember(world: World) -> None:
    world.server.remember()


def _flush(world: World) -> None:
    world.do("Redis flushed")
    world.server.flush()


def _flush_one(world: World) -> None:
    world.do("Redis lost a hash")
    for key in sorted(world.server.hashes)[: world.chance.randint(1, 2)]:
        del world.server.hashes[key]


def _roll_back(world: World) -> None:
    world.do("Redis rolled back")
    world.server.roll_back(world.chance.randrange(12))


def _roll_back_at_a_write(world: World) -> None:
    """Between what a lane read and what it writes: only the comparison in the script can see it."""
    world.do("Redis rolled back at a write")
    world.server.roll_back_at_a_write(world.chance.randrange(12))


def _fail_over(world: World) -> None:
    """The connections break, and what was written last is gone."""
    world.do("Redis failed over")
    world.redis.down = True
    world.server.roll_back(world.chance.randrange(3))
    world.server.forget_scripts()
    world.loop.later(world.chance.uniform(0.1, 2.5), _redis_up, world)


def _redis_up(world: World) -> None:
    world.redis.down = False


def _kill_redis(world: World) -> None:
    world.do("Redis killed")
    world.redis.down = True
    if world.chance.random() < 0.5:
        world.server.flush()
    world.server.forget_scripts()
    world.loop.later(world.chance.uniform(0.1, 6), _redis_up, world)


def _pause_redis(world: World) -> None:
    if not world.redis.paused:
        world.do("Redis paused")
        world.redis.paused = True
        world.loop.later(world.chance.choice((0.1, 1.0, 3.0, 7.0)), world.redis.resume)


def _forget_scripts(world: World) -> None:
    world.do("scripts forgotten")
    world.server.forget_scripts()


def _put_rubbish(world: World) -> None:
    world.do("Redis holds something else")
    for key in list(world.server.hashes):
        world.server.hashes[key] = b"something else"


# -- kinds of accidents

Timed = Iterable[tuple[float, Deed]]


def _some(deed: Deed, least: int, most: int) -> Callable[[random.Random, float], Timed]:
    def draw(chance: random.Random, length: float) -> Timed:
        return [(chance.uniform(0, length), deed) for _ in range(chance.randint(least, most))]

    return draw


def _nothing(chance: random.Random, length: float) -> Timed:
    del chance, length
    return ()


def _damage(*deeds: Deed) -> Callable[[random.Random, float], Timed]:
    def draw(chance: random.Random, length: float) -> Timed:
        kept = [(chance.uniform(0, length), _remember) for _ in range(8)]
        return kept + [
            (chance.uniform(0, length), chance.choice(deeds)) for _ in range(chance.randint(2, 8))
        ]

    return draw


def _bad_weather(chance: random.Random, length: float) -> Timed:
    loss, slow = chance.choice((0.0, 0.01, 0.04)), chance.choice((0.0, 0.02, 0.1))
    marker = chance.choice((0.0, 0.3))

    def begin(world: World) -> None:
        world.weather.loss, world.weather.slow = loss, slow
        world.cluster.transactions.slow = marker

    return [(chance.uniform(0, length / 2), begin)]


def _bad_redis_weather(chance: random.Random, length: float) -> Timed:
    loss, slow = chance.choice((0.0, 0.02, 0.1)), chance.choice((0.0, 0.05, 0.2))

    def begin(world: World) -> None:
        world.redis_weather.loss, world.redis_weather.slow = loss, slow

    return [(chance.uniform(0, length / 2), begin)]


OFTEN = {"outage": 0.1, "oversized": 0.1}
"""How often a kind of accident is part of a schedule; the others 0.3."""

KINDS: dict[str, Callable[[random.Random, float], Timed]] = {
    "crash": _nothing,
    "stop": _nothing,
    "rubbish": _nothing,
    "oversized": _nothing,
    "kill": _some(_kill_somebody, 1, 4),
    "freeze": _some(_freeze_somebody, 1, 3),
    "come and go": lambda c, s: [*_some(_leave, 1, 2)(c, s), *_some(_join, 1, 2)(c, s)],
    "evict": lambda c, s: [(0.0, _join), *_some(_evict, 1, 3)(c, s)],
    "skew": _some(_skew, 1, 3),
    "brokers": lambda c, s: [*_some(_lose_node, 1, 2)(c, s), *_some(_pause_node, 0, 2)(c, s)],
    "outage": lambda c, s: [
        *_some(_pause_long, 0, 2)(c, min(s, 6.0)),
        *_some(_stall, 0, 2)(c, min(s, 4.0)),
    ],
    "leaders": _some(_lose_leader, 1, 4),
    "weather": _bad_weather,
    "redis weather": _bad_redis_weather,
    "redis loses": _damage(_flush, _flush_one, _roll_back, _roll_back_at_a_write, _put_rubbish),
    "redis fails": _damage(_fail_over, _kill_redis, _pause_redis, _forget_scripts),
}
