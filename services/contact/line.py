"""A line of a file, or a pasted text, as what it would be on Kafka: an event, a score or a summary.

On Kafka topic and headers tell them apart; here the fields do. A line has no key, so the customer's
id stands for it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from services.contact.cloudevent import VERSION
from services.contact.codec import SENTIMENT_SOURCE, decode_event, decode_sentiment
from services.contact.event import ContactEvent
from services.contact.reading import SUMMARY_TYPE
from services.contact.reject import Reject
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.contact.topics import CE_ID, CE_SOURCE, CE_SPECVERSION, CE_TYPE

_AS_SUMMARY = (
    (CE_SPECVERSION, VERSION.encode()),
    (CE_ID, b"a line of a file"),
    (CE_SOURCE, SENTIMENT_SOURCE.encode()),
    (CE_TYPE, SUMMARY_TYPE.encode()),
)


class Glance(msgspec.Struct):
    """What must be known of a line before it is decoded; anything may stand there."""

    customer_id: Any = None
    event_id: Any = None
    label: Any = None
    scored_at: Any = None
    summarised_at: Any = None


_GLANCE = msgspec.json.Decoder(Glance)


def glance_at_line(line: bytes) -> Glance:
    """The first look; everything is None where the line is no JSON object."""
    try:
        return _GLANCE.decode(line)
    except (ValueError, RecursionError):
        return Glance()


def read_line(
    line: bytes, glance: Glance | None = None
) -> ContactEvent | SentimentScored | SentimentSummary | Reject:
    """What the line says, under the same laws as a record; `glance` saves the first look."""
    seen = glance or glance_at_line(line)
    customer = seen.customer_id
    key = customer.encode("utf-8", "replace") if isinstance(customer, str) else None
    if seen.summarised_at is not None:
        return decode_sentiment(key, line, _AS_SUMMARY)
    is_sentiment = seen.label is not None and seen.scored_at is not None
    return (decode_sentiment if is_sentiment else decode_event)(key, line, ())
