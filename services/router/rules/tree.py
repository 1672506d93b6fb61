"""A rule file as people mean it: the tree with conditions and resolved values, every one placed.

Rule: a child has every value of its parent but those it names. `Table` is compiled from this;
tools that show or judge a rule file read it, and never the YAML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from services.contact.event import Channel
from services.router.core.matchers import Condition
from services.router.core.table import ROOT, Plan, Queue, TableSettings
from services.router.rules.conditions import Known, read_when
from services.router.rules.problem import Code, Mark, Path, Problems, suggest
from services.router.rules.schema import (
    MAX_RULE_DEPTH,
    MAX_RULES,
    QueueKeys,
    RouteKeys,
    Rule,
    RuleFile,
    Settings,
)
from services.router.rules.structure import check_structure
from services.router.rules.values import build_holidays, build_week

GENERAL = "general"
"""The one queue that needs no entry under `queues`: always open, no executor of its own."""


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """One node of the tree."""

    plan: Plan
    """All its values, inherited ones included."""
    condition: Condition | None
    """None for the root."""
    once: bool
    """Does it name `once_per` itself?"""
    mark: Mark
    """Where it stands in the file."""
    path: Path = ()
    """The way to it from the top of the file."""
    children: tuple[Branch, ...] = ()


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """A checked rule file."""

    settings: TableSettings
    queues: dict[str, Queue]
    root: Branch


def build_rules(data: Any, problems: Problems) -> Rules | None:
    """Check everything at once and build the tree; None if anything was reported."""
    conditions = _check_rules(data, problems)
    model = check_structure(data, problems, RuleFile)
    if model is None or problems.sorted():
        return None
    settings = _build_settings(model.settings)
    queues = {name: _build_queue(name, keys) for name, keys in model.queues.items()}
    queues.setdefault(GENERAL, Queue(name=GENERAL))
    growing = _Growing(conditions, problems.values)
    return Rules(settings=settings, queues=queues, root=growing.grow(model.route))


# -------------------------------------------------------------------- checks across the tree
def _check_rules(data: Any, problems: Problems) -> dict[Path, Condition]:
    """What no single key can tell: ids, queues, conditions, depth and number of rules."""
    route = data.get("route") if isinstance(data, Mapping) else None
    if not isinstance(route, Mapping):
        return {}
    found = list(_walk(route, ("route",), problems))
    if len(found) > MAX_RULES:
        problems.add(("route",), Code.TOO_MANY, f"a rule file has at most {MAX_RULES} rules")
        return {}
    queues = data.get("queues")
    names = {GENERAL, *(queues if isinstance(queues, Mapping) else ())}
    for path, node in (((("route",), route)), *found):
        _check_queue(node, path, names, problems)
        _check_fallback(node, path, problems)
    _check_root(route, queues, problems)
    _check_ids(found, problems)
    _check_once(found, problems)
    once = frozenset(str(node.get("id")) for _, node in found if "once_per" in node)
    lists = data.get("lists")
    known = Known(once, lists if isinstance(lists, Mapping) else {})
    return {
        path: read_when(node["when"], (*path, "when"), problems, known)
        for path, node in found
        if "when" in node
    }


def _walk(
    node: Mapping[str, Any], path: Path, problems: Problems
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """All rules below a node, in the order of the file."""
    routes = node.get("routes")
    for at, rule in enumerate(routes if isinstance(routes, list) else ()):
        here = (*path, "routes", at)
        if not isinstance(rule, Mapping):
            continue
        if len(here) // 2 > MAX_RULE_DEPTH:
            problems.add(here, Code.TOO_DEEP, f"rules nest at most {MAX_RULE_DEPTH} levels")
            continue
        yield here, rule
        yield from _walk(rule, here, problems)


def _check_queue(node: Mapping[str, Any], path: Path, names: set[str], problems: Problems) -> None:
    queue = node.get("queue")
    if isinstance(queue, str) and queue not in names:
        message = f"`{queue}` does not stand under `queues`{suggest(queue, names)}"
        problems.add((*path, "queue"), Code.UNKNOWN_QUEUE, message)


def _check_root(route: Mapping[str, Any], queues: Any, problems: Problems) -> None:
    """What is beyond a limit goes to the queue of a node above, in the end to the root's."""
    root = route.get("queue", GENERAL)
    keys = queues.get(root) if isinstance(queues, Mapping) and isinstance(root, str) else None
    if isinstance(keys, Mapping) and "at_most" in keys:
        message = f"`{root}` is the root's queue: it takes what no other takes, without a limit"
        problems.add_key(("queues", root, "at_most"), Code.LIMITED_ROOT, message)


def _check_fallback(node: Mapping[str, Any], path: Path, problems: Problems) -> None:
    fallback = node.get("fallback")
    if not isinstance(fallback, list):
        return
    for at, target in enumerate(fallback):
        if target in fallback[:at]:
            message = f"`{target}` is already tried"
            problems.add((*path, "fallback", at), Code.DUPLICATE_FALLBACK, message)


def _check_ids(found: list[tuple[Path, Mapping[str, Any]]], problems: Problems) -> None:
    seen: dict[str, int] = {}
    for path, node in found:
        name = node.get("id")
        if not isinstance(name, str):
            continue
        at = (*path, "id")
        if name == ROOT:
            message = f"`{ROOT}` is the root's own id; choose another"
            problems.add(at, Code.RESERVED_RULE, message)
        elif name in seen:
            message = f"the rule `{name}` already stands in line {seen[name]}"
            problems.add(at, Code.DUPLICATE_RULE, message)
        seen.setdefault(name, problems.values[at].line)


def _check_once(found: list[tuple[Path, Mapping[str, Any]]], problems: Problems) -> None:
    ruled = [path for path, node in found if "once_per" in node]
    for path in ruled:
        if any(path[: len(other)] == other for other in ruled if other != path):
            message = "a rule above it has `once_per` already, which holds for all below it"
            problems.add_key((*path, "once_per"), Code.NESTED_ONCE, message)


# ------------------------------------------------------------------------ from keys to values
class _Growing:
    """Builds branches, from the root down, so that each can inherit."""

    def __init__(self, conditions: dict[Path, Condition], marks: dict[Path, Mark]) -> None:
        self.conditions = conditions
        self.marks = marks

    def grow(self, root: RouteKeys) -> Branch:
        """The whole tree."""
        return self._branch(root, ("route",), Plan(rule=ROOT))

    def _branch(self, keys: RouteKeys, path: Path, parent: Plan) -> Branch:
        plan = _inherit(parent, keys)
        return Branch(
            plan=plan,
            condition=self.conditions.get(path),
            once="once_per" in keys.model_fields_set,
            mark=self.marks.get(path, Mark(1, 1)),
            path=path,
            children=tuple(
                self._branch(rule, (*path, "routes", at), plan)
                for at, rule in enumerate(keys.routes)
            ),
        )


_AS_WRITTEN = ("channel", "queue", "priority", "reason", "reroute", "effect", "once_per")
_AS_TUPLE = ("skills", "fallback")
_AS_MS = ("expires_after", "max_wait")


def _inherit(parent: Plan, keys: RouteKeys) -> Plan:
    """The parent's plan with what a node names itself."""
    named = keys.model_fields_set
    changes: dict[str, Any] = {key: getattr(keys, key) for key in _AS_WRITTEN if key in named}
    changes |= {key: tuple(getattr(keys, key)) for key in _AS_TUPLE if key in named}
    changes |= {f"{key}_ms": getattr(keys, key) for key in _AS_MS if key in named}
    if "respond_within" in named:
        targets = keys.respond_within.model_dump(exclude_unset=True)
        changes["respond_within_ms"] = {**parent.respond_within_ms, **targets}
    rule = keys.id if isinstance(keys, Rule) else parent.rule
    return msgspec.convert(
        {**msgspec.structs.asdict(parent), **changes, "rule": rule}, Plan, strict=True
    )


def _build_settings(keys: Settings) -> TableSettings:
    return TableSettings(
        timezone=keys.timezone,
        ours=tuple(keys.ours),
        executors={Channel(k).value: v for k, v in keys.executors.model_dump().items() if v},
        stale_after_ms=keys.stale_after,
        reopen_within_ms=keys.reopen_within,
        idle_window_ms=keys.idle_window,
        revise_within_ms=keys.revise_within,
        revise_at_most=keys.revise_at_most,
        unknown_consent=keys.unknown_consent == "granted",
        address_in_clear=keys.address_in_clear,
    )


def _build_queue(name: str, keys: QueueKeys) -> Queue:
    return Queue(
        name=name,
        week=build_week(keys.hours) if "hours" in keys.model_fields_set else None,
        timezone=keys.timezone,
        executor=keys.executor,
        holidays=build_holidays(keys.holidays),
        at_most=keys.at_most[0],
        window_ms=keys.at_most[1],
    )
