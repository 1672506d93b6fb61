"""Named lists, holidays and splits: what they mean once the file is compiled."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from services.contact.decision import Fact
from services.router.core.customer import Customer
from services.router.core.hours import Calendar, Window, next_window
from services.router.core.reach import opening
from services.router.core.scene import share_of
from services.router.core.table import Plan, Span, Table
from services.router.rules.file import load_table
from tests.rules.test_files import load_good

HOUR = 3_600_000
CALLS = """\
queues:
  calls:
    {hours}
    holidays: {{2026-12-24: [08:00-10:00, 12:00-14:00], 2026-12-25: closed}}
    timezone: Europe/Sofia
route: {{queue: calls}}
"""


def ms(moment: str) -> int:
    """RFC 3339 -> milliseconds."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def window(hours: str, at: str) -> tuple[str, str] | None:
    """When the queue of `CALLS` opens next, on Sofia's clock in UTC."""
    table = load_table(CALLS.format(hours=hours))
    assert isinstance(table, Table), [str(problem) for problem in table]
    plan = Plan(rule="default", queue="calls", max_wait_ms=72 * HOUR)
    found = opening(table, Customer(id="c"), plan, ms(at))
    if found is None:
        return None
    ends = (found.not_before, found.not_after)
    first, last = (f"{datetime.fromtimestamp(end / 1000, UTC):%m-%d %H:%M}" for end in ends)
    return first, last


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-12-23T23:00:00+02:00", ("12-24 06:00", "12-24 08:00")),
        ("2026-12-24T10:30:00+02:00", ("12-24 10:00", "12-24 12:00")),
        ("2026-12-24T15:00:00+02:00", ("12-26 06:00", "12-26 18:00")),
        ("2026-12-26T09:00:00+02:00", ("12-26 07:00", "12-26 18:00")),
    ],
)
def test_a_holiday_takes_the_place_of_the_week(at: str, expected: tuple[str, str]) -> None:
    """Its own spans, or none; the days around it are as ever."""
    assert window("hours: {mon-sun: 08:00-20:00}", at) == expected


def test_a_queue_that_is_always_open_has_holidays_too() -> None:
    """All of Christmas Day is closed, and the day before but for its spans."""
    assert window("hours: always", "2026-12-24T14:00:00+02:00") == ("12-25 22:00", "12-28 12:00")
    assert window("hours: always", "2026-12-20T10:00:00+02:00") == ("12-20 08:00", "12-23 22:00")


def test_a_span_past_midnight_ends_where_a_holiday_begins() -> None:
    """The holiday is a whole local day."""
    late = (Span(1320, 1440),)
    calendar = Calendar(((Span(0, 360), *late),) * 7, {20_812: ()})
    at = 20_811 * 86_400_000 + 23 * HOUR
    found = next_window([(calendar, "UTC")], at, HOUR)
    assert found == Window(at, 20_812 * 86_400_000)


def test_a_named_list_holds_what_it_lists() -> None:
    """Words and numbers, also inside `not`."""
    table = load_good("named-lists-of-words-and-numbers")
    facts: dict[str, Fact] = {"customer.segment": "gold", "channel": "chat", "time.hour": 19}
    assert table.match(facts).path == ("default", "one")
    changes: list[dict[str, Fact]] = [
        {"customer.segment": "vip"},
        {"channel": "email"},
        {"time.hour": 17},
    ]
    for change in changes:
        assert table.match({**facts, **change}).path == ("default",)


def test_a_split_is_even_stable_and_independent_of_others() -> None:
    """A tenth is a tenth, the same for ever, and another split cuts across it."""
    customers = [f"customer-{n}" for n in range(20_000)]
    shares = Counter(share_of("pilot", one) for one in customers)
    assert set(shares) == set(range(100))
    assert all(130 < count < 270 for count in shares.values())
    tenth = [one for one in customers if share_of("pilot", one) < 10]
    both = sum(share_of("other", one) < 10 for one in tenth)
    assert 0.08 < both / len(tenth) < 0.12
    assert share_of("pilot", "customer-1") == PINNED


PINNED = 50
"""Taken once; another value would move customers from one share to another."""
