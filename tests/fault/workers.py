"""Router processes to be killed, frozen and resumed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, Self, cast

from services.runtime.child import spawn, tail
from tests.fault.nursery import Forked, Nursery

CLONE = Path(__file__).resolve().parents[2]
POLL_S = 0.02
START_WITHIN_S = 120.0
"""Long enough on a machine that does much else; a start takes a second or two by itself."""


class WorkerError(AssertionError):
    """A worker did not do what it should within its time; quotes the end of its log."""


class Process(Protocol):
    """What is asked of a process, however it was started."""

    pid: int

    def poll(self) -> int | None:
        """The exit code; None while it runs."""

    def wait(self, timeout: float) -> int:
        """The exit code; raises subprocess.TimeoutExpired."""

    def send_signal(self, number: int) -> None:
        """Send it a signal."""

    def kill(self) -> None:
        """SIGKILL."""


class Child:
    """A process of ours that never outlives this one, and its log."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process = process
        self.log = log

    @classmethod
    def program(cls, words: list[str], folder: Path, environment: Mapping[str, str]) -> Self:
        """A module of the clone as a program: `python -m <words>`."""
        log = folder / f"{words[0]}-{time.monotonic_ns()}.log"
        own = {"PYTHONPATH": str(CLONE), **environment}
        process = spawn([sys.executable, "-m", *words], log=log, folder=folder, environment=own)
        return cls(cast("Process", process), log)

    @property
    def pid(self) -> int:
        """Its process id, also after its end."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Does it run? A frozen one does."""
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a power cut."""
        self._process.kill()
        self._process.wait(10)

    def pause(self) -> None:
        """SIGSTOP: it stands still in the middle of whatever it did."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: it goes on as if no time had passed."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM, within_s: float = 30.0) -> int:
        """Ask it to end and return its exit code."""
        if self.alive:
            self._process.send_signal(number)
        return self.await_end(within_s)

    def await_end(self, within_s: float) -> int:
        """The exit code; raises WorkerError if it still runs then."""
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired as why:
            self.kill()
            raise self.complain(f"still ran after {within_s:.0f} s") from why

    def complain(self, what: str) -> WorkerError:
        """An error with the end of the log."""
        return WorkerError(f"{self.log.name} {what}:\n{tail(self.log)}")


class Worker(Child):
    """One router process."""

    @classmethod
    def forked(cls, nursery: Nursery, folder: Path, environment: Mapping[str, str]) -> Self:
        """One that is up at once."""
        log = folder / f"forked-router-{time.monotonic_ns()}.log"
        return cls(Forked(nursery, environment, log), log)

    def says(self, words: str) -> bool:
        """Does a line of its log hold these words?"""
        return words in self.log.read_text(errors="replace")

    def await_log(self, words: str, within_s: float = START_WITHIN_S) -> None:
        """Wait until a line of its log holds these words."""
        deadline = time.monotonic() + within_s
        while not self.says(words):
            if not self.alive:
                raise self.complain(f"ended before it said {words!r}")
            if time.monotonic() > deadline:
                raise self.complain(f"did not say {words!r} within {within_s:.0f} s")
            time.sleep(POLL_S)

    def await_kill(self, within_s: float = START_WITHIN_S) -> None:
        """Wait for the crash point; the worker must die by SIGKILL there and of nothing else."""
        code = self.await_end(within_s)
        if code != -signal.SIGKILL:
            raise self.complain(f"ended with {code} and not at its crash point")
