"""A rule file's tree as lines of text, the way it will be walked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from services.contact.decision import Effect, Fact
from services.router.core.matchers import (
    All,
    Any,
    Between,
    Cel,
    Compare,
    Condition,
    Equals,
    Matches,
    Not,
    OneOf,
)
from services.router.core.table import Plan
from services.router.rules.tree import Branch, Rules

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"))


def show_rules(rules: Rules) -> list[str]:
    """The tree: under each rule its condition, and what it changes of its parent."""
    root = rules.root
    return [root.plan.rule, *_body(root, None, " "), *_children(root, "")]


def describe(condition: Condition) -> str:  # noqa: PLR0911  # one for each kind
    """A condition in words and signs."""
    match condition:
        case Equals(fact, value):
            return f"{fact} is absent" if value is None else f"{fact} = {_word(value)}"
        case OneOf(fact, values):
            return f"{fact} in {', '.join(map(_word, values))}"
        case Compare(fact, order, bound):
            return f"{fact} {_SIGNS[order]} {bound}"
        case Between(fact, low, high):
            return f"{fact} from {low} to {high}"
        case Matches(fact, pattern):
            return f"{fact} matches /{pattern}/"
        case Cel(source):
            return f"({' '.join(source.split())})"
        case All(parts):
            return " and ".join(map(_inner, parts))
        case Any(parts):
            return " or ".join(map(_inner, parts))
        case Not(part):
            return f"not {_inner(part)}"
        case _:
            assert_never(condition)


def write_duration(ms: int) -> str:
    """Milliseconds as a rule file has them: 90000 is 1m30s."""
    words = []
    for size, unit in _UNITS:
        count, ms = divmod(ms, size)
        if count:
            words.append(f"{count}{unit}")
    return "".join(words) or "0s"


def _inner(condition: Condition) -> str:
    said = describe(condition)
    return f"({said})" if isinstance(condition, All | Any) else said


def _word(value: Fact) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if value == "" else str(value)


def _children(branch: Branch, indent: str) -> Iterator[str]:
    for at, child in enumerate(branch.children):
        last = at == len(branch.children) - 1
        below = indent + ("   " if last else "│  ")
        yield f"{indent}{'└─ ' if last else '├─ '}{child.plan.rule}"
        for line in _body(child, branch.plan, "│  " if child.children else "   "):
            yield below + line
        yield from _children(child, below)


def _body(branch: Branch, parent: Plan | None, bar: str) -> Iterator[str]:
    if branch.condition is not None:
        once = f", once per {branch.plan.once_per}" if branch.once else ""
        yield f"{bar}if {describe(branch.condition)}{once}"
    changes = list(list_changes(branch.plan, parent))
    yield f"{bar}-> {', '.join(changes) or 'as above'}"


def list_changes(plan: Plan, parent: Plan | None) -> Iterator[str]:
    """What differs from the parent; everything at the root."""
    before = parent or _NOTHING
    if plan.reroute != before.reroute:
        yield "reroutes" if plan.reroute else "does not reroute"
    if plan.effect != before.effect:
        yield "for show only" if plan.effect is Effect.NONE else "live"
    for key, words in _KEYS.items():
        if getattr(plan, key) != getattr(before, key):
            yield words(plan)
    for channel, ms in plan.respond_within_ms.items():
        if before.respond_within_ms.get(channel) != ms:
            yield f"{channel} within {write_duration(ms)}"


_NOTHING = Plan(rule="", channel="", queue="", priority=0, fallback=(), expires_after_ms=0)
_KEYS: dict[str, Callable[[Plan], str]] = {
    "channel": lambda plan: f"channel {plan.channel}",
    "queue": lambda plan: f"queue {plan.queue}",
    "priority": lambda plan: f"priority {plan.priority}",
    "skills": lambda plan: f"skills {' '.join(plan.skills) or 'none'}",
    "fallback": lambda plan: f"else {' then '.join(plan.fallback) or 'nothing'}",
    "expires_after_ms": lambda plan: f"expires after {write_duration(plan.expires_after_ms)}",
    "max_wait_ms": lambda plan: f"waits at most {write_duration(plan.max_wait_ms)}",
}
