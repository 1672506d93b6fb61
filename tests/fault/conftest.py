"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.embedded import ApacheKafka
from tests.fault.arena import Arena
from tests.fault.nursery import Nursery
from tests.fault.workers import CLONE
from tests.servers import ValkeyUnderTest


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Forks router processes; imports the router once for the session."""
    one = Nursery(CLONE)
    yield one
    one.close()


@pytest.fixture
def servers(kafka: ApacheKafka, valkey: ValkeyUnderTest) -> tuple[str, str]:
    """The brokers and the URL of Redis."""
    return kafka.bootstrap, valkey.url


@pytest.fixture
def arena(
    servers: tuple[str, str], prefix: str, tmp_path: Path, nursery: Nursery
) -> Iterator[Arena]:
    """A deployment of the test's own, with nothing running yet."""
    with Arena(servers, prefix, tmp_path, nursery) as deployment:
        yield deployment
