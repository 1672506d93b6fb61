import datetime

from services.contact.v1 import event_pb2 as _event_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_ROUTE: _ClassVar[Action]
    ACTION_CALLBACK: _ClassVar[Action]
    ACTION_MOVE: _ClassVar[Action]
    ACTION_STAY: _ClassVar[Action]
    ACTION_ATTACH: _ClassVar[Action]
    ACTION_DUPLICATE: _ClassVar[Action]
    ACTION_RECORD: _ClassVar[Action]

class DecisionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECISION_TYPE_UNSPECIFIED: _ClassVar[DecisionType]
    DECISION_TYPE_MADE: _ClassVar[DecisionType]
    DECISION_TYPE_REVISED: _ClassVar[DecisionType]
    DECISION_TYPE_CANCELLED: _ClassVar[DecisionType]

class Effect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EFFECT_UNSPECIFIED: _ClassVar[Effect]
    EFFECT_LIVE: _ClassVar[Effect]
    EFFECT_NONE: _ClassVar[Effect]
ACTION_UNSPECIFIED: Action
ACTION_ROUTE: Action
ACTION_CALLBACK: Action
ACTION_MOVE: Action
ACTION_STAY: Action
ACTION_ATTACH: Action
ACTION_DUPLICATE: Action
ACTION_RECORD: Action
DECISION_TYPE_UNSPECIFIED: DecisionType
DECISION_TYPE_MADE: DecisionType
DECISION_TYPE_REVISED: DecisionType
DECISION_TYPE_CANCELLED: DecisionType
EFFECT_UNSPECIFIED: Effect
EFFECT_LIVE: Effect
EFFECT_NONE: Effect

class Skip(_message.Message):
    __slots__ = ("channel", "why")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    channel: _event_pb2.Channel
    why: str
    def __init__(self, channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., why: _Optional[str] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("topic", "partition", "offset")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    topic: str
    partition: int
    offset: int
    def __init__(self, topic: _Optional[str] = ..., partition: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class Words(_message.Message):
    __slots__ = ("words",)
    WORDS_FIELD_NUMBER: _ClassVar[int]
    words: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, words: _Optional[_Iterable[str]] = ...) -> None: ...

class Fact(_message.Message):
    __slots__ = ("text", "number", "whole", "flag", "words")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    text: str
    number: float
    whole: int
    flag: bool
    words: Words
    def __init__(self, text: _Optional[str] = ..., number: _Optional[float] = ..., whole: _Optional[int] = ..., flag: _Optional[bool] = ..., words: _Optional[_Union[Words, _Mapping]] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("decision_id", "type", "revision", "revises", "cause", "event_id", "source", "position", "customer_id", "contact_id", "thread_key", "action", "refers_to", "from_channel", "channel", "sub_channel", "address_ref", "address", "executor", "queue", "priority", "skills", "respond_by", "not_before", "not_after", "timezone", "expires_at", "fallbacks", "ask_for", "rule", "path", "reason", "skips", "choice_source", "facts", "rules_version", "effect", "decided_at")
    class FactsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Fact
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Fact, _Mapping]] = ...) -> None: ...
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    REVISES_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    THREAD_KEY_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    REFERS_TO_FIELD_NUMBER: _ClassVar[int]
    FROM_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SUB_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_REF_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    EXECUTOR_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SKILLS_FIELD_NUMBER: _ClassVar[int]
    RESPOND_BY_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    ASK_FOR_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SKIPS_FIELD_NUMBER: _ClassVar[int]
    CHOICE_SOURCE_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    RULES_VERSION_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    type: DecisionType
    revision: int
    revises: str
    cause: str
    event_id: str
    source: str
    position: Position
    customer_id: str
    contact_id: str
    thread_key: str
    action: Action
    refers_to: str
    from_channel: _event_pb2.Channel
    channel: _event_pb2.Channel
    sub_channel: str
    address_ref: str
    address: str
    executor: str
    queue: str
    priority: int
    skills: _containers.RepeatedScalarFieldContainer[str]
    respond_by: _timestamp_pb2.Timestamp
    not_before: _timestamp_pb2.Timestamp
    not_after: _timestamp_pb2.Timestamp
    timezone: str
    expires_at: _timestamp_pb2.Timestamp
    fallbacks: _containers.RepeatedScalarFieldContainer[_event_pb2.Channel]
    ask_for: _containers.RepeatedScalarFieldContainer[str]
    rule: str
    path: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    skips: _containers.RepeatedCompositeFieldContainer[Skip]
    choice_source: str
    facts: _containers.MessageMap[str, Fact]
    rules_version: str
    effect: Effect
    decided_at: _timestamp_pb2.Timestamp
    def __init__(self, decision_id: _Optional[str] = ..., type: _Optional[_Union[DecisionType, str]] = ..., revision: _Optional[int] = ..., revises: _Optional[str] = ..., cause: _Optional[str] = ..., event_id: _Optional[str] = ..., source: _Optional[str] = ..., position: _Optional[_Union[Position, _Mapping]] = ..., customer_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., thread_key: _Optional[str] = ..., action: _Optional[_Union[Action, str]] = ..., refers_to: _Optional[str] = ..., from_channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., sub_channel: _Optional[str] = ..., address_ref: _Optional[str] = ..., address: _Optional[str] = ..., executor: _Optional[str] = ..., queue: _Optional[str] = ..., priority: _Optional[int] = ..., skills: _Optional[_Iterable[str]] = ..., respond_by: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., not_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., not_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timezone: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., fallbacks: _Optional[_Iterable[_Union[_event_pb2.Channel, str]]] = ..., ask_for: _Optional[_Iterable[str]] = ..., rule: _Optional[str] = ..., path: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., skips: _Optional[_Iterable[_Union[Skip, _Mapping]]] = ..., choice_source: _Optional[str] = ..., facts: _Optional[_Mapping[str, Fact]] = ..., rules_version: _Optional[str] = ..., effect: _Optional[_Union[Effect, str]] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
