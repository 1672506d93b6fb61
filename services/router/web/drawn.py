"""Rule files and the ways through them as plain data for the page. Pure.

Nothing that names a person is in it: no customer id, no address, no text of a message.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from services.contact.decision import Decision
from services.contact.event import ContactEvent
from services.router.core.table import Plan
from services.router.rules.explaining import Step, Way
from services.router.rules.showing import describe, list_changes
from services.router.rules.tree import Branch, Rules
from services.router.rules.wording import ACTIONS, CHOICES, SKIPS

Drawn = dict[str, Any]


def draw_tree(rules: Rules) -> Drawn:
    """The tree of a rule file: ids, conditions and what each rule changes, in words."""
    return _draw_branch(rules.root, None)


def _draw_branch(branch: Branch, parent: Plan | None) -> Drawn:
    plan = branch.plan
    return {
        "rule": plan.rule,
        "line": branch.mark.line,
        "when": describe(branch.condition) if branch.condition is not None else "",
        "once_per": plan.once_per if branch.once else "",
        "says": list(list_changes(plan, parent)),
        "reason": plan.reason if parent is None or plan.reason != parent.reason else "",
        "routes": [_draw_branch(child, plan) for child in branch.children],
    }


def draw_way(way: Way) -> Drawn:
    """What became of each rule, by its id: its fate, and what it was asked and answered."""
    fates: Drawn = {}
    _collect(way.root, fates)
    return {"version": way.version, "path": list(way.path), "fates": fates}


def _collect(step: Step, fates: Drawn) -> None:
    asked = msgspec.to_builtins(step.asked) if step.asked is not None else None
    fates[step.rule] = {"fate": step.fate.value, "asked": asked}
    for child in step.children:
        _collect(child, fates)


def draw_decision(made: Decision) -> Drawn:
    """A decision in words."""
    return {
        "action": made.action.value,
        "means": ACTIONS[made.action],
        "from_channel": made.from_channel.value,
        "channel": made.channel.value,
        "executor": made.executor,
        "queue": made.queue,
        "priority": made.priority,
        "skills": list(made.skills),
        "rule": made.rule,
        "reason": made.reason,
        "cause": made.cause,
        "effect": made.effect.value,
        "choice": CHOICES.get(made.choice_source, made.choice_source),
        "skips": [f"{one.channel.value}: {SKIPS.get(one.why, one.why)}" for one in made.skips],
        "fallbacks": [one.value for one in made.fallbacks],
        "ask_for": list(made.ask_for),
        "respond_by": _moment(made.respond_by),
        "not_before": _moment(made.not_before),
        "expires_at": _moment(made.expires_at),
        "facts": dict(sorted(made.facts.items())),
    }


def draw_event(event: ContactEvent) -> str:
    """What an event is, in a few words."""
    channel = f" on {event.channel.value}" if event.channel is not None else ""
    return f"{event.kind.value}{channel}"


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
