"""Laws of the sentiment service's page: one outcome per message, in place, counted when it stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiokafka.structs import ConsumerRecord
from prometheus_client import CollectorRegistry

from services.contact import topics as names
from services.contact.codec import decode_sentiment, encode_event
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.partition import partition_of
from services.contact.sentiment import Label, SentimentScored, SentimentSummary
from services.runtime.lane import Batch, Opening, Outgoing, Receipts, Slice, Stop
from services.sentiment.core.overlay import Calibration, Phrase, arrange
from services.sentiment.core.scorer import Pace, Scored
from services.sentiment.core.temper import Temper
from services.sentiment.metrics import SentimentMetrics
from services.sentiment.model.store import load_scorer
from services.sentiment.pipeline import Memo, ScoringJob
from tests.yardstick import find_slowness

PARTITIONS = 4
APPENDED, CLOCK, COMMITTED = 1_700_000_000_000, 1_700_000_000_050, 1_700_000_000_090
TRACE = (names.TRACEPARENT, b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


class Failing:
    """A scorer that fails at one text."""

    name = "failing 1"
    languages = frozenset({"en"})
    pace = Pace()

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """Positive, unless it is asked for the one."""
        if "fail" in texts:
            raise RecursionError(texts[0])
        return [Scored(p_pos=1.0, language=language) for language in languages]


def make_record(offset: int, customer: str = "c1", **fields: Any) -> Any:
    """A record of contact.events as the consumer hands it out, on its customer's partition."""
    given = {
        "event_id": f"e{offset}",
        "source": "test",
        "kind": Kind.MESSAGE,
        "customer_id": customer,
        "channel": Channel.CHAT,
        "text": "This is wonderful, thank you!",
        "language": "en",
        **fields,
    }
    encoded = encode_event(ContactEvent(**given))
    assert encoded.value is not None
    return make_raw(offset, encoded.key, encoded.value, encoded.headers)


def make_raw(
    offset: int, key: bytes | None, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
) -> Any:
    """A record of any bytes."""
    return ConsumerRecord(
        topic="x-contact.events",
        partition=place(key),
        offset=offset,
        timestamp=APPENDED,
        timestamp_type=1,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key or b""),
        serialized_value_size=len(value),
        headers=(*headers, TRACE),
    )


def place(key: bytes | None) -> int:
    """Where a key belongs."""
    return partition_of(key, PARTITIONS) if key else 0


def make_batch(*records: Any, oversized: frozenset[tuple[str, int, int]] = frozenset()) -> Batch:
    """A batch of these records, a slice for each partition."""
    slices = [
        Slice(
            partition=partition,
            records=[(names.EVENTS, [r for r in records if r.partition == partition])],
            inputs={names.EVENTS: 1_000},
        )
        for partition in sorted({r.partition for r in records})
    ]
    return Batch(lane=0, slices=slices, clock=CLOCK, count=len(records), oversized=oversized)


class Bench:
    """A job on an opened lane, with its metrics."""

    def __init__(self, scorer: Any = None) -> None:
        """The packaged model unless another scorer is given."""
        self.registry = CollectorRegistry()
        self.job = ScoringJob(
            scorer or load_scorer(), SentimentMetrics(self.registry), ("ours.example",)
        )

    async def open(self, committed: int | None = None, beginning: int = 0) -> dict[Any, int]:
        """Open the lane and say where it begins."""
        keys = [(names.EVENTS, p) for p in range(PARTITIONS)]
        opening = Opening(
            lane=0,
            lanes=1,
            partition_count=PARTITIONS,
            partitions=range(PARTITIONS),
            committed=dict.fromkeys(keys, committed),
            beginning=dict.fromkeys(keys, beginning),
            end=dict.fromkeys(keys, 1_000),
            clock=CLOCK,
        )
        return dict((await self.job.open(opening)).offsets)

    async def run(self, batch: Batch) -> Sequence[Outgoing]:
        """Open, work, commit."""
        await self.open()
        work = await self.job.work(batch)
        await self.job.committed(batch, work, Receipts(last={}, committed_at=COMMITTED))
        return work.outgoing

    def count(self, name: str, **labels: str) -> float:
        """The value of one sample."""
        return self.registry.get_sample_value(f"omniroute_sentiment_{name}", labels) or 0.0


def read(outgoing: Outgoing) -> SentimentScored:
    """What was published, as the router decodes it."""
    scored = decode_sentiment(
        outgoing.key,
        outgoing.value,
        outgoing.headers,
        partition=outgoing.partition,
        partitions=PARTITIONS,
    )
    assert isinstance(scored, SentimentScored)
    return scored


async def test_each_customer_message_is_published_once_on_its_partition_in_order() -> None:
    """Law: same partition number, same key, same order, more messages than one chunk holds."""
    records = [make_record(offset, f"c{offset % 7}") for offset in range(3 * Pace().texts + 5)]
    outgoing = await Bench().run(make_batch(*records))
    assert {o.topic for o in outgoing} == {names.SENTIMENT}
    by_partition = {
        p: [read(o).event_id for o in outgoing if o.partition == p] for p in range(PARTITIONS)
    }
    assert by_partition == {
        p: [f"e{r.offset}" for r in records if r.partition == p] for p in range(PARTITIONS)
    }


async def test_the_traceparent_of_the_event_is_carried_through() -> None:
    """Law: a trace goes on through the sentiment."""
    (outgoing,) = await Bench().run(make_batch(make_record(0)))
    assert TRACE in outgoing.headers


async def test_what_is_not_a_customers_message_leaves_nothing_but_a_count() -> None:
    """Law: no record is published for agents, other kinds, and what cannot be decoded."""
    bench = Bench()
    outgoing = await bench.run(
        make_batch(
            make_record(0, side=Side.AGENT),
            make_record(1, kind=Kind.CALL_OFFERED),
            make_record(2, is_private=True),
            make_raw(3, b"c1", b"{"),
            make_raw(4, b"other", b'{"event_id":"e","source":"s","kind":"message"}'),
        )
    )
    assert outgoing == []
    for why, count in (
        ("not_the_customer", 1),
        ("not_a_message", 1),
        ("private", 1),
        ("malformed", 2),
    ):
        assert bench.count("skipped_total", why=why) == count


async def test_an_event_that_nobody_can_read_is_left_to_the_router() -> None:
    """Law: one dead letter per unreadable event; the router writes it, this service never does."""
    bench = Bench()
    assert await bench.run(make_batch(make_raw(0, b"c1", b"not json"))) == []
    assert bench.count("deadletters_total", code="score_failed") == 0


async def test_a_message_at_which_the_scorer_fails_becomes_a_dead_letter_of_this_service() -> None:
    """Law: its bytes are unchanged, the cause is in headers, its neighbours are scored."""
    bench = Bench(Failing())
    records = [make_record(0), make_record(1, text="fail"), make_record(2)]
    outgoing = await bench.run(make_batch(*records))
    assert [o.topic for o in outgoing] == [names.SENTIMENT, names.DEADLETTER, names.SENTIMENT]
    letter = outgoing[1]
    assert (letter.key, letter.value) == (records[1].key, records[1].value)
    headers = dict(letter.headers)
    assert headers[names.REJECT_CODE] == b"score_failed"
    assert headers[names.REJECT_BY] == b"sentiment"
    assert headers[names.REJECT_OFFSET] == b"1"
    assert headers[names.REJECT_TOPIC] == b"contact.events"
    assert b"RecursionError" in headers[names.REJECT_WHY]
    assert bench.count("deadletters_total", code="score_failed") == 1


async def test_a_message_whose_outcome_did_not_fit_becomes_a_dead_letter() -> None:
    """Law: what Kafka refused as too large is not tried for ever."""
    record = make_record(7)
    oversized = frozenset({(names.EVENTS, record.partition, 7)})
    (letter,) = await Bench().run(make_batch(record, oversized=oversized))
    assert letter.topic == names.DEADLETTER
    assert dict(letter.headers)[names.REJECT_CODE] == b"output_too_large"


async def test_a_record_that_kills_the_process_is_set_aside_without_a_look() -> None:
    """Law: it is one dead letter, counted as bad by its place; those around it are scored."""
    records = [make_record(offset) for offset in (4, 5, 6)]
    batch = make_batch(*records)
    deadly = frozenset({(names.EVENTS, records[1].partition, 5)})
    bench = Bench()
    await bench.open()
    work = await bench.job.work(msgspec.structs.replace(batch, deadly=deadly))
    assert work.bad == [1]
    letters = [one for one in work.outgoing if one.topic == names.DEADLETTER]
    assert [dict(one.headers)[names.REJECT_CODE] for one in letters] == [b"process_killed"]
    assert sum(one.topic == names.SENTIMENT for one in work.outgoing) == 2
    await bench.job.committed(batch, work, Receipts({}, CLOCK))
    assert bench.count("deadletters_total", code="process_killed") == 1


async def test_nothing_is_counted_before_the_transaction_stands() -> None:
    """Law: an aborted batch leaves no trace in the metrics; sums equal what is on the topic."""
    bench = Bench()
    await bench.open()
    batch = make_batch(make_record(0), make_record(1, side=Side.AGENT))
    work = await bench.job.work(batch)
    assert bench.count("messages_total", label="positive", language="en", channel="chat") == 0
    again = await bench.job.work(batch)
    assert isinstance(work.memo, Memo)
    assert again.outgoing == work.outgoing
    await bench.job.committed(batch, again, Receipts(last={}, committed_at=COMMITTED))
    assert bench.count("messages_total", label="positive", language="en", channel="chat") == 1
    assert bench.count("skipped_total", why="not_the_customer") == 1


async def test_figures_are_split_by_label_language_channel_and_stage() -> None:
    """Law: scored and unscored add up to the messages; the way's stages are in seconds."""
    bench = Bench()
    await bench.run(
        make_batch(
            make_record(0),
            make_record(1, text="This is awful.", channel=Channel.EMAIL),
            make_record(2, text="Ужасно", language="ru"),
            make_record(3, text="Forfærdeligt", language="da"),
            make_record(4, text=""),
        )
    )
    for label, language, channel in (
        ("positive", "en", "chat"),
        ("negative", "en", "email"),
        ("negative", "ru", "chat"),
        ("unscored", "other", "chat"),
        ("unscored", "unknown", "chat"),
    ):
        got = bench.count("messages_total", label=label, language=language, channel=channel)
        assert got == 1, (label, language, channel)
    assert bench.count("unscored_total", why="language_not_supported") == 1
    assert bench.count("unscored_total", why="no_text") == 1
    assert bench.count("score_count", channel="email") == 1
    assert bench.count("score_bucket", channel="email", le="-0.05") == 1
    assert bench.count("score_bucket", channel="chat", le="-0.05") == 1
    assert bench.count("latency_seconds_sum", stage="appended_to_taken") == pytest.approx(5 * 0.05)
    assert bench.count("latency_seconds_sum", stage="appended_to_committed") == pytest.approx(
        5 * 0.09
    )


async def test_labels_come_from_closed_sets_whatever_events_say() -> None:
    """Law: ten thousand invented languages make two more series, not ten thousand."""
    bench = Bench()
    records = [
        make_record(n, f"c{n}", language=f"{chr(97 + n % 26)}{chr(97 + n // 26)}")
        for n in range(676)
    ]
    await bench.run(make_batch(*records))
    languages = {
        sample.labels["language"]
        for metric in bench.registry.collect()
        for sample in metric.samples
        if "language" in sample.labels
    }
    assert len(languages) <= 13


async def test_a_lane_begins_where_the_group_left_off_else_at_the_beginning() -> None:
    """Law: the committed offset rules; a new group reads all; deleted events stop the service."""
    assert set((await Bench().open(committed=17)).values()) == {17}
    assert set((await Bench().open(beginning=5)).values()) == {5}
    with pytest.raises(Stop, match="events_lost_retention"):
        await Bench().open(committed=3, beginning=5)


async def test_a_close_is_summed_up_in_its_place_and_once() -> None:
    """Law: what came before the close in the batch is in it, what comes after is not."""
    bench = Bench()
    talk: dict[str, Any] = {"contact_id": "k", "received_at": datetime(2026, 11, 1, tzinfo=UTC)}
    end: dict[str, Any] = {**talk, "kind": Kind.CONTACT_CLOSED, "text": ""}
    outgoing = await bench.run(
        make_batch(
            make_record(0, **talk),
            make_record(1, **end),
            make_record(2, **talk),
            make_record(1, **end),
        )
    )
    said = [decode_sentiment(o.key, o.value, o.headers) for o in outgoing]
    assert [type(one) for one in said] == [SentimentScored, SentimentSummary, SentimentScored]
    summary = said[1]
    assert isinstance(summary, SentimentSummary)
    assert summary.customer is not None
    assert (summary.event_id, summary.customer.positive, summary.complete) == ("e1", 1, True)
    assert TRACE in outgoing[1].headers
    assert bench.count("summaries_total", complete="true") == 1
    assert bench.count("skipped_total", why="not_a_message") == 2


class Reading:
    """A vectorised scorer's stand-in: looks at every character and says neutral."""

    name = "reading 1"
    languages = frozenset({"en"})
    pace = Pace()

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """One neutral answer per text."""
        return [
            Scored(p_neu=1.0, language=language, closing=min(1.0, len(set(text)) / 1e6))
            for text, language in zip(texts, languages, strict=True)
        ]


HOSTILE = (
    *("I am very unhappy with this. " * 2_200, "x" * 64_000, "\n" * 64_000, "😡" * 16_000),
    *("On 1\n" * 12_000, "Kind regards, Ana\n" * 3_500, "\u202e\u2066abc\u2069" * 7_000),
    *("Agent: a\nCustomer: b\n" * 3_000, "QUJDRA" * 10_000, "ploхo 很差 سيئ ख़राब bad " * 1_600, ""),
)


async def test_a_poll_full_of_hostile_text_never_holds_up_the_event_loop() -> None:
    """Law: 4 MB of the worst that fits into records: all scored, no turn later than 50 ms."""
    records = [
        make_record(n, f"c{n}", text=text, channel=channel)
        for n, (text, channel) in enumerate(
            (text, channel) for text in HOSTILE * 3 for channel in (Channel.EMAIL, Channel.CHAT)
        )
    ]
    bench = Bench(Reading())
    await bench.open()
    worst = 1.0
    for _ in range(4):  # another process on the machine may hold one of them up
        working = asyncio.create_task(bench.job.work(make_batch(*records)))
        longest, turn = 0.0, time.process_time()
        while not working.done():
            await asyncio.sleep(0)
            longest, turn = max(longest, time.process_time() - turn), time.process_time()
        work = await working
        assert len(work.outgoing) == len(records)
        assert {o.topic for o in work.outgoing} == {names.SENTIMENT}
        worst = min(worst, longest / find_slowness())
    assert worst < 0.05


async def test_a_tenants_calibration_is_published_and_leaves_the_unscored_alone() -> None:
    """Law: shares, score and label follow; `overlay` tells how far the score moved."""
    sour = arrange("v", [], [Calibration(Temper(lean=-4.0), ("test",))])
    bench = Bench()
    bench.job = ScoringJob(
        load_scorer(), SentimentMetrics(CollectorRegistry()), overlay=lambda: sour
    )
    texts = ("Thank you, all is well.", "", "Thank you, all is well.")
    outgoing = await bench.run(
        make_batch(
            *(make_record(n, text=text) for n, text in enumerate(texts[:2])),
            make_record(2, text=texts[2], source="other"),
        )
    )
    moved, mute, plain = map(read, outgoing)
    assert (moved.label, plain.label) == (Label.NEGATIVE, Label.POSITIVE)
    assert moved.overlay == pytest.approx(moved.score - plain.score)
    assert (mute.label, mute.overlay) == (Label.UNSCORED, 0)


class Slow:
    """A scorer that takes its time, as a transformer does."""

    name = "slow 1"
    languages = frozenset({"en"})
    pace = Pace(texts=4, apart=True)

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """Neutral, after a while."""
        time.sleep(0.1)
        return [Scored(p_neu=1.0, language=tag) for _, tag in zip(texts, languages, strict=True)]


async def test_a_slow_scorer_works_apart_from_the_event_loop() -> None:
    """Law: other work of the process goes on while it scores, and the order of the records stays."""
    bench = Bench(Slow())
    await bench.open()
    records = [make_record(n) for n in range(12)]
    working = asyncio.create_task(bench.job.work(make_batch(*records)))
    turns = 0
    while not working.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns >= 15  # of 30; it would be 3, one for each chunk
    assert [read(o).event_id for o in (await working).outgoing] == [f"e{n}" for n in range(12)]


async def test_a_tenants_phrase_moves_the_score_that_is_published_and_says_so() -> None:
    """Law: `overlay` is the difference; score, shares and label follow; other sources stay."""
    phrases = arrange("v", [Phrase(("whale",), -2.0, ("test",))])
    bench = Bench()
    bench.job = ScoringJob(
        load_scorer(), SentimentMetrics(CollectorRegistry()), overlay=lambda: phrases
    )
    text = "A wonderful whale, thank you!"
    outgoing = await bench.run(
        make_batch(make_record(0, text=text), make_record(1, text=text, source="other"))
    )
    moved, plain = map(read, outgoing)
    assert (moved.label, plain.label) == (Label.NEGATIVE, Label.POSITIVE)
    assert plain.overlay == 0
    assert moved.score == pytest.approx(plain.score + moved.overlay)
    assert moved.score == pytest.approx(-1.0)
