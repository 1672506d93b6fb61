"""What Redis holds of one deployment: per partition ONE hash, customers and position together.

One hash, because then eviction, expiry, a roll-back or a loss takes the position and the customers
together: there is no moment at which a position speaks for customers that are gone.

Every write is a script that first compares lineage and clog with what the writer started from.
That makes each write repeatable (a retry after a lost answer finds its own position) and a
ghost's write harmless. Nothing here decides what to do about a mismatch.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from redis.exceptions import NoScriptError, ResponseError

from services.router.marker import Pos, decode_pos, pos_prefix
from services.router.redis_client import NOT_ANSWERED, renew
from services.runtime import crash
from services.runtime.lane import Unavailable

POS = b"pos"
WITHIN_S = 5.0
"""Time limit of one round trip, the client's own retries included."""

APPLY = """
local pos = redis.call('HGET', KEYS[1], 'pos')
if not pos or string.sub(pos, 1, #ARGV[1]) ~= ARGV[1] then return pos or '' end
local sets = tonumber(ARGV[3])
local last = 3 + 2 * sets
for i = 4, last, 2000 do
  redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 1999, last)))
end
for i = last + 1, #ARGV, 2000 do
  redis.call('HDEL', KEYS[1], unpack(ARGV, i, math.min(i + 1999, #ARGV)))
end
redis.call('HSET', KEYS[1], 'pos', ARGV[2])
return 1
"""
"""KEYS: the hash. ARGV: what the position must begin with, the new position, the number of
customers to set, then field and value of each, then fields to delete."""

RESET = """
local kind = redis.call('TYPE', KEYS[1]).ok
local pos = false
if kind == 'hash' then pos = redis.call('HGET', KEYS[1], 'pos') end
if (pos or '') ~= ARGV[1] then return pos or '' end
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], 'pos', ARGV[2])
return 1
"""
"""KEYS: the hash. ARGV: the position that must stand there now (empty: none), the new one.

In a Cluster, while the slot is being moved, the second half may be refused where the first was
done. The hash is then absent, which is as good a beginning for the next attempt."""


class Found(msgspec.Struct, frozen=True):
    """What Redis says of one partition, read atomically."""

    raw: bytes
    """The position as it stands there; empty if there is none."""
    values: Sequence[bytes | None]
    """The packed customers, in the order in which they were asked for."""

    def stands_at(self, lineage: str, clog: int) -> bool:
        """Is this exactly the prefix of the changelog that the asker means?"""
        return self.raw.startswith(pos_prefix(lineage, clog))

    @property
    def pos(self) -> Pos | None:
        """The position; None if it is missing or not ours."""
        return decode_pos(self.raw)


class Change(msgspec.Struct, frozen=True):
    """One guarded write to one partition: from a position to the next."""

    partition: int
    lineage: str
    from_clog: int
    new_pos: bytes
    values: Mapping[bytes, bytes | None]
    """Field -> packed customer; None deletes it."""


class RedisView:
    """The hashes of one deployment. Every method raises `Unavailable` if Redis does not answer."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._apply = (hashlib.sha1(APPLY.encode()).hexdigest(), APPLY)  # noqa: S324 - Redis' name
        self._reset = (hashlib.sha1(RESET.encode()).hexdigest(), RESET)  # noqa: S324

    def key(self, partition: int) -> str:
        """The hash of a partition. The braces keep all of a partition in one cluster slot."""
        return f"{{{self._prefix}r.{partition}}}:customers"

    async def recall(self, wanted: Mapping[int, Sequence[bytes]]) -> dict[int, Found]:
        """Position and customers of each partition, atomically; one round trip for all."""
        commands = [("HMGET", self.key(p), POS, *fields) for p, fields in wanted.items()]
        answers = await self._send(commands)
        found = {}
        for partition, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, Exception):
                if not _is_something_else(answer):
                    raise await self._complain(answer)
                # Somebody put something else under our key: that is a loss like any other.
                await self._send([("UNLINK", self.key(partition))])
                answer = [None] * (1 + len(wanted[partition]))  # noqa: PLW2901
            found[partition] = Found(answer[0] or b"", answer[1:])
        return found

    async def apply(self, changes: Sequence[Change]) -> list[bytes | None]:
        """Write each change if its partition still stands where the change began.

        One round trip. Answers per change None if it stands now (also if an earlier attempt
        wrote it), else the position found there.
        """
        calls = [self._call_of(change) for change in changes]
        if crash.due(crash.DURING_APPLY):
            await self._run(self._apply, calls[: -(-len(calls) // 2)])
            crash.die()
        answers = await self._run(self._apply, calls)
        return [
            None if answer in {1, change.new_pos} else answer
            for change, answer in zip(changes, answers, strict=True)
        ]

    async def reset(self, partition: int, seen: bytes, new_pos: bytes) -> bool:
        """Forget a partition and begin anew, unless it changed since it was `seen`."""
        answers = await self._run(self._reset, [(self.key(partition), seen, new_pos)])
        return bool(answers[0] == 1 or answers[0] == new_pos)

    def _call_of(self, change: Change) -> tuple[object, ...]:
        sets = [(field, value) for field, value in change.values.items() if value is not None]
        gone = [field for field, value in change.values.items() if value is None]
        return (
            self.key(change.partition),
            pos_prefix(change.lineage, change.from_clog),
            change.new_pos,
            len(sets),
            *(part for pair in sets for part in pair),
            *gone,
        )

    async def _run(self, script: tuple[str, str], calls: Sequence[tuple[object, ...]]) -> list[Any]:
        """Run a script for each call, in one pipeline; load it where Redis has forgotten it."""
        digest, source = script
        answers = await self._send([("EVALSHA", digest, 1, *call) for call in calls])
        forgotten = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if forgotten:
            again = await self._send([("EVAL", source, 1, *calls[i]) for i in forgotten])
            for i, answer in zip(forgotten, again, strict=True):
                answers[i] = answer
        for i, answer in enumerate(answers):
            if isinstance(answer, Exception):
                if not _is_something_else(answer):
                    raise await self._complain(answer)
                # There is no position of ours: whoever repairs it takes away what is there.
                answers[i] = b""
        return answers

    async def _complain(self, error: Exception) -> Unavailable:
        """What to say of an answer that is none. The connections may lead to the wrong server."""
        await renew(self._client)
        if not isinstance(error, ResponseError):
            return Unavailable(f"Redis does not answer ({type(error).__name__})")
        # `NOREPLICAS Not enough good replicas ...`: the word is for people, the text may hold keys.
        word = str(error).partition(" ")[0]
        named = type(error) is ResponseError and word.isalpha() and word.isupper()
        return Unavailable(f"Redis answers {word if named else type(error).__name__}")

    async def _send(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        try:
            async with asyncio.timeout(WITHIN_S):
                pipeline = self._client.pipeline(transaction=False)
                for command in commands:
                    pipeline.execute_command(*command)
                answers: list[Any] = await pipeline.execute(raise_on_error=False)
        except NOT_ANSWERED as error:
            await renew(self._client)
            raise Unavailable(f"Redis does not answer ({type(error).__name__})") from error
        return answers


def _is_something_else(answer: Exception) -> bool:
    """Does it say that no hash is under our key? Redis before 7 wraps what fails in a script."""
    return "WRONGTYPE" in str(answer)
