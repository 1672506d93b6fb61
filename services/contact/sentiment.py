"""What the sentiment service says of one message, as put on `contact.sentiment`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from services.contact.event import Channel, Instant, Side

Score = Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Score5 = Annotated[float, msgspec.Meta(ge=-5.0, le=5.0)]
"""The scale of Amazon Contact Lens."""
Score100 = Annotated[float, msgspec.Meta(ge=-100.0, le=100.0)]
"""The scale of Genesys."""
Shift = Annotated[float, msgspec.Meta(ge=-2.0, le=2.0)]
"""A difference of two scores."""
Count = Annotated[int, msgspec.Meta(ge=0)]


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


class Wanted(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One thing that a message asks for, as far as the scorer stands by it."""

    want: Want
    confidence: Share = 0.0


class Quarter(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One of the four equal parts of a contact's time."""

    scored: Count = 0
    """Messages of the side that were scored in it; with none, the score says nothing."""
    score: Score = 0.0
    """Their mean."""


class SideSummary(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """How one side sounded over a contact. Means are over scored messages, each weighing one."""

    negative: Count = 0
    neutral: Count = 0
    positive: Count = 0
    unscored: Count = 0
    score: Score = 0.0
    """Mean score, -1 to 1."""
    score_5: Score5 = 0.0
    score_100: Score100 = 0.0
    begin: Score = 0.0
    """Mean of the first quarter of the scored messages, rounded up to whole messages."""
    end: Score = 0.0
    """Mean of the last quarter of them."""
    shift: Shift = 0.0
    """end - begin."""
    trend: Score = 0.0
    """Half of the shift, as Genesys has it."""
    quarters: tuple[Quarter, ...] = ()
    """Four, from the first to the last message of the contact by receipt time."""


class SentimentSummary(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """How a contact sounded from its beginning, or its last close, to this close of it."""

    event_id: str
    """The id of the `contact.closed`; with `source`, the duplicate key."""
    source: str
    customer_id: str
    contact_id: str
    channel: Channel | None = None
    """The channel of the last message, else of the close."""
    queue: str = ""
    """The queue of the close, else of the last message that named one."""
    topic: str = ""
    customer: SideSummary | None = None
    """Absent: the customer has not written."""
    agent: SideSummary | None = None
    """Absent: agents have not written, or their messages are not scored."""
    complete: bool = False
    """Whether every message since the beginning, or the last close, is certainly in it."""
    first_at: Instant | None = None
    """Receipt time of the first message."""
    last_at: Instant | None = None
    """Receipt time of the last message."""
    closed_at: Instant | None = None
    """Receipt time of the close."""
    model: str = ""
    """Name and version of the scorer at the close."""
    summarised_at: Instant


class SentimentScored(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The sentiment of one message, nearly always a customer's."""

    event_id: str
    """The id of the scored event; with `source`, the duplicate key."""
    source: str
    customer_id: str
    contact_id: str = ""
    channel: Channel | None = None
    queue: str = ""
    """The queue of the scored event, as the platform named it there."""
    topic: str = ""
    """The topic of the scored event, as the platform classified it."""
    side: Side = Side.CUSTOMER
    """Whose message it is; an agent's is scored only where that is switched on."""
    label: Label
    score: Score = 0.0
    """p_pos - p_neg, -1 (very negative) to 1."""
    score_5: Score5 = 0.0
    """The same on the scale of -5 to 5, four decimals."""
    score_100: Score100 = 0.0
    """The same on the scale of -100 to 100, two decimals."""
    magnitude: Share = 0.0
    """1 - p_neu: how much feeling there is, whichever way; 0 for what was not scored."""
    p_neg: Share = 0.0
    p_neu: Share = 0.0
    p_pos: Share = 0.0
    confidence: Share = 0.0
    closing: Share = 0.0
    """Probability that the message ends the matter; 0 where the scorer does not tell."""
    wants: tuple[Wanted, ...] = ()
    """What the customer asks for or threatens; each `want` at most once."""
    overlay: Shift = 0.0
    """How far the tenant's phrases moved the score; it is in `score` and in the shares."""
    language: str = ""
    model: str = ""
    """Name and version of the scorer."""
    why_unscored: str = ""
    """language_not_supported, no_text, too_short."""
    received_at: Instant | None = None
    """Receipt time of the scored event."""
    scored_at: Instant
