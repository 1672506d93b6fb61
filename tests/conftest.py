"""Fixtures that every test may use. Servers are shared by the session; names are not.

- `broker`: runs the test twice, on the embedded broker and on Apache Kafka. `.bootstrap`
- `kafka`, `embedded`: one of them. `.bootstrap .kill() .restart() .pause() .resume()`
- `valkey`, `redis_server`: `.url .flush() .kill() .restart() .snapshot() .roll_back(snapshot)`
- `prefix`: a prefix of the test's own for topics, groups, transactional ids and keys
- `data_folder`: the data sets that are not in the clone; mark the test `data`

What a test kills or freezes is brought back before the next one.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from services.runtime.embedded import ApacheKafka, Broker, EmbeddedBroker
from tests import machine
from tests.servers import Rack, RedisUnderTest, ValkeyUnderTest

pytest_plugins = ("tests.loud", "tests.turns", "pytester")

# No deadline: two busy cores make any example slow. `make check` looks at more of them.
settings.register_profile("test", deadline=None)
settings.register_profile("check", deadline=None, max_examples=2_000)
settings.load_profile("test")


@pytest.fixture(scope="session")
def rack() -> Iterator[Rack]:
    """All servers of this session, started when first asked for."""
    servers = Rack()
    yield servers
    servers.close()


@pytest.fixture(autouse=True)
def _mended(request: pytest.FixtureRequest) -> None:
    if "rack" in request.fixturenames:
        request.getfixturevalue("rack").mend()


@pytest.fixture(autouse=True)
def _log_levels() -> Iterator[None]:
    """A command that is called in this process quietens libraries; the next test hears them."""
    loggers = logging.root.manager.loggerDict
    before = {n: log.level for n, log in loggers.items() if isinstance(log, logging.Logger)}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="session")
def kafka(rack: Rack) -> ApacheKafka:
    """Apache Kafka 4, one node."""
    return rack.get(ApacheKafka)


@pytest.fixture(scope="session")
def embedded(rack: Rack) -> EmbeddedBroker:
    """The embedded broker; it loses acknowledged data when it is killed."""
    return rack.get(EmbeddedBroker)


@pytest.fixture(scope="session", params=["embedded", "kafka"])
def broker(request: pytest.FixtureRequest, rack: Rack) -> Broker:
    """Each broker in turn. A test marked `durable` gets Apache Kafka only."""
    kind: type[Broker] = ApacheKafka if request.param == "kafka" else EmbeddedBroker
    return rack.get(kind)


@pytest.fixture(scope="session")
def valkey(rack: Rack) -> ValkeyUnderTest:
    """A Valkey server."""
    return rack.get(ValkeyUnderTest)


@pytest.fixture(scope="session")
def redis_server(rack: Rack) -> RedisUnderTest:
    """Debian's redis-server."""
    return rack.get(RedisUnderTest)


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """A prefix for everything that this test names on a shared server; its topics are removed."""
    mine = f"t{secrets.token_hex(4)}."
    yield mine
    if "rack" in request.fixturenames:
        request.getfixturevalue("rack").delete_topics(mine)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """OMNIROUTE_DATA. Mark the test `data`: it is skipped where the folder is absent."""
    return machine.data_folder()
