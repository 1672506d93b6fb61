"""What a platform tells us: one fact about one contact, as frozen structs.

This file is the only place where the fields of an incoming event are named.
`proto/contact/v1/event.proto` says the same for other languages; a contract
test keeps the two, the JSON and `proto/asyncapi.yaml` equal.

Rule: every time is an aware UTC `datetime`; every optional field has a default,
so the smallest event is `event_id, source, kind, customer_id, channel`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with an offset; RFC 3339 in JSON, `google.protobuf.Timestamp` in protobuf."""


class Kind(StrEnum):
    """What happened (DESIGN 3). Some kinds ask for a decision, the others are remembered."""

    MESSAGE = "message"
    CALL_OFFERED = "call.offered"
    CALL_ANSWERED = "call.answered"
    CALL_HELD = "call.held"
    CALL_RESUMED = "call.resumed"
    CALL_ENDED = "call.ended"
    CALL_ABANDONED = "call.abandoned"
    HANDOFF_REQUESTED = "handoff.requested"
    CALLBACK_REQUESTED = "callback.requested"
    CONTACT_QUEUED = "contact.queued"
    CONTACT_ASSIGNED = "contact.assigned"
    CONTACT_TRANSFERRED = "contact.transferred"
    CONTACT_WRAPUP = "contact.wrapup"
    CONTACT_CLOSED = "contact.closed"
    CONTACT_REOPENED = "contact.reopened"
    PREFERENCE_UPDATED = "preference.updated"
    CONSENT_UPDATED = "consent.updated"
    PROFILE_UPDATED = "profile.updated"
    ROUTING_ACCEPTED = "routing.accepted"
    ROUTING_STARTED = "routing.started"
    ROUTING_COMPLETED = "routing.completed"
    ROUTING_FAILED = "routing.failed"
    DELIVERY_FAILED = "delivery.failed"
    REVISION_REQUESTED = "revision.requested"
    """An operator changed the rules: decide this decision anew, if nobody has started on it."""
    SURVEY_ANSWERED = "survey.answered"
    CUSTOMER_ERASED = "customer.erased"
    CUSTOMER_LINKED = "customer.linked"
    """Reserved: refused with the code `kind_reserved` in this version."""


class Channel(StrEnum):
    """The routing channel; finer names (sms, whatsapp, x, …) are the `sub_channel`."""

    PHONE = "phone"
    CHAT = "chat"
    EMAIL = "email"
    SOCIAL = "social"


class Side(StrEnum):
    """Who spoke."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


class Origin(StrEnum):
    """Who really wrote a message. Only `human` and `unknown` count as a turn."""

    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LIST = "list"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class Strength(StrEnum):
    """How strongly a customer chose: `prefer` may be overridden by an escalation, `only` never."""

    PREFER = "prefer"
    ONLY = "only"


class Purpose(StrEnum):
    """What a consent is for."""

    SERVICE = "service"
    MARKETING = "marketing"
    RECORDING = "recording"


class ConsentState(StrEnum):
    """What the customer said to being contacted."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Actor(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Who acted, as the platform says it. It beats every guess of ours."""

    type: Side | None = None
    id: str = ""


class Handle(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """An address of the customer, valid for one channel."""

    kind: Channel
    value: str
    sub_channel: str = ""
    ref: str = ""
    """The platform's own reference to this address, for executors that never see it in clear."""
    verified: bool | None = None


class Participants(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The addresses on an e-mail; bare addresses, lower case, no display names."""

    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()


class MailHeaders(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The e-mail headers that tell a machine from a person (email-exchanges 5b), verbatim.

    `None` means that the header was absent; an empty string, that it was empty
    (an empty `Return-Path` is `<>`, the mark of a bounce).
    """

    auto_submitted: str | None = None
    precedence: str | None = None
    x_autoreply: str | None = None
    x_autorespond: str | None = None
    x_auto_response_suppress: str | None = None
    x_ms_exchange_inbox_rules_loop: str | None = None
    list_id: str | None = None
    list_unsubscribe: str | None = None
    feedback_id: str | None = None
    return_path: str | None = None
    x_failed_recipients: str | None = None
    x_loop: str | None = None
    content_type: str | None = None
    """Type and `report-type` only, such as `multipart/report; report-type=delivery-status`."""


class Choice(
    msgspec.Struct,
    frozen=True,
    gc=False,
    omit_defaults=True,
    kw_only=True,
    rename={"from_": "from"},
):
    """The channel a customer wants (DESIGN 4.4); without a channel it only says `never`."""

    channel: Channel | None = None
    topic: str = ""
    strength: Strength = Strength.PREFER
    never: tuple[Channel, ...] = ()
    from_: Instant | None = None
    until: Instant | None = None
    source: str = ""
    """Who recorded it: `customer`, `agent`, `import`, … For the record; it ranks nothing."""
    at: Instant | None = None
    """When it was said; the latest wins. Absent: the receipt time of the event."""


class Consent(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """May we use a channel for a purpose? Absent `channel` means every channel."""

    channel: Channel | None = None
    purpose: Purpose = Purpose.SERVICE
    state: ConsentState
    at: Instant | None = None
    until: Instant | None = None


class Hours(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """When the customer may be called, in the customer's time zone; minutes after midnight."""

    start: Annotated[int, msgspec.Meta(ge=0, le=1440)]
    end: Annotated[int, msgspec.Meta(ge=0, le=1440)]
    weekdays: tuple[Annotated[int, msgspec.Meta(ge=0, le=6)], ...] = (0, 1, 2, 3, 4, 5, 6)
    """0 is Monday."""


class Profile(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What a platform knows of a customer. Absent fields leave what is remembered."""

    handles: tuple[Handle, ...] = ()
    language: str = ""
    timezone: str = ""
    """IANA name, such as `Europe/Sofia`."""
    segment: str = ""
    hours: Hours | None = None


Rating = Annotated[float, msgspec.Meta(ge=0.0, le=10.0)]
"""How strongly an emotion was felt: 0 not at all, 10 very strongly."""


class Survey(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How strongly a customer felt each of the 20 emotions of Net Emotional Value.

    The emotions and their four clusters are Colin Shaw's (*The DNA of Customer Experience*, 2007).
    Every one is required: a mean over those that somebody chose to rate compares with nothing.
    """

    # destroying value
    irritated: Rating
    hurried: Rating
    neglected: Rating
    unhappy: Rating
    unsatisfied: Rating
    stressed: Rating
    disappointed: Rating
    frustrated: Rating
    # attention
    interested: Rating
    energetic: Rating
    stimulated: Rating
    exploratory: Rating
    indulgent: Rating
    # recommendation
    trusting: Rating
    valued: Rating
    focused: Rating
    safe: Rating
    cared_for: Rating
    # advocacy
    happy: Rating
    pleased: Rating


class ContactEvent(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One fact about one contact, as put on `contact.events` (DESIGN 3)."""

    event_id: str
    """Unique within `source`; (source, event_id) is the duplicate key."""
    source: str
    """The platform account that reports, such as `zendesk/acme`."""
    kind: Kind
    customer_id: str
    """Also the Kafka key."""
    channel: Channel | None = None
    sub_channel: str = ""
    side: Side | None = None
    """Who spoke; absent, it follows from `actor`, then from our own addresses."""
    actor: Actor | None = None
    occurred_at: Instant | None = None
    """The platform's time; a hint only, for it is set by others."""
    received_at: Instant | None = None
    """When the platform received it; orders a thread. Absent: Kafka's append time."""
    schema_version: str = ""
    sequence: int | None = None
    contact_id: str = ""
    """The platform's container: contact, task, ticket, call. Absent: the thread stands for it."""
    conversation_id: str = ""
    """The platform's own thread: a strong link."""
    topic: str = ""
    """What it is about, as the platform classifies it, such as `billing`."""
    # -- grouping of e-mail
    message_id: str = ""
    message_id_aliases: tuple[str, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    reply_to_message_id: str = ""
    """For chat and social: the platform's id of the message that this one answers."""
    # -- content
    subject: str = ""
    text: str = ""
    text_stripped: str = ""
    """The text without quotes and signature; absent, `text` is used."""
    language: str = ""
    """BCP 47, such as `bg` or `pt-BR`."""
    attachments_count: int = 0
    content_hash: str = ""
    # -- automation evidence
    participants: Participants | None = None
    headers: MailHeaders | None = None
    origin: Origin | None = None
    """The platform's own verdict; absent, it follows from `headers`."""
    origin_evidence: tuple[str, ...] = ()
    is_echo: bool = False
    is_private: bool = False
    """An internal note: remembered, never counted."""
    is_forward: bool = False
    # -- the customer
    customer_handles: tuple[Handle, ...] = ()
    requested_channel: Channel | None = None
    """Asked for in this very contact."""
    timezone: str = ""
    choice: Choice | None = None
    """With `preference.updated`; on other kinds, a choice made on the way."""
    consents: tuple[Consent, ...] = ()
    """With `consent.updated`; on other kinds, consents given on the way."""
    profile: Profile | None = None
    """With `profile.updated`; on other kinds, what became known on the way."""
    survey: Survey | None = None
    """With `survey.answered`."""
    # -- routing facts
    queue: str = ""
    agent_id: str = ""
    decision_id: str = ""
    """With `routing.*` and `delivery.failed`: the decision that is reported on."""
    outcome: str = ""
    """With `routing.completed`: such as `solved`, `voicemail`."""
    cause: str = ""
    """With `routing.failed` and `delivery.failed`: such as `no_answer`, `refused`."""
    attributes: dict[str, str] = {}
    """Free values that a rule may read as `attributes.<name>`."""
    raw_ref: str = ""


ASKS: frozenset[Kind] = frozenset(
    {Kind.CALL_OFFERED, Kind.HANDOFF_REQUESTED, Kind.CALLBACK_REQUESTED}
)
"""The kinds that always ask for a decision; a customer's message does too, if a human wrote it."""

ABOUT_DECISION: frozenset[Kind] = frozenset(
    {
        Kind.ROUTING_ACCEPTED,
        Kind.ROUTING_STARTED,
        Kind.ROUTING_COMPLETED,
        Kind.ROUTING_FAILED,
        Kind.DELIVERY_FAILED,
        Kind.REVISION_REQUESTED,
    }
)
"""The kinds that are about a decision; all but `delivery.failed` must name it."""
