"""Laws of the router as a process: settings, ready, honest counts, gone on a signal."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from services.contact.topics import DEADLETTER, DECISIONS, EVENTS
from services.router.agreement import Accept
from services.router.redis_client import check_address, mask_address
from services.router.settings import describe_settings, read_settings
from services.runtime.crash import POINTS
from services.runtime.embedded import ApacheKafka, Broker
from services.runtime.lane import EXIT_CODES
from services.runtime.settings import SettingsError
from tests.servers import ValkeyUnderTest
from tests.shell.lanework import Deployment, chat
from tests.shell.routerwork import verdict

WITHIN_S = 40.0


class Service:
    """A router in a process of its own, with its log in a file."""

    def __init__(self, deployment: Deployment, url: str, folder: Path, **more: str) -> None:
        """Start it on a free port."""
        self.log = folder / f"router-{len(list(folder.iterdir()))}.log"
        env = {
            **os.environ,
            "OMNIROUTE_KAFKA": deployment.access.brokers,
            "OMNIROUTE_REDIS": url,
            "OMNIROUTE_PREFIX": deployment.prefix,
            "OMNIROUTE_HTTP": "127.0.0.1:0",
            "OMNIROUTE_LANES": "2",
            "OMNIROUTE_SESSION_TIMEOUT": "6",
            "OMNIROUTE_BATCH_RECORDS": "20",
            **more,
        }
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.router"], env=env, stderr=out, stdout=out
            )

    def read_log(self) -> str:
        """Everything that it said."""
        return self.log.read_text("utf-8")

    async def ended(self) -> int | None:
        """The exit code; None if it does not end."""
        for _ in range(int(WITHIN_S / 0.1)):
            if self.process.poll() is not None:
                break
            await asyncio.sleep(0.1)
        return self.process.returncode

    async def fetch(self, path: str) -> tuple[int, str]:
        """One page; (0, "") before there are pages."""
        found = re.search(r'"port":(\d+)', self.read_log())
        if found is None:
            return 0, ""
        url = f"http://127.0.0.1:{found[1]}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as got:
            return got.status, await got.text()

    async def await_ready(self) -> None:
        """Wait until its lanes are open."""
        async with asyncio.timeout(WITHIN_S):
            while (await self.fetch("/readyz"))[0] != 200:
                assert self.process.poll() is None, self.read_log()
                await asyncio.sleep(0.1)


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Every service in this list is killed when the test ends."""
    started: list[Service] = []
    yield started
    for service in started:
        service.process.kill()
        service.process.wait(WITHIN_S)


Crashing = Callable[..., Service]


@pytest.fixture
def crashing(services: list[Service], valkey: ValkeyUnderTest, tmp_path: Path) -> Crashing:
    """Starts a service on a deployment, with further variables."""

    def start(deployment: Deployment, **more: str) -> Service:
        services.append(Service(deployment, valkey.url, tmp_path, **more))
        return services[-1]

    return start


@pytest.fixture
async def deployment(broker: Broker, prefix: str) -> Deployment:
    """Topics on the broker in turn."""
    return await Deployment(broker.bootstrap, prefix).create()


def count(metrics: str, name: str, label: str) -> Counter[str]:
    """A counter's values by one of its labels, zeros left out."""
    found: Counter[str] = Counter()
    for labels, value in re.findall(rf"^{name}{{(.*)}} ([0-9.e+]+)$", metrics, re.MULTILINE):
        key = dict(re.findall(r'(\w+)="([^"]*)"', labels))[label]
        found[key] += int(float(value))
    return +found


async def test_what_it_counts_is_what_lies_on_the_topics_and_a_signal_ends_it(
    deployment: Deployment, valkey: ValkeyUnderTest, crashing: Crashing
) -> None:
    """Law: the metrics equal an outside count; SIGTERM ends the process cleanly within 10 s."""
    service = crashing(deployment)
    await service.await_ready()
    events = [chat(f"c{i % 9}", i) for i in range(150)]
    await deployment.send_events([*events, *events[:10]])
    await deployment.send([(EVENTS, 0, b"c", b"not json"), (EVENTS, 1, b"c", b"{}")])
    async with asyncio.timeout(WITHIN_S):
        outcomes: Counter[str] = Counter()
        while outcomes.total() < 162:
            _, metrics = await service.fetch("/metrics")
            outcomes = count(metrics, "omniroute_router_records_total", "outcome")
            await asyncio.sleep(0.1)
    decisions = [orjson.loads(r.value) for r in await deployment.read(DECISIONS)]
    assert outcomes == {"decided": 150, "duplicate": 10, "rejected": 2}
    assert count(metrics, "omniroute_router_decisions_total", "action") == Counter(
        one["action"] for one in decisions
    )
    letters = await deployment.read(DEADLETTER)
    assert count(metrics, "omniroute_router_rejects_total", "code") == Counter(
        dict(r.headers)["omniroute-reject-code"].decode() for r in letters
    )
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert await service.ended() == 0, service.read_log()
    assert time.monotonic() - began < 10
    assert await verdict(deployment, valkey.url) == 0


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_each_crash_point_loses_nothing_and_repeats_nothing(
    kafka: ApacheKafka, prefix: str, valkey: ValkeyUnderTest, crashing: Crashing, *, point: str
) -> None:
    """Law: SIGKILL before, within and after the transaction, and before and within the apply.

    On Apache Kafka only: the embedded broker does not put a killed leader out of its group.
    """
    deployment = await Deployment(kafka.bootstrap, prefix).create()
    await deployment.send_events([chat(f"c{i % 9}", i) for i in range(200)])
    crash = {"OMNIROUTE_CRASH_AT": point, "OMNIROUTE_CRASH_AFTER": "4"}
    first = crashing(deployment, **crash)
    assert await first.ended() == -signal.SIGKILL, first.read_log()
    crashing(deployment)
    assert await verdict(deployment, valkey.url, "--wait", "30") == 0


async def test_topics_that_are_missing_or_a_wrong_setting_refuse_the_start(
    broker: Broker, prefix: str, services: list[Service], crashing: Crashing
) -> None:
    """Law: a service that cannot run says how to mend it and ends with a code of its own."""
    nowhere = Deployment(broker.bootstrap, prefix)
    crashing(nowhere)
    assert await services[0].ended() == EXIT_CODES["topics_wrong"]
    assert "omniroute topics apply" in services[0].read_log()
    wrong = {"OMNIROUTE_REDIS": "localhost", "OMNIROUTE_LANES": "many"}
    crashing(nowhere, **wrong)
    assert await services[1].ended() == EXIT_CODES["usage"]
    assert {"OMNIROUTE_LANES", "OMNIROUTE_REDIS"} == set(
        re.findall(r"^(OMNIROUTE_\w+):", services[1].read_log(), re.MULTILINE)
    )


def test_without_any_variable_the_router_runs_on_this_machine() -> None:
    """Law: every setting has a default."""
    settings = read_settings({})
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert settings.accept is Accept.NEITHER
    assert settings.memory.cache_entries == 20_000
    assert settings.service.lanes.group == "omniroute-router"


def test_every_mistake_of_both_lists_is_told_at_once() -> None:
    """Law: shared and own settings are judged together."""
    wrong = {
        "OMNIROUTE_LANES": "0",
        "OMNIROUTE_REDIS": "http://here",
        "OMNIROUTE_PREFIX": "a b",
    }
    with pytest.raises(SettingsError) as found:
        read_settings(wrong)
    assert {line.partition(":")[0] for line in str(found.value).splitlines()} == set(wrong)


def test_no_password_is_shown() -> None:
    """Law: the address of Redis is shown with its password masked."""
    shown = describe_settings({"OMNIROUTE_REDIS": "rediss://me:s3cret@host:6380/1"})
    assert "OMNIROUTE_REDIS=rediss://me:****@host:6380/1" in shown.splitlines()
    assert "s3cret" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "redis://h:6379/0",
        "rediss://u:p@h:6380",
        "unix:///run/redis.sock",
        "redis+sentinel://u:p@a:26379,b:26379/main/0",
        "redis+cluster://h:6379",
        "redis+cluster://u:p@a:6379,b,[::1]:7000",
    ],
)
def test_each_form_of_address_is_taken(url: str) -> None:
    """Law: one server, Sentinel and Cluster are told apart by the address."""
    assert check_address(url) == url
    assert ":p@" not in mask_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host:6379",
        "http://h",
        "redis+sentinel://h:26379",
        "redis+sentinel://a:b:c/main",
        "redis+cluster://a:6379,",
        "redis+cluster://a:6379/1",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    """Law: a wrong address is a usage error, not a hang."""
    with pytest.raises(ValueError, match="address"):
        check_address(url)
