"""The ways from the workers to the servers: straight, or through a TCP proxy each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from services.runtime.child import LOOPBACK
from tests.fault.proxy import Proxies, Proxy


class Links:
    """What the workers are told: addresses of the servers, or of the proxies before them."""

    def __init__(self, brokers: str, redis_url: str) -> None:
        self.brokers = brokers
        self.redis_url = redis_url
        self.kafka: list[Proxy] = []
        """One before each broker; empty where the way is straight."""
        self.redis: list[Proxy] = []
        """One before Redis; empty where the way is straight."""

    @classmethod
    @contextmanager
    def around(cls, kafka: Any, redis: Any, *, proxied: bool) -> Iterator[Links]:
        """Proxies before the listeners that brokers keep for them, and before a single Redis."""
        if not proxied:
            yield cls(kafka.bootstrap, redis.url)
            return
        with Proxies() as proxies:
            found = cls("", redis.url)
            for listener, advertised in kafka.proxied_ports:
                found.kafka.append(proxies.add(listener, advertised))
            found.brokers = ",".join(f"{LOOPBACK}:{proxy.port}" for proxy in found.kafka)
            port = urlsplit(redis.url).port or 6_379
            found.redis.append(proxies.add(port))
            found.redis_url = redis.url.replace(f":{port}", f":{found.redis[0].port}")
            yield found
