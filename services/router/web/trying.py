"""Decides what somebody pasted, or a recent input again, under the rules in force. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from services.contact.event import ContactEvent
from services.contact.line import read_line
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.router.core.customer import Customer
from services.router.core.knowledge import ms
from services.router.core.table import Table
from services.router.core.verdict import Verdict
from services.router.folding import Word
from services.router.lately import Seen
from services.router.safely import decide_safely

MOST_EVENTS = 32
"""Events that are folded for one drawing."""
APART_MS = 60_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tried(msgspec.Struct, frozen=True):
    """What the rules say of the last input, and what it was."""

    word: Word
    verdict: Verdict


Try = Callable[[Table], Tried]
"""The same input, under whatever table."""


def read_story(text: bytes, now: int) -> Try | Reject:
    """The events in a pasted text: one object, a list of them, or one a line.

    They are told to a customer of whom nothing is known; the last one is drawn. The clock is that of
    the events; those without `received_at` came a minute apart, the last one now (`now`, ms since
    the epoch).
    """
    parts = _split(text)
    if isinstance(parts, Reject):
        return parts
    words: list[ContactEvent | SentimentScored] = []
    for number, part in enumerate(parts, 1):
        word = _read(part, now - (len(parts) - number) * APART_MS)
        if isinstance(word, Reject):
            place = f"event {number} of {len(parts)}: " if len(parts) > 1 else ""
            return Reject(word.code, f"{place}{word.why}")
        words.append(word)
    return lambda table: _fold(table, words)


def retell(seen: Seen) -> Try:
    """A recent input, on the customer as it was then, at the clock of then."""
    return lambda table: Tried(
        seen.word,
        decide_safely(table, seen.before, seen.word, seen.now, position=seen.position),
    )


def _fold(table: Table, words: Sequence[ContactEvent | SentimentScored]) -> Tried:
    customers: dict[str, Customer | None] = {}
    clock = 0
    for word in words:
        said_at = word.received_at if isinstance(word, ContactEvent) else word.scored_at
        clock = max(clock, ms(said_at))
        verdict = decide_safely(table, customers.get(word.customer_id), word, clock)
        customers[word.customer_id] = verdict.customer
    return Tried(words[-1], verdict)


def _split(text: bytes) -> list[bytes] | Reject:
    try:
        tree = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        parts = [line for line in text.splitlines() if line.strip()]
        if len(parts) < 2:  # noqa: PLR2004 - one line that is no JSON is read, and refused, below
            parts = [text.strip()]
    else:
        parts = [msgspec.json.encode(one) for one in tree] if isinstance(tree, list) else [text]
    if not parts or not parts[0]:
        return Reject(RejectCode.VALUE_MISSING, "paste an event, a JSON object; or a list of them")
    if len(parts) > MOST_EVENTS:
        why = f"{len(parts)} events; at most {MOST_EVENTS} can be told here"
        return Reject(RejectCode.TOO_MANY_ITEMS, why)
    return parts


def _read(value: bytes, now: int) -> ContactEvent | SentimentScored | Reject:
    word = read_line(value)
    if isinstance(word, SentimentSummary):
        return Reject(RejectCode.ENVELOPE_MISMATCH, "a summary is no event: it is not decided")
    if isinstance(word, ContactEvent) and word.received_at is None:
        return msgspec.structs.replace(word, received_at=_EPOCH + timedelta(milliseconds=now))
    return word
