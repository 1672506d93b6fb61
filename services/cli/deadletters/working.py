"""`omniroute deadletter replay` and `drop`: works letters off, or says what it would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import msgspec

from services.cli.deadletters.archive import Archive, Filed, Id, open_archive
from services.cli.deadletters.choosing import Choice
from services.cli.deadletters.looking import FOUND, GOOD, Place, span_of, survey, warn
from services.cli.deadletters.prospects import NOTHING, Prospect, foresee
from services.cli.deadletters.settling import Order, Settler, open_settler
from services.cli.deadletters.telling import spell_id, tell_plan
from services.cli.progress import Progress
from services.contact.deadletter import State

MOST_LETTERS = 100
MOST_BYTES = 4 * 1024 * 1024
"""Of one transaction."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with the letters that are meant."""

    state: State
    """`replayed` or `dropped`."""
    by: str
    why: str
    refused_too: bool
    """Send also what would be refused again."""
    really: bool
    """Do it, rather than say it."""
    most: int
    """Lines that are shown."""


class _Work:
    """One run of the command: what was done, and what was left."""

    def __init__(self, task: Task, settler: Settler | None) -> None:
        self._task = task
        self._settler = settler
        self._waiting: list[Order] = []
        self._bytes = 0
        self._lines = 0
        self.counts: Counter[str] = Counter()
        self.seen: set[Id] = set()

    async def take(self, one: Filed, prospect: Prospect) -> None:
        """Say what becomes of a letter, and do it with the next full transaction."""
        task = self._task
        replayed = task.state is State.REPLAYED
        if one.state is not State.OPEN:
            self.say(f"{spell_id(one.id):<10} left: it is {one.state.value} already")
            self.counts["left"] += 1
            return
        insisted = task.refused_too and prospect.refused != NOTHING
        if replayed and prospect.refused and not insisted:
            self.say(tell_plan(one, prospect, task.state))
            self.counts["left"] += 1
            return
        told = Prospect(prospect.partition) if prospect.refused else prospect
        self.say(tell_plan(one, told, task.state))
        self._waiting.append(Order(one, prospect.partition if replayed else None))
        self._bytes += len(one.letter.value or b"")
        if len(self._waiting) >= MOST_LETTERS or self._bytes >= MOST_BYTES:
            await self.finish()

    async def finish(self) -> None:
        """Settle what waits."""
        if self._waiting and self._settler is not None:
            await self._settler.settle(self._waiting)
        self.counts["done"] += len(self._waiting)
        self._waiting, self._bytes = [], 0

    def say(self, line: str) -> None:
        """A line of the plan, as long as lines are shown."""
        self._lines += 1
        if self._lines <= self._task.most:
            print(line)
        elif self._lines == self._task.most + 1:
            print("... (--most N shows more)")


async def work_off(place: Place, choice: Choice, task: Task) -> int:
    """Settle every letter that is meant, or say what would happen; the exit code."""
    async with AsyncExitStack() as stack:
        settler = None
        if task.really:
            # The fence comes first: what is settled is read behind it, so it stands still.
            opening = open_settler(place.access, place.topics, by=task.by, why=task.why)
            settler = await stack.enter_async_context(opening)
        archive = await stack.enter_async_context(open_archive(place.access, place.topics))
        wrong = await survey(archive, span_of(choice))
        if wrong:
            warn(wrong)
            return FOUND
        work = _Work(task, settler)
        with Progress("settling dead letters", quiet=not task.really) as progress:
            async for one in _list_meant(archive, choice):
                work.seen.add(one.id)
                await work.take(one, foresee(one.letter, archive.partitions))
                progress.tell(work.counts["done"])
            await work.finish()
    missing = choice.ids - work.seen
    for wanted in sorted(missing):
        warn(f"there is no dead letter {spell_id(wanted)}")
    print(_sum_up(task, work))
    return FOUND if missing or work.counts["left"] else GOOD


async def _list_meant(archive: Archive, choice: Choice) -> AsyncIterator[Filed]:
    async for one in archive.letters():
        if choice.takes(one):
            yield one


def _sum_up(task: Task, work: _Work) -> str:
    done, left = work.counts["done"], work.counts["left"]
    verb = "dropped" if task.state is State.DROPPED else "sent again"
    tail = f", {left:,} left" if left else ""
    if task.really:
        return f"{done:,} {verb}{tail}"
    return f"{done:,} would be {verb}{tail}; nothing was done: --yes does it"
