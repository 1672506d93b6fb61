"""A rule file's text -> `Table`, or every problem in it with line and column.

Pure: reading the file is the caller's work, so a table depends on its text alone.
"""

from __future__ import annotations

import hashlib

from services.router.core.table import Table
from services.router.rules.compiling import compile_table
from services.router.rules.problem import Problem, Problems
from services.router.rules.source import read_source
from services.router.rules.tree import Rules, build_rules

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
