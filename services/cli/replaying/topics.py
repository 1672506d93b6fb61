"""The inputs of Kafka partitions, in the batches in which the router decided them.

The markers of `contact.memory` tell the batches: all events of one in offset order, then all scores,
under one clock. Compaction removes old markers; what they told is then taken from append times.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from services.cli.judging.chain import FIRST_SEQUENCES, INPUTS, Batch, trace
from services.cli.judging.decoding import Decoded, decode
from services.cli.judging.evidence import Evidence, Log, Record
from services.contact.decision import Decision, Effect, Position
from services.contact.reject import Reject
from services.contact.topics import EVENTS, SENTIMENT, Topics
from services.router.rules.replay import Input, Place, Word

if TYPE_CHECKING:
    from services.cli.judging.reading import Reader

_EMPTY = Log((), 0, 0)


class KafkaSource(msgspec.Struct, frozen=True, kw_only=True):
    """The topics of a deployment."""

    brokers: str
    prefix: str
    since: int | None = None
    until: int | None = None
    """Inputs appended in [since, until) are counted; ms since the epoch."""


class Slice(msgspec.Struct, kw_only=True):
    """One partition, ready to be folded."""

    partition: int
    inputs: list[Input] = []
    rejected: int = 0
    approximate: int = 0
    is_cut: bool = False
    """Retention removed the first inputs: some customers may lack a part of their history."""
    recorded: list[tuple[Place, Decision]] = []
    """What was decided, in the order in which it was; only read where `is_cut`."""


class _Spot(msgspec.Struct, frozen=True):
    """One record of an input, with the clock it is folded under."""

    topic: str
    record: Record
    now: int
    observed: bool = False


def read_slice(reader: Reader, source: KafkaSource, partition: int, partitions: int) -> Slice:
    """Read one partition of both inputs; raises UnreadableError."""
    topics = Topics(source.prefix)
    memory = reader.read(topics.memory, partition)
    events = reader.read(topics.events, partition)
    sentiment = reader.read(topics.sentiment, partition)
    is_cut = events.start > 0 or sentiment.start > 0
    evidence = Evidence(
        partition=partition,
        partitions=partitions,
        memory=memory,
        decisions=reader.read(topics.decisions, partition) if is_cut else _EMPTY,
        deadletters=_EMPTY,
        events=events,
        sentiment=sentiment,
        committed={},
    )
    return order_inputs(evidence, source)


def order_inputs(evidence: Evidence, source: KafkaSource) -> Slice:
    """The inputs of a partition in the order of the router. Pure."""
    decoded = decode(evidence)
    found = Slice(partition=evidence.partition)
    found.is_cut = evidence.events.start > 0 or evidence.sentiment.start > 0
    found.recorded = [
        ((evidence.partition, made.record.offset), made.decision)
        for made in decoded.decisions
        if _is_in(source, made.record.time)
    ]
    for spot, exact in _list_spots(evidence):
        counted = _is_in(source, spot.record.time)
        word = _word_of(decoded, spot)
        if isinstance(word, Reject):
            found.rejected += counted
            continue
        found.approximate += counted and not exact
        found.inputs.append(
            Input(
                place=(evidence.partition, spot.record.offset),
                word=word,
                now=spot.now,
                position=Position(spot.topic, evidence.partition, spot.record.offset),
                counted=counted,
                observed=spot.observed,
            )
        )
    return found


def _word_of(decoded: Decoded, spot: _Spot) -> Word | Reject:
    offset = spot.record.offset
    return decoded.events[offset] if spot.topic == EVENTS else decoded.sentiment[offset]


def _is_in(source: KafkaSource, at: int) -> bool:
    return (source.since is None or at >= source.since) and (
        source.until is None or at < source.until
    )


def _list_spots(evidence: Evidence) -> Iterator[tuple[_Spot, bool]]:
    """Every input record with its clock, and whether both are as they were recorded."""
    logs = {EVENTS: evidence.events, SENTIMENT: evidence.sentiment}
    taken = {topic: log.start for topic, log in logs.items()}
    sequence: int | None = None
    now = 0
    for batch in trace(evidence).batches:
        marker = batch.marker
        first = sequence is None and marker.sequence in FIRST_SEQUENCES
        whole = first or sequence == marker.sequence - 1
        sequence = marker.sequence
        parts = {t: logs[t].between(taken[t], marker.inputs.get(t, 0)) for t in INPUTS}
        taken |= {t: max(taken[t], marker.inputs.get(t, 0)) for t in INPUTS}
        spots = _as_recorded(batch, parts) if whole else _by_time(parts, now)
        for spot in spots:
            now = max(now, spot.now)
            yield spot, whole
        now = max(now, marker.now)
    rest = {topic: log.between(taken[topic], log.end) for topic, log in logs.items()}
    for spot in _by_time(rest, now):
        yield spot, False


def _as_recorded(batch: Batch, parts: dict[str, tuple[Record, ...]]) -> Iterator[_Spot]:
    observed = batch.marker.effect is Effect.NONE
    for topic in INPUTS:
        for record in parts[topic]:
            yield _Spot(topic, record, batch.marker.now, observed)


def _by_time(parts: dict[str, tuple[Record, ...]], now: int) -> Iterator[_Spot]:
    """In the order of their append times, events first; the clock never goes back."""
    streams = [
        [(record.time, place, record.offset, record) for record in parts[topic]]
        for place, topic in enumerate(INPUTS)
    ]
    for at, place, _, record in heapq.merge(*streams, key=lambda one: one[:3]):
        now = max(now, at)
        yield _Spot(INPUTS[place], record, now)
