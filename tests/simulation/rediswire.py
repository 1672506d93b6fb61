"""Redis: hashes, scripts that run on a real Lua, and a connection for redis-py's own client.

Everything above the connection (pool, retries, pipeline) is redis-py's; below it are the commands
that the router sends. A script of the router runs as it stands, in Lua 5.1 as in Redis.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from lupa.lua51 import LuaRuntime
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.router.redis_client import open_redis
from tests.simulation.loop import PROCESS, Loop
from tests.simulation.wire import ORDER_S, Trace, Weather

KEPT = 12
"""States that can be rolled back to."""

Hashes = dict[bytes, dict[bytes, bytes] | bytes]


class Server:
    """One Redis: every command is one step."""

    def __init__(self) -> None:
        self.hashes: Hashes = {}
        self._scripts: set[bytes] = set()
        self._past: deque[Hashes] = deque(maxlen=KEPT)
        self._at_a_write: int | None = None

    def call(self, words: tuple[Any, ...]) -> Any:
        """The answer to a command; an error is an answer, too."""
        name, *rest = (_bytes(word) for word in words)
        try:
            return _COMMANDS[name](self, rest)
        except ResponseError as error:
            return error

    # -- accidents

    def remember(self) -> None:
        """Keep this state, to be rolled back to."""
        self._past.append(_copy(self.hashes))

    def roll_back(self, age: int) -> None:
        """Hold again what was held so many kept states ago."""
        if self._past:
            self.hashes = _copy(self._past[-1 - age % len(self._past)])

    def roll_back_at_a_write(self, age: int) -> None:
        """The same, when the next script arrives and before it runs."""
        self._at_a_write = age

    def flush(self) -> None:
        """Forget everything."""
        self.hashes = {}

    def forget_scripts(self) -> None:
        """SCRIPT FLUSH."""
        self._scripts.clear()

    # -- commands

    def _hash(self, key: bytes) -> dict[bytes, bytes]:
        held = self.hashes.get(key)
        if held is None:
            return {}
        if isinstance(held, bytes):
            raise ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
        return held

    def hmget(self, args: list[bytes]) -> list[bytes | None]:
        """HMGET."""
        held = self._hash(args[0])
        return [held.get(field) for field in args[1:]]

    def hget(self, args: list[bytes]) -> bytes | None:
        """HGET."""
        return self._hash(args[0]).get(args[1])

    def hset(self, args: list[bytes]) -> int:
        """HSET."""
        held = self._hash(args[0])
        before = len(held)
        held.update(zip(args[1::2], args[2::2], strict=True))
        self.hashes[args[0]] = held
        return len(held) - before

    def hdel(self, args: list[bytes]) -> int:
        """HDEL; the last field takes the hash with it."""
        held = self._hash(args[0])
        gone = sum(held.pop(field, None) is not None for field in args[1:])
        if not held:
            self.hashes.pop(args[0], None)
        return gone

    def set(self, args: list[bytes]) -> bytes:
        """SET."""
        self.hashes[args[0]] = args[1]
        return b"OK"

    def unlink(self, args: list[bytes]) -> int:
        """UNLINK and DEL."""
        return sum(self.hashes.pop(key, None) is not None for key in args)

    def kind(self, args: list[bytes]) -> Any:
        """TYPE."""
        held = self.hashes.get(args[0])
        return b"none" if held is None else b"string" if isinstance(held, bytes) else b"hash"

    def evalsha(self, args: list[bytes]) -> Any:
        """EVALSHA."""
        if args[0] not in self._scripts:
            raise NoScriptError("No matching script. Please use EVAL.")
        return self._run(args[0], args[1:])

    def eval(self, args: list[bytes]) -> Any:
        """EVAL."""
        digest = hashlib.sha1(args[0]).hexdigest().encode()  # noqa: S324 - Redis' name for it
        self._scripts.add(digest)
        if digest not in _COMPILED:
            _COMPILED[digest] = _LUA.eval(
                b"function(KEYS, ARGV, redis, cjson) " + args[0] + b"\nend"
            )
        return self._run(digest, args[1:])

    def _run(self, digest: bytes, args: list[bytes]) -> Any:
        if self._at_a_write is not None:
            self.roll_back(self._at_a_write)
            self._at_a_write = None
        count = int(args[0])
        keys, argv = args[1 : 1 + count], args[1 + count :]
        api = _LUA.table_from({b"call": self._call_from_lua})
        answer = _COMPILED[digest](_LUA.table_from(keys), _LUA.table_from(argv), api, _CJSON)
        return None if answer is False else answer

    def _call_from_lua(self, *words: Any) -> Any:
        name, *rest = (_bytes(word) for word in words)
        answer = _COMMANDS[name](self, rest)
        if name == b"TYPE":
            return _LUA.table_from({b"ok": answer})
        return False if answer is None else answer


def _bytes(word: Any) -> bytes:
    return word if isinstance(word, bytes) else str(word).encode()


def _copy(hashes: Hashes) -> Hashes:
    return {k: v if isinstance(v, bytes) else dict(v) for k, v in hashes.items()}


_LUA = LuaRuntime(encoding=None)
_COMPILED: dict[bytes, Any] = {}
_CJSON = _LUA.table_from(
    {
        b"decode": lambda text: _LUA.table_from(
            {k.encode(): v for k, v in json.loads(text).items() if not isinstance(v, dict)}
        )
    }
)
_COMMANDS: dict[bytes, Callable[[Server, list[bytes]], Any]] = {
    b"HMGET": Server.hmget,
    b"HGET": Server.hget,
    b"HSET": Server.hset,
    b"HDEL": Server.hdel,
    b"SET": Server.set,
    b"UNLINK": Server.unlink,
    b"DEL": Server.unlink,
    b"TYPE": Server.kind,
    b"EVALSHA": Server.evalsha,
    b"EVAL": Server.eval,
    b"PING": lambda _, __: b"PONG",
}


class RedisNetwork:
    """The way to a Redis, and its accidents."""

    def __init__(self, loop: Loop, server: Server, weather: Weather, trace: Trace) -> None:
        self.loop = loop
        self.server = server
        self.weather = weather
        self.trace = trace
        self.down = False
        self.paused = False
        self.done: Counter[str] = Counter()
        self._held: list[tuple[Any, ...]] = []

    def open(self, url: str = "redis://model:6379/0") -> Any:
        """The router's own client, connected to the model."""
        network = self

        class Bound(_Connection):
            """A connection of the pool."""

            net = network

        client = open_redis(url)
        assert isinstance(client, Redis)
        client.connection_pool.connection_class = Bound
        return client

    def resume(self) -> None:
        """It works off what has come meanwhile."""
        self.paused = False
        held, self._held = self._held, []
        for one in held:
            self.arrive(*one)

    def arrive(
        self, connection: _Connection, commands: list[Any], future: Any, fate: tuple[str, float]
    ) -> None:
        """A pipeline has come; it may be cut off in its middle."""
        if self.paused:
            self._held.append((connection, commands, future, fate))
            return
        how, part = fate
        if self.down or how == "cut":
            # What has come of it is carried out, then the connection breaks.
            for words in commands[: 0 if self.down else round(part * len(commands))]:
                self.server.call(words)
            connection.fail(future)
            return
        answers = [self.server.call(words) for words in commands]
        if how == "lost":
            connection.fail(future)
        elif how != "silence":
            at = max(self.loop.time() + self.weather.latency(), connection.heard + ORDER_S)
            connection.heard = at
            self.loop.call_at(at, _settle, future, answers, context=connection.context)

    def draw_part(self) -> float:
        """How much of a pipeline that is cut arrives."""
        return self.weather._chance.random()


def _settle(future: Any, answers: Any) -> None:
    if not future.done():
        future.set_result(answers)


class _Connection(AbstractConnection):
    net: RedisNetwork

    def __init__(self, **options: Any) -> None:
        options.pop("host", None)
        options.pop("port", None)
        options["driver_info"] = None  # looking up its own version takes milliseconds
        super().__init__(**options)
        process = PROCESS.get()
        assert process is not None
        self._process = process
        self.context = process.context
        self.heard = 0.0
        self._sent = 0.0
        self._up = False
        self._answers: deque[Any] = deque()
        self._future: Any = None

    def __del__(self, _warnings: Any = None) -> None:
        """Nothing is left to close."""

    def repr_pieces(self) -> list[tuple[str, str]]:
        """For its name."""
        return [("host", "model")]

    def _host_error(self) -> str:
        return "model"

    @property
    def is_connected(self) -> bool:
        """Does this side believe so?"""
        return self._up

    async def _connect(self) -> None:
        """Part of `connect` below."""

    async def connect(self) -> None:
        """As over TCP: refused at once while there is nobody."""
        if self._up:
            return
        await asyncio.sleep(self.net.weather.latency())
        if self.net.down:
            raise RedisConnectionError("connection refused")
        self._up = True

    async def disconnect(self, *_: Any, **__: Any) -> None:
        """Forget what was on its way."""
        self._up = False
        self._answers.clear()
        self._future = None

    async def can_read(self, *_: Any, **__: Any) -> bool:
        """Is there an answer that nobody asked for?"""
        return bool(self._answers)

    async def can_read_destructive(self) -> bool:
        """The same."""
        return bool(self._answers)

    def pack_command(self, *args: Any) -> list[Any]:
        """A command as it is."""
        return [args]

    def pack_commands(self, commands: Any) -> list[Any]:
        """Commands as they are."""
        return list(commands)

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - as in the library
        """Send them, in order."""
        del check_health
        if not self._up:
            await self.connect()
        net = self.net
        self._future = net.loop.create_future()
        fate = net.weather.fate(precious=True)
        at = max(net.loop.time() + net.weather.latency(), self._sent + ORDER_S)
        self._sent = at
        net.trace(self._process.name, "Redis", len(command), fate)
        net.loop.later(
            at - net.loop.time(), net.arrive, self, command, self._future, (fate, net.draw_part())
        )

    def fail(self, future: Any) -> None:
        """The other side is gone."""
        self.net.loop.call_soon(self._fail, future, context=self.context)

    def _fail(self, future: Any) -> None:
        self._up = False
        if not future.done():
            future.set_exception(RedisConnectionError("connection closed by server"))

    async def read_response(self, *_: Any, **__: Any) -> Any:
        """The next answer; errors of the server are raised."""
        if not self._answers:
            assert self._future is not None
            future, self._future = self._future, None
            try:
                async with asyncio.timeout(self.socket_timeout):
                    self._answers.extend(await asyncio.shield(future))
            except TimeoutError:
                await self.disconnect()
                raise RedisTimeoutError("no answer") from None
            except BaseException:
                await self.disconnect()
                raise
        answer = self._answers.popleft()
        if isinstance(answer, ResponseError):
            raise answer
        return answer
