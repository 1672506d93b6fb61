"""Connects to Redis or Valkey: one server, Sentinel or Cluster, by the form of the address.

    redis://host:6379/0    rediss://user:password@host:6380/0    unix:///run/redis.sock
    redis+sentinel://user:password@host1:26379,host2:26379/name-of-the-master/0
    redis+cluster://user:password@host:6379

Waits are short and retries few: what Redis does not answer soon, the lane waits for, with its
own patience. All commands that we send may be repeated (see `view.py`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

SENTINEL = "redis+sentinel"
CLUSTER = "redis+cluster"
PLAIN = ("redis", "rediss", "unix")
SENTINEL_PORT = 26_379
OPTIONS: dict[str, Any] = {
    "socket_timeout": 2.0,
    "socket_connect_timeout": 1.0,
    "health_check_interval": 15,
}
TRIES = 2


def check_address(url: str) -> str:
    """The address itself, if it is one that we can connect to; raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in {*PLAIN, SENTINEL, CLUSTER}:
        known = ", ".join((*PLAIN, SENTINEL, CLUSTER))
        raise ValueError(f"the address must begin with one of {known}, followed by ://")
    if parts.scheme == SENTINEL and not parts.path.strip("/"):
        raise ValueError("a Sentinel address names the master: redis+sentinel://host:26379/name")
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
        return RedisCluster.from_url(url.replace(CLUSTER, "redis", 1), **OPTIONS)
    if parts.scheme == SENTINEL:
        return _open_master(url, retry)
    return Redis.from_url(url, retry=retry, **OPTIONS)


def _open_master(url: str, retry: Retry) -> Any:
    parts = urlsplit(url)
    login: dict[str, Any] = {
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
    hosts = parts.netloc.rpartition("@")[2].split(",")
    places = []
    for host in hosts:
        name, _, port = host.partition(":")
        places.append((name, int(port or SENTINEL_PORT)))
    master, _, database = parts.path.strip("/").partition("/")
    sentinel = Sentinel(places, sentinel_kwargs=dict(OPTIONS))  # type: ignore[no-untyped-call]
    return sentinel.master_for(master, db=int(database or 0), retry=retry, **login, **OPTIONS)
