from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class RejectCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REJECT_CODE_UNSPECIFIED: _ClassVar[RejectCode]
    REJECT_CODE_VALUE_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_VALUE_TOO_LARGE: _ClassVar[RejectCode]
    REJECT_CODE_KEY_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_KEY_NOT_UTF8: _ClassVar[RejectCode]
    REJECT_CODE_KEY_MISMATCH: _ClassVar[RejectCode]
    REJECT_CODE_WRONG_PARTITION: _ClassVar[RejectCode]
    REJECT_CODE_TOO_MANY_HEADERS: _ClassVar[RejectCode]
    REJECT_CODE_HEADER_TOO_LARGE: _ClassVar[RejectCode]
    REJECT_CODE_HEADER_NOT_UTF8: _ClassVar[RejectCode]
    REJECT_CODE_HEADER_DUPLICATE: _ClassVar[RejectCode]
    REJECT_CODE_CONTENT_TYPE_UNKNOWN: _ClassVar[RejectCode]
    REJECT_CODE_SPECVERSION_UNKNOWN: _ClassVar[RejectCode]
    REJECT_CODE_ENVELOPE_MISMATCH: _ClassVar[RejectCode]
    REJECT_CODE_ENVELOPE_INCOMPLETE: _ClassVar[RejectCode]
    REJECT_CODE_NOT_UTF8: _ClassVar[RejectCode]
    REJECT_CODE_NOT_JSON: _ClassVar[RejectCode]
    REJECT_CODE_NOT_AN_OBJECT: _ClassVar[RejectCode]
    REJECT_CODE_NOT_PROTOBUF: _ClassVar[RejectCode]
    REJECT_CODE_NOT_BASE64: _ClassVar[RejectCode]
    REJECT_CODE_TOO_DEEP: _ClassVar[RejectCode]
    REJECT_CODE_DUPLICATE_FIELD: _ClassVar[RejectCode]
    REJECT_CODE_NUMBER_NOT_FINITE: _ClassVar[RejectCode]
    REJECT_CODE_NUMBER_OUT_OF_RANGE: _ClassVar[RejectCode]
    REJECT_CODE_LONE_SURROGATE: _ClassVar[RejectCode]
    REJECT_CODE_CONTROL_CHARACTER: _ClassVar[RejectCode]
    REJECT_CODE_WRONG_TYPE: _ClassVar[RejectCode]
    REJECT_CODE_ENUM_UNKNOWN: _ClassVar[RejectCode]
    REJECT_CODE_KIND_UNKNOWN: _ClassVar[RejectCode]
    REJECT_CODE_KIND_RESERVED: _ClassVar[RejectCode]
    REJECT_CODE_EVENT_ID_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_SOURCE_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_KIND_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_CUSTOMER_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_CHANNEL_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_DECISION_ID_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_CHOICE_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_CONSENT_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_PROFILE_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_FIELD_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_FIELD_TOO_LONG: _ClassVar[RejectCode]
    REJECT_CODE_TOO_MANY_ITEMS: _ClassVar[RejectCode]
    REJECT_CODE_TIME_INVALID: _ClassVar[RejectCode]
    REJECT_CODE_TIME_OUT_OF_RANGE: _ClassVar[RejectCode]
    REJECT_CODE_TIMEZONE_UNKNOWN: _ClassVar[RejectCode]
    REJECT_CODE_STATE_TOO_LARGE: _ClassVar[RejectCode]
    REJECT_CODE_OUTPUT_TOO_LARGE: _ClassVar[RejectCode]
    REJECT_CODE_DECIDE_FAILED: _ClassVar[RejectCode]
    REJECT_CODE_SCORE_FAILED: _ClassVar[RejectCode]
    REJECT_CODE_SURVEY_MISSING: _ClassVar[RejectCode]
    REJECT_CODE_PROCESS_KILLED: _ClassVar[RejectCode]
REJECT_CODE_UNSPECIFIED: RejectCode
REJECT_CODE_VALUE_MISSING: RejectCode
REJECT_CODE_VALUE_TOO_LARGE: RejectCode
REJECT_CODE_KEY_MISSING: RejectCode
REJECT_CODE_KEY_NOT_UTF8: RejectCode
REJECT_CODE_KEY_MISMATCH: RejectCode
REJECT_CODE_WRONG_PARTITION: RejectCode
REJECT_CODE_TOO_MANY_HEADERS: RejectCode
REJECT_CODE_HEADER_TOO_LARGE: RejectCode
REJECT_CODE_HEADER_NOT_UTF8: RejectCode
REJECT_CODE_HEADER_DUPLICATE: RejectCode
REJECT_CODE_CONTENT_TYPE_UNKNOWN: RejectCode
REJECT_CODE_SPECVERSION_UNKNOWN: RejectCode
REJECT_CODE_ENVELOPE_MISMATCH: RejectCode
REJECT_CODE_ENVELOPE_INCOMPLETE: RejectCode
REJECT_CODE_NOT_UTF8: RejectCode
REJECT_CODE_NOT_JSON: RejectCode
REJECT_CODE_NOT_AN_OBJECT: RejectCode
REJECT_CODE_NOT_PROTOBUF: RejectCode
REJECT_CODE_NOT_BASE64: RejectCode
REJECT_CODE_TOO_DEEP: RejectCode
REJECT_CODE_DUPLICATE_FIELD: RejectCode
REJECT_CODE_NUMBER_NOT_FINITE: RejectCode
REJECT_CODE_NUMBER_OUT_OF_RANGE: RejectCode
REJECT_CODE_LONE_SURROGATE: RejectCode
REJECT_CODE_CONTROL_CHARACTER: RejectCode
REJECT_CODE_WRONG_TYPE: RejectCode
REJECT_CODE_ENUM_UNKNOWN: RejectCode
REJECT_CODE_KIND_UNKNOWN: RejectCode
REJECT_CODE_KIND_RESERVED: RejectCode
REJECT_CODE_EVENT_ID_MISSING: RejectCode
REJECT_CODE_SOURCE_MISSING: RejectCode
REJECT_CODE_KIND_MISSING: RejectCode
REJECT_CODE_CUSTOMER_MISSING: RejectCode
REJECT_CODE_CHANNEL_MISSING: RejectCode
REJECT_CODE_DECISION_ID_MISSING: RejectCode
REJECT_CODE_CHOICE_MISSING: RejectCode
REJECT_CODE_CONSENT_MISSING: RejectCode
REJECT_CODE_PROFILE_MISSING: RejectCode
REJECT_CODE_FIELD_MISSING: RejectCode
REJECT_CODE_FIELD_TOO_LONG: RejectCode
REJECT_CODE_TOO_MANY_ITEMS: RejectCode
REJECT_CODE_TIME_INVALID: RejectCode
REJECT_CODE_TIME_OUT_OF_RANGE: RejectCode
REJECT_CODE_TIMEZONE_UNKNOWN: RejectCode
REJECT_CODE_STATE_TOO_LARGE: RejectCode
REJECT_CODE_OUTPUT_TOO_LARGE: RejectCode
REJECT_CODE_DECIDE_FAILED: RejectCode
REJECT_CODE_SCORE_FAILED: RejectCode
REJECT_CODE_SURVEY_MISSING: RejectCode
REJECT_CODE_PROCESS_KILLED: RejectCode

class DeadLetterHeaders(_message.Message):
    __slots__ = ("code", "why", "topic", "partition", "offset", "by")
    CODE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    code: str
    why: str
    topic: str
    partition: str
    offset: str
    by: str
    def __init__(self, code: _Optional[str] = ..., why: _Optional[str] = ..., topic: _Optional[str] = ..., partition: _Optional[str] = ..., offset: _Optional[str] = ..., by: _Optional[str] = ...) -> None: ...

class SettlementHeaders(_message.Message):
    __slots__ = ("state", "offset", "by", "why", "to")
    STATE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    state: str
    offset: str
    by: str
    why: str
    to: str
    def __init__(self, state: _Optional[str] = ..., offset: _Optional[str] = ..., by: _Optional[str] = ..., why: _Optional[str] = ..., to: _Optional[str] = ...) -> None: ...
