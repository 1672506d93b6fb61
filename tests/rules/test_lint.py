"""Lints: each with its place, sound against any event, and with a witness for what is live."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contact.decision import Fact
from services.contact.event import Kind
from services.router.core.facts import CATALOGUE, FactType, spec_of
from services.router.core.table import Table
from services.router.rules.conditions import DATES
from services.router.rules.domains import ABSENT, bounds_of
from services.router.rules.file import RuleSource, load_file
from services.router.rules.lint import lint, lint_tests
from services.router.rules.packaged import read_text
from services.router.rules.problem import ERRORS, Level, Lint, Problem
from services.router.rules.reaching import DEAD, Fate, Reach, survey, walk
from services.router.rules.sampling import samples_of
from tests.rules.test_matching import crowds, routes

HERE = Path(__file__).parent
FILES = sorted((HERE / "lint").glob("*.yaml"))


def loaded(text: str) -> RuleSource:
    """A rule file that loads."""
    source = load_file(text, "some.yaml")
    assert isinstance(source, RuleSource), [str(problem) for problem in source]
    return source


def lints_of(text: str) -> list[Problem]:
    """What `rules check` finds beside missing tests."""
    source = loaded(text)
    return lint(source, source.compile())[0]


def reaches_of(tree: dict[str, Any]) -> tuple[Table, list[Reach]]:
    """A tree as a table, and the fate of its rules."""
    source = loaded(yaml.safe_dump(tree, sort_keys=False))
    table = source.compile()
    return table, survey(source.rules, table)


# --------------------------------------------------------------------------------- each with its place
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_doubtful_file_is_told_where_and_what(path: Path) -> None:
    """Exactly the expected lints at the expected places, no more and no less."""
    text = path.read_text("utf-8")
    expected = re.findall(r"^# expect: (\d+:\d+) (\S+)", text, re.MULTILINE)
    found = [(f"{one.line}:{one.col}", one.code.value) for one in lints_of(text)]
    assert found == expected


def test_every_lint_is_shown_by_a_file() -> None:
    """No lint stands in the list without a file that shows it; missing tests have their own."""
    shown = {
        code
        for path in FILES
        for code in re.findall(r"^# expect: \S+ (\S+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {lint.value for lint in Lint} - shown == {"untested-rule"}


def test_errors_and_warnings_look_different() -> None:
    """A warning says so; both begin with file, line, column and code."""
    error = Problem(1, 2, Lint.SHADOWED_RULE, "gone", "a.yaml")
    warning = Problem(1, 2, Lint.UNUSED_LIST, "gone", "a.yaml")
    assert (str(error), error.level) == ("a.yaml:1:2 shadowed-rule gone", Level.ERROR)
    assert str(warning) == "a.yaml:1:2 unused-list warning: gone"
    assert {code for code in Lint if Problem(1, 1, code, "").level is Level.ERROR} == ERRORS


def test_the_rules_to_blame_are_named() -> None:
    """A shadowed rule names those above it that take all it asks for."""
    text = (HERE / "lint" / "two-rules-that-hide-a-third-together.yaml").read_text("utf-8")
    (found,) = lints_of(text)
    assert "`few`, `many` together" in found.message


def test_a_rule_below_a_dead_one_is_dead_and_not_told_again() -> None:
    """One mistake, one line."""
    rule = {"id": "b", "when": {"live": True}}
    dead = {"id": "a", "when": {"time.hour": {"gt": 23}}, "routes": [rule]}
    _, reaches = reaches_of({"route": {"routes": [dead]}})
    assert [one.fate for one in reaches] == [Fate.CONTRADICTION, Fate.BELOW_DEAD]


def test_a_rule_without_a_test_is_told() -> None:
    """Whether others have tests, or none has."""
    source = loaded("route:\n  routes:\n    - {id: one, when: {live: true}}\n")
    assert lint_tests(source, frozenset({"one"})) == []
    for tested in (frozenset({"two"}), frozenset[str](), None):
        (found,) = lint_tests(source, tested)
        assert (found.line, found.col, found.code) == (3, 12, Lint.UNTESTED_RULE)


# ------------------------------------------------------------------------------------- the soundness
@st.composite
def facts_for(draw: st.DrawFn, reads: tuple[str, ...]) -> dict[str, Fact]:
    """Any values that the facts of a file can have."""
    return {name: draw(values_of(name)) for name in reads}


def values_of(name: str) -> st.SearchStrategy[Fact]:
    """Values of a fact, those near the ones in the generated files more often."""
    spec = spec_of(name)
    assert spec is not None
    values: st.SearchStrategy[Any]
    match spec.type:
        case FactType.WORD:
            values = st.sampled_from(spec.words)
        case FactType.FLAG:
            values = st.booleans()
        case FactType.WHOLE:
            values = st.integers(bounds_of(name)[0], 6) | st.integers(*bounds_of(name))
        case FactType.NUMBER:
            values = st.integers(-1000, 1000).map(lambda score: score / 1000)
            values |= st.sampled_from([-1.0, -0.5, 0, 0.5])
        case FactType.TEXT if name in DATES:
            values = st.dates().map(lambda day: day.isoformat())
            values |= st.sampled_from(["2026-12-23", "2026-12-24", "2026-12-25", "2027-01-01"])
        case FactType.TEXT:
            values = (
                st.sampled_from(["", "billing", "bill", "returns", "xing", "x", "rex"]) | st.text()
            )
    return st.none() | values if name in ABSENT else values


def check_sound(rules: list[dict[str, Any]], data: st.DataObject) -> None:
    """The law for one tree."""
    table, reaches = reaches_of({"queues": {"calls": {}}, "route": {"routes": rules}})
    dead = {one.branch.plan.rule for one in reaches if one.fate in DEAD}
    for reach in reaches:
        if reach.fate is Fate.LIVE:
            assert reach.witness is not None
            assert reach.branch.plan.rule in table.match(reach.witness).path
            assert reach.witness.keys() == set(table.reads)
    hits = [one.witness for one in reaches if one.witness is not None]
    many = [*hits, *data.draw(st.lists(facts_for(table.reads), min_size=5, max_size=25))]
    for facts in many:
        assert dead.isdisjoint(table.match(facts).path)


@pytest.mark.timeout(400)  # a counterexample takes minutes to be made small
@settings(max_examples=25, deadline=None)
@given(routes(), st.data())
def test_what_is_called_dead_is_never_hit_and_what_is_called_live_has_a_witness(
    rules: list[dict[str, Any]], data: st.DataObject
) -> None:
    """For any tree and any facts that an event can have."""
    check_sound(rules, data)


@pytest.mark.timeout(400)
@settings(max_examples=25, deadline=None)
@given(crowds(), st.data())
def test_so_it_is_for_many_rules_side_by_side(
    rules: list[dict[str, Any]], data: st.DataObject
) -> None:
    """The same where rules hide each other."""
    check_sound(rules, data)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.data())
def test_over_few_values_dead_is_exactly_what_no_value_hits(
    bounds: list[int], data: st.DataObject
) -> None:
    """Not only sound but complete: hours and flags are few enough to try all of them."""
    orders = st.sampled_from(["gt", "gte", "lt", "lte", "eq"])
    rules = [
        {
            "id": f"r{at}",
            "when": {"time.hour": {data.draw(orders): bound}}
            | ({"live": data.draw(st.booleans())} if data.draw(st.booleans()) else {}),
        }
        for at, bound in enumerate(bounds)
    ]
    table, reaches = reaches_of({"route": {"routes": rules}})
    hit = {
        table.match({"time.hour": hour, "live": live}).path[-1]
        for hour in range(24)
        for live in (True, False)
    }
    assert {one.branch.plan.rule for one in reaches if one.fate is Fate.LIVE} == hit - {"default"}
    assert all(one.fate is Fate.LIVE or one.fate in DEAD for one in reaches)


def test_every_rule_of_the_default_file_is_live_by_an_event_that_is_asked_about() -> None:
    """With a witness each."""
    source = loaded(read_text()[1])
    reaches = survey(source.rules, source.compile())
    assert {one.fate for one in reaches} == {Fate.LIVE}
    assert all(one.asked for one in reaches)
    assert len(reaches) == sum(1 for _ in walk(source.rules.root)) - 1


@pytest.mark.parametrize(
    "pattern",
    ["^bg($|-)", "ing$", "^(billing|invoice)", "[0-9]{3,}-[a-f]", r"^\w+@shop\.test$", "^.?$"],
)
def test_a_text_comes_to_mind_for_a_common_expression(pattern: str) -> None:
    """So that its rule has a witness."""
    assert any(re.search(pattern, text) for text in samples_of(pattern))


def test_a_rule_for_events_that_are_only_remembered_still_has_a_witness() -> None:
    """It is not dead, for the tree would take it; only nobody asks."""
    rule = {"id": "one", "when": {"kind": Kind.CONTACT_CLOSED.value}}
    _, (reach,) = reaches_of({"route": {"routes": [rule]}})
    assert (reach.fate, reach.asked) == (Fate.LIVE, False)


def test_the_domains_know_every_fact() -> None:
    """A new fact has cells without another word."""
    for name in CATALOGUE:
        low, high = bounds_of(name)
        assert low < high


# ----------------------------------------------------------------------------------------- the speed
def test_five_hundred_rules_are_checked_within_two_seconds() -> None:
    """The time is that of this thread: others may use the machine."""
    rules = [
        {
            "id": f"r{at}",
            "when": {
                "channel": ["phone", "chat", "email", "social"][at % 4],
                "topic": f"topic-{at * 7 % 60}",
                "thread.exchanges": {"gte": at * 5 % 6},
                "message.sentiment": {"lte": (at * 11 % 19 - 9) / 10},
            },
        }
        for at in range(500)
    ]
    text = yaml.safe_dump({"route": {"routes": rules}}, sort_keys=False)
    start = time.thread_time()
    found = lints_of(text)
    spent = time.thread_time() - start
    assert any(one.code is Lint.SHADOWED_RULE for one in found)
    assert spent < 2
