"""Laws of whole messages: who has texts alone is told what the service would publish of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.contact.event import Channel, ContactEvent, Kind, Origin
from services.sentiment.core.overlay import NOTHING, Calibration, Overlay, Phrase, arrange
from services.sentiment.core.parts import MOST_CHARACTERS
from services.sentiment.core.pick import Picked, pick_text
from services.sentiment.core.score import overlay_answer, score_messages
from services.sentiment.core.scorer import NO_TEXT, Pace, Scored
from services.sentiment.core.temper import Temper
from services.sentiment.core.whole import MessageScorer, ScorerFailedError
from services.sentiment.model.store import load_scorer

MODEL = load_scorer()
OVERLAY = arrange(
    "v",
    [Phrase(("sick",), 0.5, ("skates/*",))],
    [Calibration(Temper(neutral=0.4), sources=("skates/main",), languages=("en",))],
)
STORY = "I ordered a board in the spring, and they wrote that it would come on Monday. "
TEXTS = [
    "That board is sick",
    "",
    "\u202e \x07",
    STORY * 30 + "This is the worst service ever, I am furious! I want to speak to a manager.",
    "QUJD" * 100 + " is what I was sent",
    "Огромное спасибо! " * 120,
]


def publish(text: str, overlay: Overlay, source: str) -> Scored:
    """The answer of the service to a chat message."""
    event = ContactEvent(
        event_id="e1",
        source=source,
        kind=Kind.MESSAGE,
        customer_id="c1",
        channel=Channel.CHAT,
        contact_id="k1",
        origin=Origin.HUMAN,
        text=text,
    )
    picked = pick_text(event)
    assert isinstance(picked, Picked)
    (answer,) = score_messages(MODEL, [picked])
    assert isinstance(answer, Scored)
    return overlay_answer(overlay, picked, answer)[0]


@pytest.mark.parametrize("source", ["skates/main", "skates/other", "boots"])
@pytest.mark.parametrize("overlay", [OVERLAY, NOTHING], ids=["overlay", "nothing"])
def test_a_text_has_the_answer_that_the_service_publishes(overlay: Overlay, source: str) -> None:
    """Law: cleaned, in parts, pooled, calibrated and moved, whatever its length."""
    found = MessageScorer(MODEL, overlay, source).score(TEXTS, [""] * len(TEXTS))
    assert found == [publish(text, overlay, source) for text in TEXTS]


def test_the_end_of_a_long_message_is_heard() -> None:
    """Law: what stands behind the characters that are scored in one piece counts, too."""
    long = TEXTS[3]
    assert len(long) > MOST_CHARACTERS
    (whole,) = MessageScorer(MODEL).score([long], ["en"])
    (piece,) = MODEL.score([long], ["en"])
    assert {want.value for want, _ in whole.wants} == {"manager"}
    assert piece.wants == ()


class Fails:
    """A scorer that fails at everything."""

    name, languages, pace = "fails 1", frozenset({"en"}), Pace(texts=7)

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """Name the text, as careless code does."""
        raise ZeroDivisionError(texts, languages)


def test_a_scorer_that_fails_is_told_and_not_the_text() -> None:
    """Law: no made-up answer; name, languages and pace are the scorer's."""
    messages = MessageScorer(Fails())
    assert (messages.name, messages.languages, messages.pace) == (
        "fails 1", frozenset({"en"}), Pace(texts=7),
    )  # fmt: skip
    with pytest.raises(ScorerFailedError, match="fails 1 failed with ZeroDivisionError") as failed:
        messages.score(["secret"], [""])
    assert "secret" not in str(failed.value)
    assert messages.score([""], [""]) == [Scored(why=NO_TEXT)]
