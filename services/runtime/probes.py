"""The HTTP pages of a service that machines ask for: `/livez`, `/readyz`, `/metrics`, and `/`.

`/livez` touches nothing outside the process: it says whether what must go round still goes round,
so that an orchestrator restarts a process that hangs and never one whose Kafka is away.
`/readyz` says whether the service does its work now, and if not, what it waits for.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler

MOST_REQUESTS = 64
"""Requests answered at a time; one more gets 503 at once."""
REQUEST_TIMEOUT_S = 5.0
SHUTDOWN_TIMEOUT_S = 1.0
MOST_REQUEST_BYTES = 16 * 1024

OK, UNAVAILABLE = 200, 503
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


class Readiness(msgspec.Struct, frozen=True):
    """Does the service do its work now? Ready means that it waits for nothing."""

    waits_for: Mapping[str, str] = {}
    """What is missing -> a sentence, such as `lanes` -> `1 of 2 repaired`."""
    detail: Mapping[str, object] = {}
    """Further facts for a person, JSON values without personal data."""


class Pages(msgspec.Struct, frozen=True):
    """What the pages of one service answer from."""

    title: str
    registry: CollectorRegistry
    """The service's own registry: nothing global, so that two services fit into one process."""
    readiness: Callable[[], Readiness]
    """Called at each `/readyz`; must not wait for anything."""
    stands_still: Callable[[], Mapping[str, str]] = dict
    """Called at each `/livez`: what should go round and does not -> a sentence. Must touch nothing
    outside the process. That the event loop turns is shown by the answer itself."""
    routes: Sequence[web.RouteDef] = ()
    """Further pages of the service."""


@asynccontextmanager
async def serve_probes(pages: Pages, host: str, port: int) -> AsyncIterator[int]:
    """Serve the pages while the block runs and yield the port; port 0 takes a free one.

    Raises `OSError` if the port is taken. Leaving the block waits for answers for 1 s at most.
    """
    runner = web.AppRunner(
        build_app(pages),
        access_log=None,
        keepalive_timeout=15.0,
        shutdown_timeout=SHUTDOWN_TIMEOUT_S,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=MOST_REQUESTS).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def build_app(pages: Pages) -> web.Application:
    """The pages as an application, for tests and for a service that serves more than these."""
    app = web.Application(client_max_size=MOST_REQUEST_BYTES, middlewares=[_limit_requests()])
    metrics = make_aiohttp_handler(pages.registry)
    app.router.add_get("/livez", _build_livez(pages))
    app.router.add_get("/readyz", _build_readyz(pages))
    app.router.add_get("/metrics", metrics)
    app.router.add_routes(pages.routes)
    app.router.add_get("/", _build_index(pages, app))
    return app


def _build_livez(pages: Pages) -> Handler:
    async def answer_livez(_: web.Request) -> web.Response:
        still = pages.stands_still()
        body = {"live": not still, "stands_still": still}
        return _answer_json(UNAVAILABLE if still else OK, body)

    return answer_livez


def _build_readyz(pages: Pages) -> Handler:
    async def answer_readyz(_: web.Request) -> web.Response:
        found = pages.readiness()
        ready = not found.waits_for
        body = {"ready": ready, "waits_for": found.waits_for, "detail": found.detail}
        return _answer_json(OK if ready else UNAVAILABLE, body)

    return answer_readyz


def _build_index(pages: Pages, app: web.Application) -> Handler:
    async def answer_index(_: web.Request) -> web.Response:
        paths = sorted({r.canonical for r in app.router.resources() if "{" not in r.canonical})
        links = "".join(
            f'<li><a href="{html.escape(path)}">{html.escape(path)}</a></li>' for path in paths
        )
        title = html.escape(pages.title)
        text = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f'<body style="font-family:sans-serif"><h1>{title}</h1><ul>{links}</ul></body></html>'
        )
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    return answer_index


def _answer_json(status: int, body: Mapping[str, object]) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_INDENT_2),
        content_type="application/json",
        headers=HEADERS,
    )


def _limit_requests() -> Middleware:
    running = 0

    @web.middleware
    async def limit_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal running
        if running >= MOST_REQUESTS:
            return _answer_json(UNAVAILABLE, {"error": "too many requests at a time"})
        running += 1
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                return await handler(request)
        except TimeoutError:
            return _answer_json(UNAVAILABLE, {"error": f"no answer in {REQUEST_TIMEOUT_S} s"})
        finally:
            running -= 1

    return limit_requests
