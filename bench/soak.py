"""Feeds a service at a share of what it can do, for an hour, and looks whether anything grows.

    python -m bench.soak                       an hour of the router at 70 % of its measured capacity
    python -m bench.soak --service sentiment --minutes 10 --into bench/results/soak.md

First it measures the capacity. A backlog is worked off, so that customers have a history (one with a
history costs more); then messages come as fast as the second half of it was, and what is done while they come is
the capacity: whoever sends, and the broker that takes it, need the machine too. Then traffic of known and new customers
(bench/stream.py) flows at the share of it. Told at each look: outcomes, what waits, resident memory, file
descriptors, threads, and the objects that Python's collector knows, after a collection. Judged is what
was seen behind the first quarter: by then the caches are full. Exit code: 0 flat, 1 something grew, an
outcome is missing, or the service fell behind; 2 wrong use.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import msgspec

from bench.growth import Look, Soak, describe, judge
from bench.served import (
    HERE,
    await_ready,
    find_memory,
    name_settings,
    read_metrics,
    run_module,
)
from bench.stream import Stream, send_stream
from services.runtime.admin import apply_topics
from services.runtime.child import free_port
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import ApacheKafka, Valkey

PARTITIONS, LANES = 8, 4
OUTCOMES = frozenset(
    (
        "omniroute_router_records_total",
        "omniroute_sentiment_messages_total",
        "omniroute_sentiment_unscored_total",
    )
)
"""What counts a message with its outcome, of either service."""
DRAINED_WITHIN_S, MEASURED_WITHIN_S = 120.0, 1800.0


async def soak(options: argparse.Namespace, brokers: str, redis: str, folder: Path) -> Soak:
    """Measure the capacity, then feed at the share of it; progress goes to standard output."""
    prefix, port = "soak.", free_port()
    await apply_topics(KafkaAccess(brokers=brokers), prefix, partitions=PARTITIONS)
    words = {**name_settings(brokers, prefix, port, LANES), "OMNIROUTE_REDIS": redis}
    counted = folder / "objects.json"
    async with contextlib.AsyncExitStack() as stack:
        pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        loop = asyncio.get_running_loop()
        fill = Stream(brokers=brokers, prefix=prefix, name="fill", rate=0, count=options.backlog)
        await loop.run_in_executor(pool, send_stream, fill)
        module = ["bench.counted", str(counted), f"services.{options.service}"]
        pid = await stack.enter_async_context(run_module(module, words))
        seen = Seen(pid=pid, port=port, counted=counted)
        await await_ready(port)
        pace = await _measure_pace(seen, options.backlog)
        count = int(pace * options.measure)
        beside = msgspec.structs.replace(fill, name="beside", rate=pace, count=count)
        sending = loop.run_in_executor(pool, send_stream, beside)
        capacity = await _measure_beside(seen, sending, options.measure)
        before = options.backlog + count
        await seen.await_outcomes(before)
        rate = options.share * capacity
        count = int(rate * 60 * options.minutes)
        print(f"a backlog at {pace:,.0f} messages/s")
        print(f"capacity {capacity:,.0f} messages/s; {rate:,.0f}/s for {options.minutes:g} min")
        print(f"{'s':>6} {'outcomes':>11} {'waiting':>8} {'MiB':>7} {'files':>6} {'objects':>9}")
        flow = msgspec.structs.replace(fill, name="flow", rate=rate, count=count)
        sending = loop.run_in_executor(pool, send_stream, flow)
        looks, types = [], []
        while not sending.done():
            await asyncio.wait([sending], timeout=options.every)
            looks.append(await seen.look())
            types.append(seen.types())
            _tell(looks[-1])
        await sending
        sent = before + count
        looks.append(await seen.await_outcomes(sent))
        types.append(seen.types())
        _tell(looks[-1])
    return Soak(capacity=capacity, rate=rate, sent=sent, looks=looks, types=_compare(types))


def _compare(types: Sequence[dict[str, int]]) -> list[tuple[str, int, int]]:
    """The types that grew most behind the first quarter."""
    before, after = types[len(types) // 4], types[-1]
    rows = [(name, before.get(name, 0), count) for name, count in after.items()]
    return sorted(rows, key=lambda row: row[1] - row[2])[:5]


class Seen:
    """The service, looked at from outside."""

    def __init__(self, *, pid: int, port: int, counted: Path) -> None:
        self._pid, self._port, self._counted = pid, port, counted
        self._began = time.monotonic()

    async def count(self) -> tuple[int, int]:
        """(messages with an outcome, messages that wait)."""
        outcomes = waiting = 0.0
        for family in await read_metrics(self._port):
            for sample in family.samples:
                if sample.name in OUTCOMES:
                    outcomes += sample.value
                if sample.name == "omniroute_lane_lag_records":
                    waiting += sample.value
        return int(outcomes), int(waiting)

    async def look(self) -> Look:
        """Everything that is told of one moment."""
        self._counted.unlink(missing_ok=True)
        os.kill(self._pid, signal.SIGUSR1)
        async with asyncio.timeout(30):
            while True:
                await asyncio.sleep(0.05)
                if self._counted.exists():
                    break
        outcomes, waiting = await self.count()
        folder = Path(f"/proc/{self._pid}")
        return Look(
            at_s=time.monotonic() - self._began,
            outcomes=outcomes,
            waiting=waiting,
            mib=find_memory(self._pid),
            files=len(list((folder / "fd").iterdir())),
            threads=len(list((folder / "task").iterdir())),
            objects=json.loads(self._counted.read_text("utf-8"))["objects"],
        )

    def types(self) -> dict[str, int]:
        """Objects by type at the last look."""
        found: dict[str, int] = json.loads(self._counted.read_text("utf-8"))["types"]
        return found

    async def await_outcomes(self, count: int) -> Look:
        """A look when so many messages have an outcome, or when it takes too long."""
        until = time.monotonic() + DRAINED_WITHIN_S
        while time.monotonic() < until:
            if (await self.count())[0] >= count:
                break
            await asyncio.sleep(0.2)
        return await self.look()


async def _measure_pace(seen: Seen, backlog: int) -> float:
    """Messages a second while the second half of the backlog is worked off: by then all is warm."""
    times: list[tuple[float, int]] = []
    async with asyncio.timeout(MEASURED_WITHIN_S):
        while not times or times[-1][1] < backlog:
            outcomes, _ = await seen.count()
            if outcomes >= backlog / 2:
                times.append((time.monotonic(), outcomes))
            await asyncio.sleep(0.1)
    return _find_pace(times)


async def _measure_beside(seen: Seen, sending: asyncio.Future[float], seconds: float) -> float:
    """Messages a second that are done while others come in; the first fifth does not count."""
    times: list[tuple[float, int]] = []
    await asyncio.wait([sending], timeout=seconds / 5)
    while not sending.done():
        times.append((time.monotonic(), (await seen.count())[0]))
        await asyncio.wait([sending], timeout=0.5)
    await sending
    return _find_pace(times)


def _find_pace(times: Sequence[tuple[float, int]]) -> float:
    """Messages a second, from (second, messages so far)."""
    (began, first), (ended, last) = times[0], times[-1]
    return (last - first) / (ended - began)


def _tell(look: Look) -> None:
    print(
        f"{look.at_s:6.0f} {look.outcomes:11,} {look.waiting:8,} {look.mib:7.1f} {look.files:6}"
        f" {look.objects:9,}",
        flush=True,
    )


def read_options(words: Sequence[str]) -> argparse.Namespace:
    """The options; see the module's text."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--service", choices=("router", "sentiment"), default="router")
    parser.add_argument("--minutes", type=float, default=60, help="of traffic (60)")
    parser.add_argument("--share", type=float, default=0.7, help="of the capacity (0.7)")
    parser.add_argument("--every", type=float, default=30, help="seconds between two looks (30)")
    parser.add_argument(
        "--backlog",
        type=int,
        default=2_000_000,
        help="messages that give customers a history (2 million)",
    )
    parser.add_argument(
        "--measure", type=float, default=120, help="seconds in which the capacity is measured (120)"
    )
    parser.add_argument("--most-mb", type=float, default=5, help="that memory may grow (5)")
    parser.add_argument(
        "--most-objects", type=float, default=0.01, help="share by which they may grow (0.01)"
    )
    parser.add_argument("--into", type=Path, help="a file for the page of this run")
    return parser.parse_args(words)


def _name_run(options: argparse.Namespace) -> str:
    words = ["git", "describe", "--always", "--dirty"]
    told = subprocess.run(words, capture_output=True, text=True, cwd=HERE, check=False)
    return (
        f"# Soak of the {options.service}, {datetime.now(UTC):%Y-%m-%d %H:%M}Z\n\n"
        f"`python -m bench.soak --service {options.service} --minutes {options.minutes:g} --share"
        f" {options.share:g} --backlog {options.backlog} --measure {options.measure:g}` at commit"
        f" {told.stdout.strip()}: Apache Kafka 4 with one node, {PARTITIONS} partitions, {LANES} lanes,\neverything on one machine of {os.cpu_count()} cores."
    )


def main(words: Sequence[str]) -> int:
    """Run it; see the module's text for the exit codes."""
    options = read_options(words)
    with (
        tempfile.TemporaryDirectory(prefix="omniroute-soak-") as folder,
        ApacheKafka(quick=False) as kafka,
        Valkey() as memory,
    ):
        found = asyncio.run(soak(options, kafka.bootstrap, memory.url, Path(folder)))
    wrong = judge(found, most_mb=options.most_mb, most_objects=options.most_objects)
    page = describe(found, _name_run(options), wrong)
    if options.into:
        options.into.parent.mkdir(parents=True, exist_ok=True)
        options.into.write_text(page, "utf-8")
    print(page.partition("\n| s |")[0])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
