"""Moments as a person writes them on a command line."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"^(\d+)([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
HELP = "2026-11-20, 2026-11-20T09:30:00Z, or 24h (that long ago)"


def parse_moment(text: str) -> int:
    """Milliseconds since the epoch; a time without an offset is UTC.

    Raises:
        argparse.ArgumentTypeError: it is not a moment.
    """
    ago = _AGO.match(text)
    if ago is not None:
        moment = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return round(moment.timestamp() * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a moment; write {HELP}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def moment_of(at_ms: int) -> datetime:
    """The moment of so many milliseconds since the epoch."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)
