"""The two position notes: the marker in `contact.memory` and the position in Redis.

The marker is the last record that a transaction writes to a partition of `contact.memory`, under
one reserved key. So the last data record of the partition is always the newest marker, also after
compaction, and what it says was committed together with everything before it.

The position stands in the partition's Redis hash beside the customers and says which prefix of
the changelog they are: `clog` is the offset of the last applied data record + 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import orjson

from services.contact.decision import Effect
from services.router.core.capacity import Usage
from services.router.core.edition import Edition

FORMAT = 1


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What a transaction says of itself, per touched partition."""

    format: int = FORMAT
    sequence: int
    """Transactions of this partition so far; the first is 0."""
    lineage: str
    """Made once, when the memory of the partition begins; another one is another memory."""
    partitions: int
    lanes: int
    inputs: Mapping[str, int]
    """Logical topic -> the next offset to read; the same as what the group has committed."""
    rules_version: str
    now: int
    """The batch's `now`, ms since the epoch; it never goes back."""

    generation: int = 0
    """Count of the changes of the rules that decided; 0 where their source keeps none."""
    candidate: str = ""
    """Version of the rules on trial; empty: there were none."""
    percent: float = 0.0
    """Share of the customers whom these decided, told apart by `in_canary`."""
    effect: Effect = Effect.LIVE
    """`none`: the whole service only observed."""
    stopped: int = 0
    """The newest generation whose canary was stopped by its guardrails, as far as was known."""
    allowed: Mapping[str, int] = {}
    """The work that this batch might give at most to each account with a limit."""
    used: Mapping[str, Usage] = {}
    """The work that the accounts were given up to here, by this partition."""


class Under(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch was decided under; the fields of the same names in its marker."""

    rules_version: str
    generation: int = 0
    candidate: str = ""
    percent: float = 0.0
    effect: Effect = Effect.LIVE
    stopped: int = 0


def tell_under(edition: Edition, stopped: int = 0) -> Under:
    """What a marker says of an edition."""
    candidate = edition.candidate
    return Under(
        rules_version=edition.table.version,
        generation=edition.generation,
        candidate="" if candidate is None else candidate.version,
        percent=edition.percent,
        effect=edition.effect,
        stopped=stopped,
    )


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """Where the memory of one partition stands: its newest marker and where that lies."""

    marker: Marker
    clog: int
    """Offset of the marker + 1; 0 before the first one is committed."""
    at: int
    """Append time of the marker, ms since the epoch."""


def tell_newest(seats: Mapping[int, Seat | None]) -> tuple[int, int]:
    """The newest generation that decided in these partitions, and the newest one stopped."""
    markers = [seat.marker for seat in seats.values() if seat is not None]
    return (
        max((marker.generation for marker in markers), default=0),
        max((marker.stopped for marker in markers), default=0),
    )


class Pos(msgspec.Struct, frozen=True, kw_only=True):
    """The position as read from Redis; everything absent means that it is none of ours."""

    lineage: str
    clog: int
    inputs: Mapping[str, int] = {}
    at: int = 0


def encode_marker(marker: Marker) -> bytes:
    """The value of the record; what is as ever in most deployments is left out."""
    rest = {
        name: value
        for name, value in (
            ("generation", marker.generation),
            ("candidate", marker.candidate),
            ("percent", marker.percent),
            ("effect", "" if marker.effect is Effect.LIVE else marker.effect.value),
            ("stopped", marker.stopped),
            ("allowed", dict(marker.allowed)),
            (
                "used",
                {a: msgspec.to_builtins(one, str_keys=True) for a, one in marker.used.items()},
            ),
        )
        if value
    }
    return orjson.dumps(
        {
            "format": marker.format,
            "sequence": marker.sequence,
            "lineage": marker.lineage,
            "partitions": marker.partitions,
            "lanes": marker.lanes,
            "inputs": dict(marker.inputs),
            "rules_version": marker.rules_version,
            "now": marker.now,
            **rest,
        }
    )


def decode_marker(value: bytes | None) -> Marker | None:
    """The marker in a record; None if it is not one that this version reads."""
    try:
        marker = msgspec.json.decode(value or b"", type=Marker)
    except msgspec.DecodeError:
        return None
    return marker if marker.format == FORMAT else None


def encode_pos(seat: Seat) -> bytes:
    """The field `pos`. `lineage` and `clog` come first: they are compared as text (`pos_prefix`)."""
    return _encode_pos(seat.marker.lineage, seat.clog, seat.marker.inputs, seat.at)


def encode_partial_pos(lineage: str, clog: int, at: int) -> bytes:
    """The position in the middle of a repair: no transaction ends here, so it has no inputs."""
    return _encode_pos(lineage, clog, {}, at)


def _encode_pos(lineage: str, clog: int, inputs: Mapping[str, int], at: int) -> bytes:
    return orjson.dumps({"lineage": lineage, "clog": clog, "inputs": dict(inputs), "at": at})


def pos_prefix(lineage: str, clog: int) -> bytes:
    """What a position of exactly this lineage and this clog begins with, and no other does."""
    return b'{"lineage":"%b","clog":%d,' % (lineage.encode(), clog)


def decode_pos(raw: bytes | None) -> Pos | None:
    """The position in a field; None if there is none that we wrote."""
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw, type=Pos)
    except msgspec.DecodeError:
        return None
