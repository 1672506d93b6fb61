"""From picked messages to what is published of them, or to the reason why there is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, Wanted
from services.sentiment.core.language import read_tag
from services.sentiment.core.overlay import Overlay, apply_overlay
from services.sentiment.core.pick import Picked
from services.sentiment.core.pooling import pool
from services.sentiment.core.scorer import DECIMALS, NO_TEXT, Scored, Scorer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


CHUNK_CHARACTERS = 16_000
"""Characters that it is given at a time, so that no chunk holds up the event loop for long."""


def score_messages(scorer: Scorer, picked: Sequence[Picked]) -> list[Scored | Reject]:
    """One answer per message, in order: never fewer, never one for another's text.

    A text at which the scorer fails costs that message only: it becomes a `Reject`
    (`score_failed`), which names the type of the failure and never the text.
    """
    *_, answers = score_in_steps(scorer, picked)
    return answers


def score_in_steps(scorer: Scorer, picked: Sequence[Picked]) -> Iterator[list[Scored | Reject]]:
    """The same, chunk by chunk: nothing but empty lists, and in the end the answers."""
    languages = [read_tag(message.event.language) for message in picked]
    return score_parts(scorer, [message.parts for message in picked], languages)


def score_parts(
    scorer: Scorer, messages: Sequence[Sequence[str]], tags: Sequence[str]
) -> Iterator[list[Scored | Reject]]:
    """The same of messages by their parts and primary tags, empty where none was told.

    The parts of all messages go to the scorer together, whatever message they are of.
    """
    texts = [part for parts in messages for part in parts]
    languages = [tag for parts, tag in zip(messages, tags, strict=True) for _ in parts]
    answers: list[Scored | Reject] = []
    while len(answers) < len(texts):
        first = len(answers)
        last = _end_chunk(texts, first, scorer.pace.texts)
        answers += _score_all(scorer, texts[first:last], languages[first:last])
        yield []
    at = 0
    pooled: list[Scored | Reject] = []
    for parts in messages:
        mine = answers[at : at + len(parts)]
        at += len(parts)
        pooled.append(pool(mine) if mine else Scored(why=NO_TEXT))
    yield pooled


def _end_chunk(texts: Sequence[str], first: int, most: int) -> int:
    """One after the last text of the chunk that begins at `first`; at least one is in it."""
    size = 0
    for at in range(first, min(len(texts), first + most)):
        size += len(texts[at])
        if size > CHUNK_CHARACTERS and at > first:
            return at
    return min(len(texts), first + most)


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


def overlay_answer(overlay: Overlay, picked: Picked, scored: Scored) -> tuple[Scored, float]:
    """The answer under the tenant's overlay, and how far that moved its score."""
    if scored.why:
        return scored, 0.0
    moved = apply_overlay(overlay, picked.event.source, picked.parts, scored)
    return moved, round(moved.score - scored.score, DECIMALS)


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
        side=picked.side,
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
