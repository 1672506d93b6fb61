"""What OmniRoute answers: one decision about one contact (DESIGN 3), as frozen structs."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from services.contact.event import Channel, Instant

Fact = str | int | float | bool | tuple[str, ...] | None
"""A value a rule can read. Numbers are finite; sets of words are tuples."""


class Action(StrEnum):
    """What is to be done with the contact."""

    ROUTE = "route"
    """Queue this contact where it is."""
    CALLBACK = "callback"
    """Somebody calls the customer."""
    MOVE = "move"
    """Answer on another written channel."""
    STAY = "stay"
    """Leave it with its owner."""
    ATTACH = "attach"
    """It belongs to an escalation that is open; see `refers_to`."""
    DUPLICATE = "duplicate"
    """The same message under another contact id; `refers_to` names the first."""
    RECORD = "record"
    """File it; no work."""


class DecisionType(StrEnum):
    """The CloudEvents type of a decision."""

    MADE = "decision.made"
    REVISED = "decision.revised"
    CANCELLED = "decision.cancelled"


class Effect(StrEnum):
    """Is the decision to be carried out?"""

    LIVE = "live"
    NONE = "none"
    """Observed only: nobody acts on it."""


class Outcome(StrEnum):
    """What became of one input record; each record has exactly one."""

    DECIDED = "decided"
    REMEMBERED = "remembered"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    """It lies in `contact.deadletter`."""


class Skip(msgspec.Struct, frozen=True, gc=False):
    """A channel that was not taken, and why."""

    channel: Channel
    why: str
    """One of: consent_refused, customer_refuses, no_address, address_failed, closed, tried."""


class Position(msgspec.Struct, frozen=True, gc=False):
    """Where the event lies in Kafka."""

    topic: str
    partition: int
    offset: int


class Decision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One routing decision, or a revision of one. Kept under 2 KB."""

    decision_id: str
    """UUIDv5(source, event_id, revision)."""
    type: DecisionType
    revision: int
    """0 for `decision.made`; the highest revision wins."""
    revises: str = ""
    """The `decision_id` of the predecessor."""
    cause: str = ""
    """What led to a revision: late_event, sentiment, routing.failed, delivery.failed,
    consent.updated, preference.updated, customer.erased, rules_changed; to a new decision:
    escalation_lapsed, capacity."""
    event_id: str
    source: str
    position: Position | None = None
    customer_id: str
    contact_id: str
    thread_key: str = ""
    action: Action
    refers_to: str = ""
    """With `attach`: the open escalation. With `duplicate`: the first message's decision,
    or its event id where it had none."""
    from_channel: Channel
    channel: Channel
    sub_channel: str = ""
    address_ref: str = ""
    address: str = ""
    """In clear unless switched off; never in logs."""
    executor: str
    queue: str
    priority: int
    """1 (most urgent) to 9."""
    skills: tuple[str, ...] = ()
    respond_by: Instant | None = None
    not_before: Instant | None = None
    not_after: Instant | None = None
    timezone: str = ""
    expires_at: Instant | None = None
    fallbacks: tuple[Channel, ...] = ()
    ask_for: tuple[str, ...] = ()
    """What to confirm with the customer, such as `phone`."""
    rule: str
    path: tuple[str, ...] = ()
    reason: str = ""
    skips: tuple[Skip, ...] = ()
    choice_source: str = ""
    """Where the chosen channel came from: asked, stored, topic, observed, default."""
    facts: dict[str, Fact] = {}
    rules_version: str
    effect: Effect = Effect.LIVE
    decided_at: Instant
