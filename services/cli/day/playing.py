"""Plays the day against a house that runs: sends, carries out, watches, and waits for the rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from services.cli.day.board import Board
from services.cli.day.desk import Desk
from services.cli.day.expect import Expected
from services.cli.day.generate import Sending, generate
from services.cli.day.house import House
from services.cli.day.outbox import Outbox, Sent, open_outbox, play
from services.cli.day.script import Story
from services.cli.day.watching import Progress, Watch, open_watch
from services.contact.event import ContactEvent
from services.contact.topics import Topics

RATE = 100.0
"""Events a second at speed 1."""
REST_WITHIN_S = 60.0
"""How long the last events may take to get their outcomes."""
SETTLE_AFTER_S = 30.0
"""A story of which nothing was heard for so long is compared and forgotten."""
CHECK_EVERY_S = 0.5


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How the day is played."""

    seconds: float
    """0: until told to stop."""
    speed: float
    seed: int


class Day:
    """One played day: the parts that work on it, and how far it is."""

    def __init__(self, house: House, pace: Pace) -> None:
        self.house = house
        self.pace = pace
        self.board = Board()
        self.topics = Topics()
        self.stop = asyncio.Event()
        self.trouble = ""
        """Why the day could not be played to its end."""
        self.desk: Desk
        self.outbox: Outbox
        self._watch: Watch
        self._progress: Progress

    @asynccontextmanager
    async def opened(self, executors: Collection[str]) -> AsyncIterator[None]:
        """Connect to the house's broker; everything is let go of in the end."""
        access = self.house.access
        async with AsyncExitStack() as stack:
            self.outbox = await stack.enter_async_context(
                open_outbox(access, self.topics, self._note_sent)
            )
            self._watch = open_watch(access, self.topics, self.board)
            stack.push_async_callback(self._watch.close)
            await self._watch.start(self.house.partitions)
            self._progress = Progress(access, self.topics)
            stack.push_async_callback(self._progress.close)
            await self._progress.start()
            self.desk = self._watch.desk = Desk(executors, self._report)
            stack.callback(self.desk.stop)
            watching = asyncio.create_task(self._guard(self._watch.run()))
            stack.push_async_callback(_cancel, watching)
            yield

    async def run(self) -> None:
        """Send the day, then wait until every event has its outcome, or for what prevents it."""
        tending = asyncio.create_task(self._guard(self._tend()))
        pace = self.pace
        rate = RATE * pace.speed
        total = round(rate * pace.seconds) if pace.seconds else None
        day = generate(pace.seed, int(time.time() * 1000), rate=rate, total=total)
        try:
            await play(
                day,
                self.outbox,
                begin=time.monotonic(),
                stop=self.stop,
                on_sending=self._note_sending,
            )
            missing = await self._await_rest()
            self.trouble = self.trouble or missing
        finally:
            await _cancel(tending)
        self.board.settle(untouched_since_s=time.monotonic())

    async def _await_rest(self) -> str:
        """Wait for the last outcomes; empty, or what is missing after `REST_WITHIN_S`."""
        deadline = time.monotonic() + REST_WITHIN_S
        missing = ""
        while not self.trouble:
            await self.outbox.settle()
            posted = self.outbox.posted
            missing = await self._find_rest()
            if not missing and self.outbox.posted == posted:
                return ""
            if time.monotonic() > deadline:
                return f"after {REST_WITHIN_S:.0f} s: {missing or 'the desk still works'}"
            await asyncio.sleep(0.1)
        return self.trouble

    async def _find_rest(self) -> str:
        # The order matters: what has been read may make the desk report, which is read again.
        if not await self._watch.is_at_end():
            return "decisions that were not read yet"
        missing = await self._progress.find_missing(self.board)
        if missing:
            return missing
        if not await self._watch.is_at_end():
            return "decisions that were not read yet"
        return "the desk is still at work" if self.desk.busy else ""

    async def _tend(self) -> None:
        """Forget what is settled, and notice when a program ends by itself."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            dead = self.house.find_dead()
            if dead:
                raise RuntimeError(dead)
            self.board.settle(untouched_since_s=time.monotonic() - SETTLE_AFTER_S)
            if self.desk.failure:
                raise RuntimeError(f"the desk failed: {self.desk.failure}")

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """A part that fails ends the day, with its reason."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as broken:  # noqa: BLE001 - whatever it is, it is the day's end
            self.trouble = self.trouble or str(broken) or repr(broken)
            self.stop.set()

    def _note_sending(self, sending: Sending) -> None:
        if isinstance(sending.record, ContactEvent):
            self.board.note_event(sending.record, sending.story.person.name)
        else:
            self.board.note_unreadable()
        self.desk.plan(sending.story)
        if sending.last:
            self.desk.tell(sending.story)

    def _note_sent(self, sent: Sent) -> None:
        self.board.note_sent(sent, time.monotonic())

    async def _report(self, event: ContactEvent, expected: Expected, story: Story | None) -> None:
        self.board.note_event(event, story.person.name if story else event.customer_id)
        await self.outbox.post(event, expected, story=story)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=5)
