"""The router's figures for Prometheus, in a registry of their own.

Everything is counted when a transaction stands, never before: the sums equal an outside count of
the topics (what a crash between commit and count loses is at most one batch of that process).
Counting is adding to plain dicts; the client library's objects are built when somebody asks,
because labels and locks for 500 records cost more than deciding them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from services.contact.decision import DecisionType, Outcome
from services.contact.event import Channel, ContactEvent
from services.contact.reject import RejectCode
from services.contact.sentiment import SentimentScored
from services.contact.topics import EVENTS, SENTIMENT
from services.router.committing import Memo
from services.router.live.figures import RulesFigures
from services.router.memory import MemoryCounts
from services.runtime.lane import Batch, Receipts

LATENCY_S = (
    0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    300, 3600,
)  # fmt: skip
MOODS = (-0.9, -0.8, -0.6, -0.4, -0.2, -0.05, 0.05, 0.2, 0.4, 0.6, 0.8, 0.9)
BATCH_RECORDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
STAGES = (
    "event_to_append",
    "append_to_consumed",
    "consumed_to_decided",
    "decided_to_committed",
    "append_to_committed",
)
"""Where the time goes, one after the other; the last is the whole of what we are answerable for."""
NO_CHANNEL = "none"
MOST_RULES = 200
"""Rule ids beyond this many are counted as `other`: a reload must not grow the series for ever."""


class Tally:
    """A histogram that takes many equal values at once."""

    def __init__(self, bounds: Sequence[float], least: float = 0.0) -> None:
        self._bounds = tuple(bounds)
        self._least = least
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def add(self, value: float, times: int = 1) -> None:
        """Count `value`, what is below the least as the least, `times` times."""
        held = max(value, self._least)
        self._counts[bisect_left(self._bounds, held)] += times
        self._sum += held * times

    def buckets(self) -> tuple[list[tuple[str, float]], float]:
        """Cumulative counts by upper bound, as the client library wants them, and the sum."""
        total = 0
        buckets = []
        for bound, count in zip((*self._bounds, None), self._counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound is None else str(float(bound)), float(total)))
        return buckets, self._sum


class Metrics(Collector):
    """What one router process has done."""

    def __init__(self, memory: MemoryCounts, rules: RulesFigures | None = None) -> None:
        self.registry = CollectorRegistry()
        self._rules_figures = rules or RulesFigures()
        self.registry.register(self._rules_figures)
        self._memory = memory
        self._outcomes: Counter[tuple[str, ...]] = Counter(
            {(topic, outcome.value): 0 for topic in (EVENTS, SENTIMENT) for outcome in Outcome}
        )
        self._decisions: Counter[tuple[str, ...]] = Counter()
        self._types: Counter[tuple[str, ...]] = Counter({(t.value,): 0 for t in DecisionType})
        self._rejects: Counter[tuple[str, ...]] = Counter({(c.value,): 0 for c in RejectCode})
        self._rules: set[str] = set()
        self._latency = {stage: Tally(LATENCY_S) for stage in STAGES}
        self._batches = Tally(BATCH_RECORDS)
        self._moods = {channel: Tally(MOODS, least=-1.0) for channel in (*Channel, NO_CHANNEL)}
        self._last_at = 0.0
        self.registry.register(self)

    # -- counting

    def count(self, batch: Batch, memo: Memo, receipts: Receipts) -> None:
        """Add a batch whose transaction stands."""
        self._batches.add(batch.count)
        self._last_at = receipts.committed_at / 1000
        self._count_whole(batch, memo, receipts)
        for part in memo.folded:
            self._rules_figures.ration(part.given)
            for result in part.results:
                heard = result.heard
                self._outcomes[heard.topic, result.outcome.value] += 1
                if result.reject is not None:
                    self._rejects[(result.reject.code.value,)] += 1
                for one in result.decisions:
                    labels = one.from_channel.value, one.action.value, one.channel.value
                    self._decisions[*labels, self._bound_rule(one.rule)] += 1
                    self._types[(one.type.value,)] += 1
                    self._rules_figures.observe(one)
                if result.mood is not None and isinstance(heard.word, SentimentScored):
                    tally = self._moods[heard.word.channel or NO_CHANNEL]
                    tally.add(result.mood.score / 1000)
                if heard.topic == EVENTS:
                    appended = heard.record.timestamp
                    word = heard.word
                    if isinstance(word, ContactEvent) and word.occurred_at is not None:
                        since = appended / 1000 - word.occurred_at.timestamp()
                        self._latency["event_to_append"].add(since)
                    self._latency["append_to_consumed"].add((batch.clock - appended) / 1000)
                    whole = (receipts.committed_at - appended) / 1000
                    self._latency["append_to_committed"].add(whole)

    def _count_whole(self, batch: Batch, memo: Memo, receipts: Receipts) -> None:
        """What is the same for all events of the batch."""
        events = sum(
            len(records) for s in batch.slices for topic, records in s.records if topic == EVENTS
        )
        decided = (memo.decided_at - batch.clock) / 1000
        self._latency["consumed_to_decided"].add(decided, events)
        committed = (receipts.committed_at - memo.decided_at) / 1000
        self._latency["decided_to_committed"].add(committed, events)

    def _bound_rule(self, rule: str) -> str:
        if rule in self._rules:
            return rule
        if len(self._rules) >= MOST_RULES:
            return "other"
        self._rules.add(rule)
        return rule

    # -- telling

    def collect(self) -> Iterator[Metric]:
        """All families, built from the counts as they stand."""
        yield _counters(
            "omniroute_router_records",
            "Input records by their one outcome.",
            ("input", "outcome"),
            self._outcomes,
        )
        yield _counters(
            "omniroute_router_decisions",
            "Decisions written, revisions included.",
            ("from_channel", "action", "channel", "rule"),
            self._decisions,
        )
        yield _counters(
            "omniroute_router_decision_types",
            "Decisions written, by CloudEvents type.",
            ("type",),
            self._types,
        )
        yield _counters(
            "omniroute_router_rejects", "Dead letters by code.", ("code",), self._rejects
        )
        latency = HistogramMetricFamily(
            "omniroute_router_latency_seconds",
            "Time of events by stage; append_to_committed is the whole.",
            labels=["stage"],
        )
        for stage, tally in self._latency.items():
            latency.add_metric([stage], *tally.buckets())
        yield latency
        mood = HistogramMetricFamily(
            "omniroute_router_mood",
            "A customer's mood after each score that moved it, -1 (very negative) to 1, by the"
            " channel of the message; no sum, for it would not only rise.",
            labels=["channel"],
        )
        for channel, tally in self._moods.items():
            mood.add_metric([str(channel)], tally.buckets()[0], None)
        yield mood
        yield from self._collect_batches()
        yield from self._collect_memory()

    def _collect_batches(self) -> Iterator[Metric]:
        batches = HistogramMetricFamily(
            "omniroute_router_batch_records", "Records per transaction.", labels=[]
        )
        batches.add_metric([], *self._batches.buckets())
        yield batches
        yield GaugeMetricFamily(
            "omniroute_router_last_commit_timestamp_seconds",
            "When the last transaction was committed; 0 before the first.",
            value=self._last_at,
        )

    def _collect_memory(self) -> Iterator[Metric]:
        counts = self._memory
        repairs = CounterMetricFamily(
            "omniroute_router_memory_repairs",
            "Partitions of Redis brought to what Kafka says.",
            labels=["kind"],
        )
        for kind, number in counts.repairs.items():
            repairs.add_metric([kind], number)
        yield repairs
        asked = CounterMetricFamily(
            "omniroute_router_memory_recalls",
            "Customers needed, by where they were found.",
            labels=["from"],
        )
        asked.add_metric(["cache"], counts.hits)
        asked.add_metric(["redis"], counts.misses)
        yield asked


def _counters(
    name: str, help_text: str, labels: Sequence[str], counts: Counter[tuple[str, ...]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, help_text, labels=list(labels))
    for values, number in sorted(counts.items()):
        family.add_metric(list(values), number)
    return family
