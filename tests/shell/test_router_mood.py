"""Moods in the router's figures are those that an independent reckoning finds."""

from __future__ import annotations

import random
from bisect import bisect_left
from datetime import UTC, datetime

from aiokafka.structs import ConsumerRecord

from services.contact.codec import encode_event, encode_sentiment
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.sentiment import Label, SentimentScored
from services.contact.topics import EVENTS, SENTIMENT
from services.router.committing import Memo
from services.router.folding import fold, judge_with
from services.router.hearing import hear
from services.router.memory import MemoryCounts
from services.router.metrics import MOODS, Metrics
from services.runtime.lane import Batch, Receipts, Record, Slice
from tests.shell.routerwork import read_table

NOW = 1_800_000_000_000
CHANNELS = (Channel.CHAT, Channel.EMAIL, Channel.SOCIAL)


def at(ms: int) -> datetime:
    """That moment."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def message(customer: str, number: int, channel: Channel) -> ContactEvent:
    """A customer's message."""
    return ContactEvent(
        event_id=f"{customer}-{number}", source="desk", kind=Kind.MESSAGE, customer_id=customer,
        channel=channel, side=Side.CUSTOMER, text="hm", contact_id=f"k-{customer}",
        received_at=at(NOW + number),
    )  # fmt: skip


def score(customer: str, number: int, channel: Channel, value: float) -> SentimentScored:
    """Its score; a value out of range stands for none."""
    scored = abs(value) <= 1
    return SentimentScored(
        event_id=f"{customer}-{number}", source="desk", customer_id=customer, channel=channel,
        label=Label.NEUTRAL if scored else Label.UNSCORED, score=value if scored else 0.0,
        why_unscored="" if scored else "too_short", scored_at=at(NOW + number),
    )  # fmt: skip


def reckon(told: list[tuple[str, Channel, float]]) -> dict[Channel, list[int]]:
    """The moods, by channel, from the rule in words: a mean with a memory of eight messages."""
    means: dict[str, tuple[int, int]] = {}
    moods: dict[Channel, list[int]] = {channel: [] for channel in CHANNELS}
    for customer, channel, value in told:
        if abs(value) > 1:
            continue
        old, count = means.get(customer, (0, 0))
        held = min(count, 8)
        total = old * held + round(value * 1000)
        means[customer] = (int(total / (held + 1)), count + 1)
        moods[channel].append(means[customer][0])
    return moods


def test_moods_are_counted_once_for_each_score_that_moved_one() -> None:
    """Law: the histogram by channel equals an independent reckoning, scores of one batch included."""
    draw = random.Random(7)
    customers = [f"c{n}" for n in range(5)]
    channel_of = dict(zip(customers, CHANNELS * 2, strict=False))
    told = []
    events: list[Record] = []
    scores: list[Record] = []
    for number in range(300):
        who = draw.choice(customers)
        value = round(draw.uniform(-1, 1.2), 3)
        told.append((who, channel_of[who], value))
        made = encode_event(message(who, number, channel_of[who]))
        events.append(_record(EVENTS, number, made.key, made.value))
        made = encode_sentiment(score(who, number, channel_of[who], value))
        scores.append(_record(SENTIMENT, number, made.key, made.value))
    metrics = Metrics(MemoryCounts())
    batch = Batch(0, [Slice(0, [(EVENTS, events), (SENTIMENT, scores)], {})], NOW, 600, frozenset())
    part = hear(batch, 1)[0]
    folded = fold(part, dict.fromkeys(part.customers), judge_with(read_table(), NOW))
    metrics.count(batch, Memo([folded], {}, NOW), Receipts({}, NOW))

    found = reckon(told)
    assert sum(map(len, found.values())) == sum(abs(value) <= 1 for *_, value in told) > 200
    for channel in CHANNELS:
        bounds = [bound * 1000 for bound in MOODS]
        for place, bound in enumerate(MOODS):
            expected = sum(bisect_left(bounds, mood) <= place for mood in found[channel])
            labels = {"channel": channel.value, "le": str(bound)}
            assert (
                metrics.registry.get_sample_value("omniroute_router_mood_bucket", labels)
                == expected
            )
        count = metrics.registry.get_sample_value(
            "omniroute_router_mood_bucket", {"channel": channel.value, "le": "+Inf"}
        )
        assert count == len(found[channel])


def _record(topic: str, offset: int, key: bytes | None, value: bytes | None) -> Record:
    return ConsumerRecord(
        f"x.{topic}", 0, offset, NOW, 1, key, value, None, 2, len(value or b""), ()
    )
