"""From an event on Kafka to its outcome, readable with read_committed: ours beside a bare loop.

Both run as processes on one broker, each on topics of its own, and are fed in turn with the same traffic:
what the machine does beside falls on both. Told are p50, p95 and p99 from the broker's append of the
event to the moment at which a reader holds the outcome, and ours as a multiple of the bare loop's
(`bench/bare_loop.py`). One machine, so one clock. Absolute figures depend on the machine and on what else
it does; the multiples hardly do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec
import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from bench.feed import Feed, send_feed
from bench.served import await_ready, find_memory, name_settings, read_metrics, run_module
from services.contact.topics import DECISIONS
from services.runtime.admin import apply_topics
from services.runtime.child import free_port
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import ApacheKafka

PARTITIONS = 8
BARE = "bare loop"
QUIET_S, MISSING_S = 0.5, 10.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured."""

    service: str
    """The module that runs, such as `services.sentiment`."""
    topic: str
    """Where its outcomes lie."""
    rate: int
    seconds: float
    """How long each of the two is fed in a round."""
    rounds: int
    warm: float
    """How long each is fed before anything counts: a young JVM is slow."""
    lanes: int = 4
    environment: Mapping[str, str] = {}
    pinned: bool = False
    """The worker alone on core 0; servers, generator and reader on core 1."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one of the two."""

    late: Sequence[float]
    """Milliseconds from event to outcome, in order of size."""
    once: bool
    """Every message has exactly one outcome."""

    def at(self, share: float) -> float:
        """The latency that this share of the messages does not pass, ms."""
        return self.late[min(len(self.late) - 1, int(len(self.late) * share))]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Ours and the bare loop, measured in turn."""

    ours: Seen
    bare: Seen
    stages: Mapping[str, float]
    """Mean milliseconds that the service's own metrics tell by stage, without the warm-up."""
    memory: float
    """MiB that our process has resident."""

    def times(self, share: float) -> float:
        """Ours as a multiple of the bare loop at this share."""
        return self.ours.at(share) / self.bare.at(share)


class Side(msgspec.Struct, kw_only=True):
    """One of the two while it runs."""

    prefix: str
    topic: str
    reader: AIOKafkaConsumer
    late: list[float] = []
    once: bool = True

    async def read(self, count: int) -> list[tuple[bytes, float]]:
        """(value, when it was read) of `count` outcomes, and of what comes shortly after them."""
        found: list[tuple[bytes, float]] = []
        heard = time.monotonic()
        while time.monotonic() - heard < (QUIET_S if len(found) >= count else MISSING_S):
            for records in (await self.reader.getmany(timeout_ms=50)).values():
                heard, now = time.monotonic(), time.time()
                found += [(record.value, now) for record in records]
        return found

    def take(self, appended: Mapping[str, float], found: Sequence[tuple[bytes, float]]) -> None:
        """Match what was read with what was sent."""
        seen = [(orjson.loads(value)["event_id"], at) for value, at in found]
        self.once &= Counter(name for name, _ in seen) == Counter(dict.fromkeys(appended, 1))
        self.late += [1000 * (at - appended[name]) for name, at in seen if name in appended]
        if not seen:
            raise RuntimeError(
                f"nothing came out of {self.prefix}: see what its process said above"
            )


async def measure(plan: Plan, brokers: str, run: str) -> Result:
    """Run both on a broker and feed them in turn; `run` makes the names of this run its own."""
    async with contextlib.AsyncExitStack() as stack:
        ours = await stack.enter_async_context(_open_side(brokers, f"{run}ours.", plan.topic))
        bare = await stack.enter_async_context(_open_side(brokers, f"{run}bare.", DECISIONS))
        port = free_port()
        words = {**name_settings(brokers, ours.prefix, port, plan.lanes), **plan.environment}
        core = 0 if plan.pinned else None
        pid = await stack.enter_async_context(run_module([plan.service], words, core=core))
        await stack.enter_async_context(_run_bare(plan, brokers, bare.prefix))
        await await_ready(port)
        context = get_context("spawn")
        pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=context))
        turns = [(side, f"warm{n}", plan.warm) for n, side in enumerate((ours, bare))]
        before: dict[str, tuple[float, float]] = {}
        for number in range(plan.rounds):
            pair = (ours, bare) if number % 2 == 0 else (bare, ours)
            turns += [(side, f"r{number}", plan.seconds) for side in pair]
        for at, (side, name, seconds) in enumerate(turns):
            if at == 2:  # noqa: PLR2004 - both are warm
                ours.late, bare.late = [], []
                before = await _read_stages(port)
            count = int(plan.rate * seconds)
            feed = Feed(brokers=brokers, prefix=side.prefix, name=name, rate=plan.rate, count=count)
            sending = asyncio.wrap_future(pool.submit(send_feed, feed))
            found, appended = await asyncio.gather(side.read(count), sending)
            side.take(appended, found)
        return Result(
            ours=Seen(late=sorted(ours.late), once=ours.once),
            bare=Seen(late=sorted(bare.late), once=bare.once),
            stages=_tell_means(before, await _read_stages(port)),
            memory=find_memory(pid),
        )


@contextlib.asynccontextmanager
async def _open_side(brokers: str, prefix: str, topic: str) -> AsyncIterator[Side]:
    await apply_topics(KafkaAccess(brokers=brokers), prefix, partitions=PARTITIONS)
    reader = AIOKafkaConsumer(
        bootstrap_servers=brokers, isolation_level="read_committed", fetch_max_wait_ms=50
    )
    await reader.start()
    places = [TopicPartition(prefix + topic, p) for p in range(PARTITIONS)]
    reader.assign(places)
    await reader.seek_to_beginning(*places)
    try:
        yield Side(prefix=prefix, topic=topic, reader=reader)
    finally:
        await reader.stop()


@contextlib.asynccontextmanager
async def _run_bare(plan: Plan, brokers: str, prefix: str) -> AsyncIterator[None]:
    words = ["--brokers", brokers, "--prefix", prefix]
    words += ["--lanes", str(plan.lanes), "--partitions", str(PARTITIONS)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.bare_loop", *words),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    if plan.pinned:
        os.sched_setaffinity(process.pid, {0})
    assert process.stdout is not None
    try:
        for _ in range(plan.lanes):
            await process.stdout.readexactly(len("ready\n"))
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _read_stages(port: int) -> dict[str, tuple[float, float]]:
    """(sum of seconds, count) by stage, as the service tells at /metrics."""
    told: dict[str, dict[str, float]] = {}
    for family in await read_metrics(port):
        if family.name.endswith("_latency_seconds"):
            for sample in family.samples:
                part = sample.name.rpartition("_")[2]
                told.setdefault(sample.labels["stage"], {})[part] = sample.value
    return {stage: (parts["sum"], parts["count"]) for stage, parts in told.items()}


def _tell_means(
    before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    means = {}
    for stage, (total, count) in after.items():
        total_before, count_before = before.get(stage, (0.0, 0.0))
        if count > count_before:
            means[stage] = 1000 * (total - total_before) / (count - count_before)
    return means


def show(name: str, plan: Plan, result: Result) -> None:
    """Print what was seen."""
    print(
        f"{plan.rate:,} messages/s over {PARTITIONS} partitions, {plan.lanes} lanes; each of the two"
    )
    print(f"fed for {plan.seconds:g} s in turn, {plan.rounds} times; event to outcome, ms")
    print(f"{'':12} {'messages':>9} {'p50':>8} {'p95':>8} {'p99':>8}   each exactly once")
    for title, seen in ((name, result.ours), (BARE, result.bare)):
        figures = "".join(f" {seen.at(share):8.1f}" for share in (0.5, 0.95, 0.99))
        print(f"{title:12} {len(seen.late):9,}{figures}   {'yes' if seen.once else 'NO'}")
    figures = "".join(f" {result.times(share):8.2f}" for share in (0.5, 0.95, 0.99))
    print(f"{'multiple':12} {'':9}{figures}")
    told = ", ".join(f"{stage} {mean:.1f}" for stage, mean in result.stages.items())
    print(f"means by stage, ms, of the service's own metrics: {told}")
    print(f"resident memory of the service: {result.memory:.0f} MiB", flush=True)


def read_options(name: str, words: Sequence[str]) -> argparse.Namespace:
    """The options that both benchmarks have."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=__doc__)
    parser.add_argument("--rate", type=int, default=2000, help="messages a second (2000)")
    parser.add_argument("--seconds", type=float, default=5, help="of each turn (5)")
    parser.add_argument("--rounds", type=int, default=4, help="turns of each (4)")
    parser.add_argument("--warm", type=float, default=60, help="seconds before it counts (60)")
    parser.add_argument("--lanes", type=int, default=4, help="lanes of both (4)")
    parser.add_argument(
        "--pinned", action="store_true", help="worker on core 0, everything else on core 1"
    )
    return parser.parse_args(words)


def run(name: str, plan: Plan) -> int:
    """On an Apache Kafka of its own; 0 good, 1 an outcome is missing or double."""
    if plan.pinned:
        os.sched_setaffinity(0, {1})
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # our own reader, on new topics
    with ApacheKafka(quick=False) as kafka:
        result = asyncio.run(measure(plan, kafka.bootstrap, "bench."))
    show(name, plan, result)
    return 0 if result.ours.once and result.bare.once else 1
