"""Traffic of all kinds for laws about decisions: a day's stories, scores, reports, repeats, late ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import msgspec

from services.cli.day.generate import generate
from services.cli.event_lines import Timer, Word
from services.contact.codec import encode_event, encode_sentiment
from services.contact.decision import Decision
from services.contact.event import ContactEvent, Kind, Side
from services.contact.sentiment import Label, SentimentScored
from services.router.core.compose import decision_id
from services.router.core.customer import Customer
from services.router.core.table import Table
from services.router.safely import decide_safely

START_MS = 1_763_629_200_000
REPORTS = (
    Kind.ROUTING_ACCEPTED,
    Kind.ROUTING_STARTED,
    Kind.ROUTING_COMPLETED,
    Kind.ROUTING_FAILED,
    Kind.ROUTING_FAILED,
)


def make_traffic(seed: int, total: int = 150, rate: float = 0.05) -> list[Word]:
    """About so many events of a day, in the order of arrival; the same seed gives the same."""
    chance = Random(seed)
    day = [s.record for s in generate(seed, START_MS, rate=rate, total=total)]
    words: list[Word] = []
    for event in day:
        if not isinstance(event, ContactEvent):
            continue
        words.append(event)
        words.extend(_follow(event, chance))
    for _ in range(len(words) // 20):  # some come late, and some twice
        late = words.pop(chance.randrange(len(words)))
        words.insert(chance.randrange(len(words)), late)
        words.insert(chance.randrange(len(words)), chance.choice(words))
    return words


def _follow(event: ContactEvent, chance: Random) -> Iterator[Word]:
    assert event.received_at is not None
    at = event.received_at + timedelta(seconds=2)
    asks = event.kind is Kind.MESSAGE and event.side is Side.CUSTOMER
    if asks and chance.random() < 0.6:
        yield _score(event, at, chance)
    if chance.random() < 0.25:
        kind = chance.choice(REPORTS)
        yield ContactEvent(
            event_id=f"{event.event_id}-report",
            source="executor",
            kind=kind,
            customer_id=event.customer_id,
            decision_id=decision_id(event.source, event.event_id, chance.choice((0, 0, 0, 1))),
            received_at=at + timedelta(seconds=5),
        )


def _score(event: ContactEvent, at: datetime, chance: Random) -> SentimentScored:
    score = chance.choice((-0.9, -0.7, -0.2, 0.0, 0.6))
    label = Label.NEGATIVE if score < 0 else Label.POSITIVE if score > 0 else Label.NEUTRAL
    return SentimentScored(
        event_id=event.event_id,
        source=event.source,
        customer_id=event.customer_id,
        contact_id=event.contact_id,
        side=Side.CUSTOMER,
        channel=event.channel,
        label=label,
        score=score,
        received_at=event.received_at,
        scored_at=at,
    )


def write_line(word: Word) -> bytes:
    """An event or a score as a line of a file."""
    if isinstance(word, ContactEvent):
        return encode_event(word).value or b""
    return encode_sentiment(word).value or b""


def decide_all(table: Table, words: list[Word]) -> list[Decision]:
    """Every decision on a traffic, by the pure core."""
    timer, customers = Timer(), dict[str, Customer | None]()
    made: list[Decision] = []
    for word in words:
        timed = timer.time(word)
        before = customers.get(word.customer_id)
        verdict = decide_safely(table, before, timed, timer.clock or 0)
        assert verdict.reject is None, (word, verdict.reject)
        customers[word.customer_id] = verdict.customer
        made += verdict.decisions
    return made


def as_recorded(made: Decision) -> Decision:
    """A decision after its way over Kafka."""
    return msgspec.json.decode(msgspec.json.encode(made), type=Decision)
