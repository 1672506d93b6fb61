"""A TCP proxy that does to connections what networks do: slow, cut, reset, half-open.

    with Proxies() as proxies:
        link = proxies.add(9092)            # clients go to link.port
        link.delay_s = 0.2                  # every chunk of bytes comes so much later
        link.cut_all(reset=True)            # what is open ends with RST
        trap = link.arm(Trap(place="before a reply", apis=(26,)))   # at the next EndTxn

All runs in one thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

from services.runtime.child import LOOPBACK, free_port
from tests.fault.traps import (
    AFTER_REPLY,
    AFTER_REQUEST,
    BEFORE_REPLY,
    BEFORE_REQUEST,
    WITHIN_REPLY,
    Frames,
    Trap,
)

CHUNK = 64 * 1024
CALL_S = 10.0
ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: a close sends RST."""


class _Wire:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: _Side, server: _Side) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.dead = False
        """Half-open: nothing arrives any more, and nobody is told."""
        self._requests = Frames(requests=True)
        self._replies = Frames(requests=False)
        self._trap: Trap | None = None
        self._ident = 0

    async def run(self) -> None:
        pumps = [
            asyncio.create_task(self._pump(self.client, self.server, self._ask)),
            asyncio.create_task(self._pump(self.server, self.client, self._answer)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        if self.dead:
            await pumps[0]  # a server that gives up is not heard of; the client must find out
        self.end()
        for pump in pumps:
            pump.cancel()

    async def _pump(
        self, source: _Side, target: _Side, look: Callable[[bytes], tuple[bytes, bool]]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.reader.read(CHUNK):
                if self.proxy.delay_s:
                    await asyncio.sleep(self.proxy.delay_s)
                if self.dead:
                    continue
                passed, over = look(data)
                target.writer.write(passed)
                await target.writer.drain()
                if over:
                    self.end(reset=self._trap is not None and self._trap.reset)
                    return

    def _ask(self, data: bytes) -> tuple[bytes, bool]:
        """What of a client's bytes goes on, and whether the connection ends behind them."""
        frames = self._requests.feed(data)
        trap = None if self._trap else self.proxy.match(data, frames)
        if trap is None:
            return data, False
        self._trap, self._ident = trap, trap.wants(data, frames) or 0
        if trap.place == BEFORE_REQUEST:
            trap.sprung.set()
            return b"", True
        if trap.place == AFTER_REQUEST:
            trap.sprung.set()
            return data, True
        return data, False

    def _answer(self, data: bytes) -> tuple[bytes, bool]:
        trap = self._trap
        if trap is None:
            return data, False
        mine = bool(trap.words) or any(i == self._ident for _, i in self._replies.feed(data))
        if not mine or trap.place not in {BEFORE_REPLY, WITHIN_REPLY, AFTER_REPLY}:
            return data, False
        trap.sprung.set()
        passed = {BEFORE_REPLY: 0, WITHIN_REPLY: len(data) // 2, AFTER_REPLY: len(data)}
        return data[: passed[trap.place]], True

    def end(self, *, reset: bool = False) -> None:
        self.dead = False
        for side in (self.client, self.server):
            if reset:
                own: socket.socket = side.writer.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                side.writer.transport.abort()
            else:
                side.writer.close()


class _Side:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer


class Proxy:
    """One listening port and the server behind it. Its methods may be called from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: int, port: int) -> None:
        self._loop = loop
        self._target = target
        self._wires: set[_Wire] = set()
        self._traps: list[Trap] = []
        self.port = port
        self.delay_s = 0.0
        """How much later every chunk arrives, each way."""
        self.refusing = False
        """New connections end with RST."""
        self.deaf = False
        """New connections are taken and never answered."""

    def arm(self, trap: Trap) -> Trap:
        """Set a trap; `trap.sprung` tells when it went off."""
        self._traps.append(trap)
        return trap

    def disarm(self) -> None:
        """Take away the traps that did not go off."""
        self._traps.clear()

    def match(self, data: bytes, frames: list[tuple[int, int]]) -> Trap | None:
        """The first trap that waits for this; it is taken."""
        for trap in self._traps:
            if trap.wants(data, frames) is not None:
                self._traps.remove(trap)
                return trap
        return None

    def cut_all(self, *, reset: bool = False) -> int:
        """End all that is open; how many connections that were."""
        return self._call(lambda: self._each(lambda wire: wire.end(reset=reset)))

    def half_open_all(self) -> int:
        """From now on nothing of what is open arrives; new connections work."""
        return self._call(lambda: self._each(lambda wire: setattr(wire, "dead", True)))

    def _each(self, do: Callable[[_Wire], None]) -> int:
        wires = list(self._wires)
        for wire in wires:
            do(wire)
        return len(wires)

    def _call(self, do: Callable[[], int]) -> int:
        async def doing() -> int:
            return do()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(CALL_S)

    async def listen(self) -> asyncio.Server:
        """Begin to take connections."""
        return await asyncio.start_server(self._take, LOOPBACK, self.port)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Side(reader, writer)
        try:
            if self.refusing:
                raise ConnectionRefusedError
            server = _Side(*await asyncio.open_connection(LOOPBACK, self._target))
        except OSError:
            writer.transport.abort()
            return
        wire = _Wire(self, client, server)
        wire.dead = self.deaf
        self._wires.add(wire)
        try:
            await wire.run()
        finally:
            self._wires.discard(wire)


class Proxies:
    """The thread in which proxies run. Use as a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CALL_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)
        self._loop.close()

    def add(self, target: int, port: int | None = None) -> Proxy:
        """A proxy before a port of loopback; it listens when this returns."""
        proxy = Proxy(self._loop, target, port or free_port())
        asyncio.run_coroutine_threadsafe(proxy.listen(), self._loop).result(CALL_S)
        return proxy

    async def _end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
