"""A rule file's text -> `Table`, or every problem in it with line and column.

Pure: reading the file is the caller's work, so a table depends on its text alone.
"""

from __future__ import annotations

import hashlib

from services.router.core.facts import ONCE_PREFIX
from services.router.core.matchers import All, Condition, Equals, Not, compile_condition, facts_of
from services.router.core.table import Node, Table
from services.router.rules.problem import Problem, Problems
from services.router.rules.source import read_source
from services.router.rules.tree import Branch, Rules, build_rules

VERSION_DIGITS = 12
DEFAULT_NAME = "routing.yaml"


def load_table(text: str, name: str = DEFAULT_NAME) -> Table | list[Problem]:
    """Read, check and compile a rule file; `name` is what problems call it."""
    rules = load_rules(text, name)
    return rules if isinstance(rules, list) else compile_table(rules, version_of(text))


def load_rules(text: str, name: str = DEFAULT_NAME) -> Rules | list[Problem]:
    """Read and check a rule file; the tree as data, for tools that show or judge it."""
    problems = Problems(name)
    data = read_source(text, problems)
    if problems.stopped:
        return problems.sorted()
    return build_rules(data, problems) or problems.sorted()


def version_of(text: str) -> str:
    """The first 12 hex digits of the SHA-256 of the file's bytes (UTF-8)."""
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_DIGITS]


def compile_table(rules: Rules, version: str) -> Table:
    """Turn a checked rule file into the table that decides."""
    return Table(
        version=version,
        settings=rules.settings,
        root=_compile_node(rules.root),
        queues=rules.queues,
        reads=tuple(sorted(_reads(rules.root))),
    )


def condition_of(branch: Branch) -> Condition | None:
    """What must hold for a branch, `once_per` included; None for the root.

    A branch with `once_per` fires once, whichever of its refinements gave the answer: so it asks
    for its own id and for those of all branches below it.
    """
    if branch.condition is None or not branch.once:
        return branch.condition
    fired = [Equals(ONCE_PREFIX + rule, value=True) for rule in _ids(branch)]
    return All((branch.condition, *(Not(part) for part in fired)))


def _ids(branch: Branch) -> list[str]:
    return [branch.plan.rule, *(rule for child in branch.children for rule in _ids(child))]


def _compile_node(branch: Branch) -> Node:
    condition = condition_of(branch)
    return Node(
        plan=branch.plan,
        test=None if condition is None else compile_condition(condition),
        children=tuple(_compile_node(child) for child in branch.children),
    )


def _reads(branch: Branch) -> frozenset[str]:
    condition = condition_of(branch)
    own = frozenset[str]() if condition is None else facts_of(condition)
    return own.union(*(_reads(child) for child in branch.children))
