"""The generator's ledger: what whoever made the traffic expected, without asking the core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from services.cli.day.compare import Seen, find_differences
from services.cli.day.expect import Entry, read_line
from services.cli.judging.compare import Compared
from services.cli.judging.decoding import ROUTER, Decoded, logical
from services.cli.judging.evidence import Evidence, Finding, Promise
from services.contact.decision import Outcome
from services.contact.event import ContactEvent
from services.contact.topics import EVENTS

SILENT = frozenset({Outcome.REMEMBERED, Outcome.DUPLICATE})
"""Outcomes that leave nothing on the topics; only the fold of the core tells them apart."""


class LedgerError(Exception):
    """The ledger cannot be read; the text says which line and why."""


def read_ledger(path: Path) -> list[Entry]:
    """Every line of a ledger file; raises LedgerError."""
    entries = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                entries.append(read_line(line))
            except msgspec.DecodeError as why:
                raise LedgerError(f"{path}:{number}: {why}") from why
    return entries


def by_partition(entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """The lines of each partition."""
    sorted_out: dict[int, list[Entry]] = {}
    for entry in entries:
        sorted_out.setdefault(entry.partition, []).append(entry)
    return sorted_out


def judge_ledger(
    entries: Sequence[Entry], evidence: Evidence, decoded: Decoded, compared: Compared
) -> Iterator[Finding]:
    """Each line of one partition against the topics."""
    mine = [entry for entry in entries if logical(entry.topic) == EVENTS]
    for entry in mine:
        for what in _compare(entry, decoded, compared):
            at = f"{EVENTS} offset {entry.offset} ({entry.event_id or 'no event'}): {what}"
            yield Finding(Promise.LEDGER, evidence.partition, at)
    seen = Seen()
    for made in decoded.decisions:
        seen.add(made.decision)
    for letter in decoded.letters:
        if letter.by == ROUTER and letter.position.topic == EVENTS:
            seen.letters[evidence.partition, letter.position.offset] = letter.code
    for what in find_differences(mine, seen):
        yield Finding(Promise.LEDGER, evidence.partition, what)


def _compare(entry: Entry, decoded: Decoded, compared: Compared) -> Iterator[str]:
    """What a story cannot know: that the record is there, and what the silent outcomes are."""
    event = decoded.events.get(entry.offset)
    if event is None:
        yield "the record that was acknowledged is not on the topic"
    elif entry.event_id and isinstance(event, ContactEvent) and event.event_id != entry.event_id:
        yield f"another event lies there: {event.event_id}"
    folded = compared.outcomes.get((EVENTS, entry.offset))
    if entry.outcome in SILENT and folded not in {entry.outcome, None}:
        yield f"expected {entry.outcome}, but it is {folded}"
