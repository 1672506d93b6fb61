"""The inputs of a file, timed by the file's own clock as `omniroute decide` does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b

import msgspec

from services.cli.event_lines import Timer, join_one
from services.contact.line import read_line
from services.contact.reject import Reject
from services.router.rules.replay import Input


class FileSource(msgspec.Struct, frozen=True, kw_only=True):
    """A file of events, scores and summaries, one a line."""

    path: str
    began: datetime
    """Stands for the time of a first event that tells none."""
    since: int | None = None
    until: int | None = None
    """Inputs with since <= clock < until are counted; ms since the epoch."""


class Tick(msgspec.Struct, frozen=True):
    """How far a reader has come; `one` is None for what is no input of this share."""

    one: Input | None = None
    rejected: bool = False


def read_share(source: FileSource, share: int, shares: int) -> Iterator[Tick]:
    """Every line; the inputs of this share of the customers. Raises OSError.

    All lines are read, for all of them move the clock.
    """
    timer = Timer(began=source.began)
    with open(source.path, "rb") as lines:  # noqa: PTH123 - a name as the user wrote it
        for number, line in enumerate(join_one(lines), 1):
            if not line.strip():
                continue
            word = read_line(line.strip())
            if isinstance(word, Reject):
                yield Tick(rejected=number % shares == share)
                continue
            word = timer.time(word)
            now = timer.clock or 0
            if share_of(word.customer_id, shares) != share:
                yield Tick()
                continue
            counted = (source.since is None or now >= source.since) and (
                source.until is None or now < source.until
            )
            yield Tick(Input(place=(0, number), word=word, now=now, counted=counted))


def share_of(customer_id: str, shares: int) -> int:
    """Which share a customer belongs to."""
    if shares == 1:
        return 0
    return int.from_bytes(blake2b(customer_id.encode(), digest_size=4).digest()) % shares
