"""What a change of the rules does to the decisions that stand: counted first, then asked for.

`keep` leaves them as they are. `reevaluate` puts a `revision.requested` for each open one onto
contact.events, keyed by its customer; the routers answer like any other event.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from services.cli.judging.chain import read_marker
from services.cli.judging.compare import remembered
from services.cli.rules_files import FOUND, GOOD
from services.contact.codec import decode_decision, encode_event
from services.contact.decision import Decision
from services.contact.event import ContactEvent
from services.contact.topics import EVENTS, MARKER_KEY, Topics
from services.router.core.capacity import Room, list_accounts
from services.router.core.customer import Customer, FormatUnknownError, unpack
from services.router.core.life import RULES_CHANGED
from services.router.core.table import Table
from services.router.live.changing import write_whole
from services.router.live.standing import Asking, Change, list_open, request, try_rules

if TYPE_CHECKING:
    from services.cli.judging.chain import Marker
    from services.cli.judging.evidence import Record
    from services.cli.judging.reading import Reader

KEEP, REEVALUATE = "keep", "reevaluate"
NOTE = "reevaluated.json"
"""In the rules directory: the partitions that are done, so that a run can be gone on with."""
ANSWER_S = 120.0
"""So long the routers may take to answer the requests of one partition."""
PAUSE_S = 0.2
SHOWN = 20


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says of a re-evaluation."""

    brokers: str
    prefix: str
    rate: float
    """Requests a second."""
    hours: float
    """Only decisions that are not older."""
    settle: float = 0.0
    """Seconds to wait first, until every router has the rules."""


class Done(msgspec.Struct, frozen=True):
    """How far a re-evaluation has come."""

    generation: int
    partitions: tuple[int, ...] = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a re-evaluation."""
    parser.add_argument(
        "--rate", type=float, default=200.0, metavar="N", help="requests a second (default: 200)"
    )
    parser.add_argument(
        "--hours",
        type=float,
        default=24.0,
        metavar="N",
        help="only decisions of the last so many hours (default: 24)",
    )


def read_sweep(arguments: argparse.Namespace, settle: float = 0.0) -> Sweep:
    """The options as given."""
    return Sweep(
        brokers=arguments.brokers,
        prefix=arguments.prefix,
        rate=max(0.1, arguments.rate),
        hours=arguments.hours,
        settle=settle,
    )


# ------------------------------------------------------------------------------- counted first
class Count:
    """What stands, and what a rule file would make of it."""

    def __init__(self, table: Table, sweep: Sweep) -> None:
        self._table = table
        self._asking = _ask(sweep, "dry")
        self.standing: Counter[tuple[str, str]] = Counter()
        self.changes: Counter[str] = Counter()
        self.open = self.customers = self.unread = 0

    def take(self, logs: Sequence[Sequence[Record]]) -> None:
        """Count the memory of all partitions."""
        room = Room(_left(self._table, [_newest(records) for records in logs], self._asking.now))
        for records in logs:
            for packed in remembered(tuple(records)).values():
                if packed is None:
                    continue
                self.customers += 1
                try:
                    self._count(unpack(packed), room)
                except FormatUnknownError:
                    self.unread += 1

    def _count(self, customer: Customer, room: Room) -> None:
        self.standing.update((one.action.value, one.life) for one in customer.standings)
        self.open += sum(1 for _ in list_open(customer, self._asking))
        self.changes.update(map(_say, try_rules(self._table, customer, self._asking, room)))

    def tell(self, sweep: Sweep, *, keeps: bool) -> Iterator[str]:
        """The lines for people."""
        yield f"{self.standing.total()} decisions of {self.customers} customers stand:"
        for (action, life), number in sorted(self.standing.items()):
            yield f"  {number:>8}  {action}, {life}"
        if self.unread:
            yield f"  {self.unread} customers could not be read: another state format"
        yield f"{self.open} of them are open, of the last {sweep.hours:g} h and not begun"
        changed = self.changes.total()
        if keeps:
            yield f"they stay as they are; --on-change reevaluate would revise {changed}:"
        else:
            yield f"{changed} would be revised:"
        for what, number in self.changes.most_common(SHOWN):
            yield f"  {number:>8}  {what}"
        if len(self.changes) > SHOWN:
            yield f"            and {len(self.changes) - SHOWN} other kinds of change"


def _say(change: Change) -> str:
    before, after = change.before, change.after
    return (
        f"{before.action.value} {before.channel.value}, {before.queue}, priority {before.priority}"
        f" -> {after.action.value} {after.channel.value}, {after.queue}, priority {after.priority}"
        f" ({before.rule} -> {after.rule})"
    )


def _left(table: Table, markers: Sequence[Marker | None], now: int) -> dict[str, int]:
    """What the queues of a rule file may still be given, by account."""
    left = {}
    for queue in table.queues.values():
        for account in list_accounts(queue.name) if queue.at_most else ():
            used = (marker.used.get(account) for marker in markers if marker is not None)
            spent = sum(u.spent(now) for u in used if u and u.window_ms == queue.window_ms)
            left[account] = max(0, queue.at_most - spent)
    return left


def _newest(records: Sequence[Record]) -> Marker | None:
    for record in reversed(records):
        if record.key == MARKER_KEY:
            marker = read_marker(record)
            return None if isinstance(marker, str) else marker
    return None


def _ask(sweep: Sweep, run: str) -> Asking:
    now = int(time.time() * 1000)
    return Asking(run=run, now=now, since=now - round(sweep.hours * 3_600_000))


def count(reader: Reader, table: Table, sweep: Sweep) -> Count:
    """Count what stands in the memory of a deployment."""
    topic = Topics(sweep.prefix).memory
    counted = Count(table, sweep)
    counted.take([reader.read(topic, p).records for p in range(reader.partitions())])
    return counted


# -------------------------------------------------------------------------------- then asked for
def reevaluate(reader: Reader, directory: Path, generation: int, sweep: Sweep) -> int:
    """Ask for a revision of what is open, partition by partition; goes on where it was left."""
    note = directory / NOTE
    done = _read_done(note, generation)
    _progress(f"waiting {sweep.settle:g} s until every router has the rules", always=True)
    time.sleep(sweep.settle)
    asked = revised = 0
    for partition in range(reader.partitions()):
        if partition in done.partitions:
            continue
        requests = list(_list_requests(reader, partition, generation, sweep))
        _progress(f"partition {partition}: {len(requests)} decisions")
        if requests:
            answer = _send_and_hear(reader, partition, requests, sweep, generation=generation)
            if isinstance(answer, str):
                print(f"partition {partition}: {answer}", file=sys.stderr)
                print(
                    f"{asked} requests answered, {revised} decisions revised; go on with "
                    "`omniroute rules reevaluate`"
                )
                return FOUND
            asked, revised = asked + len(requests), revised + answer
        done = Done(generation, (*done.partitions, partition))
        write_whole(note, msgspec.json.encode(done))
    print(f"{asked} open decisions asked about, {revised} revised")
    return GOOD


def _list_requests(
    reader: Reader, partition: int, generation: int, sweep: Sweep
) -> Iterator[ContactEvent]:
    asking = _ask(sweep, f"{generation}-{time.time_ns():x}")
    records = reader.read(Topics(sweep.prefix).memory, partition).records
    for packed in remembered(records).values():
        if packed is None:
            continue
        try:
            customer = unpack(packed)
        except FormatUnknownError:
            continue
        for standing in list_open(customer, asking):
            yield request(customer, standing, asking)


def _send_and_hear(
    reader: Reader,
    partition: int,
    requests: Sequence[ContactEvent],
    sweep: Sweep,
    *,
    generation: int,
) -> int | str:
    """How many decisions were revised, or why that is not known."""
    topics = Topics(sweep.prefix)
    before = {name: reader.edges(name, partition)[1] for name in (topics.memory, topics.decisions)}
    last = asyncio.run(_send(requests, partition, sweep))
    deadline = time.monotonic() + ANSWER_S
    while (reader.committed(partition)[EVENTS] or 0) <= last:
        if time.monotonic() > deadline:
            return f"no router has answered within {ANSWER_S:.0f} s; is one running?"
        time.sleep(PAUSE_S)
    markers = list(reader.stream(topics.memory, partition, before[topics.memory]))
    newest = _newest(markers)
    if newest is not None and newest.generation < generation:
        return (
            f"its router still decides by generation {newest.generation}, the rules are "
            f"{generation}; look at omniroute_rules_generation"
        )
    made = reader.stream(topics.decisions, partition, before[topics.decisions])
    return sum(_is_ours(decode_decision(one.value, one.headers)) for one in made)


def _is_ours(decision: object) -> bool:
    return isinstance(decision, Decision) and decision.cause == RULES_CHANGED


async def _send(requests: Sequence[ContactEvent], partition: int, sweep: Sweep) -> int:
    """Put the requests on contact.events, no faster than the rate; the offset of the last."""
    from services.runtime.connection import KafkaAccess, make_sender  # noqa: PLC0415 - slow to load

    producer = make_sender(KafkaAccess(brokers=sweep.brokers))
    await producer.start()
    try:
        began, last = time.monotonic(), -1
        for number, event in enumerate(requests):
            due = began + number / sweep.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            one = encode_event(event)
            where = await producer.send_and_wait(
                Topics(sweep.prefix).events,
                value=one.value,
                key=one.key,
                partition=partition,
                headers=list(one.headers),
            )
            last = max(last, where.offset)
            if number and number % 100 == 0:
                _progress(f"partition {partition}: {number} of {len(requests)}")
    finally:
        await producer.stop()
    return last


def _read_done(note: Path, generation: int) -> Done:
    try:
        done = msgspec.json.decode(note.read_bytes(), type=Done)
    except (OSError, msgspec.DecodeError):
        return Done(generation)
    return done if done.generation == generation else Done(generation)


def _progress(line: str, *, always: bool = False) -> None:
    if always or sys.stderr.isatty():
        print(f"reevaluate: {line}", file=sys.stderr, flush=True)
