"""Opening hours: when several weeks, each in its own time zone, are open together.

Rule: a week is open at an instant exactly when the wall clock of its zone, read at that instant,
lies inside one of the day's spans. So a span inside the hour that spring skips is not open that
day, and one inside the hour that autumn repeats is open twice.

The zone database is the pinned `tzdata` package, never the machine's, so that two workers and a
replay agree. All instants are int milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec

from services.contact.event import Hours
from services.router.core.table import Span

Week = tuple[tuple[Span, ...], ...]
"""The spans of Monday to Sunday, sorted, none crossing midnight."""
Interval = tuple[int, int]

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
DAY_MINUTES = 1440
OPEN_WEEK: Week = ((Span(0, DAY_MINUTES),),) * 7
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""
_FIRST_DAY, _LAST_DAY = -719_000, 2_932_000
"""Days since the epoch that a `datetime` can carry with room for any offset."""


class Calendar(msgspec.Struct, frozen=True):
    """A week with single days that are otherwise."""

    week: Week
    holidays: Mapping[int, tuple[Span, ...]] = {}
    """Spans in place of the week's, by local days since 1970-01-01."""

    def spans(self, day: int) -> tuple[Span, ...]:
        """The spans of a local day, counted from 1970-01-01."""
        special = self.holidays.get(day)
        return self.week[(day + _EPOCH_WEEKDAY) % 7] if special is None else special


class Window(msgspec.Struct, frozen=True, gc=False):
    """Open from `not_before` until just before `not_after`; milliseconds since the epoch."""

    not_before: int
    not_after: int


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset((files("tzdata") / "zones").read_text("utf-8").split())


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    path = files("tzdata") / "zoneinfo"
    for part in (name if known_zone(name) else "UTC").split("/"):
        path = path / part
    with path.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def known_zone(name: str) -> bool:
    """Is it an IANA zone? Everything else here reads an unknown zone as UTC."""
    return name in _zone_names()


def next_window(
    weeks: Sequence[tuple[Week | Calendar, str]], at_ms: int, horizon_ms: int
) -> Window | None:
    """Find the first moment from `at_ms` on at which every week is open.

    `weeks` holds (week or calendar, IANA zone) pairs; none at all means always open. The moment lies within
    `horizon_ms` (inclusive), else the answer is None. The window's end is looked for up to one
    day past the horizon and is cut there.
    """
    if horizon_ms < 0:
        return None
    latest = at_ms + horizon_ms
    end = latest + DAY_MS
    together: Iterator[Interval] = iter(((at_ms, end),))
    for week, tz in weeks:
        calendar = week if isinstance(week, Calendar) else Calendar(week)
        together = _overlap(together, _merge(_open(calendar, tz, at_ms, end)))
    first = next(together, None)
    if first is None or first[0] > latest:
        return None
    return Window(*first)


def local_parts(tz: str, at_ms: int) -> tuple[int, str, str]:
    """The hour (0 to 23), the weekday (`mon` to `sun`) and the ISO date on the zone's clock."""
    local = at_ms + _offset(tz, at_ms)
    day, rest = divmod(local, DAY_MS)
    return rest // HOUR_MS, WEEKDAYS[(day + _EPOCH_WEEKDAY) % 7], _iso_date(day)


@lru_cache(maxsize=1024)
def week_of(hours: Hours) -> Week:
    """The week that a customer's hours mean.

    An end before the start runs past midnight into the next day; start equal to end is never open.
    """
    days: list[list[Span]] = [[] for _ in WEEKDAYS]
    for weekday in set(hours.weekdays):
        if hours.start < hours.end:
            days[weekday].append(Span(hours.start, hours.end))
        elif hours.start > hours.end:
            if hours.start < DAY_MINUTES:
                days[weekday].append(Span(hours.start, DAY_MINUTES))
            if hours.end > 0:
                days[(weekday + 1) % 7].append(Span(0, hours.end))
    return tuple(tuple(sorted(day, key=lambda span: span.start)) for day in days)


@lru_cache(maxsize=1024)
def _iso_date(day: int) -> str:
    return (_EPOCH + timedelta(days=_within(day))).date().isoformat()


def _within(day: int) -> int:
    return max(_FIRST_DAY, min(_LAST_DAY, day))


def _offset(tz: str, at_ms: int) -> int:
    offset = 0
    for start, value in _offsets(tz, at_ms // DAY_MS):
        if start <= at_ms:
            offset = value
    return offset


@lru_cache(maxsize=8192)
def _offsets(tz: str, day: int) -> tuple[tuple[int, int], ...]:
    """The (from instant, offset) pairs in force during one UTC day; two on a change of clocks."""
    start, end = day * DAY_MS, (day + 1) * DAY_MS
    first, last = _offset_at(tz, start), _offset_at(tz, end - 1)
    if first == last:
        return ((start, first),)
    low, high = start, end - 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_at(tz, middle) == first:
            low = middle
        else:
            high = middle
    return ((start, first), (high, last))


def _offset_at(tz: str, at_ms: int) -> int:
    day, rest = divmod(at_ms, DAY_MS)
    moment = _EPOCH + timedelta(days=_within(day), milliseconds=rest)
    offset = moment.astimezone(_zone(tz)).utcoffset()
    return 0 if offset is None else round(offset / timedelta(milliseconds=1))


def _open(calendar: Calendar, tz: str, start: int, end: int) -> Iterator[Interval]:
    """The open intervals between two instants, in order; neighbours may touch."""
    for utc_day in range(start // DAY_MS, end // DAY_MS + 1):
        offsets = _offsets(tz, utc_day)
        ends = [at for at, _ in offsets[1:]] + [(utc_day + 1) * DAY_MS]
        for (begins, offset), ceases in zip(offsets, ends, strict=True):
            bounds = (max(begins, start), min(ceases, end))
            if bounds[0] < bounds[1]:
                yield from _open_at_offset(calendar, offset, bounds)


def _open_at_offset(calendar: Calendar, offset: int, bounds: Interval) -> Iterator[Interval]:
    low, high = bounds
    for day in range((low + offset) // DAY_MS, (high - 1 + offset) // DAY_MS + 1):
        midnight = day * DAY_MS - offset
        for span in calendar.spans(day):
            begins = max(low, midnight + span.start * MINUTE_MS)
            ceases = min(high, midnight + span.end * MINUTE_MS)
            if begins < ceases:
                yield begins, ceases


def _merge(intervals: Iterator[Interval]) -> Iterator[Interval]:
    """Join intervals that touch, so that an opening past midnight is one."""
    current: Interval | None = None
    for begins, ceases in intervals:
        if current is None:
            current = (begins, ceases)
        elif begins <= current[1]:
            current = (current[0], max(current[1], ceases))
        else:
            yield current
            current = (begins, ceases)
    if current is not None:
        yield current


def _overlap(ours: Iterator[Interval], theirs: Iterator[Interval]) -> Iterator[Interval]:
    """The intervals that lie in both, in order."""
    left, right = next(ours, None), next(theirs, None)
    while left is not None and right is not None:
        begins, ceases = max(left[0], right[0]), min(left[1], right[1])
        if begins < ceases:
            yield begins, ceases
        if left[1] < right[1]:
            left = next(ours, None)
        else:
            right = next(theirs, None)
