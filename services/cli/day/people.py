"""Customers who exist only for the played day, with addresses that belong to nobody.

Phone numbers are the 555-01xx of North America, which are kept free for fiction; addresses
end in `.example` (RFC 2606).
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import msgspec

from services.cli.day.words import Words
from services.contact.event import Channel, Handle

DAY = (10, 16)
"""Local hours in which calling is polite everywhere, whatever else happens within a run."""
NIGHT = (22, 28)
"""Local hours of the night; 28 is four in the morning."""
_AREAS = ("202", "212", "303", "312", "404", "415", "503", "617", "713", "808")
_AROUND_THE_WORLD = (
    *("Pacific/Auckland", "Asia/Tokyo", "Asia/Bangkok", "Asia/Karachi", "Asia/Dubai"),
    *("Europe/Sofia", "Europe/Lisbon", "Atlantic/Cape_Verde", "America/Sao_Paulo"),
    *("America/New_York", "America/Denver", "America/Anchorage", "Pacific/Honolulu"),
)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One customer of the day."""

    id: str
    name: str
    language: str
    timezone: str
    phone: str
    email: str
    chat: str

    def handles(self, *channels: Channel) -> tuple[Handle, ...]:
        """The addresses of these channels; social shares the chat name."""
        values = {Channel.PHONE: self.phone, Channel.EMAIL: self.email}
        return tuple(Handle(kind=c, value=values.get(c, self.chat)) for c in channels)


def local_hour(timezone: str, at_ms: int) -> int:
    """The hour, 0 to 23, that a clock in `timezone` shows at `at_ms`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(timezone)).hour


def zone_where(rng: Random, zones: tuple[str, ...], at_ms: int, hours: tuple[int, int]) -> str:
    """A zone where it is now within `hours`: one of `zones` if there is one, else any."""
    first, last = hours

    def fits(zone: str) -> bool:
        hour = local_hour(zone, at_ms)
        return first <= hour < last or first <= hour + 24 < last

    fitting = [z for z in zones if fits(z)] or [z for z in _AROUND_THE_WORLD if fits(z)]
    return rng.choice(fitting)


def meet(rng: Random, words: Words, serial: str, timezone: str) -> Person:
    """A fresh customer who speaks the language of `words` and lives in `timezone`."""
    number = f"{rng.randrange(100):02d}"
    return Person(
        id=f"cust-{serial}",
        name=rng.choice(words.names),
        language=words.language,
        timezone=timezone,
        phone=f"+1{rng.choice(_AREAS)}55501{number}",
        email=f"{serial}@mail.example",
        chat=f"user-{serial}",
    )
