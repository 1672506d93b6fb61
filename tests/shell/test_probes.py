"""Laws of the probe pages: alive, ready, measured, and never stuck."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter

from services.runtime import probes
from services.runtime.probes import Pages, Readiness, serve_probes


class Service:
    """A service of which a test turns the knobs."""

    def __init__(self) -> None:
        """Ready and alive."""
        self.still: dict[str, str] = {}
        self.waits_for: dict[str, str] = {}
        self.registry = CollectorRegistry()
        self.gate = asyncio.Event()
        self.url = ""

    async def wait_long(self, _: web.Request) -> web.Response:
        """A page that answers when the test opens the gate."""
        await self.gate.wait()
        return web.Response(text="done")

    def pages(self) -> Pages:
        """What is served."""
        return Pages(
            title="test <service>",
            registry=self.registry,
            stands_still=lambda: self.still,
            readiness=lambda: Readiness(self.waits_for, {"lanes": 2}),
            routes=[web.get("/slow", self.wait_long), web.get("/item/{id}", self.wait_long)],
        )


@pytest_asyncio.fixture
async def service() -> AsyncIterator[Service]:
    """A served service on a free loopback port."""
    made = Service()
    async with serve_probes(made.pages(), "127.0.0.1", 0) as port:
        made.url = f"http://127.0.0.1:{port}"
        yield made


async def fetch(url: str, accept: str = "*/*") -> tuple[int, str, str]:
    """Status, content type and text of one page."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={"Accept": accept}) as answer,
    ):
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def test_a_service_whose_loops_turn_is_alive_even_if_it_is_not_ready(
    service: Service,
) -> None:
    """Law: what lies outside never makes a process die; it only makes it unready."""
    service.waits_for = {"kafka": "no broker answers"}
    status, _, text = await fetch(service.url + "/livez")
    assert (status, '"live": true' in text) == (200, True)
    status, kind, text = await fetch(service.url + "/readyz")
    assert (status, kind) == (503, "application/json")
    assert "no broker answers" in text


async def test_what_stands_still_is_named_and_makes_the_service_not_alive(
    service: Service,
) -> None:
    """Law: /livez answers 503 exactly while something that must go round does not."""
    service.still = {"lane 0": "no progress for 61 s"}
    status, _, text = await fetch(service.url + "/livez")
    assert (status, "no progress for 61 s" in text) == (503, True)
    service.still = {}
    assert (await fetch(service.url + "/livez"))[0] == 200


async def test_ready_when_it_waits_for_nothing(service: Service) -> None:
    """Law: /readyz is 200 exactly when nothing is missing, and carries the detail."""
    status, _, text = await fetch(service.url + "/readyz")
    assert (status, '"lanes": 2' in text) == (200, True)


async def test_metrics_come_in_the_format_that_was_asked_for(service: Service) -> None:
    """Law: OpenMetrics with exemplars for who asks for it, the classic text for all others."""
    counter = Counter("omniroute_test_things", "Things.", registry=service.registry)
    counter.inc(3, exemplar={"trace_id": "abc"})
    _, kind, text = await fetch(service.url + "/metrics", "text/plain")
    assert kind.startswith("text/plain")
    assert "omniroute_test_things_total 3.0" in text
    assert "python_info" not in text, "nothing from the global registry"
    asked = "application/openmetrics-text;version=1.0.0"
    _, kind, text = await fetch(service.url + "/metrics", asked)
    assert kind.startswith("application/openmetrics-text")
    assert 'trace_id="abc"' in text
    assert text.endswith("# EOF\n")


async def test_the_first_page_lists_the_others_and_escapes_its_title(service: Service) -> None:
    """Law: every page without a parameter can be reached from `/`."""
    _, kind, text = await fetch(service.url + "/")
    assert kind.startswith("text/html")
    for path in ("/livez", "/readyz", "/metrics", "/slow"):
        assert f'href="{path}"' in text
    assert "/item" not in text
    assert "<service>" not in text


async def test_one_request_too_many_is_turned_away_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: waiting pages cannot pile up, and the places become free again."""
    monkeypatch.setattr(probes, "MOST_REQUESTS", 3)
    async with aiohttp.ClientSession() as session:
        waiting = [asyncio.create_task(session.get(service.url + "/slow")) for _ in range(3)]
        await asyncio.sleep(0.2)
        async with session.get(service.url + "/livez") as answer:
            assert answer.status == 503
        service.gate.set()
        assert [(await answer).status for answer in waiting] == [200] * 3
        async with session.get(service.url + "/livez") as answer:
            assert answer.status == 200


async def test_a_page_that_hangs_is_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: no request is answered later than the limit."""
    monkeypatch.setattr(probes, "REQUEST_TIMEOUT_S", 0.1)
    assert (await fetch(service.url + "/slow"))[0] == 503


async def test_a_taken_port_is_an_error_and_the_port_is_free_afterwards() -> None:
    """Law: the pages never share a port silently, and let go of it when the service ends."""
    async with serve_probes(Service().pages(), "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="address already in use"):
            async with serve_probes(Service().pages(), "127.0.0.1", port):
                pass
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
