"""Rule files that must be taken and rule files that must be refused, each a fixture.

A file in `bad/` says in its first lines what must be found: `# expect: LINE CODE`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.contact.decision import Fact
from services.router.core.table import CHOSEN, SAME, Span, Table
from services.router.rules.file import load_table
from services.router.rules.problem import Code, Problem

HERE = Path(__file__).parent
GOOD = sorted((HERE / "good").glob("*.yaml"))
BAD = sorted((HERE / "bad").glob("*.yaml"))


def text_of(path: Path) -> str:
    """The text as the command reads it: bytes as UTF-8, line ends kept."""
    return path.read_bytes().decode("utf-8")


def load_good(name: str) -> Table:
    """The table of a file in `good/`."""
    table = load_table(text_of(HERE / "good" / f"{name}.yaml"), name)
    assert isinstance(table, Table), table
    return table


def problems_of(text: str) -> list[Problem]:
    """What is wrong with a text; it must be something."""
    found = load_table(text, "some.yaml")
    assert isinstance(found, list), found
    return found


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_file_becomes_a_table(path: Path) -> None:
    """Tricky but right: nothing is reported and the root answers when no rule does."""
    table = load_table(text_of(path), path.name)
    assert isinstance(table, Table), [str(problem) for problem in table]
    assert table.match({}).path[0] == "default"


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_is_refused_with_the_right_codes_and_lines(path: Path) -> None:
    """Exactly the expected codes at the expected lines, no more and no less."""
    text = text_of(path)
    expected = {
        (int(n), code) for n, code in re.findall(r"^# expect: (\d+) (\S+)", text, re.MULTILINE)
    }
    assert expected
    found = load_table(text, path.name)
    assert isinstance(found, list)
    assert {(problem.line, problem.code.value) for problem in found} == expected
    for problem in found:
        assert str(problem).startswith(f"{path.name}:{problem.line}:{problem.col} {problem.code} ")
        assert problem.message


def test_every_code_is_raised_by_a_bad_file() -> None:
    """No code stands in the list without a file that shows it, but for what a file cannot show."""
    # A file too big to keep; a machine without the library: test_cel.py.
    shown = {
        code
        for path in BAD
        for code in re.findall(r"^# expect: \d+ (\S+)", text_of(path), re.MULTILINE)
    }
    assert {code.value for code in Code} - shown == {"too-large", "cel-missing"}


def test_the_column_is_that_of_the_value_in_characters() -> None:
    """Columns count characters from 1, whatever their size in bytes."""
    (problem,) = problems_of("route: {reason: 客户, priority: 12}\n")
    assert (problem.line, problem.col) == (1, 31)


def test_a_file_that_is_too_long_is_refused() -> None:
    """A million characters and one are too many."""
    (problem,) = problems_of("route: {}\n" + "#" * 1_000_000)
    assert problem.code is Code.TOO_LARGE


def test_a_file_with_too_many_values_is_refused() -> None:
    """The values are counted as they are read, so a huge list stops early."""
    (problem,) = problems_of("route: {skills: [" + "x, " * 60_000 + "]}\n")
    assert problem.code is Code.TOO_LARGE


def test_too_many_rules_are_refused() -> None:
    """2000 rules are the limit."""
    rules = "".join(f"    - {{id: r{n}, when: {{live: true}}}}\n" for n in range(2001))
    found = problems_of("route:\n  routes:\n" + rules)
    assert [problem.code for problem in found] == [Code.TOO_MANY]


def test_a_lone_surrogate_is_a_problem_and_not_an_exception() -> None:
    """A text that cannot be UTF-8 is refused where it stands."""
    (problem,) = problems_of("route:\n  reason: \ud800\n")
    assert (problem.line, problem.code) == (2, Code.YAML_CHARACTER)


def test_the_version_is_that_of_the_bytes() -> None:
    """First 12 hex digits of SHA-256 of `route: {}` and a line end, taken with sha256sum."""
    table = load_table("route: {}\n")
    assert isinstance(table, Table)
    assert table.version == "0223ff9169af"


def test_a_child_inherits_what_it_does_not_name() -> None:
    """One target is changed, the others and all else stay the parent's."""
    table = load_good("a-child-that-changes-one-target")
    (child,) = table.root.children
    assert child.plan.respond_within_ms == {"phone": 20_000, "email": 3_600_000}
    assert child.plan.fallback == (CHOSEN, SAME)
    assert table.root.plan.respond_within_ms["email"] == 4 * 3_600_000


def test_a_child_can_empty_a_list() -> None:
    """`skills: []` takes the parent's skills away."""
    table = load_good("skills-taken-away-by-a-child")
    assert table.root.plan.skills == ("empathy",)
    assert table.root.children[0].plan.skills == ()


def test_a_rule_with_once_per_fires_once_whichever_refinement_answered() -> None:
    """After the refinement fired, neither it nor the rule itself fires again."""
    table = load_good("once-per-with-refinements")
    assert table.reads == ("channel", "message.sentiment", "once.call", "once.call-sooner")
    facts: dict[str, Fact] = {"channel": "email", "message.sentiment": -0.5}
    fresh = table.match(facts)
    assert fresh.path == ("default", "call", "call-sooner")
    assert (fresh.plan.once_per, fresh.plan.priority) == ("contact", 1)
    assert table.match({**facts, "once.call-sooner": True}).path == ("default",)
    assert table.match({**facts, "once.call": True}).path == ("default",)
    assert table.match({**facts, "once.call": False}).path == fresh.path


def test_hours_past_midnight_end_on_the_next_day() -> None:
    """fri-mon 22:00-06:00: open late from Friday to Monday and early from Saturday to Tuesday."""
    week = load_good("hours-past-midnight").queues["night"].week
    late, early = Span(1320, 1440), Span(0, 360)
    assert week == ((early, late), (early,), (), (), (late,), (early, late), (early, late))


def test_a_week_that_is_always_open_needs_no_hours() -> None:
    """`00:00-24:00` every day is the same as `always`: no week to look into."""
    assert load_good("a-week-that-is-open-all-the-time").queues["desk"].week is None


def test_general_is_there_without_being_declared() -> None:
    """The queue `general` is always open and needs no entry."""
    queue = load_good("general-without-being-declared").queues["general"]
    assert (queue.week, queue.executor) == (None, "")


def test_durations_add_up_their_units() -> None:
    """1d2h3m4s and 1440m in milliseconds."""
    table = load_good("durations-of-every-unit")
    assert table.root.plan.expires_after_ms == (86_400 + 2 * 3_600 + 3 * 60 + 4) * 1_000
    assert table.root.plan.max_wait_ms == 86_400_000
    assert table.settings.reopen_within_ms == 60 * 3_600_000


def test_yaml_words_keep_their_plain_meaning() -> None:
    """007 in quotes, 0o17, 1_000 and a date are texts, as YAML 1.2 has them."""
    table = load_good("numbers-that-are-texts-in-quotes")
    paths = [table.match({"topic": topic}).path[-1] for topic in ("007", "0o17", "1_000", "7")]
    assert paths == ["topic-number", "topic-octal", "topic-grouped", "default"]
