"""Laws of scorers and of what is published of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import Label
from services.sentiment.core.pick import Picked
from services.sentiment.core.score import build_scored, read_ms, score_messages
from services.sentiment.core.scorer import Pace, Scored, round_shares
from services.sentiment.model.store import load_scorer

MODEL = load_scorer()


def pick(text: str, language: str = "en", event_id: str = "e1") -> Picked:
    """A picked message with this text."""
    event = ContactEvent(
        event_id=event_id,
        source="test",
        kind=Kind.MESSAGE,
        customer_id="c1",
        channel=Channel.CHAT,
        contact_id="k1",
        language=language,
    )
    return Picked(event=event, parts=(text,) if text else ())


class Brittle:
    """A scorer that fails at texts which say so, and notes what it was asked."""

    name = "brittle 1"
    languages = frozenset({"en"})
    pace = Pace()

    def __init__(self) -> None:
        """Nothing asked yet."""
        self.asked: list[int] = []

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Sequence[Scored]:
        """One positive answer per text, unless a text breaks it."""
        self.asked.append(len(texts))
        for text in texts:
            if text == "crash":
                raise ZeroDivisionError(text)
        if "short" in texts:
            return [Scored()] * (len(texts) - 1)
        return [Scored(p_pos=1.0, language=language) for language in languages]


@pytest.mark.parametrize(
    ("language", "negative", "neutral", "positive"),
    [
        ("en", "This is the worst service ever, I am furious!", "What are your opening hours?",
         "Thank you so much, you were wonderful!"),
        ("ru", "Ужасный сервис, я в ярости!", "Подскажите, до скольки вы работаете?",
         "Спасибо большое, вы очень помогли!"),
        ("zh", "太差了，非常失望！", "请问几点营业？", "非常好，很满意，谢谢！"),
        ("bg", "Ужасно обслужване, много съм ядосан!", "Какво е работното време?",
         "Много благодаря, страхотни сте!"),
        ("es", "Pésimo servicio, estoy harto.", "¿A qué hora abren?", "Excelente, muchas gracias."),
        ("de", "Furchtbarer Service, ich bin wütend.", "Wann haben Sie geöffnet?",
         "Vielen Dank, alles super!"),
    ],
)  # fmt: skip
def test_an_angry_a_plain_and_a_pleased_customer_get_three_labels(
    language: str, negative: str, neutral: str, positive: str
) -> None:
    """Law: the packaged model tells plain cases apart in each language."""
    answers = MODEL.score([negative, neutral, positive], [language] * 3)
    assert [a.label for a in answers] == [Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE]


def test_other_languages_are_honestly_not_scored() -> None:
    """Law: a language that the model never saw gets no shares, and the answer says why."""
    answers = MODEL.score(["Hyvä!", "ありがとうございました", "Καλημέρα σας"], ["fi", "", ""])
    assert [(a.label, a.why, a.confidence) for a in answers] == [
        (Label.UNSCORED, "language_not_supported", 0)
    ] * 3


@given(st.tuples(*[st.floats(min_value=0.001, max_value=1)] * 3))
def test_published_shares_have_four_decimals_and_sum_to_one(
    raw: tuple[float, float, float],
) -> None:
    """Law: rounding never makes a share negative nor loses one."""
    total = sum(raw)
    scored = round_shares((raw[0] / total, raw[1] / total, raw[2] / total), "en")
    assert math.isclose(scored.p_neg + scored.p_neu + scored.p_pos, 1.0, abs_tol=1e-9)
    assert -1 <= scored.score <= 1
    assert scored.score == round(scored.p_pos - scored.p_neg, 4)


def test_an_empty_message_is_not_shown_to_the_scorer() -> None:
    """Law: without words there is nothing to score: `no_text`, in its place in the order."""
    scorer = Brittle()
    answers = score_messages(scorer, [pick("good"), pick(""), pick("fine")])
    assert [a.why for a in answers if isinstance(a, Scored)] == ["", "no_text", ""]
    assert scorer.asked == [2]


def test_a_text_at_which_the_scorer_fails_costs_only_itself() -> None:
    """Law: its neighbours are scored, its reject names the failure and not the text."""
    answers = score_messages(Brittle(), [pick("good"), pick("crash"), pick("fine")])
    assert isinstance(answers[0], Scored)
    assert isinstance(answers[2], Scored)
    assert answers[1] == Reject(
        RejectCode.SCORE_FAILED, "the scorer brittle 1 failed with ZeroDivisionError"
    )


def test_a_scorer_that_answers_too_little_never_shifts_scores_to_others() -> None:
    """Law: an answer belongs to its own text or to none."""
    answers = score_messages(Brittle(), [pick("good"), pick("short"), pick("fine")])
    assert isinstance(answers[0], Scored)
    assert isinstance(answers[1], Reject)
    assert isinstance(answers[2], Scored)


def test_the_event_language_rules_and_the_text_tells_the_rest() -> None:
    """Law: an event that says nothing is guessed; one that says `fi` is not scored as English."""
    text = "This is the worst service ever, I am furious!"
    told, guessed = score_messages(MODEL, [pick(text, "fi"), pick(text, "")])
    assert isinstance(told, Scored)
    assert isinstance(guessed, Scored)
    assert (told.why, guessed.label) == ("language_not_supported", Label.NEGATIVE)
    assert guessed.language == "en"


def test_what_is_published_names_its_event_and_its_scorer() -> None:
    """Law: source and event id lead back to the event, times are exact, shares are the scorer's."""
    scored = Scored(p_neg=0.7, p_neu=0.2, p_pos=0.1, language="en")
    published = build_scored(pick("bad"), scored, "m 1", (1_700_000_000_001, 1_700_000_000_042))
    assert (published.event_id, published.source, published.customer_id) == ("e1", "test", "c1")
    assert (published.label, published.score, published.side) == (
        Label.NEGATIVE,
        -0.6,
        Side.CUSTOMER,
    )
    assert (published.contact_id, published.channel, published.model) == ("k1", "chat", "m 1")
    assert published.received_at == datetime(2023, 11, 14, 22, 13, 20, 1000, tzinfo=UTC)
    assert published.scored_at == read_ms(1_700_000_000_042)


@pytest.mark.parametrize(
    "text",
    ["\ud800", "\x00\x01", "\u202e\u2066", "😡" * 1500, "a" * 1500, "but " * 375, "! " * 750,
     "A" * 700 + "'" * 800, "\u0301" * 1500, "no not never " * 115, "QUJD" * 375],
)  # fmt: skip
def test_hostile_text_is_scored_like_any_other(text: str) -> None:
    """Law: what a customer can write never raises; a share is a share."""
    (answer,) = MODEL.score([text], ["en"])
    shares = answer.p_neg + answer.p_neu + answer.p_pos
    assert answer.why == "no_text" or math.isclose(shares, 1.0, abs_tol=1e-9)
