"""What a service's lanes say of themselves, asked for at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.runtime.lane_settings import LaneStatus

NAMES = {
    "omniroute_lane_open": "1 while the lane reads and commits, 0 while it is being opened.",
    "omniroute_lane_paused": "1 while the lane waits for a dependency other than Kafka.",
    "omniroute_lane_braked": "1 while the brake holds the lane: too many dead letters; see /readyz.",
    "omniroute_lane_lag_records": "Records that wait on the lane's inputs, as far as is known.",
    "omniroute_lane_lives": "How often the lane was built in this process; rises with each failure.",
    "omniroute_lane_quiet_seconds": "Seconds since the lane last committed or was opened.",
}
AWAY = "omniroute_kafka_away_seconds"
HELP = {**NAMES, AWAY: "Seconds for which Kafka has not answered; 0 while it does."}
"""Every metric of this collector with its help text."""


class LaneCollector(Collector):
    """The gauges of the lanes that this process owns now; a lane that left is gone."""

    def __init__(
        self,
        registry: CollectorRegistry,
        service: str,
        statuses: Callable[[], Sequence[LaneStatus]],
        away: Callable[[], float],
    ) -> None:
        self._service = service
        self._statuses = statuses
        self._away = away
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """The names, without asking the lanes."""
        return [*(self._make(name) for name in NAMES), self._make_away()]

    def collect(self) -> Iterable[Metric]:
        """One sample per lane and figure, and how long Kafka has been away."""
        families = {name: self._make(name) for name in NAMES}
        for status in self._statuses():
            figures = (
                status.open,
                status.paused,
                bool(status.braked),
                status.lag,
                status.lives,
                status.quiet_s,
            )
            for name, figure in zip(NAMES, figures, strict=True):
                families[name].add_metric([self._service, str(status.lane)], float(figure))
        away = self._make_away()
        away.add_metric([self._service], self._away())
        return [*families.values(), away]

    def _make_away(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(AWAY, HELP[AWAY], labels=["service"])

    def _make(self, name: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(name, NAMES[name], labels=["service", "lane"])
