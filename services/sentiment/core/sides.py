"""From the scored messages of a contact to what is said of each side. Whole numbers inside."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from services.contact.sentiment import Label, Quarter, SideSummary

UNIT = 10_000
"""A score of 1 in the whole numbers here."""
QUARTERS = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LABELS = tuple(Label)
_PACKED = struct.Struct("<QqhB?")
_UNSCORED = -(1 << 15)
"""Stands for the score that there is none of."""
PACKED_BYTES = _PACKED.size


class Point(msgspec.Struct, frozen=True, gc=False):
    """One scored message."""

    at: int
    """Receipt time, ms."""
    label: Label
    score: int | None
    """-10,000 to 10,000; None where no scorer could say anything."""
    agent: bool = False
    event: int = 0
    """Stands for source and event id: what comes again counts once."""


def pack_point(point: Point) -> bytes:
    """The same in 20 bytes, `PACKED_BYTES`: a lane keeps 50,000 of them."""
    score = _UNSCORED if point.score is None else point.score
    return _PACKED.pack(point.event, point.at, score, _LABELS.index(point.label), point.agent)


def unpack_points(packed: bytes) -> Iterator[Point]:
    """The messages that were packed one behind the other."""
    for event, at, score, label, agent in _PACKED.iter_unpack(packed):
        yield Point(at, _LABELS[label], None if score == _UNSCORED else score, agent, event)


def holds_event(packed: bytes, event: int) -> bool:
    """Is a message with this `event` among them?"""
    return any(fields[0] == event for fields in _PACKED.iter_unpack(packed))


def sum_up(
    points: Sequence[Point],
) -> tuple[SideSummary | None, SideSummary | None, datetime, datetime]:
    """Customer, agent, receipt of the first and of the last message; a silent side is None."""
    ordered = sorted(points, key=lambda point: point.at)  # stable: equal times as they came
    first, last = ordered[0].at, ordered[-1].at
    customer = [point for point in ordered if not point.agent]
    agent = [point for point in ordered if point.agent]
    return (
        _sum_side(customer, first, last) if customer else None,
        _sum_side(agent, first, last) if agent else None,
        _EPOCH + timedelta(milliseconds=first),
        _EPOCH + timedelta(milliseconds=last),
    )


def _sum_side(points: Sequence[Point], first: int, last: int) -> SideSummary:
    labels = Counter(point.label for point in points)
    scores = [point.score for point in points if point.score is not None]
    begin = end = mean = 0.0
    if scores:
        some = -(-len(scores) // QUARTERS)
        mean, begin, end = _mean(scores), _mean(scores[:some]), _mean(scores[-some:])
    shift = round(end - begin, 4)
    return SideSummary(
        negative=labels[Label.NEGATIVE],
        neutral=labels[Label.NEUTRAL],
        positive=labels[Label.POSITIVE],
        unscored=labels[Label.UNSCORED],
        score=mean,
        score_5=round(mean * 5, 4),
        score_100=round(mean * 100, 2),
        begin=begin,
        end=end,
        shift=shift,
        trend=round(shift / 2, 4),
        quarters=_quarter(points, first, last),
    )


def _quarter(points: Sequence[Point], first: int, last: int) -> tuple[Quarter, ...]:
    parts: list[list[int]] = [[] for _ in range(QUARTERS)]
    span = max(1, last - first)
    for point in points:
        if point.score is not None:
            which = min(QUARTERS - 1, (point.at - first) * QUARTERS // span)
            parts[which].append(point.score)
    return tuple(Quarter(scored=len(part), score=_mean(part) if part else 0.0) for part in parts)


def _mean(scores: Sequence[int]) -> float:
    return round(sum(scores) / len(scores) / UNIT, 4)
