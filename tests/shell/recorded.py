"""A run of the router without the router: a plain, slow writer of what it ought to leave behind.

It knows no lanes, no transactions and no caches; it takes records, folds the core over them in
the agreed order and appends to lists. The judge has to find its work good, and every change that
a test makes to it bad.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import orjson

from services.cli.day.expect import Entry
from services.cli.judging.evidence import Evidence, Headers, Log, Record
from services.contact.codec import (
    decode_event,
    decode_sentiment,
    encode_decision,
    encode_event,
    encode_reject,
    encode_sentiment,
)
from services.contact.decision import Decision, Outcome, Position
from services.contact.event import Actor, Channel, ContactEvent, Handle, Kind, Side
from services.contact.partition import partition_of
from services.contact.reject import Reject
from services.contact.sentiment import Label, SentimentScored, SentimentSummary
from services.contact.topics import EVENTS, MARKER_KEY, SENTIMENT
from services.router.core.customer import Customer, pack
from services.router.core.decide import decide
from services.router.core.table import Table
from tests.contract.examples import SUMMARY, SURVEY

PARTITIONS = 2
LANES = 1
START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LINEAGE = "recorded"


class Partition:
    """What one partition number holds: the topics as lists, with gaps where control records lie."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.events: list[Record] = []
        self.sentiment: list[Record] = []
        self.decisions: list[Record] = []
        self.deadletters: list[Record] = []
        self.memory: list[Record] = []
        self.ends = dict.fromkeys(("events", "sentiment", "decisions", "deadletters", "memory"), 0)
        self.taken = {EVENTS: 0, SENTIMENT: 0}
        self.sequence = 0
        self.customers: dict[str, Customer] = {}
        self.redis: dict[bytes, bytes] = {}

    def append(self, log: str, key: bytes | None, value: bytes | None, headers: Headers) -> int:
        """One record at the next offset; its append time is a second later than the last."""
        offset = self.ends[log]
        self.ends[log] += 1
        records: list[Record] = getattr(self, log)
        time = int(START.timestamp() * 1000) + 1000 * len(records)
        records.append(Record(offset, key, value, headers, time))
        return offset

    def evidence(self) -> Evidence:
        """As the judge would have read it."""

        def log(name: str) -> Log:
            return Log(tuple(getattr(self, name)), 0, self.ends[name])

        return Evidence(
            partition=self.number,
            partitions=PARTITIONS,
            events=log("events"),
            sentiment=log("sentiment"),
            decisions=log("decisions"),
            deadletters=log("deadletters"),
            memory=log("memory"),
            committed=dict(self.taken),
            redis=dict(self.redis),
        )


class Recording:
    """All partitions, the rule table, and the ledger of what was put in."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.partitions = [Partition(number) for number in range(PARTITIONS)]
        self.ledger: list[Entry] = []
        self.now = int(START.timestamp() * 1000)

    def put(self, event: ContactEvent) -> None:
        """An event onto its partition."""
        encoded = encode_event(event)
        self.put_bytes(encoded.key, encoded.value, encoded.headers)

    def put_bytes(
        self, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> tuple[int, int]:
        """Any record onto `contact.events`; tells partition and offset."""
        partition = self.partitions[partition_of(key or b"", PARTITIONS)]
        return partition.number, partition.append("events", key, value, headers)

    def put_sentiment(self, scored: SentimentScored | SentimentSummary) -> None:
        """A score onto its partition."""
        encoded = encode_sentiment(scored)
        partition = self.partitions[partition_of(encoded.key or b"", PARTITIONS)]
        partition.append("sentiment", encoded.key, encoded.value, encoded.headers)

    def commit(self) -> None:
        """One batch on every partition that has something to read."""
        for partition in self.partitions:
            self._commit(partition)

    def _commit(self, partition: Partition) -> None:
        events = [r for r in partition.events if r.offset >= partition.taken[EVENTS]]
        scores = [r for r in partition.sentiment if r.offset >= partition.taken[SENTIMENT]]
        if not events and not scores:
            return
        changed: list[str] = []
        for record in events:
            word = decode_event(
                record.key,
                record.value,
                record.headers,
                partition=partition.number,
                partitions=PARTITIONS,
            )
            self._take(partition, (EVENTS, record), word, changed)
        for record in scores:
            score = decode_sentiment(
                record.key,
                record.value,
                record.headers,
                partition=partition.number,
                partitions=PARTITIONS,
            )
            self._take(partition, (SENTIMENT, record), score, changed)
        if events:
            partition.taken[EVENTS] = events[-1].offset + 1
        if scores:
            partition.taken[SENTIMENT] = scores[-1].offset + 1
        self._close_batch(partition, changed)

    def _take(
        self,
        partition: Partition,
        place: tuple[str, Record],
        word: ContactEvent | SentimentScored | SentimentSummary | Reject,
        changed: list[str],
    ) -> None:
        topic, record = place
        position = Position(topic, partition.number, record.offset)
        if isinstance(word, Reject):
            self._reject(partition, position, record, word)
            return
        customer = partition.customers.get(word.customer_id)
        verdict = decide(self.table, customer, word, self.now, position)
        if verdict.reject is not None:
            self._reject(partition, position, record, verdict.reject)
            return
        for decision in verdict.decisions:
            encoded = encode_decision(decision)
            partition.append("decisions", encoded.key, encoded.value, encoded.headers)
        if topic == EVENTS:
            firsts = [d for d in verdict.decisions if d.revision == 0]
            self._note(position, word.event_id, verdict.outcome, firsts)
        if verdict.changed:
            if verdict.customer is None:
                partition.customers.pop(word.customer_id, None)
            else:
                partition.customers[word.customer_id] = verdict.customer
            if word.customer_id not in changed:
                changed.append(word.customer_id)

    def _reject(
        self, partition: Partition, position: Position, record: Record, reject: Reject
    ) -> None:
        encoded = encode_reject(
            reject,
            key=record.key,
            value=record.value,
            headers=record.headers,
            position=position,
            by="router",
        )
        partition.append("deadletters", encoded.key, encoded.value, encoded.headers)
        if position.topic == EVENTS:
            where = (position.topic, position.partition, position.offset)
            self.ledger.append(_entry(where, outcome=Outcome.REJECTED, code=reject.code))

    def _note(
        self, position: Position, event_id: str, outcome: Outcome, firsts: list[Decision]
    ) -> None:
        where = (position.topic, position.partition, position.offset)
        first = firsts[0] if firsts else None
        self.ledger.append(
            _entry(
                where,
                event_id=event_id,
                outcome=outcome,
                actions=(first.action,) if first else (),
                channel=first.channel if first else None,
                rule=first.rule if first else "",
            )
        )

    def _close_batch(self, partition: Partition, changed: list[str]) -> None:
        for customer_id in changed:
            customer = partition.customers.get(customer_id)
            key = b"c/" + customer_id.encode()
            value = None if customer is None else pack(customer)
            partition.append("memory", key, value, ())
            if value is None:
                partition.redis.pop(key, None)
            else:
                partition.redis[key] = value
        partition.sequence += 1
        offset = partition.append("memory", MARKER_KEY, orjson.dumps(self._marker(partition)), ())
        at = {"lineage": LINEAGE, "clog": offset + 1, "inputs": partition.taken, "at": 0}
        partition.redis[b"pos"] = orjson.dumps(at)
        # The commit marker of a transaction takes an offset on every partition that it wrote to.
        for log in ("decisions", "deadletters", "memory"):
            partition.ends[log] += 1

    def _marker(self, partition: Partition) -> dict[str, object]:
        return {
            "format": 1,
            "sequence": partition.sequence,
            "lineage": LINEAGE,
            "partitions": PARTITIONS,
            "lanes": LANES,
            "inputs": dict(partition.taken),
            "rules_version": self.table.version,
            "now": self.now,
        }


def _entry(where: tuple[str, int, int], **fixed: object) -> Entry:
    topic, partition, offset = where
    words = {"topic": topic, "partition": partition, "offset": offset, **fixed}
    return msgspec.convert(words, Entry)


def tell_story(recording: Recording, seed: int, customers: int = 12) -> None:
    """Customers with their e-mail threads, chats, calls, scores, repeats and bad records."""
    chance = random.Random(seed)
    threads = [list(_thread(f"customer-{n}", chance)) for n in range(customers)]
    clock = 0
    while any(threads):
        thread = chance.choice([t for t in threads if t])
        event = thread.pop(0)
        clock += chance.randint(1, 20)
        recording.now = int((START + timedelta(seconds=clock)).timestamp() * 1000)
        event = msgspec.structs.replace(event, received_at=START + timedelta(seconds=clock))
        recording.put(event)
        if chance.random() < 0.15:
            recording.put(event)  # the same event at a second offset
        if chance.random() < 0.1:
            recording.put_bytes(event.customer_id.encode(), b"{not json", (("x", b"1"),))
        if event.kind is Kind.MESSAGE and event.side is Side.CUSTOMER and chance.random() < 0.5:
            recording.put_sentiment(_score(event, chance))
        if chance.random() < 0.3:
            recording.commit()
    for number in range(customers):
        survey = _event(f"customer-{number}", "survey", Kind.SURVEY_ANSWERED, Channel.CHAT)
        received = START + timedelta(seconds=clock)
        recording.put(msgspec.structs.replace(survey, survey=SURVEY, received_at=received))
        recording.put_sentiment(_summary(f"customer-{number}"))
    recording.commit()


def _thread(customer: str, chance: random.Random) -> Iterator[ContactEvent]:
    """One customer: a profile, then e-mails back and forth, or a chat, or a call."""
    phone = Handle(kind=Channel.PHONE, value=f"+35928{chance.randint(100000, 999999)}")
    mail = Handle(kind=Channel.EMAIL, value=f"{customer}@example.org")
    way = chance.choice((Channel.EMAIL, Channel.EMAIL, Channel.CHAT, Channel.PHONE))
    if way is Channel.PHONE:
        yield _event(customer, "call", Kind.CALL_OFFERED, way, contact_id=f"{customer}-call")
        yield _event(customer, "end", Kind.CALL_ENDED, way, contact_id=f"{customer}-call")
        return
    before = ""
    for turn in range(chance.randint(2, 7)):
        side = (Side.CUSTOMER, Side.AGENT)[turn % 2]
        message = f"<{customer}.{turn}@example.org>"
        yield _event(
            customer,
            f"m{turn}",
            Kind.MESSAGE,
            way,
            contact_id=f"{customer}-{way}",
            side=side,
            actor=Actor(type=side),
            message_id=message,
            in_reply_to=(before,) if before else (),
            references=(before,) if before else (),
            text=f"Where is my order number {turn}? It has still not come.",
            language="en",
            customer_handles=(phone, mail),
        )
        before = message


def _event(customer: str, name: str, kind: Kind, channel: Channel, **more: object) -> ContactEvent:
    words = {
        "event_id": f"{customer}/{name}",
        "source": "desk/test",
        "kind": kind,
        "customer_id": customer,
        "channel": channel,
        **more,
    }
    return ContactEvent(**words)  # type: ignore[arg-type]  # words of one event, by name


def _summary(customer: str) -> SentimentSummary:
    return msgspec.structs.replace(SUMMARY, customer_id=customer)


def _score(event: ContactEvent, chance: random.Random) -> SentimentScored:
    score = chance.choice((-0.95, -0.9, 0.0, 0.8))
    return SentimentScored(
        event_id=event.event_id,
        source=event.source,
        customer_id=event.customer_id,
        contact_id=event.contact_id,
        channel=event.channel,
        label=Label.NEGATIVE if score < 0 else Label.NEUTRAL if score == 0 else Label.POSITIVE,
        score=score,
        p_neg=0.9 if score < 0 else 0.05,
        p_neu=0.05,
        p_pos=0.9 if score > 0 else 0.05,
        confidence=0.9,
        language="en",
        model="test-1",
        received_at=event.received_at,
        scored_at=event.received_at or START,
    )
