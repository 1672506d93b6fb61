"""Starts router processes quickly: one interpreter imports the router once and forks each worker.

Importing takes seconds of processor time, and a campaign starts a worker for every kill. A
forked worker runs the same `main` as `python -m services.router`, as a process of its own.

Run as a program it reads one JSON object a line and answers each with one:
`{"env": {...}, "log": path}` -> the pid; `{"poll": pid}` -> the exit code, null while it runs.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

POLL_S = 0.01
PR_SET_PDEATHSIG = 1


class Nursery:
    """The forking interpreter, seen from the tests."""

    def __init__(self, clone: Path) -> None:
        """Start it on the services of this clone."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.nursery"],
            cwd=clone,
            env={**os.environ, "PYTHONPATH": str(clone)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def ask(self, **words: object) -> Any:
        """One question, one answer; threads may ask side by side."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it, and with it every worker that still runs."""
        self._process.kill()
        self._process.wait(10)


class Forked:
    """One forked worker, with the part of `subprocess.Popen` that tests use."""

    def __init__(self, nursery: Nursery, environment: Mapping[str, str], log: Path) -> None:
        self._nursery = nursery
        self._code: int | None = None
        log.touch()
        self.pid = int(nursery.ask(env=dict(environment), log=str(log)))

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._code is None:
            self._code = self._nursery.ask(poll=self.pid)
        return self._code

    def wait(self, timeout: float) -> int:
        """The exit code; raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("forked router", timeout)
            time.sleep(POLL_S)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing, if it has ended: its pid is kept until `poll` has told so."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def run() -> None:
    """Answer until stdin ends."""
    _die_with_parent()
    service = importlib.import_module("services.router.__main__")
    for line in sys.stdin:
        words = json.loads(line)
        if "env" in words:
            pid = os.fork()
            if pid == 0:
                _be_worker(service, words["env"], words["log"])
            answer: int | None = pid
        else:
            found, status = os.waitpid(words["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if found else None
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _be_worker(service: Any, environment: Mapping[str, str], log: str) -> NoReturn:
    """Never returns: the router leaves the process itself, and so do its failures."""
    _die_with_parent()
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(here, there)
    os.environ.update(environment)
    # The crash point is read from the environment when its module is imported.
    importlib.reload(importlib.import_module("services.runtime.crash"))
    try:
        service.exit_now(service.main())
    finally:
        os._exit(1)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    run()
