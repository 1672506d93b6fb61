"""Runs the sentiment service: `python -m services.sentiment`. Wiring only."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Info

from services.runtime.admin import demand_topics
from services.runtime.lane import EXIT_CODES, Stop
from services.runtime.lane_metrics import LaneCollector
from services.runtime.lanes import Lanes
from services.runtime.log import configure_log, get_log
from services.runtime.probes import Pages, Readiness, serve_probes
from services.runtime.service import exit_now, run_service, run_to_the_end
from services.runtime.settings import SettingsError
from services.sentiment.core.scorer import Scorer
from services.sentiment.history import History
from services.sentiment.metrics import SentimentMetrics
from services.sentiment.model.onnx import open_scorer
from services.sentiment.model.store import ModelError
from services.sentiment.overlay_file import LiveOverlay, OverlayError, count_phrases
from services.sentiment.pipeline import ScoringJob
from services.sentiment.settings import SERVICE, SentimentSettings, read_settings

log = get_log(__name__)


class SentimentService:
    """What the pages of the service ask, while it starts and while it runs."""

    def __init__(self, settings: SentimentSettings, scorer: Scorer) -> None:
        self._overlay = LiveOverlay(settings.overlay)
        self._settings = settings.service
        self._agents = settings.agents
        self._scorer = scorer
        self._registry = CollectorRegistry()
        self._metrics = SentimentMetrics(self._registry)
        self._metrics.show_overlay(
            lambda: float(self._overlay.good),
            lambda: count_phrases(self._overlay.current),
            lambda: len(self._overlay.current.calibrations),
        )
        self._metrics.name_scorer(scorer.name, sorted(scorer.languages))
        self._lanes: Lanes | None = None
        Info("omniroute_sentiment_build", "The version that runs.", registry=self._registry).info(
            {"version": version("omniroute")}
        )

    async def run(self) -> int:
        """Serve the pages, check the topics, run the lanes; returns the exit code."""
        settings = self._settings
        pages = Pages(
            title="OmniRoute sentiment",
            registry=self._registry,
            readiness=self._find_readiness,
            stands_still=self._find_still,
        )
        async with serve_probes(pages, settings.http_host, settings.http_port) as port:
            log.info("pages are served", host=settings.http_host, port=port)
            report = await demand_topics(settings.access, settings.lanes.prefix)
            for sentence in report.unchecked:
                log.warning("a topic could not be checked", why=sentence)
            refuse_idle_lanes(settings.lanes.lanes, report.partitions)
            lanes = Lanes(
                access=settings.access,
                settings=settings.lanes,
                inputs=ScoringJob.inputs,
                partitions=report.partitions,
                make_job=lambda _: ScoringJob(
                    self._scorer,
                    self._metrics,
                    settings.ours,
                    agents=self._agents,
                    overlay=lambda: self._overlay.current,
                    history=History(settings.access, settings.lanes.prefix),
                ),
            )
            LaneCollector(self._registry, SERVICE, lanes.statuses, away=lambda: lanes.kafka_away_s)
            self._lanes = lanes
            return await run_service(lanes, beside=[self._overlay.run()])

    def _find_readiness(self) -> Readiness:
        if self._lanes is None:
            return Readiness({"topics": "not checked yet"})
        lanes = self._lanes.statuses()
        detail = {"lanes": [lane.lane for lane in lanes], "scorer": self._scorer.name}
        return Readiness(self._lanes.waits_for(), detail)

    def _find_still(self) -> Mapping[str, str]:
        if self._lanes is None or self._lanes.is_alive:
            return {}
        return {"lanes": "the event loop stood still for longer than the session timeout"}


def refuse_idle_lanes(lanes: int, partitions: int) -> None:
    """Stop if some lanes could never have a partition: that is a mistake in OMNIROUTE_LANES."""
    if lanes > partitions:
        why = f"{lanes} lanes over {partitions} partitions: at most one lane each."
        raise Stop("lanes_changed", why)


def main() -> int:
    """Run until a signal; the exit code says why it ended (`docs/operations.md`)."""
    try:
        settings = read_settings(os.environ)
        configure_log(settings.service.log)
        scorer = open_scorer(settings.model, settings.languages)
        service = SentimentService(settings, scorer)
    except (SettingsError, OverlayError, ModelError) as wrong:
        print(wrong, file=sys.stderr)
        return EXIT_CODES["usage"]
    try:
        with asyncio.Runner() as runner:
            return run_to_the_end(runner, service.run())
    except Stop as stop:
        log.critical("the service does not start", code=stop.code, why=stop.why)
        return EXIT_CODES[stop.code]
    except OSError as broken:
        log.critical("the service does not start", exc_info=broken)
        return EXIT_CODES["crashed"]


if __name__ == "__main__":
    exit_now(main())
