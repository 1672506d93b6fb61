"""Laws of what is published of one message: the scales agree, and nothing is said of the unscored."""

from __future__ import annotations

import pytest

from services.contact.event import Channel, ContactEvent, Kind
from services.contact.sentiment import SentimentScored, Want, Wanted
from services.sentiment.core.pick import Picked
from services.sentiment.core.score import build_scored
from services.sentiment.core.scorer import NO_TEXT, Scored

EVENT = ContactEvent(
    event_id="e",
    source="shop",
    kind=Kind.MESSAGE,
    customer_id="c",
    channel=Channel.CHAT,
    queue="billing",
    topic="refund",
    text="x",
)


def publish(scored: Scored) -> SentimentScored:
    """What is published of `EVENT` where the scorer says this."""
    return build_scored(Picked(event=EVENT, parts=("x",)), scored, "m", (0, 1))


@pytest.mark.parametrize(("p_neg", "p_pos"), [(1.0, 0.0), (0.0, 1.0), (0.1234, 0.4321), (0.3, 0.3)])
def test_every_scale_is_the_same_score(p_neg: float, p_pos: float) -> None:
    """Law: score, score_5 and score_100 differ by their factor only; magnitude is what is felt."""
    scored = publish(Scored(p_neg=p_neg, p_neu=round(1 - p_neg - p_pos, 4), p_pos=p_pos))
    assert scored.score == pytest.approx(p_pos - p_neg)
    assert scored.score_5 == pytest.approx(5 * scored.score)
    assert scored.score_100 == pytest.approx(100 * scored.score)
    assert scored.magnitude == pytest.approx(p_neg + p_pos)


def test_what_was_not_scored_has_no_feeling_in_it() -> None:
    """Law: unscored is 0 on every scale, and its magnitude is 0, not 1."""
    scored = publish(Scored(why=NO_TEXT))
    assert (scored.score, scored.score_5, scored.score_100, scored.magnitude) == (0, 0, 0, 0)


def test_wishes_ending_and_touchpoint_are_published() -> None:
    """Law: what the scorer stands by goes out, beside where the message came in."""
    scored = publish(Scored(p_neu=1.0, wants=((Want.MANAGER, 0.9),), closing=0.25))
    assert scored.wants == (Wanted(want=Want.MANAGER, confidence=0.9),)
    assert (scored.closing, scored.queue, scored.topic) == (0.25, "billing", "refund")
