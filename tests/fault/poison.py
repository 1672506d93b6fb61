"""Poison, floods, repeats and disorder on Apache Kafka, judged against the generators' own ledgers.

Three parts: a contact centre's day with 1 % of poison of every kind that is known; nothing but
poison, with a worker that is killed and restarted for ever; e-mail threads of which a fifth is out
of order and a fifth of the records comes twice. `make chaos ROW=6` plays them (`rows/poison.py`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from confluent_kafka import Producer

from services.cli.brake import main as brake
from services.cli.day.expect import Entry, Expected, enter, refused, write_line
from services.cli.day.generate import generate
from services.cli.day.script import Raw
from services.cli.judging.court import Judged
from services.cli.judging.reading import open_reader
from services.contact.codec import decode_decision, encode_event
from services.contact.decision import Decision
from services.contact.event import ContactEvent
from services.contact.partition import partition_of
from services.contact.reject import RejectCode
from services.contact.topics import DEADLETTER, DECISIONS, EVENTS
from tests.contract.bad_input import BAD_INPUT
from tests.fault.arena import LANES, PARTITIONS, Arena
from tests.fault.threads import Standing, tell_threads

SHARE = 0.01
"""Poison among the day's records; more in a day that would be too short for every kind."""
MIXED = 0.2
"""Threads out of order, and records that come twice."""
KINDS = 40
"""Kinds of poison that there must be, at least."""
ROW = 100
"""The brake's limit, as it is set out of the box."""
RATE = 2_000.0
"""Events a second of the day, by its own clock; they are sent as fast as they can be."""
LIMIT = "at_most: 20000/h"
SETTLE_S = 900.0
POISON = "poison among good records"
STARTS = "start of a worker in a flood of poison"
CALLED = "thread with exactly one standing call"
TWICE = "record that came twice"
MOVED = "record of a thread out of order"

Say = Callable[[str], None]
Record = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]], int | None]
"""Key, value, headers, and the partition (None: where the key belongs)."""
Line = Callable[[int, int], Entry]
"""The line of the ledger, once the broker has said where the record lies."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What one part did, and what it found."""

    name: str
    counts: dict[str, int]
    """What was done, by what it is."""
    notes: Sequence[str] = ()
    judged: Sequence[Judged]
    wrong: Sequence[str]
    """What must not be, beside the judge's findings."""
    seconds: float

    @property
    def kept(self) -> bool:
        """Is all as it must be, with everything compared?"""
        return not self.wrong and all(not one.findings and one.folded for one in self.judged)


class Sender:
    """Puts records on `contact.events` as fast as they are taken, and keeps the ledger."""

    def __init__(self, arena: Arena, say: Say) -> None:
        self._topic = f"{arena.prefix}{EVENTS}"
        self._say = say
        self.ledger: list[Entry] = []
        self.failed = ""
        self._producer = Producer(
            {
                "bootstrap.servers": arena.brokers,
                "message.max.bytes": 2_000_000,
                "enable.idempotence": True,
                "linger.ms": 20,
                "queue.buffering.max.messages": 50_000,
                "log_level": 2,
            }
        )

    def send(self, records: Iterable[tuple[Record, Line]]) -> int:
        """All of them, acknowledged; returns how many."""
        sent = 0
        for (key, value, headers, partition), line in records:
            where = partition_of(key or b"", PARTITIONS) if partition is None else partition
            while True:
                try:
                    self._producer.produce(
                        self._topic, value, key, partition=where, headers=list(headers),
                        on_delivery=partial(self._enter, line),
                    )  # fmt: skip
                    break
                except BufferError:
                    self._producer.poll(0.1)
            sent += 1
            if sent % 50_000 == 0:
                self._say(f"{sent:,} records sent")
        assert self._producer.flush(60) == 0
        assert not self.failed, self.failed
        return sent

    def _enter(self, line: Line, error: object, message: Any) -> None:
        if error is not None:
            self.failed = str(error)
            return
        self.ledger.append(line(message.partition(), message.offset()))

    def write(self, path: Path) -> Path:
        """The ledger as a file for the judge."""
        path.write_bytes(b"".join(write_line(entry) for entry in self.ledger))
        return path


def _enter(expected: Expected, **where: Any) -> Line:
    return lambda partition, offset: enter(
        expected, topic=EVENTS, partition=partition, offset=offset, **where
    )


# -- the parts


def mix(arena: Arena, *, events: int, seed: int, say: Say) -> Found:
    """A day with poison in it: each bad record one dead letter with its cause, each good one decided."""
    begin = time.monotonic()
    sender = Sender(arena, say)
    kinds: Counter[str] = Counter()
    worker = arena.worker(fresh=True, OMNIROUTE_BATCH_RECORDS="500")
    sent = sender.send(_poison(_tell_day(seed, events), find_share(events), Random(seed), kinds))
    arena.ledger = sender.write(arena.folder / "mix.jsonl")
    judged = arena.judge(SETTLE_S)
    wrong = [] if worker.stop() == 0 else ["the worker did not end cleanly"]
    letters = _sum(judged)
    due = Counter(str(entry.code) for entry in sender.ledger if entry.code)
    if letters != due:
        wrong.append(f"dead letters by cause: {letters - due} too many, {due - letters} too few")
    if len(kinds) < KINDS:
        wrong.append(f"{len(kinds)} kinds of poison only, not {KINDS}")
    told = f"{sent:,} records, {sum(kinds.values()):,} of them poison of {len(kinds)} kinds"
    notes = [f"{told}; {sum(letters.values()):,} dead letters of {len(due)} causes"]
    counts = {POISON: sum(kinds.values())}
    return Found(
        name=f"{find_share(events):.1%} poison in a day", counts=counts, notes=notes, judged=judged, wrong=wrong,
        seconds=time.monotonic() - begin,
    )  # fmt: skip


def find_share(events: int) -> float:
    """The share of poison in a day of so many events."""
    return max(SHARE, 1.3 * len(BAD_INPUT) / events)


def _tell_day(seed: int, events: int) -> Iterator[tuple[Record, Line]]:
    """A contact centre's day, which ends about now."""
    start = int(time.time() * 1000 - events / RATE * 1000)
    for sending in generate(seed, start, rate=RATE, total=events):
        record, story = sending.record, sending.story
        raw = record if isinstance(record, Raw) else encode_event(record)
        astray = isinstance(record, Raw) and record.astray
        where = (partition_of(raw.key or b"", PARTITIONS) + 1) % PARTITIONS if astray else None
        named: dict[str, Any] = {"story": story.name, "customer_id": story.person.id}
        named["threads"] = story.threads if sending.last else ()
        if isinstance(record, ContactEvent):
            named |= {"event_id": record.event_id, "source": record.source}
        yield (raw.key, raw.value, raw.headers, where), _enter(sending.expected, **named)


def _poison(
    day: Iterator[tuple[Record, Line]], share: float, chance: Random, kinds: Counter[str]
) -> Iterator[tuple[Record, Line]]:
    """The day with bad records in it, of each kind in turn."""
    turn = 0
    for one in day:
        yield one
        if chance.random() < share:
            bad = BAD_INPUT[turn % len(BAD_INPUT)]
            turn += 1
            kinds[bad.name] += 1
            headers = [(name, value) for name, value in bad.headers]
            where = chance.randrange(PARTITIONS)
            yield (bad.key, bad.value, headers, where), _enter(refused(bad.code))


def flood(arena: Arena, *, events: int, starts: int, say: Say) -> Found:
    """Nothing but poison, and a worker that somebody restarts for ever."""
    begin = time.monotonic()
    sender = Sender(arena, say)
    records = [bad for bad in BAD_INPUT if bad.code is RejectCode.NOT_JSON]
    sent = sender.send(
        ((bad.key, bad.value, bad.headers, number % PARTITIONS), _enter(refused(bad.code)))
        for number in range(events)
        for bad in (records[number % len(records)],)
    )
    limit, wrong = ROW * LANES, []
    for number in range(starts):
        worker = arena.worker(fresh=False)
        for lane in range(LANES):
            worker.await_log(f'"lane":{lane},"why":"{ROW} records in a row were refused"')
        worker.kill()
        arena.evict()
        count = count_letters(arena)
        if count != limit:
            wrong.append(f"{count} dead letters after start {number + 1}, not {limit}")
    say(f"{starts} starts, {count_letters(arena)} dead letters")
    words = ["release", "--all", "--brokers", arena.brokers, "--prefix", arena.prefix]
    if brake(words) != 0:
        wrong.append("the brake did not let go")
    worker = arena.worker(fresh=False, OMNIROUTE_BRAKE_ROW="0", OMNIROUTE_BRAKE_RECENT="0")
    arena.ledger = sender.write(arena.folder / "flood.jsonl")
    judged = arena.judge(SETTLE_S)
    wrong += [] if worker.stop() == 0 else ["the worker did not end cleanly"]
    if count_letters(arena) != sent:
        wrong.append(f"{count_letters(arena)} dead letters in the end, not {sent}")
    notes = [f"{sent:,} records of nothing but poison: {limit} dead letters after each start"]
    counts = {STARTS: starts}
    return Found(
        name="100 % poison", counts=counts, notes=notes, judged=judged, wrong=wrong,
        seconds=time.monotonic() - begin,
    )  # fmt: skip


def count_letters(arena: Arena) -> int:
    """Dead letters on the topic."""
    with open_reader(arena.brokers, arena.prefix, lambda _: None) as reader:
        topic = f"{arena.prefix}{DEADLETTER}"
        return sum(len(reader.read(topic, p).records) for p in range(PARTITIONS))


def disorder(arena: Arena, *, threads: int, seed: int, say: Say) -> Found:
    """Threads of which a fifth is out of order; a fifth of all records comes twice."""
    begin = time.monotonic()
    lift_limit(arena)
    sender = Sender(arena, say)
    worker = arena.worker(fresh=True, OMNIROUTE_BATCH_RECORDS="500")
    twice: Counter[str] = Counter()
    sent = sender.send(_tell_threads(seed, threads, twice))
    arena.ledger = sender.write(arena.folder / "threads.jsonl")
    judged = arena.judge(SETTLE_S)
    wrong = [] if worker.stop() == 0 else ["the worker did not end cleanly"]
    calls = Counter(find_standing(arena).count().values())
    if calls != Counter({1: threads}):
        wrong.append(f"calls that stand, by number a thread: {dict(calls)}")
    told = f"{sent:,} records of {threads:,} threads, {twice['twice']:,} of them repeats"
    notes = [f"{told}; {twice['moved']:,} lay in threads that came out of order"]
    counts = {CALLED: calls[1], TWICE: twice["twice"], MOVED: twice["moved"]}
    return Found(
        name="duplicates and disorder", counts=counts, notes=notes, judged=judged, wrong=wrong,
        seconds=time.monotonic() - begin,
    )  # fmt: skip


def lift_limit(arena: Arena) -> None:
    """More calls an hour than the packaged rules give: each thread here ends in one."""
    text = arena.rules.read_text("utf-8")
    assert text.count(LIMIT) == 1
    arena.rules.write_text(text.replace(LIMIT, "at_most: 1000000/h"), "utf-8")


def _tell_threads(seed: int, threads: int, counts: Counter[str]) -> Iterator[tuple[Record, Line]]:
    for sent in tell_threads(seed, threads, MIXED):
        event, expected = sent.event, sent.expected
        counts["moved" if expected is None else str(expected.outcome)] += 1
        named = {"event_id": event.event_id, "source": event.source}
        line = _enter(expected or Expected(), customer_id=event.customer_id, **named)
        yield (sent.key, sent.value, (), None), line
    counts["twice"] = counts["duplicate"]


def find_standing(arena: Arena) -> Standing:
    """The calls that stand after everything."""
    standing = Standing()
    with open_reader(arena.brokers, arena.prefix, lambda _: None) as reader:
        for partition in range(PARTITIONS):
            for record in reader.stream(f"{arena.prefix}{DECISIONS}", partition):
                decision = decode_decision(record.value, record.headers)
                assert isinstance(decision, Decision)
                standing.take(decision)
    return standing


def _sum(judged: Sequence[Judged]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in judged:
        total.update(one.letters)
    return total
