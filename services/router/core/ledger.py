"""The exchange ledger: how often an e-mail thread has gone back and forth.

A *turn* is a run of human messages by one side; an *exchange* is a customer turn and the agent
turn that answers it. The number follows from the *set* of entries, ordered by receipt time, so
duplicates and disorder end in the same number.
"""

from __future__ import annotations

from bisect import insort

import msgspec

from services.router.core.customer import Entry

CUSTOMER = 0
AGENT = 1
CLOSED = 2
"""The desk closed the contact; resets only if the customer stays silent (DESIGN 4.2)."""
CALL_DONE = 3
"""A call about this thread was completed; resets."""
OTHER = 4
"""What no human wrote, notes and forwards: known for the duplicate check, never counted."""
MAX_ENTRIES = 128
"""A longer ledger is cut, and the thread is then `summarised`: it never escalates."""


class Count(msgspec.Struct, frozen=True, gc=False):
    """What the ledger says before a given entry."""

    exchanges: int
    messages: int
    since: int
    """Receipt time of the first message after the last reset; marks before it are void."""


def _order(entry: Entry) -> tuple[int, bytes]:
    return (entry.at, entry.id)


def add(ledger: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """The ledger with one more entry in its place; unchanged if it is there already."""
    if not ledger or _order(ledger[-1]) < _order(entry):
        return (*ledger, entry)
    if entry in ledger:
        return ledger
    entries = list(ledger)
    insort(entries, entry, key=_order)
    return tuple(entries)


def join(a: tuple[Entry, ...], b: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The ledger of the union of two threads' messages."""
    return tuple(sorted(set(a) | set(b), key=_order))


def find(ledger: tuple[Entry, ...], message: bytes) -> Entry | None:
    """The entry of this message, if it is known."""
    for entry in ledger:
        if entry.id == message and entry.side != CALL_DONE:
            return entry
    return None


def count(  # noqa: C901 - one pass over the ledger, read as one story
    ledger: tuple[Entry, ...], *, before: Entry | None, reopen_within_ms: int, idle_window_ms: int
) -> Count:
    """Completed exchanges before an entry (None: in all) since the last reset.

    A reset is a completed call, `idle_window_ms` without a message, or a close after which
    the customer did not write within `reopen_within_ms`.
    """
    exchanges = messages = since = last_at = closed_at = 0
    last_side = -1
    limit = _order(before) if before is not None else None
    for entry in ledger:
        if limit is not None and _order(entry) >= limit:
            break
        side = entry.side
        if side == OTHER:
            continue
        if side == CLOSED:
            # Of several closes without a word in between the first one counts.
            closed_at = closed_at or entry.at
            continue
        silent = last_at and entry.at - last_at >= idle_window_ms
        stays_closed = closed_at and side == CUSTOMER and entry.at - closed_at > reopen_within_ms
        if side == CALL_DONE or silent or stays_closed:
            exchanges, messages, since, last_side = 0, 0, entry.at, -1
        if side in {CUSTOMER, CALL_DONE}:
            closed_at = 0
        if side == CALL_DONE:
            last_at = entry.at
            continue
        if side == AGENT and last_side == CUSTOMER:
            exchanges += 1
        messages += 1
        last_side = side
        last_at = entry.at
    if before is not None and before.side == CUSTOMER:
        silent = last_at and before.at - last_at >= idle_window_ms
        if silent or (closed_at and before.at - closed_at > reopen_within_ms):
            return Count(0, 0, before.at)
    return Count(exchanges, messages, since)
