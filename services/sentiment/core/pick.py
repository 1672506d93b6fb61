"""Which messages are scored, and which part of their text.

Scored is what a customer wrote or said, as far as the event's own words tell: agents, bots, what
machines wrote, private notes and echoes are not. Nobody's employees are scored, unless the operator
switches that on: the EU AI Act (Art. 5(1)(f)) restricts inferring emotions at work.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from services.contact.event import Channel, ContactEvent, Kind, Origin, Side
from services.contact.origin import judge_origin, judge_side
from services.sentiment.core.parts import bound, clean, split_text
from services.sentiment.core.prose import strip_mail
from services.sentiment.core.turns import pick_turns

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
    parts: tuple[str, ...]
    """At most 12 of at most 1,500 characters each; none where the message has no words."""
    side: Side = Side.CUSTOMER


def pick_text(
    event: ContactEvent, ours: Sequence[str] = (), *, agents: bool = False
) -> Picked | Skipped:
    """The words to be scored, or why the event has none.

    `ours` are our own lower-case addresses and domains: they tell an agent's e-mail where the
    platform says neither side nor actor. With `agents`, what our people wrote is scored, too.
    """
    side = judge_side(event, ours)
    skipped = _judge_kind(event) or _judge_speaker(event, side, ours, agents=agents)
    if skipped is not None:
        return skipped
    return Picked(event=event, parts=list_parts(event, side), side=side)


def list_parts(event: ContactEvent, side: Side = Side.CUSTOMER) -> tuple[str, ...]:
    """The words of this side alone, in parts: no quotes, no signature, not the other's turns."""
    text = clean(event.text_stripped or event.text)
    if event.channel is Channel.EMAIL:
        return split_text(strip_mail(text))
    turns = pick_turns(text) if side is Side.CUSTOMER else ()
    if not turns:
        return split_text(text)
    return bound(part for turn in turns for part in split_text(turn))


def _judge_kind(event: ContactEvent) -> Skipped | None:
    if event.kind is Kind.SURVEY_ANSWERED:
        return Skipped.SURVEY
    if event.kind is not Kind.MESSAGE:
        return Skipped.NOT_A_MESSAGE
    if event.is_private:
        return Skipped.PRIVATE
    return Skipped.ECHO if event.is_echo else None


def _judge_speaker(
    event: ContactEvent, side: Side, ours: Sequence[str], *, agents: bool
) -> Skipped | None:
    """Who spoke, and whether a person did: the same judgement that routes."""
    origin = judge_origin(event, ours).origin
    if side in _MACHINES or origin not in _PEOPLE:
        return Skipped.MACHINE
    return Skipped.NOT_THE_CUSTOMER if side is Side.AGENT and not agents else None
