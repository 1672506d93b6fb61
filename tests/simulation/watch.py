"""Looks on while a schedule runs: every wait has its bound, and sizes are small enough to matter."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from services.router import changelog
from services.runtime.connection import CLOSE_WITHIN_S
from services.runtime.transaction import Transactor
from tests.simulation.loop import PROCESS, Process
from tests.simulation.worker import SETTINGS

if TYPE_CHECKING:
    from tests.simulation.schedule import World

ROOM_S = 1.5
"""What a wait may take beyond its bound."""

Doing = Callable[..., Coroutine[Any, Any, Any]]


@contextmanager
def watched(world: World) -> Iterator[None]:
    """Report every transaction and every close of a producer that goes on beyond its limit."""
    before = Transactor.commit, Transactor.discard, changelog.CHUNK
    commit = _bound(world, Transactor.commit, SETTINGS["batch_within"], "a transaction")
    discard = _bound(world, Transactor.discard, CLOSE_WITHIN_S + 1.0, "closing a producer")
    Transactor.commit = commit  # type: ignore[method-assign]
    Transactor.discard = discard  # type: ignore[method-assign]
    changelog.CHUNK = world.plan.chunk
    try:
        yield
    finally:
        Transactor.commit, Transactor.discard = before[:2]  # type: ignore[method-assign]
        changelog.CHUNK = before[2]


def _bound(world: World, doing: Doing, limit: float, what: str) -> Doing:
    @wraps(doing)
    async def bounded(*args: Any, **options: Any) -> Any:
        process = PROCESS.get()
        assert process is not None
        timer = world.loop.call_later(limit + ROOM_S, _report, world, process, (what, limit))
        try:
            return await doing(*args, **options)
        finally:
            timer.cancel()

    return bounded


def _report(world: World, process: Process, told: tuple[str, float]) -> None:
    """Runs in the process itself, so a frozen one is not blamed while it stands still."""
    if world.loop.time() - process.thawed > told[1] + ROOM_S:
        world.findings.append(f"{process.name}: {told[0]} goes on for more than {told[1]:.0f} s")
