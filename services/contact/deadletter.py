"""What stands on `contact.deadletter`: letters, and the settlements that close them.

A *letter* is a record that could not be used, its bytes as they came, with the cause in six headers
behind its own. A *settlement* says what became of one letter: sent again, or dropped. It lies on the
letter's partition, behind it, has no key and an empty value, and names the letter by its offset there.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from services.contact.codec import Encoded, Headers, ascii_of
from services.contact.decision import Position
from services.contact.topics import (
    REJECT_BY,
    REJECT_CODE,
    REJECT_OFFSET,
    REJECT_PARTITION,
    REJECT_TOPIC,
    REJECT_WHY,
    SETTLE_BY,
    SETTLE_OFFSET,
    SETTLE_STATE,
    SETTLE_TO,
    SETTLE_WHY,
)

ADDED = (REJECT_CODE, REJECT_WHY, REJECT_TOPIC, REJECT_PARTITION, REJECT_OFFSET, REJECT_BY)
"""The headers of a letter that are ours, in the order in which they are written."""


class State(StrEnum):
    """What became of a letter."""

    OPEN = "open"
    """Nothing yet."""
    REPLAYED = "replayed"
    """Its record was sent again."""
    DROPPED = "dropped"
    """It was given up, with a reason."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A record that could not be used, and why."""

    position: Position
    """Where the record lay; the topic by its logical name."""
    code: str
    why: str
    by: str
    """The service that refused it."""
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    """The record's own."""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one letter of the same partition."""

    state: State
    """`replayed` or `dropped`."""
    offset: int
    """Of the letter, on contact.deadletter."""
    by: str
    """Who settled it, as they named themselves."""
    why: str = ""
    to: Position | None = None
    """Where the record lies that was sent again, in the same transaction."""


def read_deadletter(
    key: bytes | None, value: bytes | None, headers: Headers
) -> Letter | Settlement | str:
    """What a record of `contact.deadletter` is; a sentence if it is neither.

    A record that came with headers like ours is still a letter: it has a cause.
    """
    named = {name: (word or b"").decode("utf-8", "replace") for name, word in headers}
    try:
        if REJECT_CODE in named:
            return _read_letter(key, value, headers, named)
        if SETTLE_STATE in named:
            return _read_settlement(named)
    except (KeyError, ValueError) as wrong:
        return f"its headers do not tell what it is: {type(wrong).__name__} {wrong}"
    return "it has neither a cause nor a settlement in its headers"


def _read_letter(
    key: bytes | None, value: bytes | None, headers: Headers, named: dict[str, str]
) -> Letter:
    position = Position(
        named[REJECT_TOPIC], int(named[REJECT_PARTITION]), int(named[REJECT_OFFSET])
    )
    return Letter(
        position=position,
        code=named[REJECT_CODE],
        why=named.get(REJECT_WHY, ""),
        by=named[REJECT_BY],
        key=key,
        value=value,
        headers=own_headers(headers),
    )


def own_headers(headers: Headers) -> tuple[tuple[str, bytes], ...]:
    """The headers that a letter's record came with: ours, which stand last, taken off."""
    kept = tuple(headers)
    if tuple(name for name, _ in kept[-len(ADDED) :]) == ADDED:
        return kept[: -len(ADDED)]
    return tuple(pair for pair in kept if pair[0] not in ADDED)


def _read_settlement(named: dict[str, str]) -> Settlement:
    state = State(named[SETTLE_STATE])
    if state is State.OPEN:
        raise ValueError(f"{SETTLE_STATE} {state.value}")
    to = named.get(SETTLE_TO)
    return Settlement(
        state=state,
        offset=int(named[SETTLE_OFFSET]),
        by=named[SETTLE_BY],
        why=named.get(SETTLE_WHY, ""),
        to=None if to is None else _read_place(to),
    )


def _read_place(text: str) -> Position:
    topic, partition, offset = text.rsplit("/", 2)
    return Position(topic, int(partition), int(offset))


def encode_settlement(settlement: Settlement) -> Encoded:
    """The record of a settlement; header values are ASCII."""
    headers = [
        (SETTLE_STATE, settlement.state.encode()),
        (SETTLE_OFFSET, b"%d" % settlement.offset),
        (SETTLE_BY, ascii_of(settlement.by)),
    ]
    if settlement.why:
        headers.append((SETTLE_WHY, ascii_of(settlement.why)))
    to = settlement.to
    if to is not None:
        headers.append((SETTLE_TO, f"{to.topic}/{to.partition}/{to.offset}".encode()))
    return Encoded(None, b"", tuple(headers))
