"""Checks one rule file: it loads, and its own tests pass. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from services.router.core.table import Table
from services.router.live.directory import RuleText
from services.router.rules.cases import SUFFIX, load_cases
from services.router.rules.compiling import compile_table
from services.router.rules.file import load_rules
from services.router.rules.tree import Rules
from services.router.rules.trial import run_cases

TEST_FAILED = "test-failed"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A rule file that may be used, or why not."""

    version: str
    rules: Rules | None = None
    """None where the file may not be used."""
    problems: tuple[str, ...] = ()

    def compile(self) -> Table | None:
        """The table that decides; None where the file may not be used."""
        return None if self.rules is None else compile_table(self.rules, self.version)


def check(file: RuleText) -> Checked:
    """Load a rule file and run its own tests."""
    rules = load_rules(file.text, file.name)
    if isinstance(rules, list):
        return Checked(version=file.version, problems=tuple(str(one) for one in rules))
    failures = tuple(_run_tests(file, rules)) if file.tests else ()
    if failures:
        return Checked(version=file.version, problems=failures)
    return Checked(version=file.version, rules=rules)


def _run_tests(file: RuleText, rules: Rules) -> Iterator[str]:
    """What fails of the tests beside the file, `file:line:col` first."""
    name = file.name.removesuffix(".yaml") + SUFFIX
    cases = load_cases(file.tests, name)
    if isinstance(cases, list):
        yield from map(str, cases)
        return
    for trial in run_cases(compile_table(rules, file.version), cases):
        for failure in trial.failures:
            place = f"{name}:{failure.mark.line}:{failure.mark.col}"
            yield f"{place} {TEST_FAILED} {trial.name}: {failure.message}"
