"""How large the parts of a record may be, and the search for one that is larger.

Everything here is exact and slow; `codec.py` calls it only where a cheap test was not sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from operator import is_
from typing import TypeVar

import msgspec

from services.contact.reject import Reject, RejectCode

S = TypeVar("S", bound=msgspec.Struct)

MAX_RECORD = 256 * 1024
"""Bytes of a record's value."""
MAX_HEADERS = 64
"""Headers of a record."""
MAX_HEADER = 4096
"""Bytes of one header, name and value together."""
MAX_DEPTH = 32
"""Levels of objects and lists in JSON, the outermost included."""
MAX_INT = 2**63 - 1
"""The largest whole number; the smallest is -2**63."""
MAX_ID = 256
"""Characters of an id, a name or any other short string."""
MAX_MAIL_ID = 998
"""Characters of a Message-ID or an address: the longest line that RFC 5322 allows."""
MAX_LINE = 4096
"""Characters of a subject, of an e-mail header and of the value of an attribute."""
MAX_TEXT = 64 * 1024
"""Characters of a text."""
MAX_ITEMS = 200
"""Items of a list."""
MAX_ATTRIBUTES = 64
"""Entries of a map."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""No time may lie before it."""
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Every time must lie before it."""

MAIL_IDS = frozenset(
    {
        "message_id",
        "message_id_aliases",
        "in_reply_to",
        "references",
        "reply_to_message_id",
        "sender",
        "to",
        "cc",
        "reply_to",
    }
)
"""Fields whose strings may have `MAX_MAIL_ID` characters."""
LINES = frozenset({"subject", "headers", "attributes", "facts", "reason"})
"""Fields whose strings may have `MAX_LINE` characters and may hold control characters."""
TEXTS = frozenset({"text", "text_stripped"})
"""Fields whose strings may have `MAX_TEXT` characters and may hold control characters."""

COUNTS = frozenset({"attachments_count"})
"""Whole numbers that cannot be negative."""

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that could end a line or a string somewhere downstream."""


def room_of(field: str) -> int:
    """The number of characters that a string in this field may have."""
    if field in TEXTS:
        return MAX_TEXT
    if field in LINES:
        return MAX_LINE
    return MAX_MAIL_ID if field in MAIL_IDS else MAX_ID


def find_excess(struct: msgspec.Struct) -> Reject | None:
    """The first part, in the order of the fields, that is too long, too many or out of range."""
    for path, field, value in walk(struct):
        reject = _judge(path, field, value)
        if reject is not None:
            return reject
    return None


def walk(
    struct: msgspec.Struct, path: str = "", line: str = ""
) -> Iterator[tuple[str, str, object]]:
    """Every value of a struct with its path and the name of the field whose limits apply."""
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if value is None or value == "":
            continue
        here = f"{path}.{name}" if path else name
        field = line or name
        yield here, field, value
        if isinstance(value, msgspec.Struct):
            yield from walk(value, here, name if name in LINES else "")
        elif isinstance(value, Mapping):
            yield from _walk_map(value, here, field)
        elif isinstance(value, tuple):
            yield from _walk_items(value, here, field)


def _walk_map(
    value: Mapping[object, object], path: str, field: str
) -> Iterator[tuple[str, str, object]]:
    """The names of a map are short strings; its values follow the limits of the field."""
    for name, item in value.items():
        yield f"{path} (a name)", "", name
        yield f"{path} (a value)", field, item
        if isinstance(item, tuple):
            yield from _walk_items(item, path, field)


def _walk_items(
    value: tuple[object, ...], path: str, field: str
) -> Iterator[tuple[str, str, object]]:
    for index, item in enumerate(value):
        here = f"{path}[{index}]"
        yield here, field, item
        if isinstance(item, msgspec.Struct):
            yield from walk(item, here)


def _judge(path: str, field: str, value: object) -> Reject | None:
    found = None
    if isinstance(value, str):
        found = _judge_string(path, field, value)
    elif isinstance(value, datetime):
        found = _judge_time(path, value)
    elif isinstance(value, int):
        found = _judge_whole(path, field, value)
    elif isinstance(value, tuple) and len(value) > MAX_ITEMS:
        why = f"{path}: {len(value)} items; at most {MAX_ITEMS} may stand"
        found = Reject(RejectCode.TOO_MANY_ITEMS, why)
    elif isinstance(value, Mapping) and len(value) > MAX_ATTRIBUTES:
        why = f"{path}: {len(value)} entries; at most {MAX_ATTRIBUTES} may stand"
        found = Reject(RejectCode.TOO_MANY_ITEMS, why)
    return found


def _judge_string(path: str, field: str, value: str) -> Reject | None:
    room = room_of(field)
    if len(value) > room:
        return Reject(
            RejectCode.FIELD_TOO_LONG, f"{path}: {len(value)} characters; at most {room} may stand"
        )
    if field not in TEXTS and field not in LINES:
        found = CONTROL.search(value)
        if found is not None:
            return Reject(
                RejectCode.CONTROL_CHARACTER,
                f"{path}: the control character U+{ord(found[0]):04X} at position {found.start()};"
                " ids and names hold printable characters only",
            )
    return None


def _judge_time(path: str, value: datetime) -> Reject | None:
    if EARLIEST <= value < LATEST:
        return None
    return Reject(
        RejectCode.TIME_OUT_OF_RANGE,
        f"{path}: the time must lie from 1990-01-01T00:00:00Z to before 2200-01-01T00:00:00Z",
    )


def _judge_whole(path: str, field: str, value: int) -> Reject | None:
    low = 0 if field in COUNTS else -MAX_INT - 1
    if low <= value <= MAX_INT:
        return None
    return Reject(
        RejectCode.NUMBER_OUT_OF_RANGE, f"{path}: expected a whole number from {low} to {MAX_INT}"
    )


def in_utc(struct: S) -> S:
    """The same struct with every time in UTC. All times must be aware and within the limits."""
    moved: dict[str, object] = {}
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        fresh = value
        if value is None or type(value) is str:
            continue
        if isinstance(value, datetime):
            fresh = value if value.tzinfo is UTC else value.astimezone(UTC)
        elif isinstance(value, msgspec.Struct):
            fresh = in_utc(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            fresh = tuple(in_utc(item) for item in value)
            fresh = value if all(map(is_, value, fresh)) else fresh
        if fresh is not value:
            moved[name] = fresh
    return msgspec.structs.replace(struct, **moved) if moved else struct
