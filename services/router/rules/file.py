"""A rule file's text -> `Table`, or every problem in it with line and column.

Pure: reading the file is the caller's work, so a table depends on its text alone.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from services.router.core.table import Table
from services.router.rules.compiling import compile_table
from services.router.rules.problem import Problem, Problems
from services.router.rules.source import read_source
from services.router.rules.tree import Rules, build_rules

VERSION_DIGITS = 12
DEFAULT_NAME = "routing.yaml"


class RuleSource(msgspec.Struct, frozen=True, kw_only=True):
    """A rule file that loads, with everything that a tool may want to point at."""

    rules: Rules
    data: Any
    """The plain YAML data."""
    places: Problems
    """Where each key and value stands; nothing is reported in it."""
    version: str

    def compile(self) -> Table:
        """The table that decides."""
        return compile_table(self.rules, self.version)


def load_table(text: str, name: str = DEFAULT_NAME) -> Table | list[Problem]:
    """Read, check and compile a rule file; `name` is what problems call it."""
    rules = load_rules(text, name)
    return rules if isinstance(rules, list) else compile_table(rules, version_of(text))


def load_rules(text: str, name: str = DEFAULT_NAME) -> Rules | list[Problem]:
    """Read and check a rule file; the tree as data, for tools that show or judge it."""
    loaded = load_file(text, name)
    return loaded if isinstance(loaded, list) else loaded.rules


def load_file(text: str, name: str = DEFAULT_NAME) -> RuleSource | list[Problem]:
    """Read and check a rule file; the tree together with the places of everything in the file."""
    problems = Problems(name)
    data = read_source(text, problems)
    if problems.stopped:
        return problems.sorted()
    rules = build_rules(data, problems)
    if rules is None:
        return problems.sorted()
    return RuleSource(rules=rules, data=data, places=problems, version=version_of(text))


def version_of(text: str) -> str:
    """The first 12 hex digits of the SHA-256 of the file's bytes (UTF-8)."""
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_DIGITS]
