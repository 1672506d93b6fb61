"""A primary, two replicas and three Sentinels on loopback, and fail-overs that lose writes.

Replication is asynchronous, so a primary that is cut off from its replicas goes on acknowledging
what nobody else will ever have. Here the cut is exact: the primary refuses its replicas (an ACL
takes PSYNC away) while Sentinels and clients still reach it. What the router writes in that time
is lost at the fail-over, and the loss is measured, not assumed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from services.router.marker import decode_pos
from services.runtime.child import LOOPBACK, Server
from tests.fault.several import Several
from tests.servers import ValkeyUnderTest

MASTER = "desk"
QUORUM = 2
DOWN_AFTER_MS = 1_500
FAILOVER_TIMEOUT_MS = 3_000
SETTLE_S = 45.0
POLL_S = 0.05
QUICK: dict[str, Any] = {
    "socket_timeout": 1.0,
    "socket_connect_timeout": 1.0,
    "retry": Retry(NoBackoff(), 0),
}


class Member(ValkeyUnderTest):
    """One data server of the set."""

    name = "Valkey of a set"
    protocol_options: ClassVar[tuple[str, ...]] = (
        *ValkeyUnderTest.protocol_options,
        "--repl-diskless-sync-delay",
        "0",
        "--repl-timeout",
        "5",
    )

    def client(self) -> redis.Redis:
        """A connection that gives up soon."""
        return redis.Redis(port=self.port, **QUICK)

    def refuse_replicas(self) -> None:
        """Go on as before, but let no replica follow any more."""
        with self.client() as client:
            client.execute_command("ACL", "SETUSER", "default", "-psync", "-sync")
            client.execute_command("CLIENT", "KILL", "TYPE", "replica")

    def accept_replicas(self) -> None:
        """Undo `refuse_replicas`; a server that is away has forgotten it anyway."""
        with contextlib.suppress(RedisError), self.client() as client:
            client.execute_command("ACL", "SETUSER", "default", "+@all")

    def replication(self) -> Mapping[str, Any]:
        """What it says of its part; empty if it does not answer."""
        try:
            with self.client() as client:
                told: Mapping[str, Any] = client.info("replication")
        except (RedisError, OSError):
            return {}
        return told

    def clogs(self, keys: Sequence[str]) -> list[int]:
        """How far each hash has come in `contact.memory`; -1 where there is none."""
        with self.client() as client:
            raws = [client.hget(key, "pos") for key in keys]
        found = [decode_pos(raw) if raw else None for raw in raws]
        return [-1 if pos is None else pos.clog for pos in found]


class Sentinel(ValkeyUnderTest):
    """One Sentinel. What it learned lies in its folder and survives a restart."""

    name = "Sentinel"

    def __init__(self, primary: int) -> None:
        super().__init__()
        self._settings = self.folder / "sentinel.conf"
        lines = (
            f"port {self.port}",
            f"bind {LOOPBACK}",
            f"dir {self.folder}",
            f"sentinel monitor {MASTER} {LOOPBACK} {primary} {QUORUM}",
            f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {MASTER} {FAILOVER_TIMEOUT_MS}",
            f"sentinel parallel-syncs {MASTER} 2",
        )
        self._settings.write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def command(self) -> Sequence[str | Path]:
        """The same program in its other mode."""
        return [self.program(), self._settings, "--sentinel"]

    def primary(self) -> int | None:
        """The port of the primary, as this Sentinel has it; None if it does not answer."""
        try:
            with redis.Redis(port=self.port, **QUICK) as client:
                told = client.sentinel_get_master_addr_by_name(MASTER)
        except (RedisError, OSError):
            return None
        return int(told[1]) if told else None

    def is_content(self) -> bool:
        """It knows two healthy replicas and the two others."""
        try:
            with redis.Redis(port=self.port, **QUICK) as client:
                state = client.sentinel_master(MASTER)
                replicas = client.sentinel_slaves(MASTER)
        except (RedisError, OSError):
            return False
        down = ("is_sdown", "is_odown")
        good = [one for one in replicas if not any(one[word] for word in down)]
        return (
            state["num-other-sentinels"] == QUORUM
            and state["flags"] == "master"
            and len(good) == QUORUM
        )

    def order_failover(self) -> None:
        """Promote a replica although the primary lives, as an operator may order."""
        with redis.Redis(port=self.port, **QUICK) as client:
            client.sentinel_failover(MASTER)


class SentinelSet(Several):
    """Three servers under three Sentinels. Use as a context manager; `url` goes to the router."""

    def __init__(self) -> None:
        self.members = [Member() for _ in range(3)]
        self.sentinels = [Sentinel(self.members[0].port) for _ in range(3)]

    @property
    def url(self) -> str:
        """The address for the router: the Sentinels and the name of the primary."""
        hosts = ",".join(f"{LOOPBACK}:{one.port}" for one in self.sentinels)
        return f"redis+sentinel://{hosts}/{MASTER}"

    def begin(self) -> None:
        """First the replicas follow: what a Sentinel does not see at once, it sees in 10 s."""
        first, *others = self.members
        for member in self.members:
            member.start()
        for member in others:
            with member.client() as client:
                client.replicaof(LOOPBACK, first.port)
        self._await(lambda: self._has_followers(first), "did not replicate", SETTLE_S)
        for sentinel in self.sentinels:
            sentinel.start()
        self.await_whole()

    def close(self) -> None:
        """End all six."""
        servers: tuple[Server, ...] = (*self.sentinels, *self.members)
        for server in servers:
            server.close()

    def primary(self) -> Member:
        """The member that the Sentinels name; most of them must agree."""
        named = [one.primary() for one in self.sentinels]
        for member in self.members:
            if named.count(member.port) >= QUORUM:
                return member
        raise AssertionError(f"the Sentinels name {named}")

    def await_whole(self, within_s: float = SETTLE_S) -> None:
        """Until one leads, two follow, and every Sentinel knows it."""
        self._await(self._is_whole, "did not become whole", within_s)

    def _is_whole(self) -> bool:
        named = {one.primary() for one in self.sentinels}
        if len(named) != 1 or not all(one.is_content() for one in self.sentinels):
            return False
        port = named.pop()
        return any(m.port == port and self._has_followers(m) for m in self.members)

    @staticmethod
    def _has_followers(member: Member) -> bool:
        told = member.replication()
        online = [told.get(f"slave{n}", {}).get("state") for n in range(2)]
        return told.get("role") == "master" and online == ["online", "online"]

    def await_other(self, before: Member, within_s: float = SETTLE_S) -> Member:
        """Until most Sentinels name another primary than `before`."""

        def has_changed() -> bool:
            ports = [one.primary() for one in self.sentinels]
            return any(ports.count(m.port) >= QUORUM for m in self.members if m is not before)

        self._await(has_changed, "did not fail over", within_s)
        return self.primary()

    def _await(self, holds: Callable[[], bool], complaint: str, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                tails = "\n".join(one.log_tail()[-600:] for one in self.sentinels)
                raise AssertionError(f"the set {complaint} within {within_s:.0f} s:\n{tails}")
            time.sleep(POLL_S)

    def fail_over(self, keys: Sequence[str], how: str, *, cut_s: float, back_s: float) -> int:
        """One fail-over; the number of hashes of `keys` whose last writes it lost.

        The primary is cut off from its replicas for `cut_s`, then it is lost: `frozen`, `killed`,
        or `split` (alive and serving, while a replica is promoted). It comes back after `back_s`
        and must follow.
        """
        self.await_whole()
        old = self.primary()
        old.refuse_replicas()
        time.sleep(cut_s)
        behind = [m.clogs(keys) for m in self.members if m is not old]
        if how == "split":
            self.sentinels[0].order_failover()
        written = old.clogs(keys)
        if how == "frozen":
            old.pause()
        elif how == "killed":
            old.kill()
        self.await_other(old)
        time.sleep(back_s)
        if how == "killed":
            old.start()
        old.resume()
        old.accept_replicas()
        self.await_whole()
        return sum(new > max(olds) for new, *olds in zip(written, *behind, strict=True))
