"""Does a decision say what the rules say of its facts? `Table.match` once more, and the plan. Pure.

What follows from the plan alone is compared: rule, path, queue, priority, skills, executor, effect,
the time between answer and expiry, the reason. What follows from the customer too (the channel in
the end, hours, addresses) is not in the facts; the judge folds that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from services.contact.decision import Action, Decision, Effect
from services.router.core.compose import FULL, LAPSED, MOST_URGENT
from services.router.core.table import Match, Plan, Table

_UNDATED = frozenset({Action.ATTACH, Action.DUPLICATE, Action.RECORD})
_OWN_WORDS = frozenset({Action.ATTACH, Action.DUPLICATE, Action.RECORD, Action.STAY})
"""Actions whose reason may be the core's own instead of the rule's."""


class Difference(msgspec.Struct, frozen=True):
    """One field that is not as the rules have it."""

    field: str
    recorded: object
    expected: object


def verify(table: Table, made: Decision) -> list[Difference]:
    """Where a decision differs from what `table`, that of its version, says of its facts."""
    match = table.match(made.facts)
    way = [("rule", made.rule, match.plan.rule), ("path", made.path, match.path)]
    found = [_differ(way + list(_pairs(table, made, plan))) for plan in _plans(table, made, match)]
    return min(found, key=len)


def _plans(table: Table, made: Decision, match: Match) -> tuple[Plan, ...]:
    """The plan of the rule; where its queue took no more, those of the nodes above it."""
    full = FULL.format(queue=match.plan.queue)
    if full not in made.reason or not match.path[1:]:
        return (match.plan,)
    plans = table.plans(match.path)[-2::-1]
    return tuple(msgspec.structs.replace(plan, effect=match.plan.effect) for plan in plans)


def _differ(pairs: list[tuple[str, object, object]]) -> list[Difference]:
    return [Difference(name, said, wanted) for name, said, wanted in pairs if said != wanted]


def _pairs(table: Table, made: Decision, plan: Plan) -> Iterator[tuple[str, object, object]]:
    attached = made.action is Action.ATTACH
    if not attached:  # what is attached goes where the escalation went
        better = made.cause == LAPSED or made.reason.startswith(LAPSED)
        priority = max(MOST_URGENT, plan.priority - better)
        yield "queue", made.queue, plan.queue
        yield "priority", made.priority, priority
        yield "skills", made.skills, plan.skills
    yield "executor", made.executor, _executor(table, made)
    first = made.revision == 0 and not attached
    if first and Effect.NONE in {plan.effect, table.effect}:  # only what is live stays live
        yield "effect", made.effect, Effect.NONE
    if made.action not in _UNDATED:
        yield from _times(made, plan)
    if plan.reason and made.action not in _OWN_WORDS and plan.reason not in made.reason:
        yield "reason", made.reason, plan.reason


def _executor(table: Table, made: Decision) -> str:
    queue = table.queues.get(made.queue)
    if queue is not None and queue.executor:
        return queue.executor
    return table.settings.executors.get(made.channel.value) or made.source


def _times(made: Decision, plan: Plan) -> Iterator[tuple[str, object, object]]:
    """From the answer to the expiry; both are counted from one moment, which is not recorded."""
    calls = made.action is Action.CALLBACK
    within = plan.respond_within_ms.get("callback" if calls else made.channel.value)
    yield "has respond_by", made.respond_by is not None, within is not None
    ends = made.action in {Action.CALLBACK, Action.MOVE}
    yield "has expires_at", made.expires_at is not None, ends
    if made.respond_by is not None and made.expires_at is not None and within is not None:
        between = timedelta(milliseconds=plan.expires_after_ms - within)
        yield "expires_at - respond_by", made.expires_at - made.respond_by, between
