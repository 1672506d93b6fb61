"""An event loop without an outside: a virtual clock, a seeded order, processes that can be killed.

Whatever runs belongs to a process (`PROCESS`, inherited by every task and callback). What a killed
process has still to run is never run; what a frozen one has to run waits for its thaw, timers
included, as after SIGKILL and SIGSTOP. Time passes only when nothing can run.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import sys
import time
import uuid
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import Any

EPOCH_MS = 1_790_000_000_000
"""The wall clock at the beginning of every schedule, ms since the epoch."""

PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class QuietError(Exception):
    """Nothing will ever happen again in this loop, but somebody waits."""


class LivelockError(Exception):
    """So much happened in so little time that it will never end."""


TURN_S = 2e-6
MOST_TURNS = 400_000


class Process:
    """What a killed worker takes with it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.frozen = False
        self.skew_ms = 0
        """Of its wall clock."""
        self.thawed = -1e9
        """When it was last let go on."""
        self.steps = 0
        """Callbacks that it has run."""
        self.at_step: dict[int, Callable[[], None]] = {}
        """What is to happen right after so many steps."""
        self.held: list[asyncio.Handle] = []
        self.context = Context()
        self.context.run(PROCESS.set, self)


class _Future(asyncio.Future[Any]):
    """A future whose place in a set does not hang on its address."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class _Task(asyncio.Task[Any]):
    number = 0

    def __hash__(self) -> int:
        return self.number


class Loop(asyncio.BaseEventLoop):
    """Runs one schedule; `seed` decides which of the callbacks that can run is run first."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._now = 0.0
        self._chance = random.Random(seed)
        self._number = 0
        self._ready: Any
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._tasks: list[_Task] = []
        self.process: Process | None = None
        """Whose callback runs now."""
        self.turns = 0
        self.unseen: list[str] = []
        """Errors that nobody looked at."""
        self.set_task_factory(self._make_task)  # type: ignore[arg-type] # a factory takes what it likes

    # -- what asyncio asks for

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._now

    def create_future(self) -> _Future:
        """A future of this loop."""
        self._number += 1
        future = _Future(loop=self)
        future.number = self._number
        return future

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any
    ) -> _Task:
        self._number += 1
        task = _Task.__new__(_Task)
        task.number = self._number
        task.__init__(coro, loop=loop, name=f"t{self._number}", **options)  # type: ignore[misc]
        # What a killed process waited for must not be tidied up by the garbage collector.
        if len(self._tasks) > 400:
            self._tasks = [t for t in self._tasks if not t.done()]
        self._tasks.append(task)
        return task

    def call_at(  # type: ignore[override] # less particular about what it calls
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Call at a virtual time."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._number += 1
        heapq.heappush(self._timers, (when, self._number, handle))
        return handle

    def call_later(  # type: ignore[override] # the same
        self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Call after so many virtual seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Errors that nobody awaited are no news in a schedule full of faults."""
        error = context.get("exception")
        self.unseen.append(f"{context.get('message')}: {type(error).__name__} {error}")

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is skipped when its time comes."""

    def _write_to_self(self) -> None:
        """There is no selector to wake."""

    def _run_once(self) -> None:
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise LivelockError
        # Work takes time: without, whoever waits for a rest of a microsecond would wait for ever.
        self._now += TURN_S
        ready = self._ready
        self._ring(ready)
        if len(ready) == 1:
            self._run_one(ready.popleft())
            return
        turn = list(ready)
        ready.clear()
        # A Fisher-Yates shuffle; random.shuffle takes three times as long.
        for i in range(len(turn) - 1, 0, -1):
            j = int(self._chance.random() * (i + 1))
            turn[i], turn[j] = turn[j], turn[i]
        for handle in turn:
            if not handle._cancelled:
                self._run_one(handle)

    def _ring(self, ready: Any) -> None:
        """Make ready what is due; if nothing can run, let time pass until something is."""
        timers = self._timers
        if not ready:
            while timers and timers[0][2]._cancelled:
                heapq.heappop(timers)
            if not timers:
                raise QuietError
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            handle = heapq.heappop(timers)[2]
            if not handle._cancelled:
                ready.append(handle)

    def _run_one(self, handle: asyncio.Handle) -> None:
        context = handle._context  # type: ignore[attr-defined]
        process = context.get(PROCESS)
        self.process = process
        if process is None:
            context.run(handle._callback, *handle._args)  # type: ignore[attr-defined]
            return
        if not process.alive or process.frozen:
            process.held.append(handle)
            return
        try:
            context.run(handle._callback, *handle._args)  # type: ignore[attr-defined]
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio does with callbacks
            self.call_exception_handler({"message": "in a callback", "exception": error})
        process.steps += 1
        if process.at_step:
            due = process.at_step.pop(process.steps, None)
            if due is not None:
                self.process = None
                due()

    # -- what a schedule does

    def later(self, delay: float, call: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call outside of every process."""
        return self.call_at(self._now + delay, call, *args, context=_OUTSIDE)

    def spawn(self, process: Process, coro: Coroutine[Any, Any, Any]) -> _Task:
        """Run a coroutine as the first task of a process."""
        task = self.create_task(coro, context=process.context)
        assert isinstance(task, _Task)
        return task

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on."""
        process.frozen = False
        process.thawed = self._now
        self._ready.extend(process.held)
        process.held = []

    def wall_ms(self) -> float:
        """The wall clock of whoever runs, ms since the epoch."""
        skew = self.process.skew_ms if self.process is not None else 0
        return EPOCH_MS + self._now * 1000 + skew

    def bury(self) -> None:
        """Drop everything that never came to its end, without a word."""
        hook = sys.unraisablehook
        sys.unraisablehook = lambda _: None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._drop()
        sys.unraisablehook = hook
        self.close()

    def _drop(self) -> None:
        for handle in [*self._ready, *(timer[2] for timer in self._timers)]:
            handle.cancel()
        for task in self._tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            if not task.done():
                _close(task.get_coro())
        self._tasks.clear()
        self._ready.clear()
        self._timers.clear()


_OUTSIDE = Context()


def _close(coro: Any) -> None:
    # Its `finally` blocks run here and may await or raise whatever they like: the world is over.
    for _ in range(5):
        try:
            coro.close()
        except BaseException:  # noqa: BLE001, S112
            continue
        return


@contextmanager
def virtual(loop: Loop, seed: int) -> Iterator[None]:
    """Clock, chance and names come from the loop and the seed while the block runs."""
    chance = random.Random(seed ^ 0x5EED)
    before = time.time, time.monotonic, uuid.uuid4, random.getstate()
    time.time = lambda: loop.wall_ms() / 1000
    time.monotonic = loop.time
    uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
    random.seed(seed)
    try:
        yield
    finally:
        time.time, time.monotonic, uuid.uuid4 = before[:3]
        random.setstate(before[3])
