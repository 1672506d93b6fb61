"""A day into a file instead of onto Kafka, as fast as it can be told, with what the messages score."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from services.cli.day.generate import generate
from services.cli.day.script import Raw
from services.cli.progress import Progress
from services.contact.codec import encode_event, encode_sentiment
from services.contact.event import ContactEvent
from services.contact.reject import Reject
from services.sentiment.core.pick import Skipped, pick_text
from services.sentiment.core.score import build_scored, score_messages
from services.sentiment.core.scorer import Scorer
from services.sentiment.model.store import load_scorer

SCORED_AFTER_MS = 1_000
"""A score comes so long after its message."""


class Written(msgspec.Struct):
    """What a file holds."""

    events: int = 0
    scores: int = 0
    customers: set[str] = set()


def write_day(file: Path, begin_ms: int, *, seed: int, rate: float, events: int) -> Written:
    """Write about so many events, one a line; stories that have begun are told to their end.

    The same seed, begin and rate give the same file. Raises OSError.
    """
    written = Written()
    scorer = load_scorer()
    with file.open("wb") as lines, Progress("writing events", total=events) as progress:
        for sending in generate(seed, begin_ms, rate=rate, total=events):
            record = sending.record
            line = _line_of(record)
            if line is None:
                continue
            lines.write(line + b"\n")
            written.events += 1
            written.customers.add(sending.story.person.id)
            for score in _score(scorer, record):
                lines.write(score + b"\n")
                written.scores += 1
            progress.tell(written.events)
    return written


def _line_of(record: ContactEvent | Raw) -> bytes | None:
    """The record as a line; None for bytes that cannot be one."""
    value = encode_event(record).value if isinstance(record, ContactEvent) else record.value
    if not value or b"\n" in value or b"\r" in value or b"\x00" in value:
        return None
    return value


def _score(scorer: Scorer, record: ContactEvent | Raw) -> Iterator[bytes]:
    if not isinstance(record, ContactEvent) or record.received_at is None:
        return
    picked = pick_text(record)
    if isinstance(picked, Skipped):
        return
    (scored,) = score_messages(scorer, [picked])
    if isinstance(scored, Reject):
        return
    at = round(record.received_at.timestamp() * 1000)
    said = build_scored(picked, scored, scorer.name, (at, at + SCORED_AFTER_MS))
    yield encode_sentiment(said).value or b""
