"""Server programs start within bounds, and none outlives the process that started it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from services.runtime import child
from services.runtime.child import Scratch, Server, StartFailedError, ToolMissingError, free_port
from services.runtime.embedded import Valkey


class Script(Server):
    """A Python one-liner as a server."""

    name = "script"
    start_within_s = 1.0
    code = ""

    def command(self) -> Sequence[str | Path]:
        """Run the line."""
        return [sys.executable, "-c", self.code]

    def answers(self) -> bool:
        """Never."""
        return False


def test_a_server_that_ends_at_once_is_reported_with_its_own_words() -> None:
    """Law: the error quotes the log, and the folder is gone."""
    server = Script()
    server.code = "import sys; sys.exit('the disk is full')"
    with pytest.raises(StartFailedError, match=r"exit code 1.*\n.*the disk is full"), server:
        pytest.fail("it cannot have started")
    assert not server.folder.exists()


def test_a_server_that_stays_mute_is_ended_within_its_bound() -> None:
    """Law: nobody waits for ever; the process is gone when the error is raised."""
    server = Script()
    server.code = "import time; print('thinking', flush=True); time.sleep(60)"
    began = time.monotonic()
    with pytest.raises(StartFailedError, match=r"did not answer within 1 s.*\nthinking"):
        server.start()
    assert time.monotonic() - began < 5
    assert not server.alive
    server.close()


def test_a_program_that_is_absent_is_named(tmp_path: Path) -> None:
    """Law: the error says which program the machine lacks."""
    with pytest.raises(ToolMissingError, match="no-such-program"):
        child.spawn(["no-such-program"], log=tmp_path / "log", folder=tmp_path)


def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Law: after SIGKILL of its owner no server is left, and the next run removes its folder."""
    owner = run_owner(tmp_path, "import time\ntime.sleep(60)")
    pid, folder = read_words(tmp_path / "started")
    assert is_running(int(pid))
    assert Path(folder).is_dir()
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait(10)
    assert eventually(lambda: not is_running(int(pid)))
    Scratch("sweeper").remove()
    assert not Path(folder).exists()


def test_a_server_dies_when_its_owner_forgets_it(tmp_path: Path) -> None:
    """Law: a process that ends without closing its server leaves none behind."""
    owner = run_owner(tmp_path, "")
    owner.wait(20)
    pid, _ = read_words(tmp_path / "started")
    assert eventually(lambda: not is_running(int(pid)))


def test_a_server_outlives_the_thread_that_started_it() -> None:
    """Law: a server started from a worker thread serves on when that thread has ended."""
    with Valkey() as server:
        server.kill()
        thread = threading.Thread(target=server.start)
        thread.start()
        thread.join()
        time.sleep(0.2)
        assert server.answers()


def test_folders_in_use_are_left_alone() -> None:
    """Law: making a scratch folder removes abandoned ones only."""
    first = Scratch("first")
    second = Scratch("second")
    assert first.folder.is_dir()
    first.remove()
    second.remove()
    assert not first.folder.exists()


def test_a_preferred_port_is_taken_only_when_it_is_free() -> None:
    """Law: the preferred port if nobody listens there, else another that is free."""
    port = free_port()
    assert free_port(prefer=port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert free_port(prefer=port) != port


class Overtaken(Valkey):
    """One of the same kind takes its port while it gets ready."""

    def __init__(self) -> None:
        super().__init__(usual_port=free_port())
        self.first, self.stranger = self.port, Valkey(usual_port=self.port)

    def prepare(self) -> None:
        """Be slow."""
        self.stranger.start()


def test_a_port_that_was_lost_during_the_first_start_is_exchanged() -> None:
    """Law: who is quicker keeps the port; that it answers in our place is not taken for ours."""
    server = Overtaken()
    with contextlib.closing(server.stranger), server:
        assert (server.stranger.port, server.port != server.first) == (server.first, True)
        assert server.answers()


class Beaten(Valkey):
    """A stranger listens on its port when the program has begun to start."""

    def __init__(self) -> None:
        super().__init__(usual_port=free_port())
        self.first, self.stranger = self.port, socket.socket()

    def command(self) -> Sequence[str | Path]:
        """Once: the stranger takes the port that was chosen."""
        with contextlib.suppress(OSError):
            self.stranger.bind(("127.0.0.1", self.first))
            self.stranger.listen()
        return super().command()


def test_a_port_that_was_lost_to_one_that_was_quicker_to_bind_is_exchanged() -> None:
    """Law: the program that ended for it is started once more."""
    server = Beaten()
    with server.stranger, server:
        assert server.port != server.first
        assert server.answers()


def test_a_server_that_took_the_port_before_the_first_start_is_not_taken_for_ours() -> None:
    """Law: one of the same kind would answer in our place."""
    server = Valkey(usual_port=free_port())
    with Valkey(usual_port=server.port) as stranger, server:
        assert stranger.port != server.port


def test_a_port_that_clients_know_stays() -> None:
    """Law: a restart on a port that somebody else has taken meanwhile is refused, not moved."""
    with Valkey(usual_port=free_port()) as server:
        server.kill()
        with (
            socket.create_server(("127.0.0.1", server.port)),
            pytest.raises(StartFailedError, match="Address already in use"),
        ):
            server.start()


def test_ports_stay_out_of_the_range_of_outgoing_connections() -> None:
    """Law: a client that keeps knocking on a dead server's port is never given that very port."""
    assert all(child.FIRST_PORT <= free_port() < child._first_ephemeral_port() for _ in range(50))


def run_owner(folder: Path, then: str) -> subprocess.Popen[bytes]:
    """A process that starts a Valkey, writes down its pid and folder, and goes on."""
    started = folder / "started"
    code = (
        "from pathlib import Path\n"
        "from services.runtime.embedded import Valkey\n"
        "server = Valkey().start()\n"
        f"fresh = Path({str(started)!r} + '.new')\n"
        "fresh.write_text(f'{server.pid} {server.folder}')\n"
        f"fresh.rename({str(started)!r})\n" + then
    )
    owner = subprocess.Popen([sys.executable, "-c", code])
    assert eventually(started.exists), "the owner did not start its server"
    return owner


def read_words(file: Path) -> list[str]:
    """The words of a small file."""
    return file.read_text(encoding="utf-8").split()


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet collected does not."""
    with contextlib.suppress(OSError):
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return False


def eventually(holds: Callable[[], bool], within_s: float = 15) -> bool:
    """Whether something comes to hold within a bound."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
