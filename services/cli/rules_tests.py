"""`omniroute rules test`: the cases beside rule files, run through the real core."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

import msgspec
import orjson

from services.cli.rules_files import FOUND, GOOD, USAGE, Given, is_tests, read, rules_of
from services.contact.decision import Decision
from services.router.rules.cases import Cases, load_cases
from services.router.rules.coverage import Coverage, cover
from services.router.rules.file import RuleSource, load_file
from services.router.rules.problem import Problem
from services.router.rules.reaching import walk
from services.router.rules.trial import Trial, run_cases


class Tested(msgspec.Struct, frozen=True):
    """The cases of one file and what became of them."""

    rules: str
    tests: str
    trials: tuple[Trial, ...]
    coverage: Coverage

    @property
    def failed(self) -> int:
        """How many cases failed."""
        return sum(bool(trial.failures) for trial in self.trials)


def test(arguments: Namespace) -> int:
    """Run the cases of every file named; the exit code is that of the worst."""
    worst = GOOD
    done = []
    for name in arguments.files or [""]:
        tested = _test_file(name)
        if isinstance(tested, int):
            worst = max(worst, tested)
            continue
        done.append(tested)
        if tested.failed or tested.coverage.percent < arguments.fail_under:
            worst = max(worst, FOUND)
    if arguments.format == "json":
        print(orjson.dumps([_as_data(one) for one in done], option=orjson.OPT_INDENT_2).decode())
    for one in done if arguments.format != "json" else ():
        _print_tested(one, arguments)
    return worst


def hit_by_tests(source: RuleSource, tests: str) -> tuple[frozenset[str] | None, list[Problem]]:
    """The rules that the cases hit (None: there are none), and what is wrong with their file."""
    if not tests or not Path(tests).is_file():
        return None, []
    given = read(tests)
    if given is None:
        return None, []
    cases = _load_cases(given, source)
    if isinstance(cases, list):
        return None, cases
    tested = run(source, cases, given.name, tests)
    return frozenset(one.branch.plan.rule for one in tested.coverage.rules if one.true), []


def run(source: RuleSource, cases: Cases, rules: str, tests: str) -> Tested:
    """Run cases and see what they cover."""
    trials = run_cases(source.compile(), cases)
    paths = [trial.decision.path for trial in trials if trial.decision is not None]
    return Tested(rules, tests, tuple(trials), cover(source.rules.root, paths))


def _test_file(name: str) -> Tested | int:  # noqa: PLR0911  # one for each thing that may be amiss
    """Run one file of cases; the exit code after saying why that is not possible."""
    tests: Given | None = None
    if is_tests(name):
        tests = read(name)
        if tests is None:
            return USAGE
        loaded = load_cases(tests.text, tests.name)
        if tests.broken or isinstance(loaded, list):
            print(*([tests.broken] if isinstance(loaded, Cases) else loaded), sep="\n")
            return FOUND
        name = rules_of(name, loaded.keys.rules)
    given = read(name)
    if given is None:
        return USAGE
    source = [given.broken] if given.broken else load_file(given.text, given.name)
    if isinstance(source, list):
        print(*source, sep="\n")
        return FOUND
    tests = tests or (read(given.beside) if given.beside else None)
    if tests is None:
        print(f"omniroute rules: there are no tests for {given.name}", file=sys.stderr)
        return USAGE
    cases = _load_cases(tests, source)
    if isinstance(cases, list):
        print(*cases, sep="\n")
        return FOUND
    return run(source, cases, given.name, tests.name)


def _load_cases(given: Given, source: RuleSource) -> Cases | list[Problem]:
    if given.broken:
        return [given.broken]
    rules = frozenset(branch.plan.rule for branch in walk(source.rules.root))
    return load_cases(given.text, given.name, rules)


# -------------------------------------------------------------------------------- what is printed
def _print_tested(one: Tested, arguments: Namespace) -> None:
    github = arguments.format == "github"
    for trial in one.trials:
        if trial.failures:
            print(*(_github(one, trial) if github else _failed(one, trial)), sep="\n")
        elif arguments.verbose and not github:
            print(f"{one.tests}:{trial.mark.line} good: {trial.name}")
    count, cover = len(one.trials), one.coverage
    good = count - one.failed
    print(f"{one.tests}: {count} cases, {good} good, {one.failed} failed")
    print(
        f"{one.rules}: {cover.hit} of {len(cover.rules)} rules hit, "
        f"{cover.branches} of {2 * len(cover.rules)} branches seen, {cover.percent:.1f} % covered"
    )
    for line in _uncovered(one):
        print(line)
    if cover.percent < arguments.fail_under:
        said = f"{cover.percent:.1f} % is under {arguments.fail_under:g} %"
        print(f"omniroute rules: coverage of {said}", file=sys.stderr)


def _failed(one: Tested, trial: Trial) -> list[str]:
    """Where it failed, and what was decided instead and why."""
    lines = [
        f"{one.tests}:{failure.mark.line}:{failure.mark.col} failed: {trial.name}: "
        f"{failure.message}"
        for failure in trial.failures
    ]
    return [*lines, *(f"    {line}" for line in explain(trial))]


def explain(trial: Trial) -> list[str]:
    """The decision of a case in a few lines."""
    made = trial.decision
    if made is None:
        why = f": {trial.why_rejected}" if trial.why_rejected else ""
        return [f"{trial.outcome}, no decision{why}"]
    lines = [
        f"decided {made.action} on {made.channel}, queue {made.queue}, priority {made.priority}",
        f"path    {' > '.join(made.path)}",
    ]
    if made.skips:
        lines.append(f"skipped {', '.join(f'{s.channel}: {s.why}' for s in made.skips)}")
    if made.reason:
        lines.append(f"reason  {made.reason}")
    if made.facts:
        said = (f"{name}={orjson.dumps(value).decode()}" for name, value in made.facts.items())
        lines.append(f"facts   {' '.join(said)}")
    return lines


def _github(one: Tested, trial: Trial) -> list[str]:
    why = "%0A".join(line.replace("%", "%25") for line in explain(trial))
    return [
        f"::error file={one.tests},line={failure.mark.line},col={failure.mark.col},"
        f"title=case-failed::{trial.name.replace('%', '%25')}: "
        f"{failure.message.replace('%', '%25')}%0A{why}"
        for failure in trial.failures
    ]


def _uncovered(one: Tested) -> list[str]:
    lines = []
    for seen in one.coverage.rules:
        if seen.true and seen.false:
            continue
        what = (
            "is never asked"
            if not seen.true and not seen.false
            else ("is never hit" if not seen.true else "never sees its `when` false")
        )
        mark = seen.branch.mark
        lines.append(f"    {one.rules}:{mark.line}:{mark.col} `{seen.branch.plan.rule}` {what}")
    return lines


def _as_data(one: Tested) -> dict[str, object]:
    return {
        "rules": one.rules,
        "tests": one.tests,
        "cases": [
            {
                "name": trial.name,
                "line": trial.mark.line,
                "good": not trial.failures,
                "failures": [
                    {"line": f.mark.line, "col": f.mark.col, "message": f.message}
                    for f in trial.failures
                ],
                "outcome": trial.outcome,
                "decided": _decided(trial.decision),
            }
            for trial in one.trials
        ],
        "coverage": {
            "percent": round(one.coverage.percent, 2),
            "rules": [
                {
                    "rule": s.branch.plan.rule,
                    "line": s.branch.mark.line,
                    "hit": s.true,
                    "false": s.false,
                }
                for s in one.coverage.rules
            ],
        },
    }


def _decided(made: Decision | None) -> dict[str, object] | None:
    if made is None:
        return None
    names = ("action", "channel", "queue", "priority", "rule", "path", "reason", "facts")
    said: dict[str, object] = {name: getattr(made, name) for name in names}
    return {**said, "skips": {skip.channel.value: skip.why for skip in made.skips}}
