"""The quick reading of JSON: straight into the struct, where one look is sure to see everything.

msgspec alone would let names that stand twice and abuse in unknown fields pass. So a quick reading
counts only if writing the struct again yields as many colons as came in: then every member of every
object is in the struct, once. Anything else is left to the exact reading in `reading.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from services.contact.cloudevent import Envelope, Form
from services.contact.event import ContactEvent
from services.contact.reading import SENTIMENT_TYPE, time_of
from services.contact.sentiment import SentimentScored

_EVENT = msgspec.json.Decoder(ContactEvent)
_SENTIMENT = msgspec.json.Decoder(SentimentScored)
_ENCODER = msgspec.json.Encoder()
_COLON = b":"


def glance_at_event(value: bytes, envelope: Envelope) -> ContactEvent | None:
    """The event, or None where a closer look is needed."""
    if envelope.form is not Form.JSON:
        return None
    try:
        event = _EVENT.decode(value)
    except (ValueError, RecursionError):
        return None
    is_sure = (
        _is_all(value, event)
        and is_in_utc(event)
        and (not envelope.id or _is_event_of(event, envelope))
        and event.event_id
        and event.source
        and event.customer_id
    )
    return event if is_sure else None


def glance_at_sentiment(value: bytes, envelope: Envelope) -> SentimentScored | None:
    """The sentiment, or None where a closer look is needed."""
    if envelope.form is not Form.JSON:
        return None
    try:
        scored = _SENTIMENT.decode(value)
    except (ValueError, RecursionError):
        return None
    is_sure = (
        _is_all(value, scored)
        and _is_utc(scored.scored_at)
        and _is_utc(scored.received_at)
        and (not envelope.id or _is_sentiment_of(scored, envelope))
        and scored.event_id
        and scored.source
        and scored.customer_id
    )
    return scored if is_sure else None


def is_in_utc(event: ContactEvent) -> bool:
    """Are all times in UTC, as far as a quick look tells?"""
    if not (_is_utc(event.occurred_at) and _is_utc(event.received_at)):
        return False
    choice, profile = event.choice, event.profile
    if choice is not None and not (
        _is_utc(choice.from_) and _is_utc(choice.until) and _is_utc(choice.at)
    ):
        return False
    if profile is not None and profile.hours is not None:
        return False  # an empty list of weekdays means absent: left to the exact reading
    return all(_is_utc(one.at) and _is_utc(one.until) for one in event.consents)


def _is_utc(time: datetime | None) -> bool:
    return time is None or time.tzinfo is UTC


def _is_all(value: bytes, struct: msgspec.Struct) -> bool:
    """Is every member of the JSON in the struct?"""
    if value.count(_COLON) != _ENCODER.encode(struct).count(_COLON):
        return False
    # A colon can also be written as \\u003a; one in an offset, which +0200 lacks, is seen by UTC.
    return b"\\" not in value or b"\\u003" not in value


def _is_event_of(event: ContactEvent, envelope: Envelope) -> bool:
    return (
        envelope.id == event.event_id
        and envelope.source == event.source
        and envelope.type == event.kind
        and (not envelope.time or _is_at(event.occurred_at, envelope.time))
    )


def _is_sentiment_of(scored: SentimentScored, envelope: Envelope) -> bool:
    return envelope.type == SENTIMENT_TYPE and (
        not envelope.time or _is_at(scored.scored_at, envelope.time)
    )


def _is_at(time: datetime | None, text: str) -> bool:
    return time is not None and time_of(text) == time
