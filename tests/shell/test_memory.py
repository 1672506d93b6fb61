"""Redis may lose anything, at any time; what is decided is what the core alone would decide.

Each test ends with the independent judge, which folds the core over what lies on Kafka and compares
decisions, `contact.memory` and Redis byte by byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiokafka.structs import TopicPartition

from services.contact.event import ContactEvent
from services.contact.partition import partition_of
from services.contact.topics import EVENTS, MARKER_KEY, MEMORY
from services.router.agreement import Accept
from services.router.marker import Marker, Seat, encode_pos
from services.router.view import Change, RedisView
from services.runtime.connection import make_consumer
from services.runtime.embedded import ApacheKafka, Broker
from services.runtime.lane import LaneLost, Outgoing, Stop
from services.runtime.transaction import Transactor
from tests.servers import ValkeyUnderTest
from tests.shell.lanework import PARTITIONS, Deployment, chat, running, until
from tests.shell.routerwork import RouterWorker, verdict


@pytest.fixture
async def deployment(broker: Broker, prefix: str) -> Deployment:
    """Topics on the broker in turn."""
    return await Deployment(broker.bootstrap, prefix).create()


@pytest.fixture
async def worker(deployment: Deployment, valkey: ValkeyUnderTest) -> AsyncIterator[RouterWorker]:
    """A router that asks Redis for every customer: the cache would hide what Redis lost."""
    one = RouterWorker(deployment, valkey.url, memory={"cache_entries": 0})
    yield one
    await one.close()


def day(first: int, last: int, customers: int = 20) -> list[ContactEvent]:
    """Chat messages of some customers, some of them twice."""
    events = [chat(f"c{i % customers}", i) for i in range(first, last)]
    return events + events[:3]


async def feed(worker: RouterWorker, first: int, last: int) -> None:
    """Send a part of the day and wait until it is counted."""
    before = worker.counted()
    events = day(first, last)
    await worker.deployment.send_events(events)
    await until(lambda: worker.counted() >= before + len(events), 40)


async def read_hash(view: RedisView, client: Any, partition: int) -> dict[bytes, bytes]:
    """What Redis holds of a partition."""
    held: dict[bytes, bytes] = await client.hgetall(view.key(partition))
    return held


async def test_the_whole_flow_is_judged_good(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: one outcome for each record, and all positions agree at the end."""
    async with running(worker.lanes):
        await feed(worker, 0, 200)
    assert worker.counts.repairs["incremental"] == 0
    assert await verdict(deployment, valkey.url) == 0
    for partition in range(PARTITIONS):
        held = await read_hash(worker.view, worker.redis, partition)
        pos = orjson.loads(held.pop(b"pos"))
        newest = [r for r in await deployment.read(MEMORY) if r.partition == partition][-1]
        assert newest.key == MARKER_KEY
        assert pos["clog"] == newest.offset + 1
        assert pos["at"] == newest.timestamp
        assert pos["inputs"] == orjson.loads(newest.value)["inputs"]
        assert all(field.startswith(b"c/") for field in held)


async def test_a_flush_while_running_is_noticed_and_repaired(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: a missing position means rebuild, never an empty memory."""
    async with running(worker.lanes):
        for turn in range(3):
            await feed(worker, turn * 60, turn * 60 + 60)
            valkey.flush()
        await feed(worker, 300, 360)
    assert worker.counts.repairs["rebuild"] > PARTITIONS
    assert await verdict(deployment, valkey.url) == 0


async def test_a_roll_back_while_running_is_noticed_and_repaired_from_there(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: an older position of the same lineage is gone on from, not believed."""
    async with running(worker.lanes):
        await feed(worker, 0, 60)
        older = {p: await read_hash(worker.view, worker.redis, p) for p in range(PARTITIONS)}
        await feed(worker, 60, 120)
        for partition, held in older.items():
            await worker.redis.delete(worker.view.key(partition))
            await worker.redis.hset(worker.view.key(partition), mapping=held)
        await feed(worker, 120, 180)
    assert worker.counts.repairs["incremental"] >= 1
    assert await verdict(deployment, valkey.url) == 0


async def test_another_lineage_is_thrown_away(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: what another memory left under our keys is never mixed with ours."""
    strange = b'{"lineage":"0123","clog":999999,"inputs":{},"at":9999999999999}'
    for partition in range(PARTITIONS):
        key = worker.view.key(partition)
        await worker.redis.hset(key, mapping={"pos": strange, "c/c1": b"junk", "c/zz": b"junk"})
    async with running(worker.lanes):
        await feed(worker, 0, 60)
    assert await verdict(deployment, valkey.url) == 0
    for partition in range(PARTITIONS):
        held = await read_hash(worker.view, worker.redis, partition)
        assert b"c/zz" not in held


async def test_a_restart_repairs_what_redis_lost_meanwhile(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: a new life reads the end of the changelog after its fence and repairs to exactly there."""
    async with running(worker.lanes):
        await feed(worker, 0, 120)
    valkey.flush()
    again = RouterWorker(deployment, valkey.url)
    async with running(again.lanes):
        await until(lambda: again.lanes.is_ready)
        assert await verdict(deployment, valkey.url) == 0
        await feed(again, 120, 180)
    assert again.counts.repairs["rebuild"] == PARTITIONS
    assert await verdict(deployment, valkey.url) == 0
    await again.close()


async def test_an_old_position_is_rebuilt_because_tombstones_may_be_gone(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: older than half of delete.retention.ms is too old to go on from."""
    async with running(worker.lanes):
        await feed(worker, 0, 40)
        older = await read_hash(worker.view, worker.redis, 0)
        await feed(worker, 40, 80)
    pos = orjson.loads(older[b"pos"])
    older[b"pos"] = orjson.dumps({**pos, "at": pos["at"] - 13 * 3_600_000})
    await worker.redis.delete(worker.view.key(0))
    await worker.redis.hset(worker.view.key(0), mapping={**older, b"c/forgotten": b"junk"})
    again = RouterWorker(deployment, valkey.url)
    async with running(again.lanes):
        await until(lambda: again.lanes.is_ready)
    assert again.counts.repairs == {"incremental": 0, "rebuild": 1}
    assert await verdict(deployment, valkey.url) == 0
    await again.close()


async def test_redis_away_for_some_seconds_loses_nothing_and_guesses_nothing(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: the lane pauses while Redis is away; it comes back empty, and is rebuilt."""
    async with running(worker.lanes):
        await feed(worker, 0, 60)
        before = worker.counted()
        valkey.kill()
        await deployment.send_events(day(60, 120))
        await until(lambda: any(s.paused for s in worker.lanes.statuses()), 30)
        await asyncio.sleep(2)
        # At most what was in a transaction when Redis went may have been counted.
        assert worker.counted() <= before + 63
        valkey.start()
        await until(lambda: worker.counted() >= before + 63, 40)
        assert not any(s.paused for s in worker.lanes.statuses())
    assert await verdict(deployment, valkey.url) == 0


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_the_cache_does_not_outlive_a_life(
    deployment: Deployment, valkey: ValkeyUnderTest, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """Law: after a transaction whose end is unknown, cache and job are made anew.

    `after`: it was committed and only the answer was lost, so what the cache holds is the past.
    """
    worker = RouterWorker(deployment, valkey.url)
    real = Transactor.commit
    commits: list[object] = []

    async def commit(self: Transactor, *words: Any, **named: Any) -> Any:
        """Every third one with outcomes fails, or seems to; a lane's notes are none."""
        if words[0]:
            commits.append(None)
        fails = bool(words[0]) and len(commits) % 3 == 0
        if fails and lost == "before":
            raise TimeoutError
        receipts = await real(self, *words, **named)
        if fails:
            raise TimeoutError
        return receipts

    monkeypatch.setattr(Transactor, "commit", commit)
    total = 0
    async with running(worker.lanes):
        for turn in range(5):
            events = day(turn * 40, turn * 40 + 40)
            total += len(events)
            await deployment.send_events(events)
            await _reach(worker, total)
    assert len(worker.jobs) > 2
    assert await verdict(deployment, valkey.url) == 0
    await worker.close()


async def _reach(worker: RouterWorker, total: int) -> None:
    await until(lambda: _taken(worker) >= total, 40)


def _taken(worker: RouterWorker) -> int:
    """How far the newest lives have come, whatever they were told of their commits."""
    seats: dict[int, int] = {}
    for job in worker.jobs:
        for partition, seat in job._memory._seats.items():
            seats[partition] = seat.marker.inputs[EVENTS]
    return sum(seats.values())


async def test_what_the_former_owner_wrote_at_the_last_moment_is_in_the_memory(
    deployment: Deployment,
    worker: RouterWorker,
    valkey: ValkeyUnderTest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Law: the end of the changelog is read after the fence, never before."""
    async with running(worker.lanes):
        await feed(worker, 0, 60)
    newest = {}
    for record in await deployment.read(MEMORY):
        newest[record.partition] = record
    marker = orjson.loads(newest[0].value)
    late = orjson.dumps({**marker, "sequence": marker["sequence"] + 1})
    former = Transactor(
        deployment.access,
        f"{deployment.prefix}router-lane-0",
        f"{deployment.prefix}omniroute-router",
        deployment.prefix,
    )
    await former.fence(15)
    real = Transactor.fence
    offsets = {(topic, 0): offset for topic, offset in marker["inputs"].items()}

    async def fence(self: Transactor, within_s: float) -> None:
        """The former owner's last transaction is committed just before it is fenced."""
        lane = self._producer._txn_manager.transactional_id
        if self is not former and offsets and lane.endswith("-lane-0"):
            await former.commit([Outgoing(MEMORY, 0, MARKER_KEY, late)], dict(offsets), 15)
            offsets.clear()
        await real(self, within_s)

    monkeypatch.setattr(Transactor, "fence", fence)
    again = RouterWorker(deployment, valkey.url, lanes=2)
    async with running(again.lanes):
        await until(lambda: again.lanes.is_ready)
        await feed(again, 60, 100)
    await former.discard()
    assert await verdict(deployment, valkey.url) == 0
    await again.close()


async def test_a_write_that_began_elsewhere_is_refused(
    deployment: Deployment, worker: RouterWorker
) -> None:
    """Law: exact compare-and-set on lineage and clog; `less than` is not enough."""
    del deployment
    marker = Marker(
        sequence=0, lineage="ab", partitions=4, lanes=2, inputs={}, rules_version="", now=0
    )

    def at(clog: int) -> bytes:
        return encode_pos(Seat(marker=marker, clog=clog, at=0))

    view, client = worker.view, worker.redis
    assert await view.reset(0, b"", at(5))
    before = Change(0, "ab", 4, at(9), {b"c/a": b"1"})
    after = Change(0, "ab", 6, at(9), {b"c/a": b"2"})
    prefix = Change(0, "ab", 50, at(9), {b"c/a": b"3"})
    other = Change(0, "cd", 5, at(9), {b"c/a": b"4"})
    for wrong in (before, after, prefix, other):
        assert await view.apply([wrong]) == [at(5)]
    assert await read_hash(view, client, 0) == {b"pos": at(5)}
    right = Change(0, "ab", 5, at(9), {b"c/a": b"5", b"c/gone": None})
    assert await view.apply([right]) == [None]
    # The answer was lost and the write is tried again: it finds itself.
    assert await view.apply([right]) == [None]
    assert await read_hash(view, client, 0) == {b"pos": at(9), b"c/a": b"5"}
    assert not await view.reset(0, at(5), at(1))


async def test_many_customers_are_written_and_deleted_in_one_script(worker: RouterWorker) -> None:
    """Law: Lua's limit on arguments does not limit a batch."""
    marker = Marker(
        sequence=0, lineage="ab", partitions=4, lanes=2, inputs={}, rules_version="", now=0
    )
    first, second, third = (encode_pos(Seat(marker=marker, clog=c, at=0)) for c in (1, 2, 3))
    fields = [b"c/%d" % i for i in range(9001)]
    assert await worker.view.reset(1, b"", first)
    assert await worker.view.apply([Change(1, "ab", 1, second, dict.fromkeys(fields, b"v"))]) == [
        None
    ]
    found = (await worker.view.recall({1: fields}))[1]
    assert found.values == [b"v"] * 9001
    assert await worker.view.apply([Change(1, "ab", 2, third, dict.fromkeys(fields))]) == [None]
    assert await read_hash(worker.view, worker.redis, 1) == {b"pos": third}


async def test_redis_forgets_our_scripts_and_nobody_notices(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: a script that is gone is sent again."""
    async with running(worker.lanes):
        await feed(worker, 0, 40)
        await worker.redis.script_flush()
        await feed(worker, 40, 80)
    assert await verdict(deployment, valkey.url) == 0


async def test_the_tail_of_the_changelog_may_be_aborted(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: control and aborted records at the end neither hang the repair nor are believed."""
    async with running(worker.lanes):
        await feed(worker, 0, 60)
    async with deployment.producing(transactional_id=f"{deployment.prefix}tail") as producer:
        for _ in range(3):
            await producer.begin_transaction()
            for number in range(100):
                await producer.send_and_wait(
                    deployment.prefix + MEMORY, b"junk", key=b"c/c%d" % number, partition=0
                )
            await producer.abort_transaction()
    valkey.flush()
    again = RouterWorker(deployment, valkey.url)
    async with running(again.lanes):
        await until(lambda: again.lanes.is_ready)
        await feed(again, 60, 90)
    assert await verdict(deployment, valkey.url) == 0
    await again.close()


async def test_a_ghost_that_finds_redis_ahead_of_it_gives_up(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: who is behind Kafka's own end repairs nothing; it has lost the lane."""
    async with running(worker.lanes):
        await feed(worker, 0, 60)
        seats = {p: job._memory._seats[p] for job in worker.jobs for p in job._memory._seats}
        await feed(worker, 60, 120)
    ghost = worker.make(0)._memory
    ghost._seats = seats
    with pytest.raises(LaneLost):
        await ghost.recall({p: [f"c{i}" for i in range(20)] for p in range(PARTITIONS)})
    assert await verdict(deployment, valkey.url) == 0


async def move_group(deployment: Deployment, offset: int) -> int:
    """An operator resets partition 0 of the group by hand; returns the partition's end."""
    consumer = make_consumer(
        deployment.access, group_id=f"{deployment.prefix}omniroute-router", auto_offset_reset="none"
    )
    tp = TopicPartition(deployment.prefix + EVENTS, 0)
    await consumer.start()
    try:
        consumer.assign([tp])
        await consumer.commit({tp: offset})
        return int((await consumer.end_offsets([tp]))[tp])
    finally:
        await consumer.stop()


async def test_offsets_that_disagree_with_the_memory_stop_the_process_until_someone_chooses(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: nothing is guessed; each choice settles the disagreement for good."""
    async with running(worker.lanes):
        await feed(worker, 0, 80)
    await move_group(deployment, 2)
    stopped = RouterWorker(deployment, valkey.url)
    with pytest.raises(Stop) as stop:
        await asyncio.wait_for(stopped.lanes.run(), 30)
    assert stop.value.code == "offsets_and_memory_disagree"
    assert "--accept-offsets memory" in stop.value.why
    assert "partition 0" in stop.value.why
    accepted = RouterWorker(deployment, valkey.url, accept=Accept.MEMORY)
    async with running(accepted.lanes):
        await until(lambda: accepted.lanes.is_ready)
    after = RouterWorker(deployment, valkey.url)
    async with running(after.lanes):
        await feed(after, 80, 100)
    assert await verdict(deployment, valkey.url) == 0
    for one in (stopped, accepted, after):
        await one.close()


async def test_accepting_the_group_goes_on_at_its_offsets_with_the_memory_as_it_is(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: an operator may go back; the duplicate check then answers for what was decided."""
    async with running(worker.lanes):
        await feed(worker, 0, 40)
    end = await move_group(deployment, 0)
    again = RouterWorker(deployment, valkey.url, accept=Accept.GROUP)
    async with running(again.lanes):
        await until(lambda: again.counted() >= end)
    lines = again.metrics._outcomes
    assert lines[EVENTS, "duplicate"] == end
    fresh = RouterWorker(deployment, valkey.url)
    async with running(fresh.lanes):
        await until(lambda: fresh.lanes.is_ready)
    for one in (again, fresh):
        await one.close()


async def test_other_numbers_of_lanes_or_partitions_than_remembered_refuse_to_start(
    deployment: Deployment, worker: RouterWorker, valkey: ValkeyUnderTest
) -> None:
    """Law: lanes are recorded in the memory; changing them is a procedure."""
    async with running(worker.lanes):
        await until(lambda: worker.lanes.is_ready)
    other = RouterWorker(deployment, valkey.url, lanes=4)
    with pytest.raises(Stop) as stop:
        await asyncio.wait_for(other.lanes.run(), 30)
    assert stop.value.code == "lanes_changed"
    assert "--lanes 2" in stop.value.why
    await other.close()


async def test_a_marker_is_the_last_record_of_each_partition_in_every_transaction(
    deployment: Deployment, worker: RouterWorker
) -> None:
    """Law: the end of the changelog is always a marker, and it names the next offsets."""
    async with running(worker.lanes):
        await feed(worker, 0, 60)
    records = await deployment.read(MEMORY)
    for partition in range(PARTITIONS):
        mine = [r for r in records if r.partition == partition]
        markers = [orjson.loads(r.value) for r in mine if r.key == MARKER_KEY]
        assert mine[-1].key == MARKER_KEY
        assert [m["sequence"] for m in markers] == list(range(len(markers)))
        assert {m["lineage"] for m in markers} == {markers[0]["lineage"]}
        assert markers[-1]["inputs"][EVENTS] == await deployment.committed(EVENTS, partition)
        assert [m["now"] for m in markers] == sorted(m["now"] for m in markers)
    used = {partition_of(f"c{i}".encode(), PARTITIONS) for i in range(20)}
    assert used == set(range(PARTITIONS))


@pytest.mark.durable
async def test_kafka_going_down_hard_loses_nothing(
    kafka: ApacheKafka, prefix: str, valkey: ValkeyUnderTest
) -> None:
    """Law: a broker that is killed and comes back finds the same lanes at the same place."""
    deployment = await Deployment(kafka.bootstrap, prefix).create()
    worker = RouterWorker(deployment, valkey.url, batch_within=5.0)
    async with running(worker.lanes):
        await feed(worker, 0, 60)
        kafka.kill()
        await asyncio.sleep(1)
        await asyncio.to_thread(kafka.start)
        await feed(worker, 60, 120)
    assert await verdict(deployment, valkey.url) == 0
    await worker.close()
