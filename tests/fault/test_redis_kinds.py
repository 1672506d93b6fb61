"""Redis under Sentinel, as a Cluster and behind a name, on real servers: what the view makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from services.router.redis_client import open_redis
from services.router.view import RedisView
from services.runtime.child import LOOPBACK
from services.runtime.lane import Unavailable
from tests.fault.sentinels import Member, SentinelSet
from tests.fault.slots import ThreeNodes

PARTITIONS = range(6)
BACK_WITHIN_S = 40.0


@asynccontextmanager
async def view_of(url: str) -> AsyncIterator[RedisView]:
    """The view of a deployment in this Redis."""
    client = open_redis(url)
    yield RedisView(client, "kinds.")
    await client.aclose()


async def write_all(view: RedisView, text: bytes) -> None:
    """Each partition stands at `text` afterwards; raises `Unavailable`."""
    found = await view.recall(dict.fromkeys(PARTITIONS, (b"c/a",)))
    for partition, one in found.items():
        assert await view.reset(partition, one.raw, b'{"lineage":"%b","clog":1}' % text)


async def write_when_back(view: RedisView, text: bytes) -> float:
    """The same, tried as a lane tries; seconds until it went through."""
    begin = time.monotonic()
    while True:
        try:
            await write_all(view, text)
        except Unavailable:
            assert time.monotonic() - begin < BACK_WITHIN_S
            await asyncio.sleep(0.2)
        else:
            return time.monotonic() - begin


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThreeNodes]:
    """Three nodes."""
    with ThreeNodes() as one:
        yield one


async def test_a_sentinel_that_stands_still_is_passed_over() -> None:
    """Law: two Sentinels are enough; a frozen one must not take all the time that an answer has.

    The library asks each Sentinel eleven times, two seconds each, before it turns to the next.
    """
    with SentinelSet() as found:
        found.sentinels[0].pause()
        async with view_of(found.url) as view:
            await write_all(view, b"one")
        found.sentinels[0].resume()
        async with view_of(found.url) as view:
            await write_all(view, b"two")
            found.primary().pause()
            with pytest.raises(Unavailable):
                await write_all(view, b"three")
            await write_when_back(view, b"three")


async def test_an_absent_cluster_is_unavailable_and_no_defect(cluster: ThreeNodes) -> None:
    """Law: also errors that the library does not call Redis errors let the lane pause."""
    async with view_of(cluster.url) as view:
        await write_all(view, b"one")
        cluster.nodes[0].kill()
        for _ in range(3):
            with pytest.raises(Unavailable):
                await write_all(view, b"two")
        for node in cluster.nodes:
            node.kill()
        for _ in range(3):
            with pytest.raises(Unavailable):
                await write_all(view, b"two")
        for node in cluster.nodes:
            node.start()
        await write_when_back(view, b"two")


async def test_slots_are_moved_and_the_view_finds_them(cluster: ThreeNodes) -> None:
    """Law: MOVED and ASK are followed, also by scripts that the new node does not know yet."""
    async with view_of(cluster.url) as view:
        await write_when_back(view, b"0")
        for turn, partition in enumerate(PARTITIONS):
            key = view.key(partition)
            target = next(n for n in cluster.nodes if n is not cluster.owner(key))
            words = (key, target) if turn % 2 else (key, target, 0.3)
            doing = asyncio.create_task(
                asyncio.to_thread(cluster.move_at_once if turn % 2 else cluster.move, *words)
            )
            while not doing.done():
                await write_when_back(view, b"%d" % turn)
                await asyncio.sleep(0.02)
            await doing
            found = await view.recall(dict.fromkeys(PARTITIONS, ()))
            assert [one.raw[:13] for one in found.values()] == [b'{"lineage":"%d' % turn] * 6


async def test_a_cluster_is_found_by_any_of_its_nodes(cluster: ThreeNodes) -> None:
    """Law: the address may name nodes that are away; one that answers is enough."""
    hosts = ",".join(f"{LOOPBACK}:{port}" for port in (1, cluster.nodes[2].port))
    async with view_of(f"redis+cluster://{hosts}") as view:
        await write_when_back(view, b"any")


async def test_a_name_that_leads_to_another_server_is_looked_up_again() -> None:
    """Law: a primary that became a replica behind our connection is left, not waited for."""
    with Member() as first, Member() as second:
        target = [first]

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            back, forth = await asyncio.open_connection(LOOPBACK, target[0].port)
            await asyncio.gather(pump(reader, forth), pump(back, writer))

        name = await asyncio.start_server(forward, LOOPBACK, 0)
        port = name.sockets[0].getsockname()[1]
        async with view_of(f"redis://{LOOPBACK}:{port}/0") as view:
            await write_all(view, b"one")
            target[0] = second
            with first.client() as client:
                client.replicaof(LOOPBACK, second.port)
            assert await write_when_back(view, b"two") < BACK_WITHIN_S
        name.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything from here to there."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
