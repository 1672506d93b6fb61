"""The tests beside a rule file: told in short, run by the real core, failures at their line."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from services.cli import rules as command
from services.contact.decision import Fact, Outcome
from services.router.core.facts import CATALOGUE, FactType, spec_of
from services.router.core.table import Table
from services.router.rules.cases import Cases, build_cases_schema, load_cases
from services.router.rules.coverage import cover
from services.router.rules.domains import ABSENT, bounds_of
from services.router.rules.file import RuleSource, load_file, load_table
from services.router.rules.packaged import find_default, read_text
from services.router.rules.problem import Code, Problem, Problems
from services.router.rules.source import read_source
from services.router.rules.trial import Trial, run_cases

BESIDE = find_default().with_name("routing.tests.yaml")
RULES = """\
queues:
  calls: {hours: {mon-fri: 08:00-20:00}}
route:
  routes:
    - id: long
      when: {thread.exchanges: {gte: 1}}
      channel: phone
      queue: calls
      once_per: thread
      routes:
        - {id: long-key, when: {customer.segment: key}, priority: 2}
    - {id: upset, when: {mood.score: {lt: -0.5}}, priority: 3}
"""
CALLED = """\
customer: {handles: {phone: "+359888123456"}}
tests:
  - name: One exchange leads to a call
    before:
      - {customer: "Where is it?"}
      - {agent: "On its way."}
    when: {customer: "Still not here."}
    expect: {rule: long}
"""


@pytest.fixture(autouse=True)
def _no_rules_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMNIROUTE_RULES", raising=False)


def cases_of(text: str) -> Cases:
    """Cases that load."""
    cases = load_cases(text, "some.tests.yaml")
    assert isinstance(cases, Cases), [str(problem) for problem in cases]
    return cases


def tried(text: str, rules: str = RULES) -> list[Trial]:
    """What becomes of some cases."""
    table = load_table(rules)
    assert isinstance(table, Table), [str(problem) for problem in table]
    return run_cases(table, cases_of(text))


def problems_of(text: str) -> list[Problem]:
    """What is wrong with some cases."""
    found = load_cases(text, "some.tests.yaml", frozenset({"long", "default"}))
    assert isinstance(found, list)
    return found


def one(when: str, expect: str, **more: str) -> Trial:
    """What becomes of a case with one event."""
    lines = "".join(f"    {key}: {value}\n" for key, value in more.items())
    text = f"tests:\n  - name: it\n{lines}    when: {when}\n    expect: {expect}\n"
    (trial,) = tried(text)
    return trial


def copy_of(tmp_path: Path, rules: str, tests: str | None) -> str:
    """A rule file with its tests beside it; its name."""
    (tmp_path / "mine.yaml").write_text(rules, "utf-8")
    if tests is not None:
        (tmp_path / "mine.tests.yaml").write_text(tests, "utf-8")
    return str(tmp_path / "mine.yaml")


# --------------------------------------------------------------------------------- the default file
def test_the_default_file_is_covered_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Every case is good, every rule hit, every condition seen true and false."""
    assert command.main(["test", "--fail-under", "100"]) == 0
    assert "100.0 % covered" in capsys.readouterr().out


def test_the_default_file_is_clean_and_in_canonical_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No error, no warning, nothing to format; nor in its tests."""
    assert command.main(["check", "--strict"]) == 0
    assert command.main(["fmt", "--check", str(find_default()), str(BESIDE)]) == 0
    assert "warning" not in capsys.readouterr().out


def test_a_changed_rule_fails_the_case_at_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three exchanges in place of two: the failure names the line, the decision and why."""
    changed = read_text()[1].replace("thread.exchanges: {gte: 2}", "thread.exchanges: {gte: 3}")
    text = BESIDE.read_text("utf-8")
    name = copy_of(tmp_path, changed, text)
    assert command.main(["test", name]) == 1
    printed = capsys.readouterr().out
    line = next(
        n for n, one in enumerate(text.splitlines(), 1) if one == "      rule: email-to-phone"
    )
    law = "Two exchanges by e-mail lead to a call"
    assert f"mine.tests.yaml:{line}:7 failed: {law}: rule is `default`" in printed
    assert "    path    default\n" in printed
    assert '"thread.exchanges"' not in printed
    assert "thread.exchanges=2" in printed


def test_every_fact_that_the_core_computes_lies_in_its_domain() -> None:
    """What the lints take for the values of a fact holds all that events give: every fact is read."""
    table = load_table(read_text()[1])
    assert isinstance(table, Table)
    every = tuple(sorted({*table.reads, *CATALOGUE, "split.pilot", "attributes.any"}))
    table = msgspec.structs.replace(table, reads=every)
    page = (find_default().parents[2] / "docs" / "cookbook.md").read_text("utf-8")
    stories = re.findall(r"^```yaml tests\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    seen = Counter[str]()
    for text in (BESIDE.read_text("utf-8"), *stories):
        for trial in run_cases(table, cases_of(text)):
            for name, value in trial.decision.facts.items() if trial.decision else ():
                check_domain(name, value)
                seen[name] += 1
    assert set(seen) == set(every)


def check_domain(name: str, value: Fact) -> None:
    """The law for one value."""
    spec = spec_of(name)
    assert spec is not None
    if value is None:
        assert name in ABSENT
    elif spec.type is FactType.WORD:
        assert value in spec.words
    elif spec.type in {FactType.NUMBER, FactType.WHOLE}:
        assert bounds_of(name)[0] <= float(str(value)) <= bounds_of(name)[1]
    else:
        assert isinstance(value, bool if spec.type is FactType.FLAG else str)


# ------------------------------------------------------------------------------------- the short form
def test_e_mails_of_one_contact_answer_each_other() -> None:
    """One exchange has gone before, so the thread is called."""
    (trial,) = tried(CALLED)
    assert trial.decision is not None
    assert not trial.failures
    assert trial.decision.facts["thread.exchanges"] == 1


def test_another_contact_is_another_thread() -> None:
    """No exchange has gone before in it."""
    (trial,) = tried(CALLED.replace('"Still not here."', '"Still not here.", contact: other'))
    assert trial.decision is not None
    assert trial.decision.path == ("default",)


def test_the_customer_is_as_given() -> None:
    """Choice, consent, mood and segment reach the rules through the events of a platform."""
    who = "{choice: {channel: chat, never: [phone]}, segment: key, mood: {score: -0.8}}"
    expect = "{rule: upset, channel: chat, action: move, facts: {mood.score: -0.8}}"
    assert not one('{customer: "Hello?"}', expect, customer=who).failures


def test_nothing_is_known_of_a_customer_of_whom_nothing_is_given() -> None:
    """Only an id makes nobody known."""
    rules = "route:\n  routes:\n    - {id: new, when: {customer.known: false}, priority: 2}\n"
    text = (
        'tests:\n  - {name: it, customer: {id: x}, when: {customer: "Hi"}, expect: {rule: new}}\n'
    )
    (trial,) = tried(text, rules)
    assert not trial.failures


def test_the_clock_is_that_of_the_last_event() -> None:
    """What went before is told backwards from it."""
    rules = "route:\n  routes:\n    - {id: ten, when: {time.hour: 10}, priority: 2}\n"
    text = """\
at: 2026-11-20T10:00:00Z
tests:
  - name: it
    before:
      - {customer: "One", after: 5h}
      - {agent: "Two", after: 1d}
    when: {customer: "Three", after: 3h}
    expect: {facts: {time.hour: 10}, rule: ten}
"""
    (trial,) = tried(text, rules)
    assert not trial.failures
    assert trial.decision is not None
    assert trial.decision.decided_at.isoformat() == "2026-11-20T10:00:00+00:00"


def test_a_report_names_the_last_decision() -> None:
    """A call that nobody answered goes to the next fallback."""
    text = CALLED.replace('    when: {customer: "Still not here."}\n', "").replace(
        '      - {agent: "On its way."}\n',
        '      - {agent: "On its way."}\n      - {customer: "Still not here."}\n',
    )
    text = text.replace(
        "    expect: {rule: long}",
        "    when: {event: routing.failed, cause: no_answer}\n"
        "    expect: {channel: email, cause: routing.failed, skips: {phone: tried}}",
    )
    (trial,) = tried(text)
    assert not trial.failures, trial.failures


def test_a_live_contact_that_is_read_late_is_only_recorded() -> None:
    """`read_after` is the time between the receipt and the router."""
    trial = one("{event: call.offered, read_after: 5m}", "{action: record}")
    assert not trial.failures


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("{queue: calls}", "queue is `general`, expected `calls`"),
        ("{priority: 1}", "priority is `5`, expected `1`"),
        ("{skills: [empathy]}", "skills is nothing, expected empathy"),
        ("{respond_within: 4h}", "respond_within is not set, expected 4h"),
        (
            "{not_before: 2026-11-21T08:00:00+02:00}",
            "not_before is not set, expected 2026-11-21T06:00:00+00:00",
        ),
        ("{facts: {mood.score: 1}}", "facts is "),
        ("{not: {rule: default}}", "rule is `default`, which it must not be"),
        ("{outcome: remembered}", "outcome is `decided`, expected `remembered`"),
        ("{path: [default, long]}", "path is default, expected default > long"),
    ],
)
def test_each_expectation_can_fail(expect: str, message: str) -> None:
    """And says what was found in its place, at its own line."""
    (failure,) = one('{customer: "Hello?"}', expect).failures
    assert failure.message.startswith(message)
    assert failure.mark.line == 4


def test_what_is_only_remembered_meets_no_expectation_of_a_decision() -> None:
    """But `outcome`, and `not`."""
    trial = one('{agent: "Hello?"}', "{outcome: remembered, not: {rule: long}}")
    assert (trial.outcome, trial.failures) == (Outcome.REMEMBERED, ())
    (failure,) = one('{agent: "Hello?"}', "{rule: long}").failures
    assert "expected `long`" in failure.message


# ------------------------------------------------------------------------------------------- mistakes
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tests: []\n", [(1, Code.EMPTY_LIST)]),
        ("tests:\n  - {name: a, when: {customer: b}}\n", [(2, Code.MISSING_KEY)]),
        ("tests:\n  - {name: a, when: {}, expect: {}}\n", [(2, Code.WRONG_TYPE)]),
        (
            "tests:\n  - {name: a, when: {customer: b, agent: c}, expect: {}}\n",
            [(2, Code.WRONG_TYPE)],
        ),
        (
            "tests:\n  - {name: a, when: {customer: b}, expect: {rule: log}}\n",
            [(2, Code.UNKNOWN_WORD)],
        ),
        (
            "tests:\n  - {name: a, when: {customer: b}, expect: {action: call}}\n",
            [(2, Code.UNKNOWN_WORD)],
        ),
        (
            "at: 2026-11-20\ntests:\n  - {name: a, when: {event: calls}, expect: {not: {roule: b}}}\n",
            [(1, Code.WRONG_TYPE), (3, Code.UNKNOWN_WORD), (3, Code.UNKNOWN_KEY)],
        ),
        ("tests:\n  - {name: a, name: b, when: {bot: b}, expect: {}}\n", [(2, Code.DUPLICATE_KEY)]),
    ],
)
def test_a_mistake_in_the_cases_has_a_place_and_a_code(
    text: str, expected: list[tuple[int, Code]]
) -> None:
    """As in a rule file."""
    assert [(found.line, found.code) for found in problems_of(text)] == expected


# ------------------------------------------------------------------------------------------- coverage
def test_coverage_follows_the_path_of_a_decision() -> None:
    """What stands above the child that was taken did not hold; what stands below was not asked."""
    source = load_file(RULES)
    assert isinstance(source, RuleSource)
    found = cover(source.rules.root, [("default", "long")])
    seen = {one.branch.plan.rule: (one.true, one.false) for one in found.rules}
    assert seen == {"long": (True, False), "long-key": (False, True), "upset": (False, False)}
    assert (found.hit, found.branches) == (1, 2)
    assert round(found.percent, 1) == 33.3
    both = cover(source.rules.root, [("default", "long", "long-key"), ("default", "upset")])
    assert (both.hit, both.branches) == (3, 4)


def test_too_little_coverage_is_exit_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what is missing is named with its line."""
    name = copy_of(tmp_path, RULES, CALLED)
    assert command.main(["test", name]) == 0
    assert command.main(["test", name, "--fail-under", "34"]) == 1
    printed = capsys.readouterr()
    assert f"{name}:11:11 `long-key` is never hit" in printed.out
    assert f"{name}:12:7 `upset` is never asked" in printed.out
    assert "33.3 % is under 34 %" in printed.err


# -------------------------------------------------------------------------------------------- formats
def test_the_cases_name_their_rules_or_lie_beside_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Either file can be given; without tests it is wrong use."""
    name = copy_of(tmp_path, RULES, CALLED)
    other = tmp_path / "other.tests.yaml"
    other.write_text(f"rules: mine.yaml\n{CALLED}", "utf-8")
    assert command.main(["test", str(tmp_path / "mine.tests.yaml"), str(other)]) == 0
    (tmp_path / "mine.tests.yaml").unlink()
    assert command.main(["test", name]) == 2
    assert "mine.tests.yaml" in capsys.readouterr().err


def test_json_and_github_say_the_same_as_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For tools: every case with its line; for pull requests: a command for each failure."""
    name = copy_of(tmp_path, RULES, CALLED.replace("{rule: long}", "{rule: long, priority: 1}"))
    assert command.main(["test", name, "--format", "json"]) == 1
    (said,) = json.loads(capsys.readouterr().out)
    (case,) = said["cases"]
    assert (case["line"], case["good"], case["decided"]["rule"]) == (3, False, "long")
    assert said["coverage"]["percent"] == 33.33
    assert command.main(["test", name, "--format", "github"]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"::error file={tmp_path}/mine.tests.yaml,line=8,col=26,")


def test_check_tells_rules_without_a_test_and_mistakes_in_the_tests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cases are run to see which rules they hit."""
    name = copy_of(tmp_path, RULES, CALLED)
    assert command.main(["check", name]) == 0
    assert command.main(["check", name, "--strict"]) == 1
    printed = capsys.readouterr().out
    assert "untested-rule warning: `upset` is not tested: no test hits it" in printed
    assert "`long` is not tested" not in printed
    copy_of(tmp_path, RULES, "tests: []\n")
    assert command.main(["check", name]) == 1
    assert "mine.tests.yaml:1:8 empty-list" in capsys.readouterr().out
    assert command.main(["check", str(tmp_path / "mine.tests.yaml")]) == 1


def test_check_prints_json_github_and_witnesses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every rule with facts that hit it, or that none do."""
    rules = RULES + "    - {id: gone, when: {mood.score: {lt: -0.9}}, priority: 1}\n"
    name = copy_of(tmp_path, rules, None)
    assert command.main(["check", name, "--format", "json"]) == 1
    (said,) = json.loads(capsys.readouterr().out)
    reached = {one["rule"]: one["reached"] for one in said["rules"]}
    assert reached == {"long": True, "long-key": True, "upset": True, "gone": False}
    assert {"level": "error", "code": "shadowed-rule"}.items() <= said["problems"][-2].items()
    assert command.main(["check", name, "--format", "github"]) == 1
    assert f"::error file={name},line=13,col=12,title=shadowed-rule::" in capsys.readouterr().out
    assert command.main(["check", name, "--witness"]) == 1
    printed = capsys.readouterr().out
    assert "gone: never hit\n" in printed
    assert 'long-key: hit by {"customer.segment":"key"' in printed


# --------------------------------------------------------------------------------- the path of an event
def test_the_path_of_an_event_is_drawn_on_the_tree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was taken, what was asked with the facts that spoke against it, what was not asked."""
    name = copy_of(tmp_path, RULES, None)
    event: dict[str, Any] = {"event_id": "e1", "source": "s", "kind": "message", "customer_id": "c"}
    mail = {**event, "channel": "email", "received_at": "2026-11-20T10:00:00Z", "text": "Hello?"}
    (tmp_path / "event.json").write_text(json.dumps(mail, indent=2), "utf-8")
    assert command.main(["show", name, "--path", str(tmp_path / "event.json")]) == 0
    printed = capsys.readouterr().out
    said = [" ".join(line.split()) for line in printed.splitlines()]
    first = said.index("● default")
    assert said[first + 1 : first + 3] == ["✗ long", "✗ thread.exchanges >= 1 it is 0"]
    upset = said.index("✗ upset")
    assert said[upset + 1] == "✗ mood.score < -0.5 it is absent"
    assert "route on email, queue general, priority 5, rule default" in printed
    score = {**event, "label": "negative", "score": -0.9, "scored_at": "2026-11-20T10:00:02Z"}
    lines = "\n".join(json.dumps(one) for one in (mail, score))
    (tmp_path / "events.jsonl").write_text(lines, "utf-8")
    assert command.main(["show", name, "--path", str(tmp_path / "events.jsonl")]) == 0
    assert "  ● upset\n" in capsys.readouterr().out
    (tmp_path / "bad.json").write_text("{", "utf-8")
    assert command.main(["show", name, "--path", str(tmp_path / "bad.json")]) == 1
    assert "not_json" in capsys.readouterr().out


# --------------------------------------------------------------------------------------------- schema
def test_the_committed_schema_of_the_tests_is_fresh_and_takes_them() -> None:
    """`omniroute rules schema --tests` would change nothing, and an editor marks no good file."""
    committed = BESIDE.with_name("routing.tests.schema.json").read_text("utf-8")
    assert committed == command.write_schema(tests=True)
    schema = build_cases_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for text in (BESIDE.read_text("utf-8"), CALLED):
        jsonschema.validate(read_source(text, Problems("some.tests.yaml")), schema)
    wrong = {"tests": [{"name": "a", "when": {"custommer": "b"}, "expect": {}}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)
