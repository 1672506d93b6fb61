"""What a folded batch writes: decisions, dead letters, changed customers, and the marker last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from services.contact.codec import encode_reject
from services.contact.topics import DEADLETTER, DECISIONS, MEMORY
from services.router.agreement import write_marker
from services.router.folding import Folded, Result
from services.router.live.beside import Trials
from services.router.marker import Marker, Seat, Under
from services.router.memory import Written, field_of
from services.router.rationing import NOTHING_LIMITED, Ration
from services.runtime.lane import Batch, Outgoing, Receipts, Slice

BY = "router"


class Memo(msgspec.Struct, frozen=True, gc=False):
    """What the router needs again when the transaction stands."""

    folded: Sequence[Folded]
    markers: Mapping[int, Marker]
    decided_at: int
    """Wall clock after the fold, ms since the epoch."""
    trials: Trials | None = None
    """What the rules on trial had to say; None without any."""


def advance(
    before: Seat, part: Slice, under: Under, now: int, *, rations: Mapping[int, Ration] = {}
) -> Marker:
    """The marker that closes a partition's part of a batch."""
    ration = rations.get(part.partition, NOTHING_LIMITED)
    return msgspec.structs.replace(
        before.marker,
        allowed=ration.allowed,
        used=ration.used,
        sequence=before.marker.sequence + 1,
        inputs=dict(part.inputs),
        now=now,
        **msgspec.structs.asdict(under),
    )


def list_outgoing(
    folded: Sequence[Folded], markers: Mapping[int, Marker], trials: Trials | None = None
) -> list[Outgoing]:
    """All records of the transaction. Of each partition's memory the marker is the last."""
    outgoing: list[Outgoing] = [] if trials is None else list(trials.list_outgoing())
    for part in folded:
        partition = part.partition
        for result in part.results:
            outgoing.extend(_answer(partition, result))
        outgoing += [
            Outgoing(MEMORY, partition, field_of(customer_id), value)
            for customer_id, value in part.packed.items()
        ]
        outgoing.append(write_marker(partition, markers[partition]))
    return outgoing


def list_bad(folded: Sequence[Folded]) -> list[int]:
    """The places of the dead letters among all results of the batch."""
    results = (result for part in folded for result in part.results)
    return [place for place, result in enumerate(results) if result.reject is not None]


def _answer(partition: int, result: Result) -> Iterator[Outgoing]:
    for one in result.encoded:
        yield Outgoing(DECISIONS, partition, one.key, one.value, one.headers)
    if result.reject is not None:
        record = result.heard.record
        letter = encode_reject(
            result.reject,
            key=record.key,
            value=record.value,
            headers=record.headers,
            position=result.heard.position,
            by=BY,
        )
        yield Outgoing(DEADLETTER, partition, letter.key, letter.value, letter.headers)


def list_written(memo: Memo, receipts: Receipts) -> dict[int, Written]:
    """What stands now, per partition, with the offset at which its marker lies."""
    written = {}
    for part in memo.folded:
        receipt = receipts.last[MEMORY, part.partition]
        marker = memo.markers[part.partition]
        at = receipt.appended_at if receipt.appended_at >= 0 else receipts.committed_at
        seat = Seat(marker=marker, clog=receipt.last_offset + 1, at=at)
        written[part.partition] = Written(seat, part.packed, part.changed)
    return written


def tell_now(batch: Batch, seats: Sequence[Seat]) -> int:
    """The batch's `now`: the clock, but never before what was recorded, so it never goes back."""
    return max(batch.clock, *(seat.marker.now for seat in seats))
