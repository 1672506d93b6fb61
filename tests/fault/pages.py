"""What a worker says of itself: its pages, read from outside, and its size."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from services.runtime.child import LOOPBACK
from tests.fault.workers import Worker

WITHIN_S = 5.0
POLL_S = 0.1
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


class Told(msgspec.Struct, frozen=True):
    """`/readyz` at one moment."""

    ready: bool
    waits_for: dict[str, str]


class Pages:
    """The pages of one worker that has said where they are."""

    def __init__(self, worker: Worker) -> None:
        worker.await_log('"pages are served"')
        lines = worker.log.read_text("utf-8", errors="replace").splitlines()
        served = next(json.loads(line) for line in lines if '"pages are served"' in line)
        self._port = int(served["port"])
        self._worker = worker

    def readyz(self) -> Told:
        """Is it ready, and if not, what does it wait for?"""
        told = json.loads(self._get("/readyz"))
        return Told(told["ready"], told["waits_for"])

    def is_live(self) -> bool:
        """Would an orchestrator leave it alone?"""
        return bool(json.loads(self._get("/livez"))["live"])

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        samples = _SAMPLE.findall(self._get("/metrics"))
        return sum(float(value) for one, value in samples if one == name)

    def await_told(self, holds: Callable[[Told], bool], within_s: float) -> Told:
        """The first answer of `/readyz` of which this holds."""
        deadline = time.monotonic() + within_s
        while not holds(told := self.readyz()):
            if time.monotonic() > deadline:
                raise self._worker.complain(f"still said {told} after {within_s:.0f} s")
            time.sleep(POLL_S)
        return told

    def await_metric(self, name: str, holds: Callable[[float], bool], within_s: float) -> float:
        """The first value of a metric of which this holds."""
        deadline = time.monotonic() + within_s
        while not holds(value := self.metric(name)):
            if time.monotonic() > deadline:
                raise self._worker.complain(f"{name} was still {value} after {within_s:.0f} s")
            time.sleep(POLL_S)
        return value

    def resident_mib(self) -> float:
        """The memory of the process that the machine holds for it."""
        statm = Path(f"/proc/{self._worker.pid}/statm").read_text("ascii")
        return int(statm.split()[1]) * PAGE_BYTES / 2**20

    def _get(self, path: str) -> str:
        asking = http.client.HTTPConnection(LOOPBACK, self._port, timeout=WITHIN_S)
        asking.request("GET", path)
        text = asking.getresponse().read().decode()
        asking.close()
        return text
