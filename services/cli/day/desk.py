"""The executor of the played day: reads decisions, carries them out, reports with `routing.*`.

It keeps the rules that every executor must keep: act only on what is live and names you, drop a
decision seen before, the highest revision wins, and what has started ignores a revision and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec

from services.cli.day.expect import Expected
from services.cli.day.script import Act, Reaction, Step, Story
from services.cli.day.stories_mail import ACCEPTED, SOLVED, STARTED
from services.contact.decision import Action, Decision, DecisionType, Effect
from services.contact.event import ContactEvent, Kind

Key = tuple[str, str]
"""Source and event id: what all revisions of a decision share."""
Post = Callable[[ContactEvent, Expected, Story | None], Awaitable[None]]
MOST_KNOWN = 200_000
"""Decisions remembered, to drop what comes again."""
IGNORED = Act(kind=Kind.ROUTING_STARTED, cause="revision_ignored")
"""What it says to a revision of a decision on which somebody works."""
USUAL = (ACCEPTED, STARTED, SOLVED)
"""What the desk does with a callback that no story speaks of, such as yours."""


class Job(msgspec.Struct):
    """One decision that the desk has taken on."""

    decision: Decision
    task: asyncio.Task[None] | None = None
    started: bool = False
    """Somebody works on it, and no revision counts."""
    told: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    """Set when the start has been reported."""
    over: bool = False


class Desk:
    """All platforms of the day in one: calls customers, and says how it went."""

    def __init__(self, executors: Collection[str], post: Post, *, pace_s: float = 0.6) -> None:
        self._executors = frozenset(executors)
        self._post = post
        self._pace_s = pace_s
        self._rng = Random(0)  # noqa: S311 - how long somebody takes is no secret
        self._seen: dict[str, None] = {}
        self._revisions: dict[Key, int] = {}
        self._jobs: dict[Key, Job] = {}
        self._plans: dict[str, tuple[Reaction, Story]] = {}
        self._held: set[str] = set()
        self._waiting: dict[str, Key] = {}
        """Jobs that wait for their story, by event id."""
        self._running: set[asyncio.Task[None]] = set()
        self._count = 0
        self.ignored = 0
        """Revisions that came after somebody had started."""
        self.failure = ""
        """What went wrong in carrying out; empty in a good run."""

    def plan(self, story: Story) -> None:
        """A story begins: what it plans for the desk waits until `tell`."""
        for reaction in story.reactions:
            if reaction.event_id not in self._plans:
                self._plans[reaction.event_id] = (reaction, story)
                self._held.add(reaction.event_id)

    def tell(self, story: Story) -> None:
        """A story has been sent whole: what it plans for the desk may happen from now on."""
        for reaction in story.reactions:
            self._held.discard(reaction.event_id)
            key = self._waiting.pop(reaction.event_id, None)
            if key is not None and key in self._jobs:
                self._begin(key, self._jobs[key])

    def take(self, decision: Decision) -> None:
        """Hear a decision, once or more often; only the newest revision counts."""
        key = (decision.source, decision.event_id)
        if decision.decision_id in self._seen or decision.revision < self._revisions.get(key, 0):
            return
        _keep(self._seen, decision.decision_id, None)
        _keep(self._revisions, key, decision.revision)
        job = self._jobs.get(key)
        if job is not None and job.started:
            if not job.over:
                self.ignored += 1
                self._run(self._report_ignored(key, job))
            return
        if job is not None and job.task is not None:
            job.task.cancel()
        if self._concerns(decision):
            job = self._jobs[key] = Job(decision)
            self._begin(key, job)
        else:
            self._jobs.pop(key, None)

    def _concerns(self, decision: Decision) -> bool:
        mine = decision.effect is Effect.LIVE and decision.executor in self._executors
        if not mine or decision.type is DecisionType.CANCELLED:
            return False
        return decision.action in {Action.CALLBACK, Action.MOVE}

    def _begin(self, key: Key, job: Job) -> None:
        if key[1] in self._held:
            self._waiting[key[1]] = key
        elif job.task is None:
            job.task = self._run(self._carry_out(key, job))

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._note_end)
        return task

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failure = self.failure or repr(task.exception())

    async def _carry_out(self, key: Key, job: Job) -> None:
        reaction, story = self._plans.get(key[1], (None, None))
        acts = reaction.acts if reaction else self._usual(job.decision)
        for act in acts:
            await self._pause()
            if act.kind is Kind.ROUTING_STARTED:
                job.started = True
            await self._post(self._report(job.decision, act), act.expected, story)
            if job.started:
                job.told.set()
        job.over = True
        for step in reaction.then if reaction else ():
            await self._pause()
            await self._post(_now(step), step.expected, story)

    async def _report_ignored(self, key: Key, job: Job) -> None:
        _, story = self._plans.get(key[1], (None, None))
        await job.told.wait()
        await self._post(self._report(job.decision, IGNORED), IGNORED.expected, story)

    def _usual(self, decision: Decision) -> tuple[Act, ...]:
        if decision.action is not Action.CALLBACK:
            return ()
        later = decision.not_before is not None and decision.not_before > datetime.now(UTC)
        return USUAL[:1] if later else USUAL

    def _report(self, decision: Decision, act: Act) -> ContactEvent:
        self._count += 1
        return ContactEvent(
            event_id=f"{decision.decision_id}.{self._count}",
            source=decision.executor,
            kind=act.kind,
            customer_id=decision.customer_id,
            channel=decision.channel,
            contact_id=decision.contact_id,
            decision_id=decision.decision_id,
            outcome=act.outcome,
            cause=act.cause,
            received_at=datetime.now(UTC),
        )

    async def _pause(self) -> None:
        await asyncio.sleep(self._pace_s * self._rng.uniform(0.5, 1.5))

    @property
    def busy(self) -> int:
        """Jobs that are being carried out."""
        return len(self._running)

    def stop(self) -> None:
        """Drop everything that is not done."""
        for task in tuple(self._running):
            task.cancel()


def _now(step: Step) -> ContactEvent:
    """A step of a story as it is sent now; only sound events follow a call."""
    if not isinstance(step.record, ContactEvent):
        raise TypeError("only events can follow what a desk did")
    return msgspec.structs.replace(step.record, received_at=datetime.now(UTC))


def _keep(known: dict[Any, Any], key: object, value: object) -> None:
    """Remember a key; the oldest is forgotten, so that a day without end fits into memory."""
    known[key] = value
    if len(known) > MOST_KNOWN:
        del known[next(iter(known))]
