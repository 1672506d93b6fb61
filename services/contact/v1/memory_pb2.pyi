from services.contact.v1 import decision_pb2 as _decision_pb2
from services.contact.v1 import event_pb2 as _event_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Marker(_message.Message):
    __slots__ = ("format", "sequence", "lineage", "partitions", "lanes", "inputs", "rules_version", "now", "generation", "candidate", "percent", "effect", "stopped", "allowed", "used")
    class InputsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class AllowedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class UsedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Usage
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Usage, _Mapping]] = ...) -> None: ...
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    RULES_VERSION_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    format: int
    sequence: int
    lineage: str
    partitions: int
    lanes: int
    inputs: _containers.ScalarMap[str, int]
    rules_version: str
    now: int
    generation: int
    candidate: str
    percent: float
    effect: _decision_pb2.Effect
    stopped: int
    allowed: _containers.ScalarMap[str, int]
    used: _containers.MessageMap[str, Usage]
    def __init__(self, format: _Optional[int] = ..., sequence: _Optional[int] = ..., lineage: _Optional[str] = ..., partitions: _Optional[int] = ..., lanes: _Optional[int] = ..., inputs: _Optional[_Mapping[str, int]] = ..., rules_version: _Optional[str] = ..., now: _Optional[int] = ..., generation: _Optional[int] = ..., candidate: _Optional[str] = ..., percent: _Optional[float] = ..., effect: _Optional[_Union[_decision_pb2.Effect, str]] = ..., stopped: _Optional[int] = ..., allowed: _Optional[_Mapping[str, int]] = ..., used: _Optional[_Mapping[str, Usage]] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("window_ms", "counts")
    class CountsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: int
        def __init__(self, key: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...
    WINDOW_MS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    window_ms: int
    counts: _containers.ScalarMap[int, int]
    def __init__(self, window_ms: _Optional[int] = ..., counts: _Optional[_Mapping[int, int]] = ...) -> None: ...

class CustomerState(_message.Message):
    __slots__ = ("format", "customer")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    format: int
    customer: Customer
    def __init__(self, format: _Optional[int] = ..., customer: _Optional[_Union[Customer, _Mapping]] = ...) -> None: ...

class Customer(_message.Message):
    __slots__ = ("id", "seen", "choices", "consents", "handles", "language", "timezone", "segment", "hours", "habit", "threads", "contacts", "standings", "fired", "mood", "erased_at", "profile_at", "summarised")
    ID_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    CONSENTS_FIELD_NUMBER: _ClassVar[int]
    HANDLES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    HABIT_FIELD_NUMBER: _ClassVar[int]
    THREADS_FIELD_NUMBER: _ClassVar[int]
    CONTACTS_FIELD_NUMBER: _ClassVar[int]
    STANDINGS_FIELD_NUMBER: _ClassVar[int]
    FIRED_FIELD_NUMBER: _ClassVar[int]
    MOOD_FIELD_NUMBER: _ClassVar[int]
    ERASED_AT_FIELD_NUMBER: _ClassVar[int]
    PROFILE_AT_FIELD_NUMBER: _ClassVar[int]
    SUMMARISED_FIELD_NUMBER: _ClassVar[int]
    id: str
    seen: bytes
    choices: _containers.RepeatedCompositeFieldContainer[StoredChoice]
    consents: _containers.RepeatedCompositeFieldContainer[StoredConsent]
    handles: _containers.RepeatedCompositeFieldContainer[StoredHandle]
    language: str
    timezone: str
    segment: str
    hours: _event_pb2.Hours
    habit: str
    threads: _containers.RepeatedCompositeFieldContainer[Thread]
    contacts: _containers.RepeatedCompositeFieldContainer[Contact]
    standings: _containers.RepeatedCompositeFieldContainer[Standing]
    fired: _containers.RepeatedCompositeFieldContainer[Fired]
    mood: Mood
    erased_at: int
    profile_at: int
    summarised: int
    def __init__(self, id: _Optional[str] = ..., seen: _Optional[bytes] = ..., choices: _Optional[_Iterable[_Union[StoredChoice, _Mapping]]] = ..., consents: _Optional[_Iterable[_Union[StoredConsent, _Mapping]]] = ..., handles: _Optional[_Iterable[_Union[StoredHandle, _Mapping]]] = ..., language: _Optional[str] = ..., timezone: _Optional[str] = ..., segment: _Optional[str] = ..., hours: _Optional[_Union[_event_pb2.Hours, _Mapping]] = ..., habit: _Optional[str] = ..., threads: _Optional[_Iterable[_Union[Thread, _Mapping]]] = ..., contacts: _Optional[_Iterable[_Union[Contact, _Mapping]]] = ..., standings: _Optional[_Iterable[_Union[Standing, _Mapping]]] = ..., fired: _Optional[_Iterable[_Union[Fired, _Mapping]]] = ..., mood: _Optional[_Union[Mood, _Mapping]] = ..., erased_at: _Optional[int] = ..., profile_at: _Optional[int] = ..., summarised: _Optional[int] = ...) -> None: ...

class StoredChoice(_message.Message):
    __slots__ = ("topic", "channel", "only", "valid_from", "valid_until", "at", "never", "never_until", "never_at", "never_from")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ONLY_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    NEVER_FIELD_NUMBER: _ClassVar[int]
    NEVER_UNTIL_FIELD_NUMBER: _ClassVar[int]
    NEVER_AT_FIELD_NUMBER: _ClassVar[int]
    NEVER_FROM_FIELD_NUMBER: _ClassVar[int]
    topic: str
    channel: _event_pb2.Channel
    only: bool
    valid_from: int
    valid_until: int
    at: int
    never: _containers.RepeatedScalarFieldContainer[_event_pb2.Channel]
    never_until: int
    never_at: int
    never_from: int
    def __init__(self, topic: _Optional[str] = ..., channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., only: _Optional[bool] = ..., valid_from: _Optional[int] = ..., valid_until: _Optional[int] = ..., at: _Optional[int] = ..., never: _Optional[_Iterable[_Union[_event_pb2.Channel, str]]] = ..., never_until: _Optional[int] = ..., never_at: _Optional[int] = ..., never_from: _Optional[int] = ...) -> None: ...

class StoredConsent(_message.Message):
    __slots__ = ("channel", "purpose", "state", "at", "until")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    channel: _event_pb2.Channel
    purpose: _event_pb2.Purpose
    state: _event_pb2.ConsentState
    at: int
    until: int
    def __init__(self, channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., purpose: _Optional[_Union[_event_pb2.Purpose, str]] = ..., state: _Optional[_Union[_event_pb2.ConsentState, str]] = ..., at: _Optional[int] = ..., until: _Optional[int] = ...) -> None: ...

class StoredHandle(_message.Message):
    __slots__ = ("channel", "value", "sub_channel", "ref", "verified", "failed_at")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SUB_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    FAILED_AT_FIELD_NUMBER: _ClassVar[int]
    channel: _event_pb2.Channel
    value: str
    sub_channel: str
    ref: str
    verified: bool
    failed_at: int
    def __init__(self, channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., value: _Optional[str] = ..., sub_channel: _Optional[str] = ..., ref: _Optional[str] = ..., verified: _Optional[bool] = ..., failed_at: _Optional[int] = ...) -> None: ...

class Entry(_message.Message):
    __slots__ = ("at", "id", "side")
    AT_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    at: int
    id: bytes
    side: int
    def __init__(self, at: _Optional[int] = ..., id: _Optional[bytes] = ..., side: _Optional[int] = ...) -> None: ...

class Fired(_message.Message):
    __slots__ = ("rule", "scope", "at")
    RULE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    rule: str
    scope: str
    at: int
    def __init__(self, rule: _Optional[str] = ..., scope: _Optional[str] = ..., at: _Optional[int] = ...) -> None: ...

class Thread(_message.Message):
    __slots__ = ("key", "aliases", "ids", "ledger", "subject", "last_at", "summarised")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    LAST_AT_FIELD_NUMBER: _ClassVar[int]
    SUMMARISED_FIELD_NUMBER: _ClassVar[int]
    key: str
    aliases: _containers.RepeatedScalarFieldContainer[str]
    ids: bytes
    ledger: _containers.RepeatedCompositeFieldContainer[Entry]
    subject: bytes
    last_at: int
    summarised: bool
    def __init__(self, key: _Optional[str] = ..., aliases: _Optional[_Iterable[str]] = ..., ids: _Optional[bytes] = ..., ledger: _Optional[_Iterable[_Union[Entry, _Mapping]]] = ..., subject: _Optional[bytes] = ..., last_at: _Optional[int] = ..., summarised: _Optional[bool] = ...) -> None: ...

class Contact(_message.Message):
    __slots__ = ("id", "channel", "state", "last_at", "closed_at", "thread")
    ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LAST_AT_FIELD_NUMBER: _ClassVar[int]
    CLOSED_AT_FIELD_NUMBER: _ClassVar[int]
    THREAD_FIELD_NUMBER: _ClassVar[int]
    id: str
    channel: _event_pb2.Channel
    state: str
    last_at: int
    closed_at: int
    thread: str
    def __init__(self, id: _Optional[str] = ..., channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., state: _Optional[str] = ..., last_at: _Optional[int] = ..., closed_at: _Optional[int] = ..., thread: _Optional[str] = ...) -> None: ...

class Standing(_message.Message):
    __slots__ = ("event_id", "source", "partition", "offset", "revision", "contact_id", "thread", "received_at", "decided_at", "message", "action", "channel", "queue", "priority", "skills", "rule", "life", "escalation", "expires_at", "fallbacks", "skips", "mood_revisions", "gist", "since")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    THREAD_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SKILLS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    LIFE_FIELD_NUMBER: _ClassVar[int]
    ESCALATION_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    SKIPS_FIELD_NUMBER: _ClassVar[int]
    MOOD_REVISIONS_FIELD_NUMBER: _ClassVar[int]
    GIST_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
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
    action: _decision_pb2.Action
    channel: _event_pb2.Channel
    queue: str
    priority: int
    skills: _containers.RepeatedScalarFieldContainer[str]
    rule: str
    life: str
    escalation: bool
    expires_at: int
    fallbacks: _containers.RepeatedScalarFieldContainer[_event_pb2.Channel]
    skips: _containers.RepeatedCompositeFieldContainer[_decision_pb2.Skip]
    mood_revisions: int
    gist: Gist
    since: int
    def __init__(self, event_id: _Optional[str] = ..., source: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ..., revision: _Optional[int] = ..., contact_id: _Optional[str] = ..., thread: _Optional[str] = ..., received_at: _Optional[int] = ..., decided_at: _Optional[int] = ..., message: _Optional[bytes] = ..., action: _Optional[_Union[_decision_pb2.Action, str]] = ..., channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., queue: _Optional[str] = ..., priority: _Optional[int] = ..., skills: _Optional[_Iterable[str]] = ..., rule: _Optional[str] = ..., life: _Optional[str] = ..., escalation: _Optional[bool] = ..., expires_at: _Optional[int] = ..., fallbacks: _Optional[_Iterable[_Union[_event_pb2.Channel, str]]] = ..., skips: _Optional[_Iterable[_Union[_decision_pb2.Skip, _Mapping]]] = ..., mood_revisions: _Optional[int] = ..., gist: _Optional[_Union[Gist, _Mapping]] = ..., since: _Optional[int] = ...) -> None: ...

class Gist(_message.Message):
    __slots__ = ("channel", "kind", "sub_channel", "topic", "queue", "live", "asked", "closing", "origin", "language", "attachments", "sentiment", "link", "related", "contact_state", "lapsed", "known", "source", "attributes", "confidence", "wants")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class WantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUB_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    CLOSING_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    SENTIMENT_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    RELATED_FIELD_NUMBER: _ClassVar[int]
    CONTACT_STATE_FIELD_NUMBER: _ClassVar[int]
    LAPSED_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    WANTS_FIELD_NUMBER: _ClassVar[int]
    channel: _event_pb2.Channel
    kind: _event_pb2.Kind
    sub_channel: str
    topic: str
    queue: str
    live: bool
    asked: _event_pb2.Channel
    closing: bool
    origin: _event_pb2.Origin
    language: str
    attachments: int
    sentiment: int
    link: str
    related: str
    contact_state: str
    lapsed: bool
    known: bool
    source: str
    attributes: _containers.ScalarMap[str, str]
    confidence: int
    wants: _containers.ScalarMap[str, int]
    def __init__(self, channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., kind: _Optional[_Union[_event_pb2.Kind, str]] = ..., sub_channel: _Optional[str] = ..., topic: _Optional[str] = ..., queue: _Optional[str] = ..., live: _Optional[bool] = ..., asked: _Optional[_Union[_event_pb2.Channel, str]] = ..., closing: _Optional[bool] = ..., origin: _Optional[_Union[_event_pb2.Origin, str]] = ..., language: _Optional[str] = ..., attachments: _Optional[int] = ..., sentiment: _Optional[int] = ..., link: _Optional[str] = ..., related: _Optional[str] = ..., contact_state: _Optional[str] = ..., lapsed: _Optional[bool] = ..., known: _Optional[bool] = ..., source: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., confidence: _Optional[int] = ..., wants: _Optional[_Mapping[str, int]] = ...) -> None: ...

class Mood(_message.Message):
    __slots__ = ("score", "count", "at", "recent")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    RECENT_FIELD_NUMBER: _ClassVar[int]
    score: int
    count: int
    at: int
    recent: int
    def __init__(self, score: _Optional[int] = ..., count: _Optional[int] = ..., at: _Optional[int] = ..., recent: _Optional[int] = ...) -> None: ...
