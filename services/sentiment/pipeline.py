"""The page of the sentiment service: decode, pick, score, and what is to be committed.

Each record of `contact.events` ends in one of four ways: a `SentimentScored` on the same partition
number, the `SentimentSummary` of a contact at its close, a dead letter (the scorer failed at it, or its
outcome did not fit), or nothing, counted by its reason. What cannot be decoded is nothing here: the router dead-letters it, once
(`docs/adr/0021-one-dead-letter-per-cause.md`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from services.contact import topics as names
from services.contact.codec import decode_event, encode_reject, encode_sentiment
from services.contact.decision import Position
from services.contact.event import ContactEvent, Kind
from services.contact.reject import KILLED, Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.runtime.lane import (
    Batch,
    Opening,
    Outgoing,
    Receipts,
    Record,
    Start,
    Work,
    begin_stateless,
)
from services.sentiment.core.overlay import NOTHING, Overlay
from services.sentiment.core.pick import Picked, Skipped, pick_text
from services.sentiment.core.score import build_scored, overlay_answer, read_ms, score_in_steps
from services.sentiment.core.scorer import Scored, Scorer
from services.sentiment.core.talks import Draft, Talks
from services.sentiment.history import History
from services.sentiment.metrics import SentimentMetrics

BY = "sentiment"
BREATH_S = 0.01
"""How long the work may go on between two turns of the event loop: heartbeats go on meanwhile."""
TOO_LARGE = Reject(RejectCode.OUTPUT_TOO_LARGE, "Kafka refused the sentiment for its size")


class Message(msgspec.Struct, frozen=True, gc=False):
    """A customer's message and where it lies."""

    partition: int
    record: Record
    picked: Picked


class Close(msgspec.Struct, frozen=True, gc=False):
    """The close of a contact and where it lies."""

    after: int
    """Messages of the batch that come before it."""
    partition: int
    record: Record
    event: ContactEvent


class Gathered(msgspec.Struct, frozen=True, gc=False):
    """What a batch holds, each in the order of the records."""

    messages: list[Message] = []
    skipped: list[Skipped] = []
    surveys: list[ContactEvent] = []
    closes: list[Close] = []
    deadly: list[tuple[int, Record]] = []
    """Partition and record of those that nobody looks into."""


class Memo(msgspec.Struct, frozen=True, gc=False):
    """What is counted when the transaction stands."""

    messages: Sequence[Message]
    outcomes: Sequence[SentimentScored | Reject]
    skipped: Sequence[Skipped]
    surveys: Sequence[ContactEvent]
    """Surveys that customers answered."""
    scored_at: int
    summaries: Sequence[SentimentSummary]
    draft: Draft
    deadly: Sequence[tuple[int, Record]] = ()


class Breath:
    """Gives the event loop a turn when the work has gone on for long enough."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    async def take(self) -> None:
        """Let others work, if it is time."""
        if time.monotonic() - self._since > BREATH_S:
            await asyncio.sleep(0)
            self._since = time.monotonic()


class ScoringJob:
    """The work of one lane. It remembers the open contacts, which `history` can tell again."""

    inputs = (names.EVENTS,)

    def __init__(
        self,
        scorer: Scorer,
        metrics: SentimentMetrics,
        ours: Sequence[str] = (),
        *,
        agents: bool = False,
        history: History | None = None,
        overlay: Callable[[], Overlay] = lambda: NOTHING,
    ) -> None:
        self._scorer = scorer
        self._metrics = metrics
        self._ours = ours
        self._agents = agents
        self._history = history
        self._overlay = overlay
        self._talks = Talks()
        self._partitions = 1

    async def open(self, opening: Opening) -> Start:
        """Begin where the group left off, and hear again what was scored of open contacts."""
        self._partitions = opening.partition_count
        start = begin_stateless(opening)
        if self._history is not None:
            self._talks = await self._history.recall(opening)
        return start

    async def started(self, start: Start, receipts: Receipts | None) -> None:
        """Nothing was to be settled."""

    async def work(self, batch: Batch) -> Work:
        """Score every customer message of the batch, in the order of the records."""
        breath = Breath()
        found = await self._pick(batch, breath)
        messages = found.messages
        answers = await self._score([message.picked for message in messages], breath)
        outcomes = self._publish(messages, answers, batch)
        draft = Draft(self._talks)
        outgoing, summaries = self._sum_up(found, outcomes, batch, draft)
        outgoing += [encode(partition, record, KILLED) for partition, record in found.deadly]
        now = int(time.time() * 1000)
        memo = Memo(
            messages, outcomes, found.skipped, found.surveys, now, summaries, draft, found.deadly
        )
        return Work(outgoing, memo, list_bad(batch, memo))

    async def _score(self, picked: Sequence[Picked], breath: Breath) -> list[Scored | Reject]:
        steps = score_in_steps(self._scorer, picked)
        answers: list[Scored | Reject] = []
        while (step := await self._advance(steps)) is not None:
            answers = step
            await breath.take()
        return answers

    async def _advance(
        self, steps: Iterator[list[Scored | Reject]]
    ) -> list[Scored | Reject] | None:
        if self._scorer.pace.apart:
            return await asyncio.to_thread(next, steps, None)
        return next(steps, None)

    def _sum_up(
        self,
        found: Gathered,
        outcomes: Sequence[SentimentScored | Reject],
        batch: Batch,
        draft: Draft,
    ) -> tuple[list[Outgoing], list[SentimentSummary]]:
        """What is written, in the order of the records: a close sums up what came before it."""
        outgoing: list[Outgoing] = []
        summaries: list[SentimentSummary] = []
        at = 0
        for close in (*found.closes, None):
            until = len(outcomes) if close is None else close.after
            for message, outcome in zip(found.messages[at:until], outcomes[at:until], strict=True):
                outgoing.append(encode(message.partition, message.record, outcome))
                if isinstance(outcome, SentimentScored):
                    draft.hear(message.partition, outcome)
            at = until
            if close is None:
                break
            received = close.event.received_at or read_ms(close.record.timestamp)
            times = (received, read_ms(batch.clock))
            summary = draft.close(close.partition, close.event, self._scorer.name, times)
            if summary is not None:
                summaries.append(summary)
                outgoing.append(encode(close.partition, close.record, summary))
        return outgoing, summaries

    async def _pick(self, batch: Batch, breath: Breath) -> Gathered:
        found = Gathered()
        for part in batch.slices:
            for _, records in part.records:
                for record in records:
                    await breath.take()
                    if (names.EVENTS, part.partition, record.offset) in batch.deadly:
                        found.deadly.append((part.partition, record))
                    else:
                        self._look(part.partition, record, found)
        return found

    def _look(self, partition: int, record: Record, found: Gathered) -> None:
        event = self._decode(partition, record)
        if isinstance(event, Reject):
            found.skipped.append(Skipped.MALFORMED)
            return
        picked = pick_text(event, self._ours, agents=self._agents)
        if isinstance(picked, Picked):
            found.messages.append(Message(partition, record, picked))
            return
        found.skipped.append(picked)
        if picked is Skipped.SURVEY:
            found.surveys.append(event)
        elif event.kind is Kind.CONTACT_CLOSED:
            found.closes.append(Close(len(found.messages), partition, record, event))

    def _decode(self, partition: int, record: Record) -> ContactEvent | Reject:
        return decode_event(
            record.key,
            record.value,
            record.headers,
            partition=partition,
            partitions=self._partitions,
        )

    def _publish(
        self, messages: Sequence[Message], answers: Sequence[Scored | Reject], batch: Batch
    ) -> list[SentimentScored | Reject]:
        overlay = self._overlay()  # once: a batch sees one version
        outcomes: list[SentimentScored | Reject] = []
        for message, answer in zip(messages, answers, strict=True):
            place = (names.EVENTS, message.partition, message.record.offset)
            outcome: Scored | Reject = TOO_LARGE if place in batch.oversized else answer
            if isinstance(outcome, Scored):
                times = (message.record.timestamp, batch.clock)
                model = self._scorer.name
                moved, shift = overlay_answer(overlay, message.picked, outcome)
                scored = build_scored(message.picked, moved, model, times)
                outcomes.append(msgspec.structs.replace(scored, overlay=shift))
            else:
                outcomes.append(outcome)
        return outcomes

    async def committed(self, batch: Batch, work: Work, receipts: Receipts) -> None:
        """Count what now stands on the topics."""
        memo = work.memo
        assert isinstance(memo, Memo)  # noqa: S101 - it is our own, for the type checker
        for skipped in memo.skipped:
            self._metrics.skipped.labels(skipped.value).inc()
        self._talks.settle(memo.draft)
        for summary in memo.summaries:
            self._metrics.count_summary(summary)
        if memo.deadly:
            self._metrics.deadletters.labels(KILLED.code.value).inc(len(memo.deadly))
        for survey in memo.surveys:
            self._metrics.count_survey(survey)
        for message, outcome in zip(memo.messages, memo.outcomes, strict=True):
            if isinstance(outcome, Reject):
                self._metrics.deadletters.labels(outcome.code.value).inc()
                continue
            self._metrics.count_scored(outcome)
            times = (message.record.timestamp, batch.clock, memo.scored_at, receipts.committed_at)
            self._metrics.count_latency(message.picked.event, times)
        self._metrics.batch.observe(batch.count)
        self._metrics.last_commit.set(receipts.committed_at / 1000)

    async def close(self) -> None:
        """There is nothing to let go of."""


def list_bad(batch: Batch, memo: Memo) -> list[int]:
    """The places of the dead letters among all records of the batch."""
    refused = {(partition, record.offset) for partition, record in memo.deadly}
    refused |= {
        (message.partition, message.record.offset)
        for message, outcome in zip(memo.messages, memo.outcomes, strict=True)
        if isinstance(outcome, Reject)
    }
    if not refused:
        return []
    places = (
        (part.partition, record.offset)
        for part in batch.slices
        for _, records in part.records
        for record in records
    )
    return [number for number, place in enumerate(places) if place in refused]


def encode(
    partition: int, record: Record, outcome: SentimentScored | SentimentSummary | Reject
) -> Outgoing:
    """The record in which an outcome is published, on the event's own partition number."""
    if isinstance(outcome, Reject):
        topic = names.DEADLETTER
        encoded = encode_reject(
            outcome,
            key=record.key,
            value=record.value,
            headers=record.headers,
            position=Position(names.EVENTS, partition, record.offset),
            by=BY,
        )
    else:
        topic = names.SENTIMENT
        trace = next((v for name, v in record.headers if name == names.TRACEPARENT), None)
        encoded = encode_sentiment(outcome, traceparent=trace)
    return Outgoing(topic, partition, encoded.key, encoded.value, encoded.headers)
