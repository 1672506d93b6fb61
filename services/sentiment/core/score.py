"""From picked messages to what is published of them, or to the reason why there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from services.contact.event import Side
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, Wanted
from services.sentiment.core.language import choose_language
from services.sentiment.core.pick import Picked
from services.sentiment.core.scorer import DECIMALS, NO_TEXT, Scored, Scorer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def score_messages(scorer: Scorer, picked: Sequence[Picked]) -> list[Scored | Reject]:
    """One answer per message, in order: never fewer, never one for another's text.

    A text at which the scorer fails costs that message only: it becomes a `Reject`
    (`score_failed`), which names the type of the failure and never the text.
    """
    answers: list[Scored | Reject] = [Scored(why=NO_TEXT) for _ in picked]
    wordy = [index for index, message in enumerate(picked) if message.text]
    texts = [picked[index].text for index in wordy]
    languages = [
        choose_language(picked[index].event.language, picked[index].text) for index in wordy
    ]
    for index, answer in zip(wordy, _score_all(scorer, texts, languages), strict=True):
        answers[index] = answer
    return answers


def _score_all(
    scorer: Scorer, texts: Sequence[str], languages: Sequence[str]
) -> Sequence[Scored | Reject]:
    try:
        answers = scorer.score(texts, languages)
    except Exception:  # noqa: BLE001 - whatever a scorer raises, it is isolated below
        answers = ()
    if len(answers) == len(texts):
        return answers
    return [
        _score_one(scorer, text, language) for text, language in zip(texts, languages, strict=True)
    ]


def _score_one(scorer: Scorer, text: str, language: str) -> Scored | Reject:
    try:
        (answer,) = scorer.score([text], [language])
    except Exception as failure:  # noqa: BLE001 - a scorer's defect costs one message
        kind = type(failure).__name__
        return Reject(RejectCode.SCORE_FAILED, f"the scorer {scorer.name} failed with {kind}")
    return answer


def build_scored(
    picked: Picked, scored: Scored, model: str, times: tuple[int, int]
) -> SentimentScored:
    """What is published of one message; `times` are its append and its scoring time, ms."""
    appended_at, scored_at = times
    event = picked.event
    score = 0.0 if scored.why else scored.score
    return SentimentScored(
        event_id=event.event_id,
        source=event.source,
        customer_id=event.customer_id,
        contact_id=event.contact_id,
        channel=event.channel,
        queue=event.queue,
        topic=event.topic,
        side=Side.CUSTOMER,
        label=scored.label,
        score=score,
        score_5=round(score * 5, DECIMALS),
        score_100=round(score * 100, 2),
        magnitude=0.0 if scored.why else round(1.0 - scored.p_neu, DECIMALS),
        p_neg=scored.p_neg,
        p_neu=scored.p_neu,
        p_pos=scored.p_pos,
        confidence=scored.confidence,
        closing=scored.closing,
        wants=tuple(Wanted(want=want, confidence=sure) for want, sure in scored.wants),
        language=scored.language,
        model=model,
        why_unscored=scored.why,
        received_at=event.received_at or read_ms(appended_at),
        scored_at=read_ms(scored_at),
    )


def read_ms(ms: int) -> datetime:
    """The moment that many milliseconds after the epoch, in UTC; exact, without a float."""
    return _EPOCH + timedelta(milliseconds=ms)
