"""The figures of the sentiment service. Every label comes from a closed set.

They are counted when the transaction stands, so that their sums equal what is on the topic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from services.contact.event import Channel, ContactEvent, Side
from services.contact.reject import RejectCode
from services.contact.sentiment import Label, SentimentScored, SentimentSummary
from services.sentiment.core.language import KNOWN
from services.sentiment.core.nev import NONE, OTHER, Names, weigh_survey
from services.sentiment.core.pick import Skipped
from services.sentiment.core.scorer import WHY_UNSCORED

UNKNOWN = "unknown"
SCORE_BUCKETS = (-0.9, -0.8, -0.6, -0.4, -0.2, -0.05, 0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
LATENCY_BUCKETS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
)  # fmt: skip
"""Seconds: fine around the target (p99 <= 60 ms), coarse to half an hour of lag."""
BATCH_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 200, 350, 500, 1000)
_CLASSES = (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE)
STAGES = (
    "received_to_appended",
    "appended_to_taken",
    "taken_to_scored",
    "scored_to_committed",
    "appended_to_committed",
)


class SentimentMetrics:
    """Counters, histograms and gauges in the service's own registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Counter(
            "omniroute_sentiment_messages",
            "Customer messages for which a sentiment was published.",
            ["label", "language", "channel"],
            registry=registry,
        )
        self.score = Histogram(
            "omniroute_sentiment_score",
            "Score of the scored messages, -1 (very negative) to 1; no sum, for it would not only rise.",
            ["channel"],
            buckets=SCORE_BUCKETS,
            registry=registry,
        )
        self.unscored = Counter(
            "omniroute_sentiment_unscored",
            "Customer messages that were published as unscored, by the reason.",
            ["why"],
            registry=registry,
        )
        self.touchpoint = Counter(
            "omniroute_sentiment_touchpoint_messages",
            "Scored messages by touchpoint and label; nev_text is computed from it.",
            ["channel", "queue", "topic", "label"],
            registry=registry,
        )
        self.surveys = Counter(
            "omniroute_sentiment_surveys",
            "Answered surveys by touchpoint; what nev_survey divides by.",
            ["channel", "queue", "topic"],
            registry=registry,
        )
        self.survey_points = Counter(
            "omniroute_sentiment_survey_points",
            "Sum of the surveys' means of the 12 positive and of the 8 negative emotions, 0 to 10.",
            ["channel", "queue", "topic", "side"],
            registry=registry,
        )
        self.summaries = Counter(
            "omniroute_sentiment_summaries",
            "Closes of contacts that were summed up; complete: every message is certainly in it.",
            ["complete"],
            registry=registry,
        )
        self.overlay_good = Gauge(
            "omniroute_sentiment_overlay_good",
            "1 while the overlay on the disk is in force, 0 while it has a mistake.",
            registry=registry,
        )
        self.overlay_phrases = Gauge(
            "omniroute_sentiment_overlay_phrases",
            "Phrases of the overlay that are in force.",
            registry=registry,
        )
        self.overlay_calibrations = Gauge(
            "omniroute_sentiment_overlay_calibrations",
            "Calibrations of the overlay that are in force.",
            registry=registry,
        )
        self.skipped = Counter(
            "omniroute_sentiment_skipped",
            "Records of contact.events that have no sentiment, by the reason.",
            ["why"],
            registry=registry,
        )
        self.deadletters = Counter(
            "omniroute_sentiment_deadletters",
            "Messages that this service could not score and put on contact.deadletter.",
            ["code"],
            registry=registry,
        )
        self.latency = Histogram(
            "omniroute_sentiment_latency_seconds",
            "Seconds that a scored message spent in each stage.",
            ["stage"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.batch = Histogram(
            "omniroute_sentiment_batch_records",
            "Records of contact.events in one committed transaction.",
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        self.last_commit = Gauge(
            "omniroute_sentiment_last_commit_timestamp_seconds",
            "When the last transaction was committed, Unix time.",
            registry=registry,
        )
        self.scorer = Info(
            "omniroute_sentiment_scorer", "The scorer that is in use.", registry=registry
        )
        self._stages = {stage: self.latency.labels(stage) for stage in STAGES}
        self._queues, self._topics = Names(), Names()
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """A rate needs the zero before the first event: closed sets are there from the start."""
        for complete in ("true", "false"):
            self.summaries.labels(complete)
        for why in WHY_UNSCORED:
            self.unscored.labels(why)
        for skipped in Skipped:
            self.skipped.labels(skipped.value)
        for code in (
            RejectCode.SCORE_FAILED,
            RejectCode.OUTPUT_TOO_LARGE,
            RejectCode.PROCESS_KILLED,
        ):
            self.deadletters.labels(code.value)
        for channel in [c.value for c in Channel]:
            self.score.labels(channel)

    def name_scorer(self, name: str, languages: Sequence[str]) -> None:
        """Show which scorer runs."""
        self.scorer.info({"name": name, "languages": ",".join(sorted(languages))})

    def count_scored(self, scored: SentimentScored) -> None:
        """Count one published sentiment."""
        channel = scored.channel.value if scored.channel is not None else NONE
        language = name_language(scored.language)
        self.messages.labels(scored.label.value, language, channel).inc()
        if scored.label is Label.UNSCORED:
            self.unscored.labels(scored.why_unscored).inc()
        else:
            self.score.labels(channel).observe(scored.score)
            if scored.side is Side.CUSTOMER:
                place = self._name_touchpoint(channel, scored.queue, scored.topic)
                for label in _CLASSES:  # a difference needs both sides, the one that is 0 too
                    self.touchpoint.labels(*place, label.value).inc(label is scored.label)

    def show_overlay(
        self,
        good: Callable[[], float],
        phrases: Callable[[], float],
        calibrations: Callable[[], float],
    ) -> None:
        """Ask for these at each scrape."""
        self.overlay_good.set_function(good)
        self.overlay_phrases.set_function(phrases)
        self.overlay_calibrations.set_function(calibrations)

    def count_summary(self, summary: SentimentSummary) -> None:
        """Count one published summary."""
        self.summaries.labels("true" if summary.complete else "false").inc()

    def count_survey(self, event: ContactEvent) -> None:
        """Count one answered survey."""
        if event.survey is None:
            return
        channel = event.channel.value if event.channel is not None else NONE
        place = self._name_touchpoint(channel, event.queue, event.topic)
        means = weigh_survey(event.survey)
        self.surveys.labels(*place).inc()
        self.survey_points.labels(*place, "positive").inc(means.positive)
        self.survey_points.labels(*place, "negative").inc(means.negative)

    def _name_touchpoint(self, channel: str, queue: str, topic: str) -> tuple[str, str, str]:
        return channel, self._queues.bound(queue), self._topics.bound(topic)

    def count_latency(self, event: ContactEvent, times: Sequence[int]) -> None:
        """Split one message's way; `times` are appended, taken, scored, committed, in ms.

        Clocks of different machines differ: a negative stage counts as 0.
        """
        appended, taken, scored, committed = times
        if event.received_at is not None:
            received = int(event.received_at.timestamp() * 1000)
            self._observe("received_to_appended", appended - received)
        self._observe("appended_to_taken", taken - appended)
        self._observe("taken_to_scored", scored - taken)
        self._observe("scored_to_committed", committed - scored)
        self._observe("appended_to_committed", committed - appended)

    def _observe(self, stage: str, ms: int) -> None:
        self._stages[stage].observe(max(0, ms) / 1000)


def name_language(language: str) -> str:
    """A language as a label: one of the eleven, `other`, or `unknown` where there is none."""
    if not language:
        return UNKNOWN
    return language if language in KNOWN else OTHER
