"""Bad input is data: a closed set of codes, each with the reason a person reads.

Rule: nothing in the pure rooms raises for what came from outside. A `Reject` becomes one
record in `contact.deadletter`; its code is also a bounded metric label.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class RejectCode(StrEnum):
    """Why an input record could not be used. The string is stable: it is a header and a label."""

    # the record around the event
    VALUE_MISSING = "value_missing"
    VALUE_TOO_LARGE = "value_too_large"
    KEY_MISSING = "key_missing"
    KEY_NOT_UTF8 = "key_not_utf8"
    KEY_MISMATCH = "key_mismatch"
    WRONG_PARTITION = "wrong_partition"
    TOO_MANY_HEADERS = "too_many_headers"
    HEADER_TOO_LARGE = "header_too_large"
    HEADER_NOT_UTF8 = "header_not_utf8"
    HEADER_DUPLICATE = "header_duplicate"
    CONTENT_TYPE_UNKNOWN = "content_type_unknown"
    SPECVERSION_UNKNOWN = "specversion_unknown"
    ENVELOPE_MISMATCH = "envelope_mismatch"
    ENVELOPE_INCOMPLETE = "envelope_incomplete"
    # the bytes
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NOT_PROTOBUF = "not_protobuf"
    NOT_BASE64 = "not_base64"
    TOO_DEEP = "too_deep"
    DUPLICATE_FIELD = "duplicate_field"
    NUMBER_NOT_FINITE = "number_not_finite"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    LONE_SURROGATE = "lone_surrogate"
    CONTROL_CHARACTER = "control_character"
    # the event
    WRONG_TYPE = "wrong_type"
    ENUM_UNKNOWN = "enum_unknown"
    KIND_UNKNOWN = "kind_unknown"
    KIND_RESERVED = "kind_reserved"
    EVENT_ID_MISSING = "event_id_missing"
    SOURCE_MISSING = "source_missing"
    KIND_MISSING = "kind_missing"
    CUSTOMER_MISSING = "customer_missing"
    CHANNEL_MISSING = "channel_missing"
    DECISION_ID_MISSING = "decision_id_missing"
    CHOICE_MISSING = "choice_missing"
    CONSENT_MISSING = "consent_missing"
    PROFILE_MISSING = "profile_missing"
    SURVEY_MISSING = "survey_missing"
    FIELD_MISSING = "field_missing"
    FIELD_TOO_LONG = "field_too_long"
    TOO_MANY_ITEMS = "too_many_items"
    TIME_INVALID = "time_invalid"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    TIMEZONE_UNKNOWN = "timezone_unknown"
    # what came of it
    STATE_TOO_LARGE = "state_too_large"
    OUTPUT_TOO_LARGE = "output_too_large"
    DECIDE_FAILED = "decide_failed"
    """A defect of ours: the reason names the exception's type, never its text."""
    SCORE_FAILED = "score_failed"
    """The same in the sentiment service; the event itself was decided by the router."""
    PROCESS_KILLED = "process_killed"
    """The process died at it, again and again; nobody looks into such a record any more."""


class Reject(msgspec.Struct, frozen=True):
    """One refused record: a stable code and a sentence without personal data."""

    code: RejectCode
    why: str


KILLED = Reject(
    RejectCode.PROCESS_KILLED,
    "the service died again and again while it worked on this record; nobody has looked into it",
)
"""Of a record that nobody looks into any more."""
