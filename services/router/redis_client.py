"""Connects to Redis or Valkey: one server, Sentinel or Cluster, by the form of the address.

    redis://host:6379/0    rediss://user:password@host:6380/0    unix:///run/redis.sock
    redis+sentinel://user:password@host1:26379,host2:26379/name-of-the-master/0
    redis+cluster://user:password@host1:6379,host2:6379

Waits are short and retries few: what Redis does not answer soon, the lane waits for, with its
own patience. All commands that we send may be repeated (see `view.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

SENTINEL = "redis+sentinel"
CLUSTER = "redis+cluster"
PLAIN = ("redis", "rediss", "unix")
REDIS_PORT = 6_379
SENTINEL_PORT = 26_379
OPTIONS: dict[str, Any] = {
    "socket_timeout": 2.0,
    "socket_connect_timeout": 1.0,
    "health_check_interval": 15,
}
TRIES = 2
SENTINEL_OPTIONS: dict[str, Any] = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
"""Of the questions to Sentinels, which are not repeated: the next Sentinel is asked instead. With
the library's own ten retries, one that is frozen would take all the time that an answer has."""
RENEW_WITHIN_S = 1.0

NOT_ANSWERED = (RedisError, RedisClusterException, OSError, TimeoutError)
"""Everything that says that Redis is away. The library's errors of a Cluster as a whole (no node
can be reached, a slot has no node) are no `RedisError`."""


def check_address(url: str) -> str:
    """The address itself, if it is one that we can connect to; raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in {*PLAIN, SENTINEL, CLUSTER}:
        known = ", ".join((*PLAIN, SENTINEL, CLUSTER))
        raise ValueError(f"the address must begin with one of {known}, followed by ://")
    if parts.scheme == SENTINEL and not parts.path.strip("/"):
        raise ValueError("a Sentinel address names the master: redis+sentinel://host:26379/name")
    if parts.scheme == CLUSTER and parts.path.strip("/0"):
        raise ValueError("a Cluster address has no database: redis+cluster://host1:6379,host2:6379")
    if parts.scheme in {SENTINEL, CLUSTER}:
        _list_places(url, SENTINEL_PORT)
    return url


def mask_address(url: str) -> str:
    """The address with its password hidden, for people."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":****@", 1)


def open_redis(url: str) -> Any:
    """A client for the address; it connects when it is first used, and reconnects by itself."""
    parts = urlsplit(check_address(url))
    retry = Retry(
        ExponentialWithJitterBackoff(cap=0.5, base=0.01),
        TRIES,
        supported_errors=(RedisConnectionError, RedisTimeoutError),
    )
    if parts.scheme == CLUSTER:
        nodes = [ClusterNode(host, port) for host, port in _list_places(url, REDIS_PORT)]
        return RedisCluster(startup_nodes=nodes, retry=retry, **_read_login(url), **OPTIONS)
    if parts.scheme == SENTINEL:
        return _open_master(url, retry)
    return Redis.from_url(url, retry=retry, **OPTIONS)


async def renew(client: Any) -> None:
    """Let go of every idle connection, so that the next use looks up anew who is where.

    A connection survives what made it wrong: a primary that became a replica behind the same
    name, a node that left the Cluster. Takes `RENEW_WITHIN_S` at most and never raises.
    """
    with contextlib.suppress(*NOT_ANSWERED):
        async with asyncio.timeout(RENEW_WITHIN_S):
            if isinstance(client, RedisCluster):
                await client.aclose()
            elif isinstance(client, Redis):
                await client.connection_pool.disconnect(inuse_connections=False)


def _open_master(url: str, retry: Retry) -> Any:
    master, _, database = urlsplit(url).path.strip("/").partition("/")
    once = Retry(NoBackoff(), 0)
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        _list_places(url, SENTINEL_PORT), sentinel_kwargs={**SENTINEL_OPTIONS, "retry": once}
    )
    login = _read_login(url)
    return sentinel.master_for(master, db=int(database or 0), retry=retry, **login, **OPTIONS)


def _list_places(url: str, port: int) -> list[tuple[str, int]]:
    """Host and port of every server that the address names; raises `ValueError`."""
    places = []
    for place in urlsplit(url).netloc.rpartition("@")[2].split(","):
        parts = urlsplit(f"//{place}")
        try:
            name, number = parts.hostname, parts.port or port
        except ValueError:
            name = None
        if not name:
            raise ValueError("the address names its servers: host1:port,host2:port")
        places.append((name, number))
    return places


def _read_login(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
