"""What the sentiment service says of one message, as put on `contact.sentiment`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from services.contact.event import Channel, Instant, Side

Score = Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Label(StrEnum):
    """The class with the highest share, or `unscored` where no scorer speaks the language."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNSCORED = "unscored"


class Want(StrEnum):
    """What a customer asks for or threatens in a message; closed, these are rule words and labels."""

    PERSON = "person"
    """A human being."""
    MANAGER = "manager"
    """Somebody with authority."""
    CALLBACK = "callback"
    """To be called."""
    LEAVING = "leaving"
    """Not a wish but a threat: to cancel, to go elsewhere."""


class SentimentScored(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The sentiment of one message of one customer."""

    event_id: str
    """The id of the scored event; with `source`, the duplicate key."""
    source: str
    customer_id: str
    contact_id: str = ""
    channel: Channel | None = None
    side: Side = Side.CUSTOMER
    label: Label
    score: Score = 0.0
    """p_pos - p_neg, -1 (very negative) to 1."""
    p_neg: Share = 0.0
    p_neu: Share = 0.0
    p_pos: Share = 0.0
    confidence: Share = 0.0
    language: str = ""
    model: str = ""
    """Name and version of the scorer."""
    why_unscored: str = ""
    """language_not_supported, no_text, too_short."""
    received_at: Instant | None = None
    """Receipt time of the scored event."""
    scored_at: Instant
