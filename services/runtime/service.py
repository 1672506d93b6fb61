"""How a service ends: on a signal cleanly within a bound, on a `Stop` with its own exit code.

The process always leaves by `os._exit` (in `exit_now`): a library's background task or a socket
that does not close must not keep a dead service alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NoReturn

from services.runtime.lane import EXIT_CODES, Stop
from services.runtime.lanes import Lanes
from services.runtime.log import get_log

log = get_log(__name__)

SHUTDOWN_WITHIN_S = 10.0
"""From the signal to the end of the process."""


def run_to_the_end(runner: asyncio.Runner, service: Coroutine[Any, Any, int]) -> int:
    """Run a service; asked to end before its lanes run, it ends with 0 as it does later.

    Until `run_service` takes the signals over, they would end the process by themselves, which
    looks like a crash to whoever restarts it while Kafka is away.
    """
    # What is loaded by now stays. Looking through it again and again for garbage would stop
    # everything for 35 ms each time (the sentiment model and the libraries).
    gc.collect()
    gc.freeze()

    async def cancelled_by_signals() -> int:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            if task is not None:
                loop.add_signal_handler(number, task.cancel)
        return await service

    try:
        return runner.run(cancelled_by_signals())
    except asyncio.CancelledError:
        log.info("asked to stop before the lanes were open")
        return 0


async def run_service(
    lanes: Lanes,
    *,
    beside: Sequence[Coroutine[Any, Any, None]] = (),
    last: Callable[[], Awaitable[None]] | None = None,
) -> int:
    """Run the lanes until SIGTERM or SIGINT, or until they must stop; returns the exit code.

    `beside` are further tasks, such as the HTTP server of probes and metrics: the end of one of
    them by an exception ends the service, and they are cancelled when the lanes have ended.
    `last` closes what the service opened. The whole shutdown has `SHUTDOWN_WITHIN_S`; what takes
    longer is cut off with the code of `shutdown_too_slow`.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    running = asyncio.create_task(lanes.run(), name="lanes")
    others = [asyncio.create_task(one) for one in beside]
    asking = asyncio.create_task(asked.wait())
    await asyncio.wait({running, asking, *others}, return_when=asyncio.FIRST_COMPLETED)
    code = _first_code([running, *others])
    if asked.is_set():
        log.info("asked to stop")
    lanes.stop()
    try:
        async with asyncio.timeout(SHUTDOWN_WITHIN_S - 1):
            code = code or await _end(running, others, last)
    except TimeoutError:
        log.error("shutdown took too long; what was not committed will be done again")  # noqa: TRY400
        code = code or EXIT_CODES["shutdown_too_slow"]
    return code


def _first_code(tasks: Sequence[asyncio.Task[None]]) -> int:
    for task in tasks:
        if task.done() and not task.cancelled():
            code = _code_of(task.exception())
            if code:
                return code
    return 0


def _code_of(error: BaseException | None) -> int:
    if error is None:
        return 0
    if isinstance(error, Stop):
        log.critical("the service must stop", code=error.code, why=error.why)
        return EXIT_CODES.get(error.code, EXIT_CODES["crashed"])
    log.critical("the service ended by a defect", exc_info=error)
    return EXIT_CODES["crashed"]


async def _end(
    running: asyncio.Task[None],
    others: Sequence[asyncio.Task[None]],
    last: Callable[[], Awaitable[None]] | None,
) -> int:
    await asyncio.wait({running})
    code = _first_code([running])
    for other in others:
        other.cancel()
    if others:
        await asyncio.wait(others)
    if last is not None:
        with contextlib.suppress(Exception):
            await last()
    return code


def exit_now(code: int) -> NoReturn:
    """Flush what was printed and leave, whatever still runs."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)
