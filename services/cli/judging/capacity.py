"""No queue is given more than its `at_most`, over all partitions: a law of the decisions alone.

It knows nothing of lanes, shares and markers. What counts: a decision with effect live that gives
a queue with a limit something to begin with, unless the one that it revises gave it that already.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

import msgspec

from services.cli.judging.decoding import Decoded
from services.cli.judging.evidence import Finding, Promise
from services.cli.judging.fold import Tables
from services.contact.decision import Action, Decision, DecisionType, Effect
from services.contact.event import ContactEvent
from services.contact.topics import DECISIONS
from services.router.core.contacts import is_live


class Given(msgspec.Struct, frozen=True):
    """One decision that gave a queue with a limit some work."""

    queue: str
    window_ms: int
    at_most: int
    """The limit of the rules that it was decided by."""
    at: int
    """When it was decided, ms since the epoch."""
    partition: int
    offset: int
    """Where it lies on contact.decisions."""


def list_given(partition: int, decoded: Decoded, tables: Tables) -> tuple[Given, ...]:
    """What one partition gave; rules that are not at hand limit nothing, and are told elsewhere."""
    held: dict[tuple[str, str], str] = {}
    given = []
    for made in decoded.decisions:
        decision = made.decision
        key = decision.source, decision.event_id
        before = held.get(key, "") if decision.revision else ""
        held[key] = decision.queue if _is_work(decision, decoded) else ""
        table = tables.get(decision.rules_version)
        queue = table.queues.get(decision.queue) if table is not None else None
        if queue is None or not queue.at_most or not held[key] or held[key] == before:
            continue
        at = round(decision.decided_at.timestamp() * 1000)
        one = Given(queue.name, queue.window_ms, queue.at_most, at, partition, made.record.offset)
        given.append(one)
    return tuple(given)


def _is_work(decision: Decision, decoded: Decoded) -> bool:
    if decision.type is DecisionType.CANCELLED or decision.effect is not Effect.LIVE:
        return False
    if decision.action in {Action.CALLBACK, Action.MOVE}:
        return True
    event = decoded.events.get(decision.position.offset) if decision.position else None
    waits = isinstance(event, ContactEvent) and is_live(event)
    return decision.action is Action.ROUTE and not waits


def judge_capacity(given: Iterable[Given]) -> Iterator[Finding]:
    """The windows that hold more than the limit; each queue is told once, where it first does.

    Over a change of the rules the greatest limit of the window counts: workers change at
    different moments.
    """
    groups: dict[tuple[str, int], list[Given]] = defaultdict(list)
    for one in given:
        groups[one.queue, one.window_ms].append(one)
    for (queue, window), ones in sorted(groups.items()):
        inside: deque[Given] = deque()
        for one in sorted(ones, key=lambda each: each.at):
            inside.append(one)
            while inside[0].at <= one.at - window:
                inside.popleft()
            limit = max(each.at_most for each in inside)
            if len(inside) > limit:
                where = f"{DECISIONS} offset {one.offset}"
                what = f"{where}: `{queue}` was given {len(inside)} in {window // 1000} s"
                yield Finding(Promise.CAPACITY, one.partition, f"{what}, its limit is {limit}")
                break
