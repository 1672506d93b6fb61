"""Files of events: opened and timed as if the lines came from Kafka."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import BinaryIO, TypeAlias

import msgspec

from services.contact.event import ContactEvent
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.router.core.knowledge import ms
from services.router.rules.packaged import STANDARD_INPUT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Word: TypeAlias = ContactEvent | SentimentScored | SentimentSummary


class Timer:
    """The clock of a file: the latest receipt time so far."""

    def __init__(self, clock: int | None = None, began: datetime | None = None) -> None:
        """Begin at `clock` (ms since the epoch; None: at the first event).

        `began` stands for the time of a first event that tells none [the time of this machine].
        """
        self.clock = clock
        self._began = began

    def time(self, event: Word) -> Word:
        """The event with its receipt time, after moving the clock."""
        if isinstance(event, SentimentScored):
            self.clock = max(self.clock or 0, ms(event.scored_at))
            return event
        if isinstance(event, SentimentSummary):
            return event
        if event.received_at is None:
            started = event.occurred_at or self._began or datetime.now(UTC)
            at = started if self.clock is None else _EPOCH + timedelta(milliseconds=self.clock)
            event = msgspec.structs.replace(event, received_at=at)
        if event.received_at is not None:
            self.clock = max(self.clock or 0, ms(event.received_at))
        return event


@contextmanager
def open_lines(name: str) -> Iterator[BinaryIO]:
    """A file, or standard input for `-`. Raises OSError."""
    if name == STANDARD_INPUT:
        yield sys.stdin.buffer
    else:
        with open(name, "rb") as lines:  # noqa: PTH123  # a name as the user wrote it
            yield lines


def join_one(lines: BinaryIO) -> Iterable[bytes]:
    """The lines; but one event that is written over many of them, as people do, is one."""
    first = lines.readline()
    if first.strip() != b"{":
        return chain((first,), lines)
    whole = first + lines.read()
    try:
        msgspec.json.decode(whole)
    except msgspec.DecodeError:
        return whole.splitlines()
    return (whole.replace(b"\n", b" "),)  # no string of JSON holds a line break
