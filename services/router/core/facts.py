"""The catalogue of facts: every value that a rule may read, with its type and meaning.

This file is the only place where a fact is named. The loader of rule files checks names and
values against it, `gather` computes them, a decision records the ones its rule file reads.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from services.contact.event import Channel, Kind, Origin, Strength
from services.contact.sentiment import Want


class FactType(StrEnum):
    """What kind of value a fact has; decides which matchers fit."""

    WORD = "word"
    """One of a closed set, see `words`."""
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"


class FactSpec(msgspec.Struct, frozen=True):
    """One fact: its type, the words it may take, and what it means."""

    type: FactType
    meaning: str
    words: tuple[str, ...] = ()


_CHANNELS = tuple(c.value for c in Channel)
_NO = ("none",)
ASKED_FOR = (Want.MANAGER.value, Want.PERSON.value, Want.CALLBACK.value)
"""Who outranks whom where a message asks for several."""

CATALOGUE: dict[str, FactSpec] = {
    # -- the event
    "channel": FactSpec(FactType.WORD, "The channel the contact came on.", _CHANNELS),
    "sub_channel": FactSpec(FactType.TEXT, "The finer name, such as whatsapp; empty if unknown."),
    "kind": FactSpec(FactType.WORD, "What happened.", tuple(k.value for k in Kind)),
    "source": FactSpec(FactType.TEXT, "The platform account that reported it."),
    "topic": FactSpec(FactType.TEXT, "What it is about, as the platform classifies it."),
    "queue": FactSpec(FactType.TEXT, "The queue the platform named, empty if none."),
    "live": FactSpec(FactType.FLAG, "The customer is waiting on the line or in a web chat."),
    "asked.channel": FactSpec(
        FactType.WORD, "The channel asked for in this contact.", _CHANNELS + _NO
    ),
    # -- the message
    "message.closing": FactSpec(FactType.FLAG, "It only says thanks: short, no question."),
    "message.origin": FactSpec(
        FactType.WORD, "Who really wrote it.", tuple(o.value for o in Origin)
    ),
    "message.language": FactSpec(FactType.TEXT, "BCP 47 language of the message, else empty."),
    "message.attachments": FactSpec(FactType.WHOLE, "How many attachments it has."),
    "message.sentiment": FactSpec(
        FactType.NUMBER, "Score of this message, -1 to 1; absent until it is scored."
    ),
    "message.confidence": FactSpec(
        FactType.NUMBER, "How sure that score is, 0 to 1; absent until it is scored."
    ),
    "message.asks_for": FactSpec(
        FactType.WORD,
        "Whom the customer asks for in it, the one with the most authority; absent until scored.",
        (*ASKED_FOR, "none"),
    ),
    "message.asks_confidence": FactSpec(
        FactType.NUMBER, "How sure that is, 0 to 1; absent where nobody is asked for."
    ),
    "message.leaving": FactSpec(
        FactType.NUMBER, "How sure the customer threatens to leave, 0 to 1; absent until scored."
    ),
    # -- the thread
    "thread.exchanges": FactSpec(
        FactType.WHOLE, "Completed exchanges before this message since the last reset."
    ),
    "thread.messages": FactSpec(FactType.WHOLE, "Counted messages, this one included."),
    "thread.link": FactSpec(
        FactType.WORD,
        "How the message joined its thread.",
        ("new", "references", "conversation", "weak"),
    ),
    "thread.related": FactSpec(
        FactType.TEXT, "The thread a weak link (same subject and sender) points to, else empty."
    ),
    "thread.summarised": FactSpec(
        FactType.FLAG, "Its ledger was cut to save space; it never escalates."
    ),
    # -- the contact
    "contact.state": FactSpec(
        FactType.WORD, "Its life so far.", ("new", "routed", "owned", "closed")
    ),
    # -- the customer
    "customer.known": FactSpec(FactType.FLAG, "Something is remembered of this customer."),
    "customer.anonymous": FactSpec(FactType.FLAG, "The id begins with `anon:`."),
    "customer.segment": FactSpec(FactType.TEXT, "Such as key, middle, small; empty if unknown."),
    "customer.language": FactSpec(FactType.TEXT, "Of the message, else of the profile."),
    "choice.channel": FactSpec(
        FactType.WORD, "The chosen channel after `asked`, `stored`, `topic`, `observed`.", _CHANNELS
    ),
    "choice.source": FactSpec(
        FactType.WORD,
        "Where the choice came from.",
        ("asked", "stored", "topic", "observed", "default"),
    ),
    "choice.strength": FactSpec(
        FactType.WORD, "How strong the choice is.", tuple(s.value for s in Strength)
    ),
    # -- the mood
    "mood.score": FactSpec(
        FactType.NUMBER, "Mean of sentiment, fading with time, -1 to 1; absent if none."
    ),
    "mood.trend": FactSpec(
        FactType.NUMBER, "The last messages against that mean, -2 (worse) to 2; absent if none."
    ),
    "mood.count": FactSpec(FactType.WHOLE, "How many messages it rests on."),
    # -- escalation
    "escalation.lapsed": FactSpec(
        FactType.FLAG, "An escalation of this thread ran out without any progress."
    ),
    # -- the clock, in the customer's time zone, else in the centre's
    "time.hour": FactSpec(FactType.WHOLE, "Local hour, 0 to 23."),
    "time.weekday": FactSpec(
        FactType.WORD, "Local day.", ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    ),
    "time.date": FactSpec(FactType.TEXT, "Local date, such as 2026-11-22."),
}

ATTRIBUTE_PREFIX = "attributes."
"""`attributes.<name>` reads a free attribute of the event; TEXT, empty if absent."""
ONCE_PREFIX = "once."
"""`once.<rule id>` is written by `once_per`: the rule has fired before. FLAG."""
SPLIT_PREFIX = "split."
"""`split.<name>` is a stable share of the customers: 0 to 99, from a hash of name and id. WHOLE."""


def spec_of(name: str) -> FactSpec | None:
    """The entry of a fact, `attributes.*`, `once.*` and `split.*` included; None if there is no such fact."""
    if name.startswith(ATTRIBUTE_PREFIX) and len(name) > len(ATTRIBUTE_PREFIX):
        return FactSpec(FactType.TEXT, "A free attribute of the event.")
    if name.startswith(ONCE_PREFIX) and len(name) > len(ONCE_PREFIX):
        return FactSpec(FactType.FLAG, "The rule has fired before for this thread.")
    if name.startswith(SPLIT_PREFIX) and len(name) > len(SPLIT_PREFIX):
        return FactSpec(FactType.WHOLE, "The customer's stable share in this split, 0 to 99.")
    return CATALOGUE.get(name)
