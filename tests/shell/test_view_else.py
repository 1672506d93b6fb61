"""Something else lies under the key of a partition: it is a loss, not a wall."""

from __future__ import annotations

import pytest

from services.router.marker import encode_partial_pos
from services.router.redis_client import open_redis
from services.router.view import Change, RedisView
from tests.servers import ValkeyUnderTest

LINEAGE = "0" * 32


@pytest.mark.parametrize("server", ["valkey", "redis_server"])
async def test_a_write_finds_no_position_under_something_else(
    server: str, request: pytest.FixtureRequest, prefix: str
) -> None:
    """Law: the write answers "no position", so the partition is repaired; it never just fails."""
    found: ValkeyUnderTest = request.getfixturevalue(server)
    client = open_redis(found.url)
    view = RedisView(client, prefix)
    try:
        await client.set(view.key(0), b"something else")
        change = Change(0, LINEAGE, 0, encode_partial_pos(LINEAGE, 1, 0), {b"c/a": b"1"})
        assert await view.apply([change]) == [b""]
        assert await view.reset(0, b"", encode_partial_pos(LINEAGE, 0, 0))
        assert await view.apply([change]) == [None]
    finally:
        await client.aclose()
