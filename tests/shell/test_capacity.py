"""`at_most` through Kafka: a flood is bounded over all lanes, workers and restarts, and judged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from services.cli.judge import read_tables
from services.cli.judging.court import judge_partition, judge_together
from services.cli.judging.evidence import Finding, Promise
from services.contact.codec import decode_decision
from services.contact.decision import Action, Decision
from services.contact.event import Channel, Handle
from services.contact.topics import MARKER_KEY, MEMORY
from services.router.core.capacity import CAPACITY, Usage
from services.router.core.table import Table
from services.router.marker import Marker, decode_marker
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default
from services.runtime.embedded import Broker
from tests.servers import ValkeyUnderTest
from tests.shell.lanework import LANES, PARTITIONS, Deployment, running, until
from tests.shell.recorded import Recording, tell_story
from tests.shell.routerwork import RouterWorker, read_decisions, verdict, write_mails

PHONE = Handle(kind=Channel.PHONE, value="+359 2 555 0142")

# A bad rule: whoever writes an e-mail is called.
FLOOD = """
queues:
  mail: {hours: always}
  callbacks: {hours: always, at_most: %s}
route:
  queue: mail
  routes:
    - id: call-everybody
      when: {channel: email}
      channel: phone
      queue: callbacks
"""


def write(path: Path, limit: str) -> tuple[Path, Table]:
    """The rule file with this limit, and its table."""
    path.write_text(FLOOD % limit, "utf-8")
    table = load_table(path.read_text("utf-8"), path.name)
    assert isinstance(table, Table), table
    return path, table


async def read_markers(deployment: Deployment) -> list[Marker]:
    """The newest marker of each partition."""
    newest: dict[int, Marker] = {}
    for record in await deployment.read(MEMORY):
        if record.key == MARKER_KEY:
            marker = decode_marker(record.value)
            assert marker is not None
            newest[record.partition] = marker
    return list(newest.values())


@pytest.mark.timeout(180)
async def test_a_flood_of_escalations_is_bounded_exactly_over_lanes_and_restarts(
    broker: Broker, prefix: str, valkey: ValkeyUnderTest, tmp_path: Path
) -> None:
    """Law: 5,000 escalations, 200 an hour: 200 calls, 4,800 where they came, the judge content."""
    deployment = await Deployment(broker.bootstrap, prefix).create()
    path, table = write(tmp_path / "flood.yaml", "200/h")
    done = given = refused = 0.0
    for first, count in ((0, 1_500), (1_500, 3_500)):
        # Another worker takes the lanes over: it knows nothing but what is in the markers.
        worker = RouterWorker(deployment, valkey.url)
        worker.table = table
        async with running(worker.lanes):
            await deployment.send_events(write_mails(first, count, PHONE))
            await until(lambda w=worker, n=count: w.counted() >= n, 90)  # type: ignore[misc] # bound at once
        done += worker.counted()
        given += worker.counted("omniroute_rules_capacity_given_total")
        refused += worker.counted("omniroute_rules_capacity_refused_total")
        await worker.close()
    made = await read_decisions(deployment)
    assert Counter((one.action, one.queue, one.cause) for one in made) == {
        (Action.CALLBACK, "callbacks", ""): 200,
        (Action.ROUTE, "mail", CAPACITY): 4_800,
    }
    assert (done, given, refused) == (5_000, 200, 4_800)
    markers = await read_markers(deployment)
    assert len(markers) == PARTITIONS
    used = [marker.used["callbacks"] for marker in markers if "callbacks" in marker.used]
    assert sum(n for usage in used for n in usage.counts.values()) == 200
    assert await verdict(deployment, valkey.url, "--rules", str(path)) == 0


async def test_two_workers_share_one_small_limit(
    broker: Broker, prefix: str, valkey: ValkeyUnderTest, tmp_path: Path
) -> None:
    """Law: what does not divide goes to one of the lanes; together it is the limit."""
    deployment = await Deployment(broker.bootstrap, prefix).create()
    path, table = write(tmp_path / "flood.yaml", "7/d")
    workers = [RouterWorker(deployment, valkey.url) for _ in range(2)]
    for worker in workers:
        worker.table = table
    async with running(workers[0].lanes), running(workers[1].lanes):
        await deployment.send_events(write_mails(0, 400, PHONE))
        await until(lambda: sum(worker.counted() for worker in workers) >= 400, 50)
    for worker in workers:
        await worker.close()
    made = await read_decisions(deployment)
    called = [one for one in made if one.action is Action.CALLBACK]
    lanes = Counter(one.position.partition % LANES for one in called if one.position)
    assert sorted(lanes.values()) == [3, 4]
    assert await verdict(deployment, valkey.url, "--rules", str(path)) == 0


async def test_a_slice_s_window_moves_on(
    broker: Broker, prefix: str, valkey: ValkeyUnderTest, tmp_path: Path
) -> None:
    """Law: what was given before the window is forgotten, and only that; a new unit begins anew."""
    deployment = await Deployment(broker.bootstrap, prefix).create()
    path, table = write(tmp_path / "flood.yaml", "4/m")
    longer, by_hour = write(tmp_path / "longer.yaml", "6/h")
    for clock, rules in ((0, table), (30_000, table), (70_000, table), (71_000, by_hour)):
        worker = RouterWorker(deployment, valkey.url)
        worker.table = rules
        skew(worker, clock)
        async with running(worker.lanes):
            await deployment.send_events(write_mails(clock, 100, PHONE))
            await until(lambda w=worker: w.counted() >= 100, 30)  # type: ignore[misc] # bound at once
        await worker.close()
    made = await read_decisions(deployment)
    assert sum(one.action is Action.CALLBACK for one in made) == 8 + 6
    rules_files = ("--rules", str(path), "--rules", str(longer))
    assert await verdict(deployment, valkey.url, *rules_files) == 0


def skew(worker: RouterWorker, ahead: int) -> None:
    """Let the clock of a worker's batches run ahead by so many ms."""
    make = worker.make

    def made(lane: int) -> object:
        job = make(lane)
        work = job.work
        job.work = lambda batch: work(  # type: ignore[method-assign] # a clock for a test
            msgspec.structs.replace(batch, clock=batch.clock + ahead)
        )
        return job

    worker.lanes = worker.deployment.lanes(made)  # type: ignore[arg-type] # as above


# -- the judge, on a run that was made without limits


def judge(limit: int, window_ms: int, **marker: object) -> list[Finding]:
    """What the judge finds in a recorded run, if its rules had limited `mail-1`."""
    found = read_tables([find_default()])
    assert isinstance(found, dict)
    ((version, table),) = found.items()
    run = Recording(table)
    tell_story(run, seed=7, customers=24)
    busiest = max(table.queues, key=lambda name: _count(run, name))
    queue = msgspec.structs.replace(table.queues[busiest], at_most=limit, window_ms=window_ms)
    limited = msgspec.structs.replace(table, queues={**table.queues, busiest: queue})
    evidences = [one.evidence() for one in run.partitions]
    if marker:
        log = evidences[0].memory
        records = list(log.records)
        at = max(i for i, record in enumerate(records) if record.key == MARKER_KEY)
        tree = {**msgspec.json.decode(records[at].value or b""), **marker}
        records[at] = msgspec.structs.replace(records[at], value=msgspec.json.encode(tree))
        evidences[0] = msgspec.structs.replace(
            evidences[0], memory=msgspec.structs.replace(log, records=tuple(records))
        )
    judged = judge_together([judge_partition(one, {version: limited}) for one in evidences])
    return [f for one in judged for f in one.findings if f.promise is Promise.CAPACITY]


def _count(run: Recording, queue: str) -> int:
    decisions = [
        decode_decision(record.value, record.headers)
        for partition in run.partitions
        for record in partition.decisions
    ]
    return sum(isinstance(one, Decision) and one.queue == queue for one in decisions)


def test_the_judge_names_a_queue_that_was_given_too_much_over_all_partitions() -> None:
    """Law: it counts on the decisions alone, whatever the markers say; enough room is no finding."""
    (finding,) = judge(3, 86_400_000)
    assert "was given 4 in 86400 s, its limit is 3" in finding.what
    assert judge(10_000, 86_400_000) == []


def test_the_judge_names_a_marker_that_counts_what_was_not_given() -> None:
    """Law: `used` is what the fold of the core gives, no more."""
    usage = msgspec.to_builtins(Usage(3_600_000, {99_999_999: 3}), str_keys=True)
    found = judge(10_000, 3_600_000, used={"callbacks": usage})
    assert ["`callbacks`" in one.what for one in found] == [True]
