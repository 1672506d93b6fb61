"""The generator of traffic: the same seed gives the same day, and its ledger is right.

The ledger is derived from the stories, the core from the design; where the two agree over a
whole day, neither repeats the other's mistakes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from services.cli.day.compare import Seen, find_differences
from services.cli.day.expect import Entry, enter, read_line, write_line
from services.cli.day.generate import STORIES, Sending, generate
from services.cli.day.people import local_hour
from services.cli.day.script import Raw
from services.cli.day.stories_broken import BREAKAGES
from services.cli.day.words import read_words
from services.contact.codec import decode_event, encode_event
from services.contact.decision import Outcome, Position
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.partition import partition_of
from services.contact.reject import Reject
from services.contact.topics import EVENTS
from services.router.core.customer import Customer
from services.router.core.decide import decide
from services.router.core.table import Table
from services.router.rules.file import load_table
from services.router.rules.packaged import read_text

START_MS = 1_792_000_000_000
"""A moment in October 2026, 17:46 in London."""
PARTITIONS = 8
DAY = 3000
"""Records: half a minute at a hundred a second."""


@pytest.fixture(scope="module")
def day() -> list[Sending]:
    """One day of the default length."""
    return list(generate(1, START_MS, rate=100, total=DAY))


@pytest.fixture(scope="module")
def table() -> Table:
    """The default rules."""
    name, text = read_text()
    loaded = load_table(text, name)
    assert isinstance(loaded, Table)
    return loaded


def events(day: list[Sending]) -> Iterator[ContactEvent]:
    """Those that are sound."""
    return (s.record for s in day if isinstance(s.record, ContactEvent))


def test_the_same_seed_gives_the_same_day_and_another_seed_another(day: list[Sending]) -> None:
    """A run can be repeated exactly: the generator asks neither the clock nor chance."""
    again = list(generate(1, START_MS, rate=100, total=DAY))
    assert [s.record for s in again] == [s.record for s in day]
    other = list(generate(2, START_MS, rate=100, total=200))
    assert not {e.event_id for e in events(other)} & {e.event_id for e in events(day)}


def test_records_are_evenly_spaced_and_every_story_is_told_to_its_end(day: list[Sending]) -> None:
    """The rate is kept from the first record to the last, and no thread is cut off."""
    assert [s.due_ms for s in day] == [pytest.approx(10 * n) for n in range(len(day))]
    assert DAY <= len(day) < DAY + 30
    ended = {id(s.story) for s in day if s.last}
    assert ended == {id(s.story) for s in day}


@pytest.mark.parametrize("rate", [1, 5000])
def test_a_story_keeps_its_order_at_every_rate(rate: int) -> None:
    """Slow or fast, a customer's records are sent in the order of the story."""
    sent = defaultdict(list)
    stories = {}
    for sending in generate(3, START_MS, rate=rate, total=600):
        sent[id(sending.story)].append(sending.expected)
        stories[id(sending.story)] = sending.story
    for key, story in stories.items():
        assert sent[key] == [step.expected for step in story.steps]


def test_half_a_minute_has_four_hundred_customers_four_channels_and_eight_languages(
    day: list[Sending],
) -> None:
    """The day is varied enough to show what the software does."""
    assert len({s.story.person.id for s in day}) >= 400
    assert {e.channel for e in events(day)} >= set(Channel)
    assert {e.language for e in events(day)} >= {"en", "ru", "zh", "bg", "de", "es", "fr", "pt"}
    assert len({e.text_stripped or e.text for e in events(day)}) >= 300
    told = {s.story.name for s in day}
    assert len(told) == len(STORIES)


def test_every_language_speaks_for_itself() -> None:
    """No text stands in two languages: each was written, not copied."""
    seen: dict[str, str] = {}
    for words in read_words():
        cases = [t for c in words.cases for t in (c.ask, *c.more, *c.agent, c.subject)]
        lines = [*words.chat.open, *words.chat.lines, *words.unsolved, *words.angry, *words.social]
        for text in {*cases, *lines, *words.closing, *words.person, *words.call_me, *words.bot}:
            assert seen.setdefault(text, words.language) == words.language


def test_it_is_day_where_customers_live_except_where_the_story_needs_night() -> None:
    """Whatever the hour of the run, calls are not postponed by accident, and at night they are."""
    for hour in range(24):
        start = START_MS + hour * 3_600_000
        for sending in generate(hour, start, rate=100, total=150):
            local = local_hour(sending.story.person.timezone, start)
            night = sending.story.name == "at_night"
            assert local >= 22 or local < 4 if night else 10 <= local < 16


def test_a_late_reply_was_received_before_the_question_that_reached_kafka_first(
    day: list[Sending],
) -> None:
    """The story of the late reply differs in receipt from the order on the topic."""
    mails = [
        s.record
        for s in day
        if s.story.name == "late_reply"
        and isinstance(s.record, ContactEvent)
        and s.record.kind is Kind.MESSAGE
    ]
    by_customer = defaultdict(list)
    for mail in mails:
        assert mail.received_at is not None
        by_customer[mail.customer_id].append((mail.received_at, mail.actor and mail.actor.type))
    assert by_customer
    for received in by_customer.values():
        assert [side for _, side in received][-1] is Side.AGENT
        assert sorted(received)[3] == received[4]


@pytest.mark.parametrize("number", range(len(BREAKAGES)))
def test_each_kind_of_broken_record_is_refused_with_the_code_that_the_ledger_names(
    number: int,
) -> None:
    """What the generator calls broken is broken, in the way that it says."""
    code, damage = BREAKAGES[number]
    raw = damage(
        {
            "event_id": "e-1",
            "source": "mail/acme",
            "kind": "message",
            "customer_id": "c-1",
            "channel": "email",
            "actor": {"type": "customer"},
            "text": "Where is my parcel?",
            "language": "en",
        }
    )
    home = partition_of(raw.key, PARTITIONS) if raw.key else 0
    partition = (home + 1) % PARTITIONS if raw.astray else home
    found = decode_event(
        raw.key, raw.value, raw.headers, partition=partition, partitions=PARTITIONS
    )
    assert isinstance(found, Reject)
    assert found.code is code, found.why


def test_a_line_of_the_ledger_can_be_read_back(day: list[Sending]) -> None:
    """The ledger is JSON lines: what is written is what is read."""
    for number, sending in enumerate(day[:300]):
        entry = enter(
            sending.expected,
            topic=EVENTS,
            partition=1,
            offset=number,
            threads=sending.story.threads if sending.last else (),
        )
        line = write_line(entry)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert read_line(line) == entry


class _House:
    """The pure core behind a topic with partitions, without Kafka."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.seen = Seen()
        self.entries: list[Entry] = []
        self.wrong: list[str] = []
        self._customers: dict[str, Customer | None] = {}
        self._ends = [0] * PARTITIONS

    def take(self, sending: Sending) -> None:
        """Put a record on its partition and decide it."""
        record = sending.record
        raw = record if isinstance(record, Raw) else encode_event(record)
        partition = partition_of(raw.key, PARTITIONS) if raw.key else 0
        if isinstance(record, Raw) and record.astray:
            partition = (partition + 1) % PARTITIONS
        offset = self._ends[partition]
        self._ends[partition] += 1
        self.entries.append(
            enter(
                sending.expected,
                topic=EVENTS,
                partition=partition,
                offset=offset,
                story=sending.story.name,
                customer_id=sending.story.person.id,
                event_id=record.event_id if isinstance(record, ContactEvent) else "",
                source=record.source if isinstance(record, ContactEvent) else "",
                threads=sending.story.threads if sending.last else (),
            )
        )
        event = decode_event(
            raw.key, raw.value, raw.headers, partition=partition, partitions=PARTITIONS
        )
        if isinstance(event, Reject):
            self.seen.letters[(partition, offset)] = event.code
            return
        self._decide(event, Position(EVENTS, partition, offset), sending)

    def _decide(self, event: ContactEvent, position: Position, sending: Sending) -> None:
        if event.received_at is None:
            event = msgspec.structs.replace(event, received_at=datetime.now(UTC))
        assert event.received_at is not None
        now = int(event.received_at.timestamp() * 1000)
        known = self._customers.get(event.customer_id)
        verdict = decide(self.table, known, event, now, position)
        if verdict.changed:
            self._customers[event.customer_id] = verdict.customer
        for decision in verdict.decisions:
            self.seen.add(decision)
        want: Outcome | None = sending.expected.outcome
        if want is not None and verdict.outcome is not want:
            self.wrong.append(f"{sending.story.name} {event.event_id}: {verdict.outcome}, {want}")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_core_decides_a_whole_day_as_its_stories_say(table: Table, seed: int) -> None:
    """Two readings of the design, the ledger's and the core's, agree on every record."""
    house = _House(table)
    for sending in generate(seed, START_MS, rate=100, total=DAY):
        house.take(sending)
    assert house.wrong == []
    # Nobody reports on decisions here, so what needs a desk cannot have happened.
    assert list(find_differences(house.entries, house.seen)) == []
    assert {e.outcome for e in house.entries} >= set(Outcome)
