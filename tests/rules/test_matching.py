"""Compiled matching against a plain reading of the file."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.core.facts import CATALOGUE, FactType
from services.router.core.matchers import compile_pattern
from services.router.core.table import Table
from services.router.rules.conditions import MATCHERS, fitting
from services.router.rules.file import load_table
from services.router.rules.sieving import SIEVE_FROM

# ------------------------------------------------ the naive interpreter: reads the data as it is


def holds(when: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Does a `when` hold?"""
    return all(entry_holds(key, value, facts) for key, value in when.items())


def entry_holds(key: str, value: Any, facts: Mapping[str, Any]) -> bool:
    """Does one line of a `when` hold?"""
    match key:
        case "any":
            return any(holds(part, facts) for part in value)
        case "all":
            return all(holds(part, facts) for part in value)
        case "not":
            return not holds(value, facts)
    return asked(value, facts.get(key))


def asked(wanted: Any, fact: Any) -> bool:
    """Is a fact what a value, a list or a mapping of matchers wants?"""
    if isinstance(wanted, list):
        return fact in wanted
    if not isinstance(wanted, dict):
        return bool(fact == wanted)
    return all(matcher_holds(name, value, fact) for name, value in wanted.items())


def matcher_holds(name: str, value: Any, fact: Any) -> bool:
    """Does one matcher hold?"""
    match name:
        case "any":
            return any(asked(part, fact) for part in value)
        case "all":
            return all(asked(part, fact) for part in value)
        case "not":
            return not asked(value, fact)
        case "eq":
            return bool(fact == value)
    return fact is not None and PLAIN[name](fact, value)


PLAIN: dict[str, Callable[[Any, Any], bool]] = {
    "in": lambda fact, value: fact in value,
    "gt": lambda fact, value: fact > value,
    "gte": lambda fact, value: fact >= value,
    "lt": lambda fact, value: fact < value,
    "lte": lambda fact, value: fact <= value,
    "between": lambda fact, value: value[0] <= fact <= value[1],
    "matches": lambda fact, value: re.search(value, fact) is not None,
}


def walk(node: Mapping[str, Any], facts: Mapping[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """The queue, priority and path that the tree gives."""
    named = {key: node[key] for key in ("queue", "priority") if key in node}
    plan = {**plan, **named, "path": (*plan["path"], node.get("id", "default"))}
    for child in node.get("routes", []):
        fired = "once_per" in child and any(facts.get(f"once.{rule}") for rule in ids(child))
        if holds(child["when"], facts) and not fired:
            return walk(child, facts, plan)
    return plan


def ids(node: Mapping[str, Any]) -> list[str]:
    """The ids of a rule and of all below it."""
    return [node["id"], *(rule for child in node.get("routes", []) for rule in ids(child))]


# -------------------------------------------------------------------- files and facts by chance

VALUES: dict[str, list[Any]] = {
    "channel": ["phone", "chat", "email", "social"],
    "topic": ["", "billing", "bill", "returns"],
    "live": [True, False],
    "thread.exchanges": [0, 1, 2, 3],
    "message.sentiment": [-1.0, -0.5, 0, 0.5],
    "time.date": ["2026-12-23", "2026-12-24", "2027-01-01"],
}
PATTERNS = ["^bill", "ing$", "re|bi", "^$", "x"]
NAMES = st.sampled_from(sorted(VALUES))


@st.composite
def askings(draw: st.DrawFn, name: str, depth: int = 0) -> Any:
    """Something that a fact may be asked."""
    values = st.sampled_from(VALUES[name])
    fits = sorted(fitting(name, CATALOGUE[name]))
    combined = ["any", "all", "not"] if depth < 2 else []
    shape = draw(st.sampled_from(["plain", *fits, *combined]))
    inner = askings(name, depth + 1)
    shapes: dict[str, st.SearchStrategy[Any]] = {
        "in": st.lists(values, min_size=1, max_size=3),
        "between": st.tuples(values, values).map(sorted),
        "matches": st.sampled_from(PATTERNS),
        "eq": values | st.none(),
        "any": st.lists(inner, min_size=1, max_size=2),
        "all": st.lists(inner, min_size=1, max_size=2),
        "not": inner,
    }
    if shape == "plain":
        return draw(values | shapes["in"]) if name != "live" else draw(values)
    return {shape: draw(shapes.get(shape, values))}


@st.composite
def whens(draw: st.DrawFn, depth: int = 0) -> dict[str, Any]:
    """A `when`."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    when: dict[str, Any] = {name: draw(askings(name)) for name in names}
    if depth < 2:
        for key in draw(st.lists(st.sampled_from(["any", "all", "not"]), max_size=1)):
            inner = whens(depth + 1)
            parts = inner if key == "not" else st.lists(inner, min_size=1, max_size=2)
            when[key] = draw(parts)
    return when


@st.composite
def routes(draw: st.DrawFn, prefix: str = "r", *, once_above: bool = False) -> list[dict[str, Any]]:
    """A list of rules with rules below them; often so many that a switch is built."""
    found = []
    for at in range(draw(st.integers(0, 7 if prefix == "r" else 2))):
        rule: dict[str, Any] = {"id": f"{prefix}{at}", "when": draw(whens())}
        if draw(st.booleans()):
            rule["priority"] = draw(st.integers(1, 9))
        if draw(st.booleans()):
            rule["queue"] = draw(st.sampled_from(["general", "calls"]))
        once = not once_above and draw(st.integers(0, 4)) == 0
        if once:
            rule["once_per"] = "thread"
        if len(prefix) < 5:
            rule["routes"] = draw(routes(f"{prefix}{at}-", once_above=once_above or once))
        found.append(rule)
    return found


FACTS = st.fixed_dictionaries(
    {name: st.none() | st.sampled_from(values) for name, values in VALUES.items()}
)


@st.composite
def crowds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Many rules side by side, most of which ask for the channel, so that a switch is built."""
    channels = st.sampled_from(VALUES["channel"])
    asked_often = channels | st.lists(channels, min_size=1, max_size=2)
    found: list[dict[str, Any]] = [
        {"id": f"r{at}", "when": {"channel": draw(channels)}} for at in range(4)
    ]
    for at in range(4, draw(st.integers(6, 9))):
        rare = draw(st.sampled_from(["live", "topic", "thread.exchanges"]))
        when: dict[str, Any] = {rare: draw(askings(rare, 2))}
        match draw(st.integers(0, 3)):
            case 0:
                when["channel"] = draw(askings("channel"))
            case 1 | 2:
                when["channel"] = draw(asked_often)
        found.append({"id": f"r{at}", "when": when, "priority": at})
    for rule in found[:4]:
        rule["when"]["topic"] = draw(askings("topic", 2))
    return draw(st.permutations(found))


@pytest.mark.timeout(400)  # a counterexample takes minutes to be made small
@settings(max_examples=25, deadline=None)
@given(routes(), st.lists(FACTS, min_size=1, max_size=5), st.data())
def test_what_is_compiled_means_what_the_file_says(
    rules: list[dict[str, Any]], many: list[dict[str, Any]], data: st.DataObject
) -> None:
    """For any tree and any facts: the same path, queue and priority as a plain reading."""
    check_match(rules, many, data)


@pytest.mark.timeout(400)
@settings(max_examples=60, deadline=None)
@given(crowds(), st.lists(FACTS, min_size=5, max_size=20), st.data())
def test_a_switch_means_what_the_file_says(
    rules: list[dict[str, Any]], many: list[dict[str, Any]], data: st.DataObject
) -> None:
    """The same for nodes so wide that a switch is built."""
    assert check_match(rules, many, data).root.switch is not None


def make_throng(chance: random.Random) -> list[dict[str, Any]]:
    """So many rules of one channel that sieves are built, with bounds and values of all kinds."""

    def ask(name: str) -> Any:
        values = VALUES[name]
        shape = chance.choice([*sorted(fitting(name, CATALOGUE[name]) - {"matches"}), "not"])
        match shape:
            case "in":
                return {shape: chance.sample(values, 2)}
            case "between":
                return {shape: sorted(chance.sample(values, 2))}
            case "not":
                return {shape: {"eq": chance.choice(values)}}
            case _:
                return {shape: chance.choice(values)}

    found: list[dict[str, Any]] = []
    for at in range(chance.randint(3 * SIEVE_FROM, 4 * SIEVE_FROM)):
        when: dict[str, Any] = {"channel": "email" if at % 5 else ["email", "chat"]}
        for name in chance.sample(["thread.exchanges", "message.sentiment", "topic"], 2):
            asked = ask(name)
            when[name] = {"all": [asked, ask(name)]} if chance.random() < 0.2 else asked
        found.append({"id": f"r{at}", "when": when, "priority": 1 + at % 9})
    return found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32), st.data())
def test_sieves_leave_out_only_what_cannot_match(seed: int, data: st.DataObject) -> None:
    """The same for so many rules that they are sieved; facts below, at, between and above all bounds."""
    chance = random.Random(seed)
    many = [
        {
            "channel": "email",
            "thread.exchanges": chance.choice([None, -1, 0, 1, 2, 3, 9]),
            "message.sentiment": chance.choice([None, -1.0, -0.7, -0.5, 0, 0.1, 0.5, 1.0]),
            "topic": chance.choice([None, *VALUES["topic"], "else"]),
        }
        for _ in range(60)
    ]
    switch = check_match(make_throng(chance), many, data).root.switch
    assert switch is not None
    assert len(switch.by_value["email"].sieves) >= 2


def test_rules_that_many_others_stand_before_are_found() -> None:
    """Bounds and values of 400 rules: the first one of the file that matches, wherever it stands."""
    rules = [
        {
            "id": f"r{n}",
            "when": {"channel": "chat", "thread.exchanges": {"gte": n}, "topic": f"t{n % 7}"},
        }
        for n in range(400, 0, -1)
    ]
    table = load_table(yaml.safe_dump({"route": {"routes": rules}}, sort_keys=False))
    assert isinstance(table, Table)
    for exchanges in (1, 50, 51, 399, 1000):
        top = min(exchanges, 400)
        for topic in range(7):
            wanted = next((n for n in range(top, 0, -1) if n % 7 == topic), None)
            facts = {"channel": "chat", "thread.exchanges": exchanges, "topic": f"t{topic}"}
            path = ("default",) if wanted is None else ("default", f"r{wanted}")
            assert table.match(facts).path == path
    assert table.match({"channel": "chat", "topic": "t1"}).path == ("default",)


def check_match(
    rules: list[dict[str, Any]], many: list[dict[str, Any]], data: st.DataObject
) -> Table:
    """The law for one tree and some facts."""
    tree: dict[str, Any] = {"queues": {"calls": {}}, "route": {"routes": rules}}
    table = load_table(yaml.safe_dump(tree, sort_keys=False))
    assert isinstance(table, Table), [str(problem) for problem in table]
    fired = [name for name in table.reads if name.startswith("once.")]
    for facts in many:
        once = {name: data.draw(st.booleans()) for name in fired}
        start = {"queue": "general", "priority": 5, "path": ()}
        expected = walk(tree["route"], {**facts, **once}, start)
        found = table.match({**facts, **once})
        plan = {"queue": found.plan.queue, "priority": found.plan.priority, "path": found.path}
        assert plan == expected
    return table


def test_four_siblings_that_ask_for_one_fact_have_a_switch() -> None:
    """And it leads to the child with the fact's value, or to none."""
    rules = [{"id": f"r{n}", "when": {"topic": str(n)}} for n in range(4)]
    table = load_table(yaml.safe_dump({"route": {"routes": rules}}))
    assert isinstance(table, Table)
    assert table.root.switch is not None
    assert table.root.switch.fact == "topic"
    assert table.match({"topic": "3"}).path == ("default", "r3")
    assert table.match({"topic": "9"}).path == ("default",)


def test_the_reads_of_a_table_are_the_facts_its_rules_name() -> None:
    """Facts in every corner of a `when` are listed, sorted, once."""
    when = {"any": [{"live": True}, {"not": {"topic": {"matches": "a"}}}], "channel": "email"}
    table = load_table(yaml.safe_dump({"route": {"routes": [{"id": "one", "when": when}]}}))
    assert isinstance(table, Table)
    assert table.reads == ("channel", "live", "topic")


@pytest.mark.parametrize("name", sorted(MATCHERS))
def test_an_absent_fact_matches_nothing_but_eq_null_and_not(name: str) -> None:
    """No matcher holds for a fact that is absent; its negation does."""
    value = {"in": [1], "between": [0, 9], "matches": ".*"}.get(name, 1)
    fact = "topic" if name == "matches" else "thread.exchanges"
    for wanted, expected in (({name: value}, False), ({"not": {name: value}}, True)):
        rule = {"id": "one", "when": {fact: wanted}}
        table = load_table(yaml.safe_dump({"route": {"routes": [rule]}}))
        assert isinstance(table, Table)
        for facts in ({}, {fact: None}):
            assert (table.match(facts).path[-1] == "one") is expected


def test_a_regular_expression_takes_time_in_proportion_to_the_text() -> None:
    """The classic (a+)+$ against a long row of a's does not explode."""
    assert not compile_pattern("^(a+)+$")("a" * 50_000 + "b")


def test_each_type_of_fact_has_matchers() -> None:
    """Every type can be asked for equality, and every matcher fits some fact."""
    for kind in FactType:
        assert any(spec.type is kind for spec in CATALOGUE.values())
    used = frozenset().union(*(fitting(name, spec) for name, spec in CATALOGUE.items()))
    assert used == set(MATCHERS)
