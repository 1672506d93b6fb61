"""What is remembered of a customer: one value per customer, threads included.

Rule: the value is a pure function of the customer's events in order; it is packed as a
msgpack array with a format number in front, so a field's place is its number in
`proto/contact/v1/memory.proto`. Fields are only ever appended. Times are milliseconds since
the epoch, 0 for never; scores are thousandths; ids are 8-byte hashes packed end to end.
"""

from __future__ import annotations

import hashlib

import msgspec

from services.contact.decision import Action, Skip
from services.contact.event import (
    Channel,
    ConsentState,
    Hours,
    Kind,
    Origin,
    Purpose,
)

STATE_FORMAT = 1
"""Written in front of every packed state; another number is refused by `unpack`."""
MAX_STATE_BYTES = 32 * 1024
"""A packed state is never larger (DESIGN 5)."""
MAX_SEEN = 64
"""Event ids of one customer that are remembered for the duplicate check."""
HASH_BYTES = 8
STARTED = "started"
"""The life of a standing decision that somebody works on: no revision reaches them."""
OBSERVED = "observed"
"""The life of a standing decision with `effect: none`: kept apart, see `observed.py`."""


class FormatUnknownError(Exception):
    """A packed state is of another format, or is no state at all."""


class StoredChoice(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The choice for one topic (empty: for all): a channel, and channels never to be used."""

    topic: str = ""
    channel: Channel | None = None
    only: bool = False
    valid_from: int = 0
    valid_until: int = 0
    at: int = 0
    never: tuple[Channel, ...] = ()
    never_until: int = 0
    never_at: int = 0
    never_from: int = 0


class StoredConsent(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The latest word on one channel (None: all of them) and one purpose."""

    channel: Channel | None
    purpose: Purpose
    state: ConsentState
    at: int = 0
    until: int = 0


class StoredHandle(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An address of this customer."""

    channel: Channel
    value: str
    sub_channel: str = ""
    ref: str = ""
    verified: bool | None = None
    failed_at: int = 0


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One line of a thread's ledger. Sorted by receipt time, then by id, never by arrival."""

    at: int
    id: bytes
    """Hash of the message, for the duplicate check."""
    side: int
    """One of the codes of `ledger.py`."""


class Fired(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A rule with `once_per` has fired for this scope."""

    rule: str
    scope: str
    """Thread key, contact id, or empty for the customer."""
    at: int
    """Receipt time of the message it fired on."""


class Thread(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The e-mails that belong together, within one customer."""

    key: str
    aliases: tuple[str, ...] = ()
    """Keys of younger threads that were merged into this one."""
    ids: bytes = b""
    """Hashes of every Message-ID owned or referenced, and of conversation ids."""
    ledger: tuple[Entry, ...] = ()
    subject: bytes = b""
    """Hash of normalised subject and sender of the latest customer message: the weak link."""
    last_at: int = 0
    summarised: bool = False


class Contact(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One interaction, as far as routing must know it."""

    id: str
    channel: Channel | None = None
    state: str = "new"
    """new, routed, owned or closed."""
    last_at: int = 0
    closed_at: int = 0
    thread: str = ""


class Gist(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the rules may read of an event that was decided, so that it can be decided again."""

    channel: Channel = msgspec.field(name="c")
    kind: Kind = msgspec.field(default=Kind.MESSAGE, name="k")
    sub_channel: str = msgspec.field(default="", name="s")
    topic: str = msgspec.field(default="", name="t")
    queue: str = msgspec.field(default="", name="q")
    live: bool = msgspec.field(default=False, name="l")
    asked: Channel | None = msgspec.field(default=None, name="a")
    closing: bool = msgspec.field(default=False, name="g")
    origin: Origin = msgspec.field(default=Origin.HUMAN, name="o")
    language: str = msgspec.field(default="", name="n")
    attachments: int = msgspec.field(default=0, name="h")
    sentiment: int | None = msgspec.field(default=None, name="m")
    confidence: int | None = msgspec.field(default=None, name="f")
    wants: dict[str, int] = msgspec.field(default_factory=dict, name="u")
    """What the customer asks for, with how sure that is, 0 to 1000; known once it is scored."""
    link: str = msgspec.field(default="new", name="i")
    related: str = msgspec.field(default="", name="r")
    contact_state: str = msgspec.field(default="new", name="d")
    lapsed: bool = msgspec.field(default=False, name="e")
    known: bool = msgspec.field(default=False, name="w")
    source: str = msgspec.field(default="", name="p")
    attributes: dict[str, str] = msgspec.field(default_factory=dict, name="x")


class Standing(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The latest decision on one contact or thread, with what is needed to revise it."""

    event_id: str
    source: str
    partition: int
    offset: int
    revision: int
    contact_id: str
    thread: str
    received_at: int
    decided_at: int
    message: bytes
    """Hash of the message it was made on."""
    action: Action
    channel: Channel
    queue: str
    priority: int
    skills: tuple[str, ...]
    rule: str
    life: str = "issued"
    """issued, accepted, started, completed, failed, cancelled; observed: nobody acts on it."""
    escalation: bool = False
    expires_at: int = 0
    fallbacks: tuple[Channel, ...] = ()
    skips: tuple[Skip, ...] = ()
    mood_revisions: int = 0
    gist: Gist = msgspec.field(default_factory=lambda: Gist(channel=Channel.EMAIL))
    since: int = 0
    """The first of its revisions with this action and this channel."""

    @property
    def revisable(self) -> bool:
        """Nobody has started on it and it has not ended."""
        return self.life in {"issued", "accepted", "observed"}


class Mood(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A customer's sentiment over time."""

    score: int
    """Decayed mean, -1000 to 1000."""
    count: int
    at: int
    recent: int | None = None
    """The same over the last messages only; None in a state that is older than this field."""


class Customer(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """All that is remembered of one customer."""

    id: str
    seen: bytes = b""
    """Hashes of the last 64 events, oldest first."""
    choices: tuple[StoredChoice, ...] = ()
    consents: tuple[StoredConsent, ...] = ()
    handles: tuple[StoredHandle, ...] = ()
    language: str = ""
    timezone: str = ""
    segment: str = ""
    hours: Hours | None = None
    habit: str = ""
    """First letters of the channels of the last contacts, oldest first."""
    threads: tuple[Thread, ...] = ()
    contacts: tuple[Contact, ...] = ()
    standings: tuple[Standing, ...] = ()
    fired: tuple[Fired, ...] = ()
    mood: Mood | None = None
    erased_at: int = 0
    profile_at: int = 0
    summarised: int = 0
    """Threads that were cut so far to keep the state within its limit."""


class _Packed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    format: int
    customer: Customer


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


def pack(customer: Customer) -> bytes:
    """The bytes of a state; equal states give equal bytes."""
    return _ENCODER.encode(_Packed(STATE_FORMAT, customer))


def unpack(data: bytes) -> Customer:
    """The state in `data`; FormatUnknownError if it is none, or of another format."""
    try:
        packed = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = "these bytes are not a customer state"
        raise FormatUnknownError(why) from error
    if packed.format != STATE_FORMAT:
        why = f"state format {packed.format}, this version reads {STATE_FORMAT}"
        raise FormatUnknownError(why)
    return packed.customer


def hash_of(*parts: str) -> bytes:
    """8 bytes that stand for these strings; the separator cannot stand in an id."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=HASH_BYTES).digest()


def holds(packed: bytes, one: bytes) -> bool:
    """Is `one` among the hashes packed end to end?"""
    at = packed.find(one)
    while at >= 0:
        if at % HASH_BYTES == 0:
            return True
        at = packed.find(one, at + 1)
    return False


def remember_seen(seen: bytes, one: bytes) -> bytes:
    """`seen` with one more hash, the oldest dropped beyond the limit."""
    return (seen + one)[-MAX_SEEN * HASH_BYTES :]
