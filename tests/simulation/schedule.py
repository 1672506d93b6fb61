"""Runs one seed: servers, workers, traffic and accidents, then rest, then the judge."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import msgspec
import structlog

from services.cli.judging.court import judge_partition, judge_together
from services.cli.judging.evidence import Evidence, Log, Record
from services.contact.topics import ALL, DEADLETTER, DECISIONS, EVENTS, MEMORY, SENTIMENT
from services.router.marker import decode_pos
from services.runtime.lane import Stop
from services.runtime.lanes import Lanes
from tests.simulation.broker import Cluster
from tests.simulation.faults import Plan, draw_plan
from tests.simulation.loop import LivelockError, Loop, Process, QuietError, virtual
from tests.simulation.rediswire import RedisNetwork, Server
from tests.simulation.traffic import Sent, list_last
from tests.simulation.watch import watched
from tests.simulation.wire import Network, Weather, connected
from tests.simulation.worker import build_lanes, read_table

GROUP = "omniroute-router"
LIVE_WITHIN_S = 120.0
"""After the last accident everything must be worked off within so long (virtual time)."""
LOOK_S = 0.25
MAY_END = frozenset({"fenced", ""})
"""How a worker may end by itself: as a ghost that woke up, or because it was asked to."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a seed."""

    seed: int
    findings: tuple[str, ...]
    """What is not as promised; empty: everything is kept."""
    records: int
    deeds: dict[str, int]
    """The accidents that happened, by name."""
    seconds: float
    """Virtual time."""
    trace: list[tuple[Any, ...]]

    @property
    def digest(self) -> str:
        """The same for the same run, step by step."""
        return hashlib.blake2b(repr(self.trace).encode(), digest_size=12).hexdigest()


class World:
    """Everything of one schedule."""

    def __init__(self, loop: Loop, seed: int, plan: Plan) -> None:
        self.loop = loop
        self.plan = plan
        self.trace: list[tuple[Any, ...]] = []
        self.deeds: Counter[str] = Counter()
        self.findings: list[str] = []
        self.calm = False
        self.over = False
        chance = random.Random(seed ^ 0xB0B)
        self.chance = random.Random(seed ^ 0xDEED)
        self.cluster = Cluster(loop, chance, plan.nodes)
        for topic in ALL:
            self.cluster.create(topic, plan.partitions)
        for topic, size in plan.narrow.items():
            for number in range(plan.partitions):
                self.cluster.partitions[topic, number].max_bytes = size
        self.weather = Weather(random.Random(chance.getrandbits(32)))
        self.redis_weather = Weather(random.Random(chance.getrandbits(32)))
        self.network = Network(loop, self.cluster, self.weather, self.tell)
        self.server = Server()
        self.redis = RedisNetwork(loop, self.server, self.redis_weather, self.tell)
        self.workers: dict[int, Process] = {}
        self.lanes: dict[Process, Lanes] = {}
        self._started = 0

    def tell(self, who: str, what: str, *more: object) -> None:
        """A line of the trace."""
        if self.over:
            return
        self.trace.append((round(self.loop.time(), 6), who, what, *more))

    def do(self, deed: str, *more: object) -> None:
        """Count and trace an accident."""
        self.deeds[deed] += 1
        self.tell("fate", deed, *more)

    # -- workers

    def start(self, slot: int) -> None:
        """A worker in this slot, if there is none."""
        if slot in self.workers:
            return
        self._started += 1
        process = Process(f"worker-{self._started}")
        self.workers[slot] = process
        self.tell("fate", "starts", process.name)
        self.plan.greet(self, slot, process)
        self.loop.spawn(process, self._live(slot, process))

    async def _live(self, slot: int, process: Process) -> None:
        plan = self.plan
        code = ""
        try:
            lanes = build_lanes(
                self.redis.open(),
                partitions=plan.partitions,
                lanes=plan.lanes,
                batch=plan.batch,
                cache_entries=plan.cache,
            )
            self.lanes[process] = lanes
            await lanes.run()
        except Stop as stop:
            code = stop.code
            if code not in MAY_END or not plan.may_be_fenced:
                self.findings.append(f"{process.name} stopped: {stop}")
        except Exception as error:  # noqa: BLE001 - a defect is a finding
            code = "crashed"
            self.findings.append(f"{process.name} crashed: {type(error).__name__}: {error}")
        self.tell(process.name, "ends", code)
        self.loop.later(0, self.end, slot, process)

    def end(self, slot: int, process: Process) -> None:
        """The process is gone; another one takes its place later."""
        process.alive = False
        self.lanes.pop(process, None)
        if self.workers.get(slot) is process:
            del self.workers[slot]
            self.loop.later(self.chance.uniform(0.01, 1.0), self.start, slot)

    # -- the end

    def put(self, sent: Sent) -> None:
        """A record of a platform."""
        number = sent.partition(self.plan.partitions)
        self.cluster.partitions[sent.topic, number].put(sent.key, sent.value, list(sent.headers))

    def put_more(self, sent: Sent) -> None:
        """The same record again, while there are accidents."""
        if not self.calm:
            self.put(sent)

    def rest(self) -> None:
        """No accident from here on, and one more message for every partition."""
        self.calm = True
        self.tell("fate", "rest")
        for weather in (self.weather, self.redis_weather):
            weather.loss = weather.slow = 0.0
            weather.stalls = 0
        self.cluster.transactions.slow = 0.0
        for node in sorted(self.cluster.down):
            self.network.restart(node)
        for node in sorted(self.network.paused):
            self.network.resume(node)
        self.cluster.elect()
        self.redis.down = False
        self.redis.resume()
        for process in list(self.workers.values()):
            process.at_step.clear()
            if process.frozen:
                self.loop.thaw(process)
        for slot in range(self.plan.slots):
            self.start(slot)
        for sent in list_last(self.plan.partitions):
            self.put(sent)

    @property
    def done(self) -> bool:
        """Is everything taken, and does Redis stand where Kafka does?"""
        if any(partition.open for partition in self.cluster.partitions.values()):
            return False
        return all(self._is_done(number) for number in range(self.plan.partitions))

    def _is_done(self, number: int) -> bool:
        held = self.cluster.offsets_of(GROUP)
        for topic in (EVENTS, SENTIMENT):
            log = self.cluster.partitions[topic, number]
            if log.entries and (held.at((topic, number)) or 0) <= log.entries[-1].last:
                return False
        memory = self.cluster.partitions[MEMORY, number]
        last = max((e.last for e in memory.entries if e.visible), default=-1)
        fields = self.fields(number)
        pos = decode_pos(fields.get(b"pos"))
        return pos is not None and pos.clog == last + 1

    def fields(self, number: int) -> dict[bytes, bytes]:
        """The hash of a partition."""
        held = self.server.hashes.get(f"{{r.{number}}}:customers".encode(), {})
        return held if isinstance(held, dict) else {}

    def judge(self) -> list[str]:
        """What the project's own judge finds on the topics and in Redis."""
        table = read_table()
        judged = judge_together(
            [
                judge_partition(self._evidence(number), {table.version: table})
                for number in range(self.plan.partitions)
            ]
        )
        found = [f"{f.promise}: {f.what}" for one in judged for f in one.findings]
        return found + [
            f"partition {one.partition} was not folded" for one in judged if not one.folded
        ]

    def _evidence(self, number: int) -> Evidence:
        held = self.cluster.offsets_of(GROUP)
        log = {topic: self._log(topic, number) for topic in ALL}
        limits = [
            self.cluster.partitions[t, number].max_bytes for t in (DECISIONS, MEMORY, DEADLETTER)
        ]
        return Evidence(
            partition=number,
            partitions=self.plan.partitions,
            events=log[EVENTS],
            sentiment=log[SENTIMENT],
            decisions=log[DECISIONS],
            deadletters=log[DEADLETTER],
            memory=log[MEMORY],
            committed={topic: held.at((topic, number)) for topic in (EVENTS, SENTIMENT)},
            redis=self.fields(number),
            limit=min(limits),
        )

    def _log(self, topic: str, number: int) -> Log:
        partition = self.cluster.partitions[topic, number]
        records = tuple(
            Record(
                offset=r.offset,
                key=r.key,
                value=r.value,
                headers=tuple(r.headers),
                time=r.timestamp,
            )
            for r in partition.records()
        )
        return Log(records, 0, partition.end)


def run_schedule(seed: int) -> Verdict:
    """Run one seed to its verdict. Must not be called from within an event loop."""
    plan = draw_plan(seed)
    loop = Loop(seed)
    with virtual(loop, seed):
        world = World(loop, seed, plan)
        asyncio.set_event_loop(None)
        with connected(world.network), _heard(world), watched(world):
            try:
                loop.run_until_complete(loop.create_task(_play(world)))
            except LivelockError:
                world.findings.append("it turns and turns and gets nowhere")
            except QuietError:
                world.findings.append("nothing will ever happen again: a dead end")
            findings = list(world.findings) or world.judge()
            world.over = True
            loop.bury()
    return Verdict(
        seed=seed,
        findings=tuple(findings),
        records=len(plan.traffic),
        deeds=dict(world.deeds + world.weather.done + world.redis_weather.done),
        seconds=loop.time(),
        trace=world.trace,
    )


async def _play(world: World) -> None:
    """The course of a schedule, outside of every process."""
    plan, loop = world.plan, world.loop
    for slot in range(plan.begin):
        loop.later(0.01 * slot, world.start, slot)
    for at, sent in plan.traffic:
        loop.later(at, world.put, sent)
    plan.begin_faults(world)
    await asyncio.sleep(plan.length)
    world.rest()
    deadline = loop.time() + LIVE_WITHIN_S
    while not world.done and not world.findings:
        if loop.time() > deadline:
            world.findings.append(f"not everything was taken within {LIVE_WITHIN_S:.0f} s of calm")
            return
        await asyncio.sleep(LOOK_S)


@contextmanager
def _heard(world: World) -> Iterator[None]:
    """What the services log goes into the trace."""

    def note(_: object, level: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        error = event.pop("exc_info", None)
        told = {k: v for k, v in sorted(event.items()) if k not in ("event", "seconds")}
        if error is not None:
            told["error"] = f"{type(error).__name__}: {error}"
        process = world.loop.process
        world.tell(process.name if process else "-", f"log {level}", event["event"], told)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[note], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
