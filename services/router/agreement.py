"""Where a router's lane begins: what the group has committed and what the memory says must agree.

Offsets and memory are written in one transaction, so they differ only if somebody moved one of
them: a reset of the group, an expiry of its offsets, a topic made anew, a restored backup. Going on
would lose or repeat events, so the process stops and a person chooses (`--accept-offsets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from services.contact.topics import MARKER_KEY, MEMORY
from services.router.marker import Marker, Seat, encode_marker
from services.runtime.lane import (
    InputKey,
    Opening,
    Outgoing,
    Receipts,
    Start,
    Stop,
    Work,
    refuse_lost,
)


class Accept(StrEnum):
    """Which side is right where offsets and memory disagree."""

    NEITHER = ""
    """Stop and ask."""
    MEMORY = "memory"
    """Go on where the memory stands: nothing is lost and nothing is done twice, unless the
    memory itself was set back."""
    GROUP = "group"
    """Go on where the group's offsets stand, with the memory as it is: for an operator who has
    moved the offsets on purpose."""


class Agreement(msgspec.Struct, frozen=True):
    """The outcome: where to begin, and the seats of the memory from there."""

    start: Start
    seats: Mapping[int, Seat]
    """Before the settling transaction, if there is one."""
    settled: Mapping[int, Marker]
    """The markers that the settling transaction writes, by partition."""

    def seats_after(self, receipts: Receipts | None) -> dict[int, Seat]:
        """The seats once the settling transaction stands."""
        seats = dict(self.seats)
        for partition, marker in self.settled.items():
            if receipts is not None:
                receipt = receipts.last[MEMORY, partition]
                at = max(receipt.appended_at, marker.now)
                seats[partition] = Seat(marker=marker, clog=receipt.last_offset + 1, at=at)
        return seats


class Terms(msgspec.Struct, frozen=True):
    """What an agreement needs beside the two positions."""

    inputs: tuple[str, ...]
    lineage: str
    """A fresh one, for memories that begin now."""
    rules_version: str
    accept: Accept = Accept.NEITHER


def agree(opening: Opening, seats: Mapping[int, Seat | None], terms: Terms) -> Agreement:
    """Compare both positions of every partition of the lane.

    Raises `Stop`: `partitions_changed`, `lanes_changed`, `offsets_and_memory_disagree`,
    `events_lost_retention`.
    """
    offsets: dict[InputKey, int] = {}
    agreed: dict[int, Seat] = {}
    settled: dict[int, Marker] = {}
    for partition in opening.partitions:
        seat = seats[partition]
        if seat is not None:
            _refuse_other_shape(partition, seat.marker, opening)
        committed = {t: opening.committed[t, partition] for t in terms.inputs}
        begin = {t: opening.beginning[t, partition] for t in terms.inputs}
        inputs, agrees = _choose(partition, seat, (committed, begin), terms)
        for topic, offset in inputs.items():
            refuse_lost((topic, partition), offset, begin[topic])
            offsets[topic, partition] = offset
        agreed[partition] = seat or _first_seat(opening, terms, inputs)
        if not agrees:
            settled[partition] = _settle(agreed[partition].marker, opening, terms, inputs)
    return Agreement(Start(offsets, _work(settled) if settled else None), agreed, settled)


def _choose(
    partition: int,
    seat: Seat | None,
    positions: tuple[Mapping[str, int | None], Mapping[str, int]],
    terms: Terms,
) -> tuple[dict[str, int], bool]:
    """The offsets to begin at, and whether both sides already say so."""
    committed, begin = positions
    remembered = None if seat is None else {t: seat.marker.inputs.get(t) for t in terms.inputs}
    if remembered is None and all(offset is None for offset in committed.values()):
        return dict(begin), False  # the first start ever
    if remembered == committed:
        return {t: offset for t, offset in committed.items() if offset is not None}, True
    if terms.accept is Accept.NEITHER:
        raise Stop("offsets_and_memory_disagree", _explain(partition, committed, remembered))
    chosen = committed if terms.accept is Accept.GROUP else remembered or {}
    return {t: _or_begin(chosen.get(t), begin[t]) for t in terms.inputs}, False


def _or_begin(offset: int | None, begin: int) -> int:
    return begin if offset is None else offset


def _first_seat(opening: Opening, terms: Terms, inputs: Mapping[str, int]) -> Seat:
    """The seat before the first marker: an empty memory of a new lineage."""
    marker = Marker(
        sequence=-1,
        lineage=terms.lineage,
        partitions=opening.partition_count,
        lanes=opening.lanes,
        inputs=inputs,
        rules_version=terms.rules_version,
        now=opening.clock,
    )
    return Seat(marker=marker, clog=0, at=opening.clock)


def _settle(before: Marker, opening: Opening, terms: Terms, inputs: Mapping[str, int]) -> Marker:
    return msgspec.structs.replace(
        before,
        sequence=before.sequence + 1,
        inputs=inputs,
        rules_version=terms.rules_version,
        now=max(before.now, opening.clock),
    )


def _work(settled: Mapping[int, Marker]) -> Work:
    return Work([write_marker(partition, marker) for partition, marker in settled.items()])


def write_marker(partition: int, marker: Marker) -> Outgoing:
    """The record of a marker; it must be the last of its partition in the transaction."""
    return Outgoing(MEMORY, partition, MARKER_KEY, encode_marker(marker))


def _refuse_other_shape(partition: int, marker: Marker, opening: Opening) -> None:
    if marker.partitions != opening.partition_count:
        raise Stop(
            "partitions_changed",
            f"partition {partition} was written with {marker.partitions} partitions, now there "
            f"are {opening.partition_count}: customers would not find what is remembered of them. "
            "Make a new deployment with another prefix, or go back.",
        )
    if marker.lanes != opening.lanes:
        raise Stop(
            "lanes_changed",
            f"partition {partition} was written with {marker.lanes} lanes, this process counts "
            f"{opening.lanes}. Start it with --lanes {marker.lanes}.",
        )


def _explain(
    partition: int,
    committed: Mapping[str, int | None],
    remembered: Mapping[str, int | None] | None,
) -> str:
    def tell(offsets: Mapping[str, int | None] | None) -> str:
        if offsets is None:
            return "nothing"
        return ", ".join(f"{t} {'none' if o is None else o}" for t, o in offsets.items())

    return (
        f"partition {partition}: the group has committed {tell(committed)}; contact.memory says "
        f"{tell(remembered)}. They are written together, so one of them was moved (the group was "
        "reset or its offsets expired, or contact.memory was made anew or restored). Look which, "
        "then start once with --accept-offsets memory to go on where the memory stands, or "
        "with --accept-offsets group to go on at the group's offsets."
    )
