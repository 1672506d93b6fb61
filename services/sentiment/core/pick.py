"""Which messages are scored, and which part of their text.

Scored is what a customer wrote or said, as far as the event's own words tell: agents, bots, what
machines wrote, private notes and echoes are not. Nobody's employees are scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from services.contact.event import ContactEvent, Kind, Origin, Side
from services.contact.origin import judge_origin, judge_side

MOST_CHARACTERS = 1_500
"""What is scored of a text; the mood of a longer one is in its beginning or nowhere."""
_PEOPLE = frozenset({Origin.HUMAN, Origin.UNKNOWN})
_MACHINES = frozenset({Side.BOT, Side.SYSTEM})


class Skipped(StrEnum):
    """Why a record has no score. Closed: these are metric labels."""

    NOT_A_MESSAGE = "not_a_message"
    NOT_THE_CUSTOMER = "not_the_customer"
    MACHINE = "machine"
    PRIVATE = "private"
    ECHO = "echo"
    SURVEY = "survey"
    """Its ratings go into the figures of NEV."""
    MALFORMED = "malformed"
    """The router dead-letters it."""


class Picked(msgspec.Struct, frozen=True, gc=False):
    """A message to be scored."""

    event: ContactEvent
    text: str
    """At most 1,500 characters; empty where the message has no words."""


def pick_text(event: ContactEvent, ours: Sequence[str] = ()) -> Picked | Skipped:
    """The text to be scored, or why the event has none.

    `ours` are our own lower-case addresses and domains: they tell an agent's e-mail where the
    platform says neither side nor actor.
    """
    skipped = _judge_kind(event) or _judge_speaker(event, ours)
    if skipped is not None:
        return skipped
    text = (event.text_stripped or event.text).strip()
    return Picked(event=event, text=text[:MOST_CHARACTERS])


def _judge_kind(event: ContactEvent) -> Skipped | None:
    if event.kind is Kind.SURVEY_ANSWERED:
        return Skipped.SURVEY
    if event.kind is not Kind.MESSAGE:
        return Skipped.NOT_A_MESSAGE
    if event.is_private:
        return Skipped.PRIVATE
    return Skipped.ECHO if event.is_echo else None


def _judge_speaker(event: ContactEvent, ours: Sequence[str]) -> Skipped | None:
    """Who spoke, and whether a person did: the same judgement that routes."""
    side = judge_side(event, ours)
    origin = judge_origin(event, ours).origin
    if side in _MACHINES or origin not in _PEOPLE:
        return Skipped.MACHINE
    return Skipped.NOT_THE_CUSTOMER if side is Side.AGENT else None
