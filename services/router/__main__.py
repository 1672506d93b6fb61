"""Runs the router: `python -m services.router`. Wiring only."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import msgspec
from prometheus_client import Info

from services.router.changelog import Changelog
from services.router.lately import Lately
from services.router.live.directory import SourceError
from services.router.live.reload import LiveRules, load_first
from services.router.memory import Memory, MemoryCounts
from services.router.metrics import Metrics
from services.router.pipeline import Router
from services.router.redis_client import open_redis
from services.router.settings import SERVICE, RouterSettings, read_settings
from services.router.view import RedisView
from services.router.web.rules_page import list_routes
from services.runtime.admin import TopicsUnreachableError, demand_topics
from services.runtime.lane import EXIT_CODES, Stop
from services.runtime.lane_metrics import LaneCollector
from services.runtime.lanes import Lanes
from services.runtime.log import configure_log, get_log
from services.runtime.probes import Pages, Readiness, serve_probes
from services.runtime.service import exit_now, run_service, run_to_the_end
from services.runtime.settings import SettingsError

log = get_log(__name__)


class RouterService:
    """The router of one process: what its lanes share, and what its pages ask."""

    def __init__(self, settings: RouterSettings, rules: LiveRules) -> None:
        self._settings = settings
        self._rules = rules
        self._counts = MemoryCounts()
        self._metrics = Metrics(self._counts, rules.figures)
        self._lately = Lately(settings.recent)
        self._lanes: Lanes | None = None
        Info(
            "omniroute_router_build", "The version that runs.", registry=self._metrics.registry
        ).info({"version": version("omniroute")})

    async def run(self) -> int:
        """Serve the pages, check the topics, run the lanes; returns the exit code."""
        service = self._settings.service
        pages = Pages(
            title="OmniRoute router",
            registry=self._metrics.registry,
            readiness=self._find_readiness,
            stands_still=self._find_still,
            routes=list_routes(self._rules, self._lately),
        )
        async with serve_probes(pages, service.http_host, service.http_port) as port:
            log.info("pages are served", host=service.http_host, port=port)
            report = await demand_topics(service.access, service.lanes.prefix)
            for sentence in report.unchecked:
                log.warning("a topic could not be checked", why=sentence)
            redis = open_redis(self._settings.redis_url)
            self._lanes = self._build_lanes(redis, report.partitions, report.delete_retention_ms)
            return await run_service(self._lanes, beside=[self._rules.run()], last=redis.aclose)

    def _build_lanes(self, redis: Any, partitions: int, retention_ms: int | None) -> Lanes:
        settings, access = self._settings, self._settings.service.access
        lanes = settings.service.lanes
        if lanes.lanes > partitions:
            why = f"{lanes.lanes} lanes over {partitions} partitions: at most one lane each."
            raise Stop("lanes_changed", why)
        kept = settings.memory.delete_retention_ms if retention_ms is None else retention_ms
        memory = msgspec.structs.replace(settings.memory, delete_retention_ms=kept)
        view = RedisView(redis, lanes.prefix)
        changelog = Changelog(access, lanes.prefix)

        def make_job(_: int) -> Router:
            fresh = Memory(view, changelog, memory, self._counts)
            return Router(fresh, self._rules, self._metrics, self._lately, accept=settings.accept)

        made = Lanes(
            access=access,
            settings=lanes,
            inputs=Router.inputs,
            partitions=partitions,
            make_job=make_job,
        )
        LaneCollector(
            self._metrics.registry, SERVICE, made.statuses, away=lambda: made.kafka_away_s
        )
        return made

    def _find_readiness(self) -> Readiness:
        if self._lanes is None:
            return Readiness({"topics": "not checked yet"})
        lanes, edition = self._lanes.statuses(), self._rules.edition()
        detail = {
            "lanes": [lane.lane for lane in lanes],
            "paused": [lane.lane for lane in lanes if lane.paused],
            "braked": [lane.lane for lane in lanes if lane.braked],
            "rules_version": edition.table.version,
            "rules_candidate": edition.candidate.version if edition.candidate else "",
            "rules_generation": edition.generation,
        }
        return Readiness(self._lanes.waits_for(), detail)

    def _find_still(self) -> Mapping[str, str]:
        if self._lanes is None or self._lanes.is_alive:
            return {}
        return {"lanes": "the event loop stood still for longer than the session timeout"}


def main() -> int:
    """Run until a signal; the exit code says why it ended (`docs/operations.md`)."""
    try:
        settings = read_settings(os.environ)
        rules = load_first(settings.rules, settings.effect)
    except SourceError as wrong:
        print(f"OMNIROUTE_RULES: {wrong}", file=sys.stderr)
        return EXIT_CODES["usage"]
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)
        return EXIT_CODES["usage"]
    configure_log(settings.service.log)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return run_to_the_end(runner, RouterService(settings, rules).run())
    except Stop as stop:
        log.critical("the service does not start", code=stop.code, why=stop.why)
        return EXIT_CODES[stop.code]
    except (OSError, TopicsUnreachableError) as broken:
        log.critical("the service does not start", exc_info=broken)
        return EXIT_CODES["crashed"]


def _loop_factory() -> Any:
    """The faster event loop where it exists (not on Windows)."""
    try:
        import uvloop  # noqa: PLC0415 - it does not exist everywhere
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    exit_now(main())
