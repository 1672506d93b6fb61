"""The brake: a flood of unusable records stops the lane, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from services.cli.brake import main
from services.contact.codec import encode_event
from services.contact.partition import partition_of
from services.contact.topics import DEADLETTER, EVENTS
from services.runtime.embedded import Broker
from services.runtime.lane_settings import tell_braked
from tests.servers import ValkeyUnderTest
from tests.shell.lanework import LANES, PARTITIONS, Deployment, chat, running, until
from tests.shell.routerwork import RouterWorker, verdict

pytestmark = pytest.mark.timeout(120)
ROW = 100


async def put(deployment: Deployment, good: int, bad: int) -> None:
    """So many sound events and so many that nobody can read, on every partition, in turns."""
    records = []
    names = {p: next(f"c{n}" for n in range(99) if partition_of(f"c{n}".encode(), PARTITIONS) == p)
             for p in range(PARTITIONS)}  # fmt: skip
    for number in range(max(good, bad)):
        for partition, name in names.items():
            if number < good:
                value = encode_event(chat(name, number)).value or b""
                records.append((EVENTS, partition, name.encode(), value))
            if number < bad:
                records.append((EVENTS, partition, name.encode(), b"rubbish"))
    await deployment.send(records)


async def count_letters(deployment: Deployment) -> Counter[int]:
    """Dead letters of each lane."""
    return Counter(record.partition % LANES for record in await deployment.read(DEADLETTER))


async def run_until_held(worker: RouterWorker) -> None:
    """Let a worker run until the brake holds all of its lanes."""
    async with running(worker.lanes):
        await until(lambda: [bool(s.braked) for s in worker.lanes.statuses()] == [True] * LANES)
        assert not worker.lanes.is_ready
        told = tell_braked(worker.lanes.statuses())["brake"]
        assert "lane 0: 100 records in a row were refused; lane 1: 100 records" in told
        assert worker.lanes.is_alive
    await worker.close()


async def test_a_flood_of_poison_stops_within_its_limit_for_good(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str
) -> None:
    """Law: 100 in a row and not one more, however often it is restarted; then all is worked on."""
    deployment = await Deployment(broker.bootstrap, prefix).create()
    await put(deployment, good=0, bad=400)
    for _ in range(3):
        await run_until_held(RouterWorker(deployment, valkey.url))
        assert await count_letters(deployment) == {0: ROW, 1: ROW}
    words = ["--brokers", broker.bootstrap, "--prefix", prefix]
    assert await asyncio.to_thread(main, ["show", *words]) == 1
    worker = RouterWorker(deployment, valkey.url)
    async with running(worker.lanes):
        await until(
            lambda: all(s.braked for s in worker.lanes.statuses()) and worker.lanes.is_alive
        )
        await until(lambda: sum(s.lag for s in worker.lanes.statuses()) == 400 * 4 - 200)
        assert await asyncio.to_thread(main, ["release", "--all", *words]) == 0
        await until(lambda: worker.counted("omniroute_router_rejects_total") == 2 * ROW)
        await until(lambda: all(s.braked for s in worker.lanes.statuses()))
    await worker.close()
    assert await count_letters(deployment) == {0: 2 * ROW, 1: 2 * ROW}
    lane = ["release", "--service", "router", "--lane", "1", *words]
    assert await asyncio.to_thread(main, lane) == 0
    assert await asyncio.to_thread(main, lane) == 1
    assert await asyncio.to_thread(main, ["release", "--all", *words]) == 0
    last = RouterWorker(deployment, valkey.url, brake_row=0, brake_recent=0)
    async with running(last.lanes):
        await until(lambda: last.counted("omniroute_router_rejects_total") == 1600 - 4 * ROW)
    await last.close()
    assert await verdict(deployment, valkey.url) == 0


async def test_half_of_the_last_thousand_stops_the_lane_and_the_good_ones_are_decided(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str
) -> None:
    """Law: poison among good records stops it, too; every good one before it has its decision."""
    deployment = await Deployment(broker.bootstrap, prefix).create()
    await put(deployment, good=600, bad=600)
    worker = RouterWorker(deployment, valkey.url)
    async with running(worker.lanes):
        await until(lambda: [bool(s.braked) for s in worker.lanes.statuses()] == [True] * LANES)
    await worker.close()
    assert await count_letters(deployment) == {0: 500, 1: 500}
    await asyncio.to_thread(
        main, ["release", "--all", "--brokers", broker.bootstrap, "--prefix", prefix]
    )
    last = RouterWorker(deployment, valkey.url, brake_row=0, brake_recent=0)
    async with running(last.lanes):
        await until(lambda: worker.counted() + last.counted() == 4 * 1200)
    await last.close()
    assert await verdict(deployment, valkey.url) == 0


def test_a_release_says_which_lane(capsys: pytest.CaptureFixture[str]) -> None:
    """Law: nothing is let go by mistake, and a Kafka that is away is said to be."""
    for words in (["release"], ["release", "--all", "--lane", "1"], ["release", "--lane", "1"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 2
    assert "--lane needs --service" in capsys.readouterr().err
    assert main(["show", "--brokers", "127.0.0.1:1"]) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err
