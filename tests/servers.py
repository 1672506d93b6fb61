"""The servers that tests run against: those of `make run`, and what a test may do to them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TypeVar, cast

import redis
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.child import Server, ToolMissingError
from services.runtime.embedded import Broker, Valkey
from tests import machine

ADMIN_WITHIN_S = 10.0

Kind = TypeVar("Kind", bound=Server)


class ValkeyUnderTest(Valkey):
    """Valkey with the accidents that can happen to it."""

    def client(self) -> redis.Redis:
        """A connection of the test's own."""
        return redis.Redis.from_url(self.url)

    def flush(self) -> None:
        """Forget everything, as FLUSHALL by an operator would."""
        with self.client() as client:
            client.flushall()

    def snapshot(self) -> Path:
        """Save what it holds now, to be rolled back to."""
        with self.client() as client:
            client.save()
        saved = self.folder / f"snapshot-{len(list(self.folder.glob('snapshot-*')))}.rdb"
        # Moved, not copied: a later restart must come back empty, as it would without a snapshot.
        return (self.folder / "dump.rdb").rename(saved)

    def roll_back(self, snapshot: Path) -> None:
        """Kill it and let it come back with an older state, as a restored backup would."""
        self.kill()
        dump = Path(shutil.copy(snapshot, self.folder / "dump.rdb"))
        self.start()
        dump.unlink()


class RedisUnderTest(ValkeyUnderTest):
    """Debian's redis-server, with the same accidents."""

    name = "redis-server"

    def program(self) -> str:
        """The machine's own."""
        found = machine.program("redis-server")
        if found is None:
            raise ToolMissingError("redis-server (Debian: apt install redis-server)")
        return found


class Rack:
    """The servers of a test session: each is started when first asked for, and shared."""

    def __init__(self) -> None:
        self._servers: dict[type[Server], Server] = {}

    def get(self, kind: type[Kind]) -> Kind:
        """The session's server of this kind."""
        if kind not in self._servers:
            server = kind()
            self._servers[kind] = server
            server.start()
        return cast("Kind", self._servers[kind])

    def mend(self) -> None:
        """Bring back what the test before killed or froze."""
        for server in self._servers.values():
            if server.alive:
                server.resume()
            else:
                server.start()

    def delete_topics(self, prefix: str) -> None:
        """Remove a test's topics, so that the session's brokers stay light."""
        for server in self._servers.values():
            if isinstance(server, Broker) and server.alive:
                delete_topics(server.bootstrap, prefix)

    def close(self) -> None:
        """End every server."""
        for server in self._servers.values():
            server.close()


def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete all topics with this prefix; one that is gone already is fine."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        names = [
            n for n in admin.list_topics(timeout=ADMIN_WITHIN_S).topics if n.startswith(prefix)
        ]
        waiting = admin.delete_topics(names, operation_timeout=ADMIN_WITHIN_S) if names else {}
        for deletion in waiting.values():
            deletion.result(ADMIN_WITHIN_S)
    except KafkaException:
        # What is left over costs the broker a little; the test has already said what it found.
        return
