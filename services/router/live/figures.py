"""What Prometheus is told of the rules: which are in force, how reloads went, what was tried out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from services.contact.decision import Decision, Effect
from services.router.core.capacity import CAPACITY, tell_account
from services.router.core.edition import Edition
from services.router.core.expression import FAILED
from services.router.live.beside import NOTHING, Trials

MOST_SERIES = 500
"""Label sets beyond this many are counted under rule `other`."""


class FailureKind:
    """Why a reload failed: the label `why`."""

    READ = "unreadable"
    RULES = "refused"
    OLDER = "older"
    CHILD = "checking_died"
    ALL = (READ, RULES, OLDER, CHILD)


class RulesFigures(Collector):
    """Counts since the process began; cheap to add to, built when somebody asks."""

    def __init__(self, edition: Callable[[], Edition | None] = lambda: None) -> None:
        self._edition = edition
        self.reload_good = True
        self.reloaded_at = time.time()
        """Unix time of the last good load; the first one is the start."""
        self.stopped = False
        self._reloads = 0
        self._failures: Counter[str] = Counter(dict.fromkeys(FailureKind.ALL, 0))
        self._observed: Counter[tuple[str, str]] = Counter()
        self._given: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._disagreements: Counter[tuple[str, ...]] = Counter()
        self._compared = 0
        self._failed = 0
        self._arms: Counter[tuple[str, str]] = Counter()

    def watch(self, edition: Callable[[], Edition | None]) -> None:
        """Tell from here on what this says is in force."""
        self._edition = edition

    # -- counting

    def reload(self, failure: str = "") -> None:
        """A reload was tried; `failure` is one of `FailureKind`, empty where it went well."""
        self.reload_good = not failure
        if failure:
            self._failures[failure] += 1
        else:
            self._reloads += 1
            self.reloaded_at = time.time()

    def ration(self, given: Mapping[str, int]) -> None:
        """Count what a committed slice gave to accounts with a limit."""
        for account, number in given.items():
            self._given[tell_account(account)] += number

    def observe(self, decision: Decision) -> None:
        """Count a committed decision if it was for show only, or if its queue was full."""
        if decision.cause == CAPACITY or any(one.why == CAPACITY for one in decision.skips):
            refused = decision.rule, decision.effect.value
            if refused not in self._refused and len(self._refused) >= MOST_SERIES:
                refused = "other", decision.effect.value
            self._refused[refused] += 1
        if decision.effect is Effect.NONE:
            key = (decision.rule, decision.action.value)
            if key not in self._observed and len(self._observed) >= MOST_SERIES:
                key = ("other", decision.action.value)
            self._observed[key] += 1

    def try_out(self, trials: Trials) -> None:
        """Count what a committed batch told about the candidate."""
        self._compared += trials.compared
        self._failed += trials.failed
        for name, arm in (("live", trials.live), ("canary", trials.canary)):
            for what in ("decisions", "escalations", "unreachable", "errors"):
                self._arms[name, what] += getattr(arm, what)
        for one in trials.disagreements:
            sides = (one.live, one.other)
            said = [
                word
                for side in sides
                for word in (
                    (side.action.value, side.channel.value) if side else (NOTHING, NOTHING)
                )
            ]
            rule = one.other.rule if one.other else NOTHING
            key = (one.differs, *said, rule)
            if key not in self._disagreements and len(self._disagreements) >= MOST_SERIES:
                key = (*key[:-1], "other")
            self._disagreements[key] += 1

    # -- telling

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield _gauge("last_reload_successful", "1: the last reload went well.", self.reload_good)
        yield _gauge(
            "last_reload_success_timestamp_seconds",
            "When rules were last loaded well, Unix time.",
            self.reloaded_at,
        )
        reloads = CounterMetricFamily("omniroute_rules_reloads", "Reloads that went well.")
        reloads.add_metric([], self._reloads)
        yield reloads
        failures = CounterMetricFamily(
            "omniroute_rules_reload_failures", "Reloads that failed, by cause.", labels=["why"]
        )
        for why, number in self._failures.items():
            failures.add_metric([why], number)
        yield failures
        yield from self._collect_edition()
        yield from self._collect_trials()
        yield from self._collect_capacity()

    def _collect_edition(self) -> Iterator[Metric]:
        edition = self._edition()
        info = InfoMetricFamily(
            "omniroute_rules", "The rule files that decide, by role.", labels=["role"]
        )
        if edition is not None:
            info.add_metric(["live"], {"version": edition.table.version})
            if edition.candidate is not None:
                info.add_metric(["candidate"], {"version": edition.candidate.version})
        yield info
        yield _gauge(
            "generation",
            "Count of the changes of the rules directory; 0 for a plain file.",
            edition.generation if edition else 0,
        )
        yield _gauge(
            "canary_percent",
            "Share of the customers whom the candidate decides.",
            edition.percent if edition else 0,
        )
        yield _gauge("canary_stopped", "1: guardrails stopped the canary in force.", self.stopped)

    def _collect_capacity(self) -> Iterator[Metric]:
        given = CounterMetricFamily(
            "omniroute_rules_capacity_given",
            "Work that queues with an at_most were given.",
            labels=["queue", "effect"],
        )
        for labels, number in sorted(self._given.items()):
            given.add_metric(list(labels), number)
        yield given
        refused = CounterMetricFamily(
            "omniroute_rules_capacity_refused",
            "Decisions whose rule wanted a queue that was given no more; they went elsewhere.",
            labels=["rule", "effect"],
        )
        for labels, number in sorted(self._refused.items()):
            refused.add_metric(list(labels), number)
        yield refused
        failed = CounterMetricFamily(
            "omniroute_rules_cel_failures",
            "Times that a `cel:` condition could not be evaluated and so did not hold.",
        )
        failed.add_metric([], FAILED.count)
        yield failed

    def _collect_trials(self) -> Iterator[Metric]:
        observed = CounterMetricFamily(
            "omniroute_rules_observed",
            "Decisions with effect none: what would have been done.",
            labels=["rule", "action"],
        )
        for labels, number in sorted(self._observed.items()):
            observed.add_metric(list(labels), number)
        yield observed
        compared = CounterMetricFamily(
            "omniroute_rules_shadow_compared", "Records that the candidate decided for show."
        )
        compared.add_metric([], self._compared)
        yield compared
        failed = CounterMetricFamily(
            "omniroute_rules_shadow_errors", "Of these, those on which the candidate failed."
        )
        failed.add_metric([], self._failed)
        yield failed
        differ = CounterMetricFamily(
            "omniroute_rules_shadow_disagreements",
            "Decisions on which the candidate differs from the live rules.",
            labels=["differs", "live_action", "live_channel", "action", "channel", "rule"],
        )
        for key, number in sorted(self._disagreements.items()):
            differ.add_metric(list(key), number)
        yield differ
        arms = CounterMetricFamily(
            "omniroute_rules_arm", "What each arm of a trial did.", labels=["arm", "what"]
        )
        for pair, number in sorted(self._arms.items()):
            arms.add_metric(list(pair), number)
        yield arms


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"omniroute_rules_{name}", text, value=value)
