"""Lints on what a rule answers: can the channel be used, the target be met, the queue be worked?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from services.contact.event import Channel, Kind, Strength
from services.router.core.table import Plan, Queue
from services.router.rules.file import RuleSource
from services.router.rules.problem import Lint, Path, Problems
from services.router.rules.reaching import Survey, walk
from services.router.rules.regions import Box
from services.router.rules.showing import write_duration
from services.router.rules.tree import GENERAL, Branch

_CALLBACK = "callback"


def lint_targets(source: RuleSource, survey: Survey, found: Problems) -> None:
    """Queues, channels and targets that cannot work as they are written."""
    rules = source.rules
    for branch in walk(rules.root):
        if message := _why_never_reached(branch, rules.queues, survey):
            place = _own(branch, found, "channel", "queue", "when")
            found.add_key(place, Lint.UNREACHABLE_CHANNEL, message)
        _lint_callback_target(branch, found)
    _lint_queues(source, found)


def _own(branch: Branch, found: Problems, *keys: str) -> Path:
    """The first of these keys that the node names itself, else the node."""
    paths = ((*branch.path, key) for key in keys)
    return next((path for path in paths if path in found.keys), branch.path)


# ---------------------------------------------------------------------------------- the channel
def _why_never_reached(branch: Branch, queues: Mapping[str, Queue], survey: Survey) -> str:
    """Why the channel that a rule demands is never taken; empty if it may be."""
    channel = branch.plan.explicit
    if channel is None:
        return ""
    queue = queues[branch.plan.queue]
    if channel is Channel.PHONE and queue.week is not None and not any(queue.week):
        return f"nobody is ever called: the queue `{queue.name}` is closed all week"
    region = survey.regions.get(branch.plan.rule)
    if not region:
        return ""
    others = {"choice.channel": [one.value for one in Channel if one is not channel]}
    only = {"choice.strength": [Strength.ONLY.value]}
    if _within(region, others, survey) and _within(region, only, survey):
        return f"the customers of this rule chose another channel only, so {channel} is refused"
    elsewhere = {"channel": [one.value for one in Channel if one is not channel]}
    asking = {"kind": [kind.value for kind in Kind if kind is not Kind.CALLBACK_REQUESTED]}
    if (
        _within(region, {"live": [True]}, survey)
        and _within(region, elsewhere, survey)
        and (channel is not Channel.PHONE or _within(region, asking, survey))
    ):
        return f"a live contact is never moved, so none of these gets to {channel}"
    return ""


def _within(region: list[Box], values: Mapping[str, list[Any]], survey: Survey) -> bool:
    """Has the fact one of these values wherever the rule is reached?"""
    ((fact, allowed),) = values.items()
    if fact not in survey.space.cells:
        return False
    cells = survey.space.cells[fact]
    mask = sum(1 << at for at, cell in enumerate(cells) if cell.value in allowed)
    return all(fact in box and not box[fact] & ~mask for box in region)


# ----------------------------------------------------------------------------------- the target
def _lint_callback_target(branch: Branch, found: Problems) -> None:
    """A callback that has expired before it is due."""
    plan: Plan = branch.plan
    target = plan.respond_within_ms.get(_CALLBACK, 0)
    if target <= plan.expires_after_ms:
        return
    named = [
        path
        for path in (
            (*branch.path, "respond_within", _CALLBACK),
            (*branch.path, "expires_after"),
        )
        if path in found.keys
    ]
    if named:
        due, ends = write_duration(target), write_duration(plan.expires_after_ms)
        message = f"a callback due within {due} has expired after {ends}; it is never made in time"
        found.add_key(named[0], Lint.IMPOSSIBLE_TARGET, message)


# ----------------------------------------------------------------------------------- the queues
def _lint_queues(source: RuleSource, found: Problems) -> None:
    rules = source.rules
    declared: Mapping[str, Any] = source.data.get("queues", {})
    needed: dict[str, set[str]] = defaultdict(set)
    for branch in walk(rules.root):
        explicit = branch.plan.explicit
        needed[branch.plan.queue] |= (
            {explicit.value} if explicit else {one.value for one in Channel}
        )
    for name, queue in rules.queues.items():
        place: Path = ("queues", name) if name in declared else ("route",)
        if name in declared and "hours" not in (declared[name] or {}):
            message = f"say when people work in `{name}`: `hours: always`, or spans by day"
            found.add_key(place, Lint.QUEUE_WITHOUT_HOURS, message)
        if name not in needed:
            if name != GENERAL:
                message = f"no rule uses the queue `{name}`"
                found.add_key(place, Lint.UNUSED_QUEUE, message)
            continue
        nobody = sorted(needed[name] - {c for c, who in rules.settings.executors.items() if who})
        if nobody and not queue.executor:
            message = (
                f"`{name}` has no executor for {', '.join(nobody)}: name one there or under "
                "`settings: executors`, or the platform that reported a contact has to act"
            )
            found.add_key(place, Lint.QUEUE_WITHOUT_EXECUTOR, message)
