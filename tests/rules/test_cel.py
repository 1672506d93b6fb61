"""`cel:` conditions: checked when they are loaded, opaque to the lints, the same for ever."""

from __future__ import annotations

import pickle
import sys

import pytest

from services.contact.decision import Fact
from services.router.core.expression import FAILED
from services.router.core.matchers import Cel, compile_condition
from services.router.core.table import Table
from services.router.rules.compiling import compile_table
from services.router.rules.explaining import explain
from services.router.rules.file import load_file, load_rules, load_table
from services.router.rules.formatting import format_rules
from services.router.rules.lint import lint
from services.router.rules.problem import Lint
from services.router.rules.reaching import Fate, survey
from services.router.rules.showing import show_rules


def write(*conditions: str) -> str:
    """A rule file with a rule for each `when`, called r0, r1, ..."""
    rules = (
        f"    - id: r{n}\n      when: {one}\n      priority: {n % 8 + 1}\n"
        for n, one in enumerate(conditions)
    )
    return f"route:\n  routes:\n{''.join(rules)}"


def load(*conditions: str) -> Table:
    """The table of such a file."""
    table = load_table(write(*conditions))
    assert isinstance(table, Table), [str(one) for one in table]
    return table


def holds(condition: str, **facts: Fact) -> bool:
    """Does a `cel:` condition hold? Dots are written as `__`."""
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return load(f"{{cel: '{condition}'}}").match(named).path[-1] == "r0"


def test_an_expression_reads_the_facts_of_the_catalogue() -> None:
    """Law: numbers, words, flags, texts, attributes and shares have their types."""
    assert holds("thread.messages > 2 * thread.exchanges", thread__messages=5, thread__exchanges=2)
    assert not holds(
        "thread.messages > 2 * thread.exchanges", thread__messages=4, thread__exchanges=2
    )
    assert holds('channel in ["email", "chat"] && !live', channel="chat", live=False)
    assert holds("mood.score < -0.5 && split.trial < 10", mood__score=-1, split__trial=9)
    assert holds('attributes.plan.startsWith("go")', attributes__plan="gold")


def test_an_absent_fact_does_not_hold_unless_the_answer_does_not_rest_on_it() -> None:
    """Law: no guess in either direction, and it is no failure."""
    before = FAILED.count
    assert not holds("mood.score < 0.0", mood__score=None)
    assert not holds("!(mood.score < 0.0)", mood__score=None)
    assert holds('mood.score < 0.0 || channel == "email"', mood__score=None, channel="email")
    assert FAILED.count == before


@pytest.mark.parametrize(
    "condition",
    [
        "10 / thread.exchanges > 1",
        "thread.exchanges + 9223372036854775807 > 0 && thread.exchanges == 0",
        "dyn(channel) > thread.exchanges",
        "".join(f"[0,1,2,3,4,5,6,7,8,9].all({n}," for n in "abcde") + "a+b>=thread.exchanges)))))",
    ],
)
def test_what_cannot_be_evaluated_does_not_hold_and_is_counted(condition: str) -> None:
    """Law: divisions by zero, overflows and endless loops cost the condition, never the record."""
    before = FAILED.count
    facts: dict[str, Fact] = {"thread__exchanges": 0, "channel": "email"}
    if "9223" in condition:
        condition = condition.replace("thread.exchanges + ", "thread.exchanges + 1 + ")
    assert not holds(condition, **facts)
    assert FAILED.count == before + 1


def test_the_facts_that_it_reads_are_recorded_and_no_others() -> None:
    """Law: `Table.reads` has what an expression names, not what stands in its texts."""
    table = load("{cel: 'topic == \"mood.score\" && thread.exchanges > 1'}")
    assert table.reads == ("thread.exchanges", "topic")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("'channel == \"email\" && thread.exchangs > 2'", "4:42 unknown-fact there is no fact"),
        ("'channel > 3'", "4:28 bad-cel `>` does not take (string, int)"),
        ("'mood.score < 0'", "compared with 2.0, not with 2"),
        ("'thread.exchanges >= '", "the expression breaks off"),
        ("'nope(channel)'", "4:20 bad-cel there is no function `nope`"),
        ('\'attributes["a"] == "b"\'', "unknown-fact there is no fact `attributes`"),
        ("'thread.exchanges'", "not true or false but gives int"),
        ("'" + 'channel == "x" || ' * 40 + "live'", "longer than 512"),
    ],
)
def test_a_mistake_is_told_where_it_stands(condition: str, said: str) -> None:
    """Law: line and column of the name or the operator, in the words of the rule language."""
    found = load_rules(write(f"{{cel: {condition}}}"))
    assert isinstance(found, list)
    assert len(found) == 1, [str(one) for one in found]
    assert said in str(found[0])


def test_without_the_library_the_file_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: only a file that uses `cel:` needs it, and its error names the extra."""
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    found = load_rules(write("{cel: 'live && channel == \"chat\"'}"))
    assert isinstance(found, list)
    assert [str(one) for one in found] == [
        "routing.yaml:4:19 cel-missing expressions need a library: pip install 'omniroute[cel]'"
    ]
    assert isinstance(load_rules(write("{live: true}")), object)
    assert not isinstance(load_rules(write("{live: true}")), list)


def test_lints_take_an_expression_as_a_free_truth_value() -> None:
    """Law: the same expression twice is recognised, different ones are not; witnesses hit."""
    text = write(
        "{channel: email, cel: 'thread.messages > 2 * thread.exchanges'}",
        "{channel: email, cel: 'thread.messages > 2 * thread.exchanges'}",
        "{channel: email, cel: 'thread.messages > 4'}",
        "{cel: 'live', not: {cel: 'live'}}",
        "{cel: 'attributes.plan == \"gold\" && mood.score < -0.25'}",
    )
    loaded = load_file(text)
    assert not isinstance(loaded, list), [str(one) for one in loaded]
    table = loaded.compile()
    found = survey(loaded.rules, table)
    assert [one.fate for one in found] == [
        Fate.LIVE,
        Fate.SHADOWED,
        Fate.LIVE,
        Fate.CONTRADICTION,
        Fate.LIVE,
    ]
    for one in found:
        if one.witness is not None:
            assert one.branch.plan.rule in table.match(one.witness).path


def test_an_expression_that_reads_the_age_is_found() -> None:
    """Law: no way round the lint."""
    loaded = load_file(write("{cel: 'attributes.age > \"65\"'}"))
    assert not isinstance(loaded, list)
    assert Lint.READS_AGE in {one.code for one in lint(loaded, loaded.compile())[0]}


def test_a_rule_with_an_expression_is_shown_explained_and_formatted() -> None:
    """Law: the tools that draw conditions draw this one too; its tree survives a pickle."""
    text = write("{channel: email, cel: 'thread.messages > 2 * thread.exchanges'}")
    rules = load_rules(text)
    assert not isinstance(rules, list)
    assert any("(thread.messages > 2 * thread.exchanges)" in line for line in show_rules(rules))
    table = compile_table(pickle.loads(pickle.dumps(rules)), "v")  # noqa: S301 - our own bytes
    facts: dict[str, Fact] = {"channel": "email", "thread.messages": 5, "thread.exchanges": 2}
    way = explain(rules, table, facts)
    assert way.path == ("default", "r0")
    asked = way.root.children[0].asked
    assert asked is not None
    assert asked.parts[1].facts == {"thread.exchanges": 2, "thread.messages": 5}
    formatted = format_rules(text, "routing.yaml")
    assert isinstance(formatted, str)
    assert isinstance(load_table(formatted), Table)


def test_a_compiled_expression_is_the_same_for_every_table() -> None:
    """Law: reloading the same file compiles nothing anew."""
    one = Cel("live", ("live",))
    assert compile_condition(one) is compile_condition(Cel("live", ("live",)))
