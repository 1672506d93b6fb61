"""Opening hours: laws of `services/router/core/hours.py`, changes of clocks included."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contact.event import Hours
from services.router.core.hours import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    WEEKDAYS,
    Week,
    Window,
    known_zone,
    local_parts,
    next_window,
    week_of,
)
from services.router.core.table import Span

DAILY_8_TO_20: Week = tuple((Span(480, 1200),) for _ in range(7))
ALWAYS: Week = tuple((Span(0, 1440),) for _ in range(7))
NEVER: Week = ((),) * 7
ZONES = ("UTC", "Europe/Sofia", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


def ms(text: str) -> int:
    """Milliseconds of an RFC 3339 time."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def daily(start: int, end: int) -> Week:
    """The same span on every day."""
    return tuple((Span(start, end),) for _ in range(7))


def test_late_in_the_evening_the_window_opens_at_eight_next_morning() -> None:
    """At 23:10 local time with hours 08 to 20 the call waits for 08:00 local (scenario 13)."""
    found = next_window(
        [(DAILY_8_TO_20, "Europe/Sofia")], ms("2026-11-20T23:10:00+02:00"), 3 * DAY_MS
    )
    assert found == Window(ms("2026-11-21T08:00:00+02:00"), ms("2026-11-21T20:00:00+02:00"))


def test_inside_the_hours_the_window_opens_at_once() -> None:
    """An open span needs no waiting: `not_before` is the moment asked for."""
    at = ms("2026-11-20T12:00:00+02:00")
    found = next_window([(DAILY_8_TO_20, "Europe/Sofia")], at, DAY_MS)
    assert found == Window(at, ms("2026-11-20T20:00:00+02:00"))


def test_the_last_moment_of_a_span_is_closed() -> None:
    """A span holds its start and not its end."""
    at = ms("2026-11-20T20:00:00+02:00")
    found = next_window([(DAILY_8_TO_20, "Europe/Sofia")], at, DAY_MS)
    assert found is not None
    assert found.not_before == ms("2026-11-21T08:00:00+02:00")


def test_two_weeks_in_two_zones_are_open_together_only_where_they_overlap() -> None:
    """Customer in New York 09 to 17, queue in Sofia 08 to 20: 14:00 to 18:00 UTC in November."""
    found = next_window(
        [(daily(540, 1020), "America/New_York"), (DAILY_8_TO_20, "Europe/Sofia")],
        ms("2026-11-20T19:00:00Z"),
        3 * DAY_MS,
    )
    assert found == Window(ms("2026-11-21T14:00:00Z"), ms("2026-11-21T18:00:00Z"))


def test_weeks_that_never_overlap_have_no_window() -> None:
    """Nothing is invented where no moment fits."""
    weeks = [(daily(0, 60), "UTC"), (daily(60, 120), "UTC")]
    assert next_window(weeks, 0, 30 * DAY_MS) is None


def test_a_week_without_spans_is_never_open() -> None:
    """Seven empty days give no window at any horizon."""
    assert next_window([(NEVER, "UTC")], 0, 30 * DAY_MS) is None


def test_without_weeks_it_is_open_at_once_and_until_a_day_past_the_horizon() -> None:
    """No restriction means now; the end is cut so that it is always a number."""
    assert next_window([], 1000, HOUR_MS) == Window(1000, 1000 + HOUR_MS + DAY_MS)


def test_an_opening_exactly_at_the_horizon_counts_and_one_later_does_not() -> None:
    """The horizon is inclusive."""
    at = ms("2026-11-20T06:00:00Z")
    weeks = [(daily(480, 540), "UTC")]
    assert next_window(weeks, at, 2 * HOUR_MS) is not None
    assert next_window(weeks, at, 2 * HOUR_MS - 1) is None


def test_a_negative_horizon_has_no_window() -> None:
    """A wait that is over cannot be waited for."""
    assert next_window([(ALWAYS, "UTC")], 0, -1) is None


def test_an_opening_past_midnight_is_one_window() -> None:
    """22:00 to 06:00, split at midnight by the loader, is joined again."""
    night: Week = tuple((Span(0, 360), Span(1320, 1440)) for _ in range(7))
    found = next_window([(night, "UTC")], ms("2026-11-20T21:00:00Z"), DAY_MS)
    assert found == Window(ms("2026-11-20T22:00:00Z"), ms("2026-11-21T06:00:00Z"))


def test_in_spring_a_span_inside_the_skipped_hour_is_not_open_that_day() -> None:
    """Sofia skips 03:00 to 04:00 on 2026-03-29: 03:15 to 03:45 opens a day later."""
    found = next_window(
        [(daily(195, 225), "Europe/Sofia")], ms("2026-03-29T00:00:00+02:00"), 3 * DAY_MS
    )
    assert found == Window(ms("2026-03-30T03:15:00+03:00"), ms("2026-03-30T03:45:00+03:00"))


def test_in_spring_a_span_around_the_skipped_hour_is_an_hour_shorter() -> None:
    """02:00 to 05:00 on the day of the gap lasts two hours and is one window."""
    found = next_window(
        [(daily(120, 300), "Europe/Sofia")], ms("2026-03-29T00:00:00+02:00"), DAY_MS
    )
    assert found == Window(ms("2026-03-29T02:00:00+02:00"), ms("2026-03-29T05:00:00+03:00"))
    assert found.not_after - found.not_before == 2 * HOUR_MS


def test_in_autumn_a_span_inside_the_repeated_hour_is_open_twice() -> None:
    """Sofia repeats 03:00 to 04:00 on 2026-10-25: 03:15 to 03:45 is open in both passes."""
    weeks = [(daily(195, 225), "Europe/Sofia")]
    first = next_window(weeks, ms("2026-10-25T00:00:00+03:00"), DAY_MS)
    assert first == Window(ms("2026-10-25T03:15:00+03:00"), ms("2026-10-25T03:45:00+03:00"))
    second = next_window(weeks, first.not_after, DAY_MS)
    assert second == Window(ms("2026-10-25T03:15:00+02:00"), ms("2026-10-25T03:45:00+02:00"))


def test_in_autumn_a_span_around_the_repeated_hour_is_an_hour_longer() -> None:
    """02:00 to 05:00 on the day of the fold lasts four hours and is one window."""
    found = next_window(
        [(daily(120, 300), "Europe/Sofia")], ms("2026-10-25T00:00:00+03:00"), DAY_MS
    )
    assert found is not None
    assert found.not_after - found.not_before == 4 * HOUR_MS


def test_local_parts_read_the_clock_of_the_zone() -> None:
    """The same instant is Sunday evening in Sofia and Monday morning in Shanghai."""
    at = ms("2026-11-22T21:10:00Z")
    assert local_parts("Europe/Sofia", at) == (23, "sun", "2026-11-22")
    assert local_parts("Asia/Shanghai", at) == (5, "mon", "2026-11-23")


def test_an_unknown_zone_is_named_as_such_and_read_as_utc() -> None:
    """The caller decides what to do with it; nothing fails, and no file path gets through."""
    for name in ("Mars/Base", "", "../../etc/passwd", "localtime", "Europe", "europe/sofia"):
        assert not known_zone(name)
        assert local_parts(name, 0) == (0, "thu", "1970-01-01")
    assert known_zone("Europe/Sofia")


def test_customer_hours_become_a_week() -> None:
    """Only the named weekdays are open; 0 is Monday."""
    week = week_of(Hours(start=540, end=1020, weekdays=(0, 4)))
    assert week == ((Span(540, 1020),), (), (), (), (Span(540, 1020),), (), ())


def test_customer_hours_past_midnight_run_into_the_next_day() -> None:
    """Sunday 22:00 to 02:00 ends on Monday at 02:00."""
    week = week_of(Hours(start=1320, end=120, weekdays=(6,)))
    assert week[6] == (Span(1320, 1440),)
    assert week[0] == (Span(0, 120),)


def test_customer_hours_of_no_length_are_never_open() -> None:
    """Start equal to end is read as closed: a doubtful value never causes a call."""
    assert week_of(Hours(start=540, end=540)) == NEVER


@given(st.sampled_from(ZONES), st.integers(0, 4_000_000_000_000))
def test_local_parts_agree_with_the_standard_library(tz: str, at: int) -> None:
    """For any instant the parts are those that `datetime` gives in that zone."""
    local = datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(tz))
    expected = (local.hour, WEEKDAYS[local.weekday()], local.date().isoformat())
    assert local_parts(tz, at) == expected


SPANS = st.lists(st.integers(0, 96), min_size=2, max_size=4, unique=True).map(
    lambda cuts: tuple(
        Span(a * 15, b * 15) for a, b in zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False)
    )
)
WEEKS = st.tuples(*[SPANS] * 7)
AROUND_CHANGES = st.sampled_from(
    ("2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z", "2026-04-04T06:00:00Z", "2026-07-01T00:00:00Z")
)


def is_open(week: Week, tz: str, at: int) -> bool:
    """The definition, by the standard library: the wall clock lies inside a span."""
    local = datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(tz))
    minute = local.hour * 60 + local.minute
    return any(span.start <= minute < span.end for span in week[local.weekday()])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(WEEKS, st.sampled_from(ZONES)), max_size=2),
    AROUND_CHANGES,
    st.integers(0, 72),
)
def test_a_window_is_where_every_wall_clock_is_open(
    weeks: list[tuple[Week, str]], start: str, horizon_hours: int
) -> None:
    """Minute by minute: closed before the window, open through it, closed at its end."""
    at, horizon = ms(start), horizon_hours * HOUR_MS
    found = next_window(weeks, at, horizon)
    minutes = range(at, at + horizon + DAY_MS, MINUTE_MS)
    first = next((t for t in minutes if all(is_open(w, z, t) for w, z in weeks)), None)
    if first is None or first > at + horizon:
        assert found is None
        return
    assert found is not None
    assert found.not_before == first
    shut = (t for t in minutes if t > first and not all(is_open(w, z, t) for w, z in weeks))
    assert found.not_after == next(shut, at + horizon + DAY_MS)
