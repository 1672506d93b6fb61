"""Laws of summaries: each side's figures, one per close, the same after everything is heard again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.sentiment import Label, SentimentScored, SentimentSummary
from services.sentiment.core import talks
from services.sentiment.core.sides import (
    PACKED_BYTES,
    Point,
    holds_event,
    pack_point,
    unpack_points,
)
from services.sentiment.core.talks import SILENCE_MS, Draft, Talks

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def scored(
    second: int, score: float | None, *, side: Side = Side.CUSTOMER, contact: str = "k"
) -> SentimentScored:
    """A score of a message that came so many seconds after the start."""
    at = START + timedelta(seconds=second)
    label = Label.UNSCORED
    if score is not None:
        label = Label.NEGATIVE if score < 0 else Label.POSITIVE if score else Label.NEUTRAL
    return SentimentScored(
        event_id=f"m{second}",
        source="s",
        customer_id="c",
        contact_id=contact,
        channel=Channel.CHAT,
        side=side,
        label=label,
        score=score or 0.0,
        queue="billing",
        received_at=at,
        scored_at=at,
    )


def close(draft: Draft, second: int = 100, name: str = "end") -> SentimentSummary | None:
    """Close the contact so many seconds after the start."""
    at = START + timedelta(seconds=second)
    event = ContactEvent(
        event_id=name,
        source="s",
        kind=Kind.CONTACT_CLOSED,
        customer_id="c",
        contact_id="k",
        received_at=at,
    )
    return draft.close(0, event, "m 1", (at, at))


def test_a_contact_that_mends_has_a_rising_trend() -> None:
    """Law: mean, quarters, begin, end, shift and trend are those worked out by hand."""
    draft = Draft(Talks())
    for second, score in ((0, -0.8), (10, -0.4), (35, None), (55, 0.0), (80, 0.6)):
        draft.hear(0, scored(second, score))
    draft.hear(0, scored(20, 0.9, side=Side.AGENT))
    summary = close(draft)
    assert summary is not None
    mine = summary.customer
    assert mine is not None
    assert (mine.negative, mine.neutral, mine.positive, mine.unscored) == (2, 1, 1, 1)
    assert (mine.score, mine.score_5, mine.score_100) == (-0.15, -0.75, -15.0)
    assert (mine.begin, mine.end, mine.shift, mine.trend) == (-0.8, 0.6, 1.4, 0.7)
    assert [(q.scored, q.score) for q in mine.quarters] == [(2, -0.6), (0, 0), (1, 0), (1, 0.6)]
    assert summary.agent is not None
    assert (summary.agent.positive, summary.agent.score) == (1, 0.9)
    assert (summary.first_at, summary.last_at) == (START, START + timedelta(seconds=80))
    assert (summary.complete, summary.channel, summary.queue) == (True, Channel.CHAT, "billing")


def test_each_close_is_summed_up_once_and_the_next_one_begins_anew() -> None:
    """Law: a repeated close says nothing; after it only what came later counts."""
    known = Talks()
    draft = Draft(known)
    draft.hear(0, scored(0, -0.5))
    first = close(draft)
    assert first is not None
    assert close(draft) is None
    known.settle(draft)
    again = Draft(known)
    assert close(again) is None
    again.hear(0, scored(200, 0.5))
    second = close(again, 300, "second end")
    assert second is not None
    assert second.customer is not None
    assert (second.customer.negative, second.customer.positive) == (0, 1)


def test_a_message_that_comes_again_counts_once() -> None:
    """Law: under the same source and event id, in the same batch or in a later one."""
    known = Talks()
    draft = Draft(known)
    for second in (0, 10, 0):
        draft.hear(0, scored(second, -0.5))
    known.settle(draft)
    later = Draft(known)
    later.hear(0, scored(10, -0.5))
    later.hear(0, msgspec.structs.replace(scored(10, -0.5), source="another"))
    summary = close(later)
    assert summary is not None
    assert summary.customer is not None
    assert summary.customer.negative == 3


def test_what_does_not_stand_is_not_remembered() -> None:
    """Law: a draft that is thrown away leaves nothing behind."""
    known = Talks()
    Draft(known).hear(0, scored(0, -0.5))
    assert not known.open


@pytest.mark.parametrize("seed", range(20))
def test_what_is_heard_again_gives_the_same_summary(seed: int) -> None:
    """Law: batches of any size, or everything read back at once: the summary is the same."""
    chance = random.Random(seed)
    story = [
        scored(n, chance.choice((-0.9, 0.0, 0.4, None)), contact=chance.choice("kxy"))
        for n in range(60)
    ]
    live, back = Talks(), Talks()
    while story:
        size = chance.randint(1, 9)
        step, story = story[:size], story[size:]
        draft, whole = Draft(live), Draft(back)
        for one in step:
            draft.hear(0, one)
            whole.hear(0, one)
            back.settle(whole)
            whole = Draft(back)
        live.settle(draft)
    assert close(Draft(live)) == close(Draft(back))


def test_a_contact_whose_beginning_may_be_missing_is_marked() -> None:
    """Law: not known from its beginning, let go for room, or longer than is kept: not complete."""
    late = Talks()
    late.begin_at(0, int(START.timestamp() * 1000) - SILENCE_MS + 1)
    draft = Draft(late)
    draft.hear(0, scored(0, -0.5))
    summary = close(draft)
    assert summary is not None
    assert not summary.complete
    long = Draft(Talks())
    for second in range(talks.MOST_POINTS_EACH + 1):
        long.hear(0, scored(second, 0.5))
    summary = close(long, 10_000)
    assert summary is not None
    assert not summary.complete


def test_open_contacts_are_bounded_and_those_let_go_are_not_called_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Law: the one that was silent for longest makes room; if it speaks again, that is told."""
    monkeypatch.setattr(talks, "MOST_CONTACTS", 3)
    known = Talks()
    for second, contact in enumerate("kabcd"):
        draft = Draft(known)
        draft.hear(0, scored(second, 0.5, contact=contact))
        known.settle(draft)
    assert [contact for _, _, contact in known.open] == ["b", "c", "d"]
    draft = Draft(known)
    draft.hear(0, scored(50, 0.5))
    summary = close(draft)
    assert summary is not None
    assert not summary.complete


POINTS = st.builds(
    Point,
    at=st.integers(min_value=-(2**62), max_value=2**62),
    label=st.sampled_from(Label),
    score=st.none() | st.integers(min_value=-10_000, max_value=10_000),
    agent=st.booleans(),
    event=st.integers(min_value=0, max_value=2**64 - 1),
)


@given(points=st.lists(POINTS, max_size=8))
def test_a_packed_message_is_the_same_when_unpacked(points: list[Point]) -> None:
    """Law: nothing is lost in 20 bytes, and a message is found by its own digest only."""
    packed = b"".join(map(pack_point, points))
    assert list(unpack_points(packed)) == points
    assert len(packed) == len(points) * PACKED_BYTES
    assert all(holds_event(packed, point.event) for point in points)
    between = int.from_bytes(packed[4:12], "little")
    assert holds_event(packed, between) == (between in {point.event for point in points})
