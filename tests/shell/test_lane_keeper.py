"""A lane from its assignment to its revocation, with accidents."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pytest

from services.contact.topics import DECISIONS, EVENTS, SENTIMENT
from services.runtime.embedded import ApacheKafka, Broker
from services.runtime.lane import Batch, Opening, Outgoing, Start, Stop, Unavailable, Work
from services.runtime.lane_note import Note, write_note
from services.runtime.transaction import Transactor
from tests.shell.lanework import PARTITIONS, Copy, Deployment, running, until


@pytest.fixture
async def deployment(broker: Broker, prefix: str) -> Deployment:
    """Topics on the broker in turn."""
    return await Deployment(broker.bootstrap, prefix).create()


def values(numbers: range, text: bytes = b"v") -> list[tuple[str, int, bytes, bytes]]:
    """One event per number, over all partitions."""
    return [(EVENTS, i % PARTITIONS, b"k", b"%b%04d" % (text, i)) for i in numbers]


def count(made: list[Copy]) -> int:
    """Records of which the job was told that they stand."""
    return sum(batch.count for job in made for batch in job.stood)


async def outcomes(deployment: Deployment) -> list[bytes]:
    """All committed copies, sorted."""
    return sorted(r.value for r in await deployment.read(DECISIONS))


async def test_each_record_has_one_outcome_on_its_own_partition_number(
    deployment: Deployment,
) -> None:
    """Law: what goes in comes out once, in order, on the partition of its input."""
    made: list[Copy] = []
    sent = values(range(400))
    await deployment.send(sent)
    async with running(deployment.lanes(lambda n: Copy(n, made))):
        await until(lambda: count(made) == 400)
    found = await deployment.read(DECISIONS)
    for partition in range(PARTITIONS):
        told = [r.value for r in found if r.partition == partition]
        assert told == [v for _, p, _, v in sent if p == partition]


async def test_per_partition_all_events_are_folded_before_all_sentiment(
    deployment: Deployment,
) -> None:
    """Law: the order inside a batch is fixed, so that anybody can fold the same batch again."""
    made: list[Copy] = []
    records = [(SENTIMENT if i % 3 else EVENTS, 0, b"k", b"%03d" % i) for i in range(90)]
    await deployment.send(records)
    async with running(deployment.lanes(lambda n: Copy(n, made))):
        await until(lambda: count(made) == 90)
    for batch in (b for job in made for b in job.stood):
        for part in batch.slices:
            topics = [topic for topic, _ in part.records]
            assert topics == sorted(topics, key=(EVENTS, SENTIMENT).index)
            for topic, found in part.records:
                offsets = [r.offset for r in found]
                assert offsets == sorted(offsets)
                assert part.inputs[topic] > offsets[-1]
    assert await deployment.committed(EVENTS) == 30
    assert await deployment.committed(SENTIMENT) == 60


async def test_what_the_former_owner_commits_at_the_last_moment_is_seen(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: fence first, then committed offsets, then ends, then seek; else outcomes come twice."""
    await deployment.send(values(range(8)))
    group = f"{deployment.prefix}omniroute-router"
    former = Transactor(
        deployment.access, f"{deployment.prefix}router-lane-0", group, deployment.prefix
    )
    await former.fence(15)
    real = Transactor.fence
    commits: list[object] = []

    async def fence(self: Transactor, within_s: float) -> None:
        """The former owner's last batch of partition 0 is committed just before the fence."""
        if not commits and self is not former:
            commits.append(None)
            done = [Outgoing(DECISIONS, 0, b"k", b"former%d" % i) for i in range(2)]
            await former.commit(done, {(EVENTS, 0): 2, (SENTIMENT, 0): 0}, 15)
        await real(self, within_s)

    monkeypatch.setattr(Transactor, "fence", fence)
    made: list[Copy] = []
    lanes = deployment.lanes(lambda n: Copy(n, made), lanes=1)
    async with running(lanes):
        await until(lambda: count(made) >= 6)
        await asyncio.sleep(0.3)
    await former.discard()
    assert count(made) == 6
    opening = made[0].opening
    assert opening is not None
    assert opening.committed[EVENTS, 0] == 2
    told = await outcomes(deployment)
    assert len(told) == 8
    assert told[:2] == [b"former0", b"former1"]


class Broken(Copy):
    """Fails at the first batch of its first two lives, after it has seen the records."""

    async def work(self, batch: Batch) -> Work:
        """Raise as a defect would."""
        work = await super().work(batch)
        if self.life <= 2:
            raise RuntimeError("a defect")
        return work

    def __init__(self, lane: int, made: list[Copy]) -> None:
        super().__init__(lane, made)
        self.life = sum(job.lane == lane for job in made)


async def test_any_failure_throws_the_whole_life_away_and_begins_a_new_one(
    deployment: Deployment,
) -> None:
    """Law: after an abort nothing of the old life is used again: cache cleared, lane rebuilt."""
    made: list[Copy] = []
    await deployment.send(values(range(200)))
    async with running(deployment.lanes(lambda n: Broken(n, made))):
        await until(lambda: count(made) == 200)
    assert len(made) > 4
    assert all(job.closed for job in made)
    assert all(not job.stood for job in made if isinstance(job, Broken) and job.life <= 2)
    assert await outcomes(deployment) == sorted(v for *_, v in values(range(200)))


class Slow(Copy):
    """Takes a while, and notes how many lanes work at the same time."""

    at_work = 0
    most = 0

    async def work(self, batch: Batch) -> Work:
        """Work for a moment."""
        kind = type(self)
        kind.at_work += 1
        kind.most = max(kind.most, kind.at_work if not self.stood else 0)
        await asyncio.sleep(0.3)
        kind.at_work -= 1
        return await super().work(batch)


async def test_what_waits_at_a_start_is_worked_on_by_one_lane_at_a_time(
    deployment: Deployment,
) -> None:
    """Law: if the process dies at it, it is known which lane was at work: no other was."""
    made: list[Copy] = []
    await deployment.send(values(range(40)))
    Slow.most = Slow.at_work = 0
    async with running(deployment.lanes(lambda n: Slow(n, made))):
        await until(lambda: count(made) == 40)
    assert {job.lane for job in made} == {0, 1}
    assert Slow.most == 1


async def test_what_a_process_died_at_is_read_first_and_the_rest_goes_on_as_ever(
    deployment: Deployment,
) -> None:
    """Law: five suspected records of one partition cost the other, which has 300, no small batch."""
    settings, made = deployment.settings(), list[Copy]()
    former = Transactor(
        deployment.access, settings.transactional_id(0), settings.group, settings.prefix
    )
    await deployment.send(
        [(EVENTS, p, b"k", b"%04d" % i) for p, n in ((0, 300), (2, 20)) for i in range(n)]
    )
    dead = Note(by="another", spans={"0/2": 5}, size=5, working=True)
    begin = {(topic, p): 0 for topic in (EVENTS, SENTIMENT) for p in (0, 2)}
    await former.fence(5.0)
    await former.commit((), begin, 5.0, notes={(EVENTS, 0): write_note(dead)})
    await former.discard()
    async with running(deployment.lanes(lambda n: Copy(n, made))):
        await until(lambda: count(made) == 320)
    batches = [batch for job in made for batch in job.stood]
    first, later = batches[:5], batches[5:]
    assert [(b.count, b.slices[0].partition) for b in first if b.slices] == [(1, 2)] * 5
    assert len(later) < 30


class Large(Copy):
    """Writes something that no topic takes for each input that says so."""

    def answer(self, value: bytes) -> bytes:
        """3 MB for a marked input."""
        return b"x" * 3_000_000 if value.startswith(b"large") else value


async def test_an_outcome_that_does_not_fit_costs_its_own_record_only(
    deployment: Deployment,
) -> None:
    """Law: a size error halves the batch down to the one record; its neighbours go on."""
    made: list[Copy] = []
    sent = values(range(120))
    sent[50] = (EVENTS, 50 % PARTITIONS, b"k", b"large one")
    sent[90] = (EVENTS, 90 % PARTITIONS, b"k", b"large two")
    await deployment.send(sent)
    async with running(deployment.lanes(lambda n: Large(n, made), lanes=2)):
        await until(lambda: count(made) == 120, 40)
    good = [v for *_, v in sent if not v.startswith(b"large")]
    assert await outcomes(deployment) == sorted([*good, b"oversized", b"oversized"])


class Waiting(Copy):
    """Its dependency is away for a while."""

    away_until = 0.0
    asked = 0

    async def work(self, batch: Batch) -> Work:
        """Refuse until it is back."""
        type(self).asked += 1
        if not self.away_until:
            type(self).away_until = time.monotonic() + 6.0
        if time.monotonic() < self.away_until:
            raise Unavailable("away")
        return await super().work(batch)


async def test_a_dependency_that_is_away_pauses_the_lane_and_loses_nothing(
    deployment: Deployment,
) -> None:
    """Law: the lane waits with its batch, stays a member, and goes on where it was."""
    made: list[Copy] = []
    Waiting.away_until = 0.0  # it goes away when it is first asked
    await deployment.send(values(range(100)))
    lanes = deployment.lanes(lambda n: Waiting(n, made), stuck_after=4.0)
    async with running(lanes):
        await until(lambda: any(s.paused for s in lanes.statuses()))
        await until(lambda: count(made) == 100)
        assert not any(s.paused for s in lanes.statuses())
    assert len(made) == 2
    assert await outcomes(deployment) == sorted(v for *_, v in values(range(100)))


class Stuck(Copy):
    """Does not come back from its first batch."""

    async def work(self, batch: Batch) -> Work:
        """Hang."""
        await asyncio.sleep(3600)
        return await super().work(batch)


async def test_a_lane_that_has_records_and_does_not_move_ends_the_process(
    deployment: Deployment,
) -> None:
    """Law: a hang becomes a restart, with a code of its own."""
    made: list[Copy] = []
    await deployment.send(values(range(20)))
    lanes = deployment.lanes(lambda n: Stuck(n, made), stuck_after=2.0, stop_within=1.0)
    task = asyncio.create_task(lanes.run())
    with pytest.raises(Stop) as stopped:
        await asyncio.wait_for(task, 25)
    assert stopped.value.code == "stuck"


async def test_an_idle_lane_is_not_stuck(deployment: Deployment) -> None:
    """Law: nothing to do is no reason to end."""
    made: list[Copy] = []
    await deployment.send(values(range(4)))
    async with running(deployment.lanes(lambda n: Copy(n, made), stuck_after=3.0)) as task:
        await until(lambda: count(made) == 4)
        await asyncio.sleep(5)
        assert not task.done()


async def test_events_that_were_deleted_unread_stop_the_process(deployment: Deployment) -> None:
    """Law: a gap is never passed over in silence."""
    made: list[Copy] = []

    class Gap(Copy):
        """Finds its topic shortened."""

        async def open(self, opening: Opening) -> Start:
            """As if retention had come first."""
            shorter: Mapping[Any, int] = dict.fromkeys(opening.beginning, 3)
            committed: Mapping[Any, int | None] = dict.fromkeys(opening.committed, 1)
            return await super().open(
                Opening(
                    lane=opening.lane,
                    lanes=opening.lanes,
                    partition_count=opening.partition_count,
                    partitions=opening.partitions,
                    committed=committed,
                    beginning=shorter,
                    end=opening.end,
                    clock=opening.clock,
                )
            )

    lanes = deployment.lanes(lambda n: Gap(n, made))
    with pytest.raises(Stop) as stopped:
        await asyncio.wait_for(lanes.run(), 30)
    assert stopped.value.code == "events_lost_retention"
    assert "2 offsets were deleted unread" in stopped.value.why


async def test_a_lane_outlives_a_broker_that_falls_silent(kafka: ApacheKafka, prefix: str) -> None:
    """Law: Kafka away for some seconds loses nothing and repeats nothing."""
    deployment = await Deployment(kafka.bootstrap, prefix).create()
    made: list[Copy] = []
    await deployment.send(values(range(100)))
    async with running(deployment.lanes(lambda n: Copy(n, made), batch_within=2.0)):
        await until(lambda: count(made) == 100)
        kafka.pause()
        await asyncio.sleep(4)
        kafka.resume()
        await deployment.send(values(range(100, 200)))
        await until(lambda: count(made) >= 200, 40)
    assert await outcomes(deployment) == sorted(v for *_, v in values(range(200)))
