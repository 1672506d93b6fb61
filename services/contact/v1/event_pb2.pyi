import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_UNSPECIFIED: _ClassVar[Kind]
    KIND_MESSAGE: _ClassVar[Kind]
    KIND_CALL_OFFERED: _ClassVar[Kind]
    KIND_CALL_ANSWERED: _ClassVar[Kind]
    KIND_CALL_HELD: _ClassVar[Kind]
    KIND_CALL_RESUMED: _ClassVar[Kind]
    KIND_CALL_ENDED: _ClassVar[Kind]
    KIND_CALL_ABANDONED: _ClassVar[Kind]
    KIND_HANDOFF_REQUESTED: _ClassVar[Kind]
    KIND_CALLBACK_REQUESTED: _ClassVar[Kind]
    KIND_CONTACT_QUEUED: _ClassVar[Kind]
    KIND_CONTACT_ASSIGNED: _ClassVar[Kind]
    KIND_CONTACT_TRANSFERRED: _ClassVar[Kind]
    KIND_CONTACT_WRAPUP: _ClassVar[Kind]
    KIND_CONTACT_CLOSED: _ClassVar[Kind]
    KIND_CONTACT_REOPENED: _ClassVar[Kind]
    KIND_PREFERENCE_UPDATED: _ClassVar[Kind]
    KIND_CONSENT_UPDATED: _ClassVar[Kind]
    KIND_PROFILE_UPDATED: _ClassVar[Kind]
    KIND_ROUTING_ACCEPTED: _ClassVar[Kind]
    KIND_ROUTING_STARTED: _ClassVar[Kind]
    KIND_ROUTING_COMPLETED: _ClassVar[Kind]
    KIND_ROUTING_FAILED: _ClassVar[Kind]
    KIND_DELIVERY_FAILED: _ClassVar[Kind]
    KIND_CUSTOMER_ERASED: _ClassVar[Kind]
    KIND_CUSTOMER_LINKED: _ClassVar[Kind]
    KIND_SURVEY_ANSWERED: _ClassVar[Kind]
    KIND_REVISION_REQUESTED: _ClassVar[Kind]

class Channel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANNEL_UNSPECIFIED: _ClassVar[Channel]
    CHANNEL_PHONE: _ClassVar[Channel]
    CHANNEL_CHAT: _ClassVar[Channel]
    CHANNEL_EMAIL: _ClassVar[Channel]
    CHANNEL_SOCIAL: _ClassVar[Channel]

class Side(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIDE_UNSPECIFIED: _ClassVar[Side]
    SIDE_CUSTOMER: _ClassVar[Side]
    SIDE_AGENT: _ClassVar[Side]
    SIDE_BOT: _ClassVar[Side]
    SIDE_SYSTEM: _ClassVar[Side]

class Origin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORIGIN_UNSPECIFIED: _ClassVar[Origin]
    ORIGIN_HUMAN: _ClassVar[Origin]
    ORIGIN_AUTO_REPLY: _ClassVar[Origin]
    ORIGIN_BOUNCE: _ClassVar[Origin]
    ORIGIN_LIST: _ClassVar[Origin]
    ORIGIN_SYSTEM: _ClassVar[Origin]
    ORIGIN_UNKNOWN: _ClassVar[Origin]

class Strength(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRENGTH_UNSPECIFIED: _ClassVar[Strength]
    STRENGTH_PREFER: _ClassVar[Strength]
    STRENGTH_ONLY: _ClassVar[Strength]

class Purpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PURPOSE_UNSPECIFIED: _ClassVar[Purpose]
    PURPOSE_SERVICE: _ClassVar[Purpose]
    PURPOSE_MARKETING: _ClassVar[Purpose]
    PURPOSE_RECORDING: _ClassVar[Purpose]

class ConsentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSENT_STATE_UNSPECIFIED: _ClassVar[ConsentState]
    CONSENT_STATE_GRANTED: _ClassVar[ConsentState]
    CONSENT_STATE_DENIED: _ClassVar[ConsentState]
    CONSENT_STATE_UNKNOWN: _ClassVar[ConsentState]
KIND_UNSPECIFIED: Kind
KIND_MESSAGE: Kind
KIND_CALL_OFFERED: Kind
KIND_CALL_ANSWERED: Kind
KIND_CALL_HELD: Kind
KIND_CALL_RESUMED: Kind
KIND_CALL_ENDED: Kind
KIND_CALL_ABANDONED: Kind
KIND_HANDOFF_REQUESTED: Kind
KIND_CALLBACK_REQUESTED: Kind
KIND_CONTACT_QUEUED: Kind
KIND_CONTACT_ASSIGNED: Kind
KIND_CONTACT_TRANSFERRED: Kind
KIND_CONTACT_WRAPUP: Kind
KIND_CONTACT_CLOSED: Kind
KIND_CONTACT_REOPENED: Kind
KIND_PREFERENCE_UPDATED: Kind
KIND_CONSENT_UPDATED: Kind
KIND_PROFILE_UPDATED: Kind
KIND_ROUTING_ACCEPTED: Kind
KIND_ROUTING_STARTED: Kind
KIND_ROUTING_COMPLETED: Kind
KIND_ROUTING_FAILED: Kind
KIND_DELIVERY_FAILED: Kind
KIND_CUSTOMER_ERASED: Kind
KIND_CUSTOMER_LINKED: Kind
KIND_SURVEY_ANSWERED: Kind
KIND_REVISION_REQUESTED: Kind
CHANNEL_UNSPECIFIED: Channel
CHANNEL_PHONE: Channel
CHANNEL_CHAT: Channel
CHANNEL_EMAIL: Channel
CHANNEL_SOCIAL: Channel
SIDE_UNSPECIFIED: Side
SIDE_CUSTOMER: Side
SIDE_AGENT: Side
SIDE_BOT: Side
SIDE_SYSTEM: Side
ORIGIN_UNSPECIFIED: Origin
ORIGIN_HUMAN: Origin
ORIGIN_AUTO_REPLY: Origin
ORIGIN_BOUNCE: Origin
ORIGIN_LIST: Origin
ORIGIN_SYSTEM: Origin
ORIGIN_UNKNOWN: Origin
STRENGTH_UNSPECIFIED: Strength
STRENGTH_PREFER: Strength
STRENGTH_ONLY: Strength
PURPOSE_UNSPECIFIED: Purpose
PURPOSE_SERVICE: Purpose
PURPOSE_MARKETING: Purpose
PURPOSE_RECORDING: Purpose
CONSENT_STATE_UNSPECIFIED: ConsentState
CONSENT_STATE_GRANTED: ConsentState
CONSENT_STATE_DENIED: ConsentState
CONSENT_STATE_UNKNOWN: ConsentState

class Actor(_message.Message):
    __slots__ = ("type", "id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    type: Side
    id: str
    def __init__(self, type: _Optional[_Union[Side, str]] = ..., id: _Optional[str] = ...) -> None: ...

class Handle(_message.Message):
    __slots__ = ("kind", "value", "sub_channel", "ref", "verified")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SUB_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    kind: Channel
    value: str
    sub_channel: str
    ref: str
    verified: bool
    def __init__(self, kind: _Optional[_Union[Channel, str]] = ..., value: _Optional[str] = ..., sub_channel: _Optional[str] = ..., ref: _Optional[str] = ..., verified: _Optional[bool] = ...) -> None: ...

class Participants(_message.Message):
    __slots__ = ("sender", "to", "cc", "reply_to")
    SENDER_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    CC_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    sender: str
    to: _containers.RepeatedScalarFieldContainer[str]
    cc: _containers.RepeatedScalarFieldContainer[str]
    reply_to: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sender: _Optional[str] = ..., to: _Optional[_Iterable[str]] = ..., cc: _Optional[_Iterable[str]] = ..., reply_to: _Optional[_Iterable[str]] = ...) -> None: ...

class MailHeaders(_message.Message):
    __slots__ = ("auto_submitted", "precedence", "x_autoreply", "x_autorespond", "x_auto_response_suppress", "x_ms_exchange_inbox_rules_loop", "list_id", "list_unsubscribe", "feedback_id", "return_path", "x_failed_recipients", "x_loop", "content_type")
    AUTO_SUBMITTED_FIELD_NUMBER: _ClassVar[int]
    PRECEDENCE_FIELD_NUMBER: _ClassVar[int]
    X_AUTOREPLY_FIELD_NUMBER: _ClassVar[int]
    X_AUTORESPOND_FIELD_NUMBER: _ClassVar[int]
    X_AUTO_RESPONSE_SUPPRESS_FIELD_NUMBER: _ClassVar[int]
    X_MS_EXCHANGE_INBOX_RULES_LOOP_FIELD_NUMBER: _ClassVar[int]
    LIST_ID_FIELD_NUMBER: _ClassVar[int]
    LIST_UNSUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_ID_FIELD_NUMBER: _ClassVar[int]
    RETURN_PATH_FIELD_NUMBER: _ClassVar[int]
    X_FAILED_RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    X_LOOP_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    auto_submitted: str
    precedence: str
    x_autoreply: str
    x_autorespond: str
    x_auto_response_suppress: str
    x_ms_exchange_inbox_rules_loop: str
    list_id: str
    list_unsubscribe: str
    feedback_id: str
    return_path: str
    x_failed_recipients: str
    x_loop: str
    content_type: str
    def __init__(self, auto_submitted: _Optional[str] = ..., precedence: _Optional[str] = ..., x_autoreply: _Optional[str] = ..., x_autorespond: _Optional[str] = ..., x_auto_response_suppress: _Optional[str] = ..., x_ms_exchange_inbox_rules_loop: _Optional[str] = ..., list_id: _Optional[str] = ..., list_unsubscribe: _Optional[str] = ..., feedback_id: _Optional[str] = ..., return_path: _Optional[str] = ..., x_failed_recipients: _Optional[str] = ..., x_loop: _Optional[str] = ..., content_type: _Optional[str] = ...) -> None: ...

class Choice(_message.Message):
    __slots__ = ("channel", "topic", "strength", "never", "until", "source", "at")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    NEVER_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    channel: Channel
    topic: str
    strength: Strength
    never: _containers.RepeatedScalarFieldContainer[Channel]
    until: _timestamp_pb2.Timestamp
    source: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, channel: _Optional[_Union[Channel, str]] = ..., topic: _Optional[str] = ..., strength: _Optional[_Union[Strength, str]] = ..., never: _Optional[_Iterable[_Union[Channel, str]]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class Consent(_message.Message):
    __slots__ = ("channel", "purpose", "state", "at", "until")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    channel: Channel
    purpose: Purpose
    state: ConsentState
    at: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, channel: _Optional[_Union[Channel, str]] = ..., purpose: _Optional[_Union[Purpose, str]] = ..., state: _Optional[_Union[ConsentState, str]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Hours(_message.Message):
    __slots__ = ("start", "end", "weekdays")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    WEEKDAYS_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    weekdays: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ..., weekdays: _Optional[_Iterable[int]] = ...) -> None: ...

class Profile(_message.Message):
    __slots__ = ("handles", "language", "timezone", "segment", "hours")
    HANDLES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    handles: _containers.RepeatedCompositeFieldContainer[Handle]
    language: str
    timezone: str
    segment: str
    hours: Hours
    def __init__(self, handles: _Optional[_Iterable[_Union[Handle, _Mapping]]] = ..., language: _Optional[str] = ..., timezone: _Optional[str] = ..., segment: _Optional[str] = ..., hours: _Optional[_Union[Hours, _Mapping]] = ...) -> None: ...

class Survey(_message.Message):
    __slots__ = ("irritated", "hurried", "neglected", "unhappy", "unsatisfied", "stressed", "disappointed", "frustrated", "interested", "energetic", "stimulated", "exploratory", "indulgent", "trusting", "valued", "focused", "safe", "cared_for", "happy", "pleased")
    IRRITATED_FIELD_NUMBER: _ClassVar[int]
    HURRIED_FIELD_NUMBER: _ClassVar[int]
    NEGLECTED_FIELD_NUMBER: _ClassVar[int]
    UNHAPPY_FIELD_NUMBER: _ClassVar[int]
    UNSATISFIED_FIELD_NUMBER: _ClassVar[int]
    STRESSED_FIELD_NUMBER: _ClassVar[int]
    DISAPPOINTED_FIELD_NUMBER: _ClassVar[int]
    FRUSTRATED_FIELD_NUMBER: _ClassVar[int]
    INTERESTED_FIELD_NUMBER: _ClassVar[int]
    ENERGETIC_FIELD_NUMBER: _ClassVar[int]
    STIMULATED_FIELD_NUMBER: _ClassVar[int]
    EXPLORATORY_FIELD_NUMBER: _ClassVar[int]
    INDULGENT_FIELD_NUMBER: _ClassVar[int]
    TRUSTING_FIELD_NUMBER: _ClassVar[int]
    VALUED_FIELD_NUMBER: _ClassVar[int]
    FOCUSED_FIELD_NUMBER: _ClassVar[int]
    SAFE_FIELD_NUMBER: _ClassVar[int]
    CARED_FOR_FIELD_NUMBER: _ClassVar[int]
    HAPPY_FIELD_NUMBER: _ClassVar[int]
    PLEASED_FIELD_NUMBER: _ClassVar[int]
    irritated: float
    hurried: float
    neglected: float
    unhappy: float
    unsatisfied: float
    stressed: float
    disappointed: float
    frustrated: float
    interested: float
    energetic: float
    stimulated: float
    exploratory: float
    indulgent: float
    trusting: float
    valued: float
    focused: float
    safe: float
    cared_for: float
    happy: float
    pleased: float
    def __init__(self, irritated: _Optional[float] = ..., hurried: _Optional[float] = ..., neglected: _Optional[float] = ..., unhappy: _Optional[float] = ..., unsatisfied: _Optional[float] = ..., stressed: _Optional[float] = ..., disappointed: _Optional[float] = ..., frustrated: _Optional[float] = ..., interested: _Optional[float] = ..., energetic: _Optional[float] = ..., stimulated: _Optional[float] = ..., exploratory: _Optional[float] = ..., indulgent: _Optional[float] = ..., trusting: _Optional[float] = ..., valued: _Optional[float] = ..., focused: _Optional[float] = ..., safe: _Optional[float] = ..., cared_for: _Optional[float] = ..., happy: _Optional[float] = ..., pleased: _Optional[float] = ...) -> None: ...

class ContactEvent(_message.Message):
    __slots__ = ("event_id", "source", "kind", "customer_id", "channel", "sub_channel", "side", "actor", "occurred_at", "received_at", "schema_version", "sequence", "contact_id", "conversation_id", "topic", "message_id", "message_id_aliases", "in_reply_to", "references", "reply_to_message_id", "subject", "text", "text_stripped", "language", "attachments_count", "content_hash", "participants", "headers", "origin", "origin_evidence", "is_echo", "is_private", "is_forward", "customer_handles", "requested_channel", "timezone", "choice", "consents", "profile", "queue", "agent_id", "decision_id", "outcome", "cause", "attributes", "raw_ref", "survey")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SUB_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_ALIASES_FIELD_NUMBER: _ClassVar[int]
    IN_REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXT_STRIPPED_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_HASH_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    IS_ECHO_FIELD_NUMBER: _ClassVar[int]
    IS_PRIVATE_FIELD_NUMBER: _ClassVar[int]
    IS_FORWARD_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_HANDLES_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    CONSENTS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    RAW_REF_FIELD_NUMBER: _ClassVar[int]
    SURVEY_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    source: str
    kind: Kind
    customer_id: str
    channel: Channel
    sub_channel: str
    side: Side
    actor: Actor
    occurred_at: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    schema_version: str
    sequence: int
    contact_id: str
    conversation_id: str
    topic: str
    message_id: str
    message_id_aliases: _containers.RepeatedScalarFieldContainer[str]
    in_reply_to: _containers.RepeatedScalarFieldContainer[str]
    references: _containers.RepeatedScalarFieldContainer[str]
    reply_to_message_id: str
    subject: str
    text: str
    text_stripped: str
    language: str
    attachments_count: int
    content_hash: str
    participants: Participants
    headers: MailHeaders
    origin: Origin
    origin_evidence: _containers.RepeatedScalarFieldContainer[str]
    is_echo: bool
    is_private: bool
    is_forward: bool
    customer_handles: _containers.RepeatedCompositeFieldContainer[Handle]
    requested_channel: Channel
    timezone: str
    choice: Choice
    consents: _containers.RepeatedCompositeFieldContainer[Consent]
    profile: Profile
    queue: str
    agent_id: str
    decision_id: str
    outcome: str
    cause: str
    attributes: _containers.ScalarMap[str, str]
    raw_ref: str
    survey: Survey
    def __init__(self, event_id: _Optional[str] = ..., source: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., customer_id: _Optional[str] = ..., channel: _Optional[_Union[Channel, str]] = ..., sub_channel: _Optional[str] = ..., side: _Optional[_Union[Side, str]] = ..., actor: _Optional[_Union[Actor, _Mapping]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., schema_version: _Optional[str] = ..., sequence: _Optional[int] = ..., contact_id: _Optional[str] = ..., conversation_id: _Optional[str] = ..., topic: _Optional[str] = ..., message_id: _Optional[str] = ..., message_id_aliases: _Optional[_Iterable[str]] = ..., in_reply_to: _Optional[_Iterable[str]] = ..., references: _Optional[_Iterable[str]] = ..., reply_to_message_id: _Optional[str] = ..., subject: _Optional[str] = ..., text: _Optional[str] = ..., text_stripped: _Optional[str] = ..., language: _Optional[str] = ..., attachments_count: _Optional[int] = ..., content_hash: _Optional[str] = ..., participants: _Optional[_Union[Participants, _Mapping]] = ..., headers: _Optional[_Union[MailHeaders, _Mapping]] = ..., origin: _Optional[_Union[Origin, str]] = ..., origin_evidence: _Optional[_Iterable[str]] = ..., is_echo: _Optional[bool] = ..., is_private: _Optional[bool] = ..., is_forward: _Optional[bool] = ..., customer_handles: _Optional[_Iterable[_Union[Handle, _Mapping]]] = ..., requested_channel: _Optional[_Union[Channel, str]] = ..., timezone: _Optional[str] = ..., choice: _Optional[_Union[Choice, _Mapping]] = ..., consents: _Optional[_Iterable[_Union[Consent, _Mapping]]] = ..., profile: _Optional[_Union[Profile, _Mapping]] = ..., queue: _Optional[str] = ..., agent_id: _Optional[str] = ..., decision_id: _Optional[str] = ..., outcome: _Optional[str] = ..., cause: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., raw_ref: _Optional[str] = ..., survey: _Optional[_Union[Survey, _Mapping]] = ...) -> None: ...
