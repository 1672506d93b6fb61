"""The TCP proxy does what it says: without that, faults that did not happen would be counted."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from services.runtime.child import LOOPBACK, free_port
from tests.fault.proxy import Proxies, Proxy
from tests.fault.traps import PLACES, Frames, Trap

END_TXN, FETCH = 26, 1
REPLY = b"said"


def request(api: int, ident: int, body: bytes = b"body") -> bytes:
    """A request as Kafka frames it."""
    return struct.pack(">ihhi", 8 + len(body), api, 0, ident) + body


def reply(ident: int) -> bytes:
    """A reply as Kafka frames it."""
    return struct.pack(">ii", 4 + len(REPLY), ident) + REPLY


class Server:
    """Answers each frame with its correlation id and remembers what arrived."""

    def __init__(self) -> None:
        self.port = free_port()
        self.heard: list[int] = []
        self._listening = socket.create_server((LOOPBACK, self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(65_536):
                (ident,) = struct.unpack_from(">i", data, 8)
                self.heard.append(ident)
                connection.sendall(reply(ident))
        except OSError:
            return

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()


@pytest.fixture
def server() -> Iterator[Server]:
    """One on loopback."""
    one = Server()
    yield one
    one.close()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """One before it."""
    with Proxies() as proxies:
        yield proxies.add(server.port)


def connect(proxy: Proxy) -> socket.socket:
    """A client of the proxy."""
    return socket.create_connection((LOOPBACK, proxy.port), timeout=2)


def hear(client: socket.socket) -> bytes:
    """All that comes until the end; empty if the end was a reset and nothing came before."""
    heard = b""
    try:
        while data := client.recv(65_536):
            heard += data
    except ConnectionResetError:
        pass
    return heard


@pytest.mark.parametrize("place", PLACES)
def test_a_trap_cuts_at_its_place_of_the_request_that_it_waits_for(
    server: Server, proxy: Proxy, place: str
) -> None:
    """Law: other requests pass; of this one exactly as much arrives as the place says."""
    trap = proxy.arm(Trap(place, apis=(END_TXN,)))
    with connect(proxy) as client:
        client.sendall(request(FETCH, 1))
        assert client.recv(100) == reply(1)
        assert not trap.sprung.is_set()
        client.sendall(request(END_TXN, 2))
        heard = hear(client)
    assert trap.sprung.wait(2)
    whole = reply(2)
    parts = {"within a reply": whole[: len(whole) // 2], "after a reply": whole}
    assert heard == parts.get(place, b"")
    time.sleep(0.1)
    assert (2 in server.heard) == (place != "before a request")


def test_a_reset_is_a_reset_and_new_connections_work(server: Server, proxy: Proxy) -> None:
    """Law: who was connected gets RST, who comes after is served."""
    with connect(proxy) as client:
        client.sendall(request(FETCH, 1))
        client.recv(100)
        assert proxy.cut_all(reset=True) == 1
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with connect(proxy) as client:
        client.sendall(request(FETCH, 2))
        assert client.recv(100) == reply(2)
    assert server.heard == [1, 2]


def test_a_half_open_connection_says_nothing_and_does_not_end(server: Server, proxy: Proxy) -> None:
    """Law: nothing arrives, nobody is told; only the client's own patience ends."""
    with connect(proxy) as client:
        client.sendall(request(FETCH, 1))
        client.recv(100)
        assert proxy.half_open_all() == 1
        client.sendall(request(FETCH, 2))
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(100)
    assert server.heard == [1]


def test_latency_holds_both_ways(proxy: Proxy) -> None:
    """Law: a question and its answer take twice the delay."""
    proxy.delay_s = 0.1
    with connect(proxy) as client:
        begin = time.monotonic()
        client.sendall(request(FETCH, 1))
        assert client.recv(100) == reply(1)
        assert time.monotonic() - begin >= 0.2


def test_frames_are_found_wherever_the_stream_is_split() -> None:
    """Law: the same requests, however the bytes come."""
    stream = request(FETCH, 7) + request(END_TXN, 8, b"x" * 300) + request(FETCH, 9)
    wanted = [(FETCH, 7), (END_TXN, 8), (FETCH, 9)]
    for size in (1, 3, 13, 1_000):
        frames = Frames(requests=True)
        found = [
            one for at in range(0, len(stream), size) for one in frames.feed(stream[at : at + size])
        ]
        assert found == wanted
