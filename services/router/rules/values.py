"""The small languages inside a rule file: durations, opening hours, zones, names, addresses.

Each is a pydantic type with its JSON Schema. A refusal is a `PydanticCustomError` whose type is
the code that people see.
"""

from __future__ import annotations

import itertools
import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from services.router.core.hours import DAY_MINUTES, WEEKDAYS, Week, known_zone
from services.router.core.table import Span
from services.router.rules.problem import Code

CUSTOMERS = "customer"
"""A queue's time zone: the customer's own."""
ALWAYS = "always"
CLOSED = "closed"
ALL_DAYS = "mon-sun"
MOST_RATE = 1_000_000
LONGEST_MS = 366 * 86_400_000

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DURATION = r"^(?=[0-9])([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?$"
_UNITS_MS = (86_400_000, 3_600_000, 60_000, 1_000)
_RATE = r"^([0-9]{1,9})/([mhd])$"
_WINDOWS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DAY = "|".join(WEEKDAYS)
_DAYS = rf"^({_DAY})(-({_DAY}))?$"
_CLOCK = r"([0-9]{1,2}):([0-9]{2})"
_SPAN = rf"^{_CLOCK}-{_CLOCK}$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_RULE_ID = r"^[a-z0-9][a-z0-9-]{0,63}$"
_ADDRESS = r"^[^@\s]*@?[^@\s]+\.[^@\s]+$"


def _refuse(code: Code, message: str) -> PydanticCustomError:
    return PydanticCustomError(code.value, "{message}", {"message": message})


def parse_duration(value: Any) -> int:
    """`20s`, `45m`, `4h`, `30d`, `1h30m` -> milliseconds, more than 0 and at most 366 days."""
    found = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
    if found is None:
        message = "a duration is written as 20s, 45m, 4h, 30d or 1h30m"
        raise _refuse(Code.BAD_DURATION, f"{message}, found `{value}`")
    parts = (int(part[:-1]) if part else 0 for part in found.groups())
    total = sum(part * unit for part, unit in zip(parts, _UNITS_MS, strict=True))
    if not 0 < total <= LONGEST_MS:
        raise _refuse(Code.BAD_DURATION, f"a duration is from 1s to 366d, found `{value}`")
    return total


def parse_rate(value: Any) -> tuple[int, int]:
    """`200/h` -> (200, 3_600_000): so many within so many milliseconds."""
    found = re.fullmatch(_RATE, value) if isinstance(value, str) else None
    if found is None:
        message = "a limit is written as 200/h, 20/m or 1000/d"
        raise _refuse(Code.BAD_RATE, f"{message}, found `{value}`")
    if not 0 < int(found[1]) <= MOST_RATE:
        raise _refuse(Code.BAD_RATE, f"a limit is from 1 to {MOST_RATE}, found `{value}`")
    return int(found[1]), _WINDOWS_MS[found[2]]


def parse_days(word: str) -> tuple[int, ...]:
    """`mon` or `mon-fri` -> weekdays, 0 is Monday; `sat-mon` runs over Sunday."""
    found = re.fullmatch(_DAYS, word)
    if found is None:
        message = f"`{word}` is not a weekday or a range of them, such as mon-fri"
        raise _refuse(Code.BAD_HOURS, message)
    first = WEEKDAYS.index(found[1])
    last = WEEKDAYS.index(found[3] or found[1])
    return tuple((first + step) % 7 for step in range((last - first) % 7 + 1))


def parse_span(word: str) -> tuple[int, int]:
    """`08:00-20:00` -> minutes after midnight; an end before the start is on the next day."""
    found = re.fullmatch(_SPAN, word)
    if found is None:
        raise _refuse(Code.BAD_HOURS, f"hours are written as 08:00-20:00, found `{word}`")
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if max(start_minute, end_minute) > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:  # noqa: PLR2004  # minutes of an hour
        raise _refuse(Code.BAD_HOURS, f"`{word}` is not on a clock from 00:00 to 24:00")
    if start == end:
        message = f"`{word}` has no length; write {CLOSED} or 00:00-24:00"
        raise _refuse(Code.BAD_HOURS, message)
    return start, end


def build_week(hours: dict[str, list[str]]) -> Week | None:
    """Days and spans that were each checked -> a week; None if it is open all the time.

    Raises:
        PydanticCustomError: a day is given twice, or spans of one day overlap.
    """
    days: list[list[Span]] = [[] for _ in WEEKDAYS]
    given: dict[int, str] = {}
    for word, spans in hours.items():
        for day in parse_days(word):
            if day in given:
                message = f"{WEEKDAYS[day]} is in `{given[day]}` and in `{word}`"
                raise _refuse(Code.BAD_HOURS, message)
            given[day] = word
            for span in spans:
                _add_span(days, day, *parse_span(span))
    week = tuple(_joined(day, WEEKDAYS[at]) for at, day in enumerate(days))
    return None if all(day == (Span(0, DAY_MINUTES),) for day in week) else week


def build_holidays(given: dict[str, list[str]]) -> dict[int, tuple[Span, ...]]:
    """Dates with their spans -> spans by day since the epoch.

    Raises:
        PydanticCustomError: a span runs past midnight, or spans of one day overlap.
    """
    found = {}
    for word, spans in given.items():
        parsed = [parse_span(span) for span in spans]
        if any(start > end for start, end in parsed):
            raise _refuse(Code.BAD_HOURS, f"the hours of {word} end on the same day")
        day = _joined([Span(start, end) for start, end in parsed], word)
        found[date.fromisoformat(word).toordinal() - _EPOCH_DAY] = day
    return found


def _add_span(days: list[list[Span]], day: int, start: int, end: int) -> None:
    if start < end:
        days[day].append(Span(start, end))
        return
    days[day].append(Span(start, DAY_MINUTES))
    if end:
        days[(day + 1) % 7].append(Span(0, end))


def _joined(day: list[Span], name: str) -> tuple[Span, ...]:
    ordered = sorted(day, key=lambda span: span.start)
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end:
            raise _refuse(Code.BAD_HOURS, f"two spans of {name} overlap")
    return tuple(ordered)


def _read_spans(value: Any) -> Any:
    if value == CLOSED:
        return []
    return [value] if isinstance(value, str) else value


def _read_hours(value: Any) -> Any:
    if value == ALWAYS:
        return {ALL_DAYS: ["00:00-24:00"]}
    if isinstance(value, str):
        message = f"hours are `{ALWAYS}` or weekdays with spans, found `{value}`"
        raise _refuse(Code.BAD_HOURS, message)
    return value


def _check_days(word: str) -> str:
    parse_days(word)
    return word


def _check_span(word: str) -> str:
    parse_span(word)
    return word


def _check_hours(hours: dict[str, list[str]]) -> dict[str, list[str]]:
    build_week(hours)
    return hours


def _check_date(word: str) -> str:
    try:
        valid = date.fromisoformat(word).isoformat() == word
    except ValueError:
        valid = False
    if not valid:
        raise _refuse(Code.BAD_HOURS, f"`{word}` is not a date such as 2026-12-25")
    return word


def _check_holidays(given: dict[str, list[str]]) -> dict[str, list[str]]:
    build_holidays(given)
    return given


def _check_zone(name: str) -> str:
    if not known_zone(name):
        raise _refuse(Code.UNKNOWN_ZONE, f"there is no time zone `{name}`; see the IANA names")
    return name


def _check_queue_zone(name: str) -> str:
    return name if name == CUSTOMERS else _check_zone(name)


def _check_address(word: str) -> str:
    if not re.fullmatch(_ADDRESS, word):
        message = f"`{word}` is neither an address (help@shop.example) nor a domain (shop.example)"
        raise _refuse(Code.BAD_ADDRESS, message)
    return word.lower()


_SPAN_SCHEMA = {"type": "string", "pattern": _SPAN, "examples": ["08:00-20:00", "22:00-06:00"]}
_SPANS_SCHEMA = {
    "anyOf": [{"const": CLOSED}, _SPAN_SCHEMA, {"type": "array", "items": _SPAN_SCHEMA}]
}
_HOURS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"const": ALWAYS},
        {
            "type": "object",
            "patternProperties": {_DAYS: _SPANS_SCHEMA},
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}

Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": _DURATION, "examples": ["20s", "4h", "1h30m"]}),
]
"""Milliseconds; written as text with units."""
Rate = Annotated[
    tuple[int, int],
    BeforeValidator(parse_rate),
    WithJsonSchema({"type": "string", "pattern": _RATE, "examples": ["200/h", "20/m", "1000/d"]}),
]
"""A number and the milliseconds of the window that it holds for; written as text."""
Days = Annotated[str, AfterValidator(_check_days)]
SpanText = Annotated[str, AfterValidator(_check_span)]
SpanTexts = Annotated[list[SpanText], BeforeValidator(_read_spans)]
HoursByDay = Annotated[
    dict[Days, SpanTexts],
    Field(min_length=1),
    BeforeValidator(_read_hours),
    AfterValidator(_check_hours),
    WithJsonSchema(_HOURS_SCHEMA),
]
Holidays = Annotated[
    dict[Annotated[str, AfterValidator(_check_date)], SpanTexts],
    AfterValidator(_check_holidays),
    WithJsonSchema(
        {
            "type": "object",
            "patternProperties": {r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": _SPANS_SCHEMA},
            "additionalProperties": False,
        }
    ),
]
"""Other hours than those of the week, by ISO date."""
Zone = Annotated[str, AfterValidator(_check_zone)]
QueueZone = Annotated[str, AfterValidator(_check_queue_zone)]
Address = Annotated[str, AfterValidator(_check_address), WithJsonSchema({"type": "string"})]
Name = Annotated[str, Field(pattern=_NAME)]
"""A queue, a skill, an executor."""
RuleId = Annotated[str, Field(pattern=_RULE_ID)]
ChannelWord = Literal["phone", "chat", "email", "social"]
Target = Literal["chosen", "same", "phone", "chat", "email", "social"]
