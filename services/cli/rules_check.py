"""`omniroute rules check`: everything that is wrong with rule files, in the form one needs."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

import msgspec
import orjson

from services.cli.rules_files import FOUND, GOOD, USAGE, Given, is_tests, read
from services.cli.rules_tests import hit_by_tests
from services.router.rules.cases import load_cases
from services.router.rules.file import RuleSource, load_file
from services.router.rules.lint import lint, lint_tests
from services.router.rules.problem import Level, Problem
from services.router.rules.reaching import DEAD, Reach, walk


class Checked(msgspec.Struct, frozen=True):
    """What was found out about one file."""

    name: str
    problems: list[Problem]
    source: RuleSource | None = None
    reaches: tuple[Reach, ...] = ()

    @property
    def errors(self) -> int:
        """How many of the problems are errors."""
        return sum(problem.level is Level.ERROR for problem in self.problems)

    def is_good(self, *, strict: bool) -> bool:
        """May the file be used?"""
        return not (self.problems if strict else self.errors)


def check(arguments: Namespace) -> int:
    """Check every file named; the exit code is that of the worst."""
    worst = GOOD
    checked = []
    for name in arguments.files or [""]:
        given = read(name)
        if given is None:
            worst = USAGE
            continue
        one = _check_given(given)
        checked.append(one)
        if not one.is_good(strict=arguments.strict):
            worst = max(worst, FOUND)
    print_checked(checked, arguments.format)
    if arguments.witness and arguments.format == "text":
        for one in checked:
            _print_witnesses(one)
    return worst


def _check_given(given: Given) -> Checked:
    if given.broken:
        return Checked(given.name, [given.broken])
    if not is_tests(given.name):
        return check_text(given.text, given.name, beside=given.beside)
    cases = load_cases(given.text, given.name)
    return Checked(given.name, cases if isinstance(cases, list) else [])


def check_text(text: str, name: str, *, beside: str = "") -> Checked:
    """Check one rule file with the tests in the file `beside`."""
    source = load_file(text, name)
    if isinstance(source, list):
        return Checked(name, source)
    table = source.compile()
    problems, reaches = lint(source, table)
    hits, broken = hit_by_tests(source, beside)
    problems += broken or lint_tests(source, hits)
    problems.sort(key=lambda p: (p.line, p.col, p.code))
    return Checked(name, problems, source, tuple(reaches))


def print_checked(checked: Sequence[Checked], form: str) -> None:
    """Print problems as text, as one JSON object, or as the commands that GitHub shows."""
    if form == "json":
        said = [_as_data(one) for one in checked]
        print(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode())
        return
    for one in checked:
        for problem in one.problems:
            print(_as_github(problem) if form == "github" else problem)
        _sum_up(one)


def _sum_up(one: Checked) -> None:
    warnings = len(one.problems) - one.errors
    counts = [_count(one.errors, "mistake"), _count(warnings, "warning")]
    said = ", ".join(count for count in counts if count)
    if one.source is None and not one.errors:
        print(f"{one.name}: good")
        return
    if one.errors or one.source is None:
        print(f"{one.name}: {said}; a rule file with mistakes is never used", file=sys.stderr)
        return
    rules = sum(1 for _ in walk(one.source.rules.root)) - 1
    queues = len(one.source.rules.queues)
    good = f"good; {rules} rules, {queues} queues, version {one.source.version}"
    print(f"{one.name}: {good}{'; ' + said if said else ''}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def _as_data(one: Checked) -> dict[str, object]:
    return {
        "file": one.name,
        "version": one.source.version if one.source else None,
        "problems": [
            {
                "line": problem.line,
                "col": problem.col,
                "level": problem.level,
                "code": problem.code,
                "message": problem.message,
            }
            for problem in one.problems
        ],
        "rules": [
            {
                "rule": reach.branch.plan.rule,
                "line": reach.branch.mark.line,
                "reached": None
                if reach.witness is None and reach.fate not in DEAD
                else reach.witness is not None,
                "witness": reach.witness,
            }
            for reach in one.reaches
        ],
    }


def _as_github(problem: Problem) -> str:
    """A workflow command: the mistake stands beside its line in a pull request."""
    message = problem.message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = problem.file.replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
    place = f"file={file},line={problem.line},col={problem.col}"
    return f"::{problem.level} {place},title={problem.code}::{message}"


def _print_witnesses(one: Checked) -> None:
    """For every rule facts that hit it, or that none do."""
    for reach in one.reaches:
        rule = reach.branch.plan.rule
        if reach.witness is not None:
            print(f"{rule}: hit by {orjson.dumps(reach.witness).decode()}")
        else:
            print(f"{rule}: {'never hit' if reach.fate in DEAD else 'undecided'}")
