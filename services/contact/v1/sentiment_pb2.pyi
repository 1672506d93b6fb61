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

class Label(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LABEL_UNSPECIFIED: _ClassVar[Label]
    LABEL_NEGATIVE: _ClassVar[Label]
    LABEL_NEUTRAL: _ClassVar[Label]
    LABEL_POSITIVE: _ClassVar[Label]
    LABEL_UNSCORED: _ClassVar[Label]

class Want(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WANT_UNSPECIFIED: _ClassVar[Want]
    WANT_PERSON: _ClassVar[Want]
    WANT_MANAGER: _ClassVar[Want]
    WANT_CALLBACK: _ClassVar[Want]
    WANT_LEAVING: _ClassVar[Want]
LABEL_UNSPECIFIED: Label
LABEL_NEGATIVE: Label
LABEL_NEUTRAL: Label
LABEL_POSITIVE: Label
LABEL_UNSCORED: Label
WANT_UNSPECIFIED: Want
WANT_PERSON: Want
WANT_MANAGER: Want
WANT_CALLBACK: Want
WANT_LEAVING: Want

class Wanted(_message.Message):
    __slots__ = ("want", "confidence")
    WANT_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    want: Want
    confidence: float
    def __init__(self, want: _Optional[_Union[Want, str]] = ..., confidence: _Optional[float] = ...) -> None: ...

class Quarter(_message.Message):
    __slots__ = ("scored", "score")
    SCORED_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    scored: int
    score: float
    def __init__(self, scored: _Optional[int] = ..., score: _Optional[float] = ...) -> None: ...

class SideSummary(_message.Message):
    __slots__ = ("negative", "neutral", "positive", "unscored", "score", "score_5", "score_100", "begin", "end", "shift", "trend", "quarters")
    NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    NEUTRAL_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_FIELD_NUMBER: _ClassVar[int]
    UNSCORED_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SCORE_5_FIELD_NUMBER: _ClassVar[int]
    SCORE_100_FIELD_NUMBER: _ClassVar[int]
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    SHIFT_FIELD_NUMBER: _ClassVar[int]
    TREND_FIELD_NUMBER: _ClassVar[int]
    QUARTERS_FIELD_NUMBER: _ClassVar[int]
    negative: int
    neutral: int
    positive: int
    unscored: int
    score: float
    score_5: float
    score_100: float
    begin: float
    end: float
    shift: float
    trend: float
    quarters: _containers.RepeatedCompositeFieldContainer[Quarter]
    def __init__(self, negative: _Optional[int] = ..., neutral: _Optional[int] = ..., positive: _Optional[int] = ..., unscored: _Optional[int] = ..., score: _Optional[float] = ..., score_5: _Optional[float] = ..., score_100: _Optional[float] = ..., begin: _Optional[float] = ..., end: _Optional[float] = ..., shift: _Optional[float] = ..., trend: _Optional[float] = ..., quarters: _Optional[_Iterable[_Union[Quarter, _Mapping]]] = ...) -> None: ...

class SentimentSummary(_message.Message):
    __slots__ = ("event_id", "source", "customer_id", "contact_id", "channel", "queue", "topic", "customer", "agent", "complete", "first_at", "last_at", "closed_at", "model", "summarised_at")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    FIRST_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_AT_FIELD_NUMBER: _ClassVar[int]
    CLOSED_AT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SUMMARISED_AT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    source: str
    customer_id: str
    contact_id: str
    channel: _event_pb2.Channel
    queue: str
    topic: str
    customer: SideSummary
    agent: SideSummary
    complete: bool
    first_at: _timestamp_pb2.Timestamp
    last_at: _timestamp_pb2.Timestamp
    closed_at: _timestamp_pb2.Timestamp
    model: str
    summarised_at: _timestamp_pb2.Timestamp
    def __init__(self, event_id: _Optional[str] = ..., source: _Optional[str] = ..., customer_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., queue: _Optional[str] = ..., topic: _Optional[str] = ..., customer: _Optional[_Union[SideSummary, _Mapping]] = ..., agent: _Optional[_Union[SideSummary, _Mapping]] = ..., complete: _Optional[bool] = ..., first_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., closed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., model: _Optional[str] = ..., summarised_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SentimentScored(_message.Message):
    __slots__ = ("event_id", "source", "customer_id", "contact_id", "channel", "side", "label", "score", "p_neg", "p_neu", "p_pos", "confidence", "language", "model", "why_unscored", "received_at", "scored_at", "queue", "topic", "score_5", "score_100", "magnitude", "closing", "wants", "overlay")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    P_NEG_FIELD_NUMBER: _ClassVar[int]
    P_NEU_FIELD_NUMBER: _ClassVar[int]
    P_POS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    WHY_UNSCORED_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    SCORED_AT_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    SCORE_5_FIELD_NUMBER: _ClassVar[int]
    SCORE_100_FIELD_NUMBER: _ClassVar[int]
    MAGNITUDE_FIELD_NUMBER: _ClassVar[int]
    CLOSING_FIELD_NUMBER: _ClassVar[int]
    WANTS_FIELD_NUMBER: _ClassVar[int]
    OVERLAY_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    source: str
    customer_id: str
    contact_id: str
    channel: _event_pb2.Channel
    side: _event_pb2.Side
    label: Label
    score: float
    p_neg: float
    p_neu: float
    p_pos: float
    confidence: float
    language: str
    model: str
    why_unscored: str
    received_at: _timestamp_pb2.Timestamp
    scored_at: _timestamp_pb2.Timestamp
    queue: str
    topic: str
    score_5: float
    score_100: float
    magnitude: float
    closing: float
    wants: _containers.RepeatedCompositeFieldContainer[Wanted]
    overlay: float
    def __init__(self, event_id: _Optional[str] = ..., source: _Optional[str] = ..., customer_id: _Optional[str] = ..., contact_id: _Optional[str] = ..., channel: _Optional[_Union[_event_pb2.Channel, str]] = ..., side: _Optional[_Union[_event_pb2.Side, str]] = ..., label: _Optional[_Union[Label, str]] = ..., score: _Optional[float] = ..., p_neg: _Optional[float] = ..., p_neu: _Optional[float] = ..., p_pos: _Optional[float] = ..., confidence: _Optional[float] = ..., language: _Optional[str] = ..., model: _Optional[str] = ..., why_unscored: _Optional[str] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., scored_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., queue: _Optional[str] = ..., topic: _Optional[str] = ..., score_5: _Optional[float] = ..., score_100: _Optional[float] = ..., magnitude: _Optional[float] = ..., closing: _Optional[float] = ..., wants: _Optional[_Iterable[_Union[Wanted, _Mapping]]] = ..., overlay: _Optional[float] = ...) -> None: ...
