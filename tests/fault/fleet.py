"""The workers of a stage: kept at a number, and every end of one is known."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping

from tests.fault.arena import Arena
from tests.fault.workers import Worker

LOOK_S = 0.1
STOP_WITHIN_S = 30.0
OPEN = "the lane is open"
GIVEN = "the group gave"


class Fleet:
    """Starts a worker wherever one is missing; nemeses take workers out and put others in."""

    def __init__(self, arena: Arena, wanted: int) -> None:
        self._arena = arena
        self._wanted = wanted
        self._workers: list[Worker] = []
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="fleet", daemon=True)
        self.exits: Counter[int] = Counter()
        """Exit codes of workers that nobody told to end."""
        self.last_words: dict[int, str] = {}
        """The end of the log of the last one with each code."""
        self.failure: Exception | None = None

    @property
    def workers(self) -> list[Worker]:
        """Those that are counted now."""
        with self._lock:
            return list(self._workers)

    def start(self) -> None:
        """Start as many as wanted and wait until the first has its lanes."""
        self._keeper.start()
        if self._wanted:
            self.add(more=False).await_log(OPEN)

    def add(self, *, more: bool = True, environment: Mapping[str, str] | None = None) -> Worker:
        """Let one more join; with `more` there is to be one more from now on."""
        with self._lock:
            worker = self._arena.worker(fresh=False, environment=environment)
            self._workers.append(worker)
            self._wanted += more
        return worker

    def take(self, chance: random.Random, *, replace: bool) -> Worker:
        """One that is up, to do with as one likes; with `replace` another one joins at once."""
        with self._lock:
            up = [worker for worker in self._workers if worker.alive and worker.says(OPEN)]
            worker = chance.choice(up or self._workers)
            self._workers.remove(worker)
            self._wanted -= not replace
        return worker

    def close(self) -> None:
        """Ask all to end; each must end with 0."""
        self._ending.set()
        if self._keeper.is_alive():
            self._keeper.join(10)
        for worker in self.workers:
            code = worker.stop(within_s=STOP_WITHIN_S)
            if code != 0:
                raise worker.complain(f"ended with {code} when it was asked to stop")

    def _keep(self) -> None:
        while not self._ending.wait(LOOK_S):
            try:
                self._replace()
            except Exception as error:  # noqa: BLE001 - told at the end of the round
                self.failure = error
                return

    def _replace(self) -> None:
        with self._lock:
            for worker in [one for one in self._workers if not one.alive]:
                self._workers.remove(worker)
                code = worker.await_end(1.0)
                self.exits[code] += 1
                self.last_words[code] = str(worker.complain(f"ended by itself with {code}"))
            for _ in range(self._wanted - len(self._workers)):
                self._workers.append(self._arena.worker(fresh=False))
