"""Server programs that live and die with this process. This file is the only one that starts any.

A server here has a folder, a port and a log of its own, starts within a bound or says why not, and
never outlives us: on Linux the kernel kills it when this process ends, whatever ended it. What a
killed process left on disk is removed by the next one (`scratch_folder`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, ClassVar, Self

LOOPBACK = "127.0.0.1"
FIRST_PORT = 15_000
LOG_TAIL = 3_000
"""Characters of a server's log that an error quotes."""

_FOLDER_PREFIX = "omniroute-"
_LOCK_FILE = ".lock"

# Runs in the child: ask the kernel to kill us with our parent, then become the server. In Python
# and not by `preexec_fn`, which may deadlock in a process that has threads.
_DIE_WITH_PARENT = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
    if os.getppid() != int(sys.argv[1]):
        os._exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
# The kernel takes the end of the *thread* that started a child for the end of the parent. Children
# are therefore started by one thread that lives as long as the process.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class StartFailedError(RuntimeError):
    """A server ended, or did not answer, within the time that it was given."""


class ToolMissingError(RuntimeError):
    """This machine lacks a program; the message says how to get it."""


class Server:
    """A server program on loopback. A subclass says what to run and when it answers.

    Use as a context manager, or call `start` and `close`. A folder that is not given is a temporary
    one and is removed by `close`. `folder` and `port` stay the same over `restart`. A `usual_port` is a wish:
    if another program has it, or takes it before the first start, `port` is another one.
    """

    name: ClassVar[str]
    start_within_s: ClassVar[float] = 20.0
    stop_within_s: ClassVar[float] = 10.0

    def __init__(self, *, folder: Path | None = None, usual_port: int | None = None) -> None:
        self._scratch: Scratch | None = None
        if folder is None:
            self._scratch = Scratch(self.name)
            folder = self._scratch.folder
        self.folder = folder
        self.port = free_port(usual_port)
        self._port_may_change = usual_port is not None
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str | Path]:
        """The program and its arguments."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """What is added to our environment for the program."""
        return {}

    def answers(self) -> bool:
        """Whether the server speaks its protocol now. Must return within a second or so."""
        raise NotImplementedError

    def prepare(self) -> None:
        """What must be done in the folder before every start."""

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self.alive else None

    @property
    def alive(self) -> bool:
        """Whether the program runs (a paused one does)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start and wait until it answers.

        Raises:
            StartFailedError: It ended or stayed mute; quotes the end of its log.
            ToolMissingError: The machine lacks the program.
        """
        if not self.alive:
            try:
                self._start_once()
            except StartFailedError:
                if not self._port_is_lost():
                    raise
                self.port = free_port()
                self._start_once()
            self._port_may_change = False
        return self

    def _start_once(self) -> None:
        self.prepare()
        if self._port_is_lost():  # one of the same kind would answer in our place
            raise self._failed(f"lost port {self.port} to another program")
        deadline = time.monotonic() + self.start_within_s
        self._process = spawn(
            self.command(), log=self.log, folder=self.folder, environment=self.environment()
        )
        while not self.answers():
            code = self._process.poll()
            if code is not None:
                raise self._failed(f"ended with exit code {code}")
            if time.monotonic() > deadline:
                self.kill()
                raise self._failed(f"did not answer within {self.start_within_s:.0f} s")
            time.sleep(0.05)

    def _port_is_lost(self) -> bool:
        """Has a stranger taken the port between its choice and the first start?"""
        return self._port_may_change and free_port(self.port) != self.port

    def stop(self) -> None:
        """Ask it to end (SIGTERM), and end it if it takes longer than `stop_within_s`."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
        try:
            self._process.wait(self.stop_within_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would. The folder stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(self.stop_within_s)

    def restart(self) -> Self:
        """Start it again on the same folder and port; one that runs is stopped first."""
        self.stop()
        return self.start()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open and nothing answers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it at once and remove its folder, if that was a temporary one."""
        self.kill()
        if self._scratch is not None:
            self._scratch.remove()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def log_tail(self) -> str:
        """The end of the server's log."""
        return tail(self.log)

    def _failed(self, what: str) -> StartFailedError:
        return StartFailedError(f"{self.name} {what}. The end of its log:\n{self.log_tail()}")


class Scratch:
    """A temporary folder of this process.

    It holds a lock while the process lives, so that folders of processes that were killed can be
    told from folders in use, and are removed when the next one is made.
    """

    def __init__(self, name: str) -> None:
        root = Path(tempfile.gettempdir())
        for old in root.glob(f"{_FOLDER_PREFIX}*"):
            _remove_if_abandoned(old)
        label = name.lower().replace(" ", "-")
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{label}-", dir=root))
        self._lock = _take_lock(self.folder)

    def remove(self) -> None:
        """Remove the folder; what a dying server still writes there is not worth an error."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that ends with this process; its output goes to the end of `log`.

    It gets a session of its own, so that Ctrl-C reaches us alone and we end things in order.

    Raises:
        ToolMissingError: There is no such program.
    """
    words = tie(command)

    def begin() -> subprocess.Popen[bytes]:
        with log.open("ab") as out:
            return subprocess.Popen(  # noqa: S603 - the words are our own, and there is no shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    return _SPAWNER.submit(begin).result()


def tie(command: Sequence[str | Path]) -> list[str]:
    """The words that run a program which ends with the thread that starts it, whatever ends that.

    Raises:
        ToolMissingError: There is no such program.
    """
    program = shutil.which(str(command[0]))
    if program is None:
        raise ToolMissingError(f"{command[0]} is not on this machine")
    words = [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), program]
    return words + [str(word) for word in command[1:]]


def free_port(prefer: int | None = None) -> int:
    """A port of loopback on which nobody listens: the preferred one if it is free, else any.

    Ports are taken below the range from which the kernel serves outgoing connections: while a
    server there is down, a client that keeps trying could be given the very port it tries.
    """
    ceiling = _first_ephemeral_port()
    tries = [prefer] if prefer else []
    tries += [FIRST_PORT + secrets.randbelow(ceiling - FIRST_PORT) for _ in range(100)]
    for port in tries:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, port))
                return port
    raise StartFailedError(f"no free port between {FIRST_PORT} and {ceiling} on {LOOPBACK}")


def tail(log: Path) -> str:
    """The end of a log file, or what to say when there is none."""
    try:
        return log.read_text(errors="replace")[-LOG_TAIL:].strip() or "(it is empty)"
    except OSError:
        return "(there is none)"


def _first_ephemeral_port() -> int:
    try:
        bounds = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
        return max(int(bounds.split()[0]), FIRST_PORT + 1_000)
    except (OSError, ValueError, IndexError):
        return 32_000


def _take_lock(folder: Path) -> IO[bytes] | None:
    """Lock a folder for as long as we live; None if somebody else holds it or it is gone."""
    try:
        lock = (folder / _LOCK_FILE).open("ab")
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def _remove_if_abandoned(folder: Path) -> None:
    # Without a lock file it is either not ours or being made at this moment.
    if not (folder / _LOCK_FILE).exists():
        return
    lock = _take_lock(folder)
    if lock is not None:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()
