"""The brake: a lane that refuses record after record stops.

Otherwise it would empty its input into `contact.deadletter`, and the cause would be found later.

Pure. What it counts lies in the lane's note and is committed with the batch, so a restart neither
forgets it nor begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.runtime.lane import Batch
from services.runtime.lane_note import Note

WINDOW = 1_000
"""Records that are looked back on."""
_FULL = (1 << WINDOW) - 1


class BrakeLimits(msgspec.Struct, frozen=True):
    """When a lane stops; 0 switches a limit off."""

    row: int = 100
    """Refused records one after the other."""
    recent: int = 500
    """Refused ones among the last `WINDOW`."""


class Reading(msgspec.Struct, frozen=True):
    """What the brake says of a batch."""

    taken: int
    """Records that may be committed; the last of them is the one at which a limit is reached."""
    row: int
    recent: str
    why: str = ""
    """Why the lane stops behind these; empty: it goes on."""


def read_brake(note: Note, limits: BrakeLimits, count: int, bad: Sequence[int]) -> Reading:
    """Count a batch of `count` records, of which those at the places `bad` are refused."""
    if not bad and not note.recent:
        return Reading(count, 0, "")
    row, recent = note.row, int(note.recent or "0", 16)
    done = 0
    for place in bad:
        row = row + 1 if place == done else 1
        recent = (recent << (place - done + 1) | 1) & _FULL
        done = place + 1
        why = _judge(limits, row, recent)
        if why:
            return Reading(done, row, f"{recent:x}", why)
    if done < count:
        row, recent = 0, recent << (count - done) & _FULL
    return Reading(count, row, f"{recent:x}" if recent else "")


def _judge(limits: BrakeLimits, row: int, recent: int) -> str:
    if limits.row and row >= limits.row:
        return f"{row} records in a row were refused"
    if limits.recent and recent.bit_count() >= limits.recent:
        return f"{recent.bit_count()} of the last {WINDOW:,} records were refused"
    return ""


def let_go(service: str, lane: int) -> str:
    """What an operator does about a lane that the brake holds."""
    return (
        f"mend the cause (`omniroute deadletter list` tells it), then let go: "
        f"`omniroute brake release --service {service} --lane {lane}`"
    )


def cut(batch: Batch, count: int) -> Batch:
    """The first `count` records of a batch, in the order in which they are folded."""
    slices = []
    left = count
    for part in batch.slices:
        if left <= 0:
            break
        kept, inputs = [], dict(part.inputs)
        for topic, records in part.records:
            if left < len(records):
                inputs[topic] = records[left].offset
            if left > 0:
                kept.append((topic, records[:left]))
            left = max(0, left - len(records))
        slices.append(msgspec.structs.replace(part, records=kept, inputs=inputs))
    return msgspec.structs.replace(batch, slices=slices, count=min(count, batch.count))
