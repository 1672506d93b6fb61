"""What a story expects of the router, as one JSON object per event: the ledger.

The expectations follow from the stories as people tell them, never from the router's code, so
that whoever compares the two does not repeat the router's mistakes.
"""

from __future__ import annotations

from typing import Any

import msgspec

from services.contact.decision import Action, Outcome
from services.contact.event import Channel
from services.contact.reject import RejectCode


class Revision(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An event that changes the decision on an earlier one."""

    of: str
    """The event id of the earlier one."""
    actions: tuple[Action, ...]
    """What the revised decision may say."""
    channel: Channel
    cause: str


class Expected(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What must become of one record. Empty fields are not fixed by the story."""

    outcome: Outcome | None = None
    """None where it shows only in what the record changes, see `revises`."""
    code: RejectCode | None = None
    """With `rejected`: the reason in the dead letter."""
    actions: tuple[Action, ...] = ()
    """What the first decision (revision 0) may say."""
    channel: Channel | None = None
    rule: str = ""
    skip: str = ""
    """`<channel>:<why>` that the decision must name among its skips."""
    ask_for: str = ""
    choice: str = ""
    """The source of the choice."""
    postponed: bool | None = None
    """Must the callback wait for the morning?"""
    refers_to: str = ""
    """The event id of the message whose decision this one must name."""
    no_call: bool = False
    """No revision of this decision may ever be a callback."""
    revises: Revision | None = None


class ThreadExpected(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What must stand in the end for one thread of messages."""

    events: tuple[str, ...]
    """Event ids of the customer's messages, in order of receipt."""
    call: str = ""
    """The one whose latest decision is a callback; empty if none may be.

    Where an event of the same ledger `revises` that decision into something else (the desk
    reported a failure), none may be.
    """


class Entry(Expected, frozen=True, omit_defaults=True, kw_only=True):
    """A line of the ledger: one record that the broker has acknowledged, and its expectation."""

    topic: str
    partition: int
    offset: int
    event_id: str = ""
    """Empty where a malformed record has none that can be read."""
    source: str = ""
    customer_id: str = ""
    story: str = ""
    action: Action | None = None
    """Where `actions` holds one only."""
    threads: tuple[ThreadExpected, ...] = ()
    """With the last record of a story: what must stand in the end."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def enter(expected: Expected, **where: Any) -> Entry:
    """The ledger line of a record; `where` fills the fields that `Expected` does not have."""
    fields = {name: getattr(expected, name) for name in expected.__struct_fields__}
    action = expected.actions[0] if len(expected.actions) == 1 else None
    return Entry(**fields, action=action, **where)


def write_line(entry: Entry) -> bytes:
    """One line of the ledger, newline included."""
    return _encoder.encode(entry) + b"\n"


def read_line(line: bytes) -> Entry:
    """The entry on one line; raises msgspec.DecodeError for anything else."""
    return _decoder.decode(line)


REMEMBERED = Expected(outcome=Outcome.REMEMBERED)
TWICE = Expected(outcome=Outcome.DUPLICATE)


def refused(code: RejectCode) -> Expected:
    """The record must be in the dead letters with this code."""
    return Expected(outcome=Outcome.REJECTED, code=code)


def kept(channel: Channel, **more: Any) -> Expected:
    """It stays on the channel it came on, queued or left with its owner; nobody calls."""
    usual = Expected(
        outcome=Outcome.DECIDED,
        channel=channel,
        actions=(Action.ROUTE, Action.STAY),
        no_call=True,
    )
    return msgspec.structs.replace(usual, **more)


def routed(channel: Channel, **more: Any) -> Expected:
    """It is queued on this channel; nobody calls."""
    return kept(channel, actions=(Action.ROUTE,), **more)


def stays(channel: Channel) -> Expected:
    """It is left with its owner."""
    return kept(channel, actions=(Action.STAY,))


def moved(channel: Channel, **more: Any) -> Expected:
    """It is answered on another written channel."""
    return kept(channel, actions=(Action.MOVE,), **more)


def called(**more: Any) -> Expected:
    """Somebody calls the customer."""
    return kept(Channel.PHONE, actions=(Action.CALLBACK,), no_call=False, **more)


def escalated(**more: Any) -> Expected:
    """A call because two exchanges by e-mail did not settle it."""
    return called(rule="email-to-phone", **more)
