"""The rules directory: every change in one step, nothing lost, nothing bad taken in."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.rules import main
from services.contact.decision import Fact
from services.router.core.table import Table
from services.router.live.changing import ChangeError, RulesDirectory
from services.router.live.directory import Limits, SourceError, read_rules
from services.router.live.switching import NoSuchRuleError, switch_off
from services.router.rules.file import load_table
from tests.live.rule_texts import BROKEN, put, rule_text, write_rules

OLD, NEW = rule_text(2), rule_text(3)


@pytest.fixture
def directory(tmp_path: Path) -> RulesDirectory:
    """A directory in which OLD is live."""
    made = RulesDirectory(tmp_path / "rules")
    made.promote(OLD)
    return made


def test_a_change_goes_from_shadow_over_canary_to_live_and_back(directory: RulesDirectory) -> None:
    """Law: each step names what is in force, with a generation greater than all before."""
    steps = [directory.switch()]
    steps.append(directory.shadow(NEW))
    found = read_rules(str(directory.path))
    assert (found.live.version, found.percent) == (OLD.version, 0)
    assert found.candidate is not None
    assert found.candidate.version == NEW.version
    steps.append(directory.canary(5, None, Limits(escalations=9)))
    found = read_rules(str(directory.path))
    assert (found.percent, found.limits.escalations) == (5, 9)
    steps.append(directory.promote(None))
    found = read_rules(str(directory.path))
    assert (found.live.version, found.candidate) == (NEW.version, None)
    steps.append(directory.rollback())
    assert read_rules(str(directory.path)).live.version == OLD.version
    generations = [step.generation for step in steps]
    assert generations == sorted(set(generations))
    assert {path.name for path in (directory.path / "history").iterdir()} == {
        f"{OLD.version}.yaml",
        f"{NEW.version}.yaml",
    }


def test_a_rollback_names_a_version_by_its_first_digits(directory: RulesDirectory) -> None:
    """Law: what was ever in force can be again; what was not is refused with what there is."""
    directory.promote(NEW)
    directory.promote(rule_text(4))
    assert directory.rollback(OLD.version[:6]).live == OLD.version
    with pytest.raises(ChangeError, match=NEW.version):
        directory.rollback("zzz")


def test_a_disabled_rule_never_matches_and_everything_else_stays(
    directory: RulesDirectory,
) -> None:
    """Law: the file is as before but for the condition, loads, and can be rolled back."""
    switch = directory.disable("email-to-phone")
    text = read_rules(str(directory.path)).live.text
    table = load_table(text)
    assert isinstance(table, Table), table
    facts: dict[str, Fact] = {"channel": "email", "thread.exchanges": 5, "message.closing": False}
    assert table.match({**facts, "once.email-to-phone": False}).plan.rule == "default"
    before = load_table(OLD.text)
    assert isinstance(before, Table)
    assert before.match({**facts, "once.email-to-phone": False}).plan.rule == "email-to-phone"
    assert table.match({"channel": "chat"}).plan.rule == "chats"
    assert "# about the channel" in text
    assert switch.live != OLD.version
    with pytest.raises(ChangeError, match="off already"):
        directory.disable("email-to-phone")
    assert directory.rollback().live == OLD.version


@pytest.mark.parametrize("rule", ["email-to-phone", "chats", "after"])
def test_a_rule_is_switched_off_however_it_is_written(rule: str) -> None:
    """Law: block or flow, the result is a good file in which only that rule is off."""
    text = switch_off(write_rules(), rule)
    table = load_table(text)
    assert isinstance(table, Table), table
    assert text.count("{not: {channel: [phone, chat, email, social]}}") == 1
    with pytest.raises(NoSuchRuleError, match="email-to-phone"):
        switch_off(text, "no-such-rule")


def test_an_altered_history_is_refused_and_an_edited_copy_is_told(
    directory: RulesDirectory,
) -> None:
    """Law: what decides is what its hash says; an edit that does nothing is not passed over."""
    put(directory.path / "live" / "routing.yaml", NEW.text)
    found = read_rules(str(directory.path))
    assert found.live.version == OLD.version
    assert "shadow" in found.warning
    put(directory.path / "history" / f"{OLD.version}.yaml", NEW.text)
    with pytest.raises(SourceError, match="was altered"):
        read_rules(str(directory.path))


def test_a_directory_that_people_fill_is_read_too(tmp_path: Path) -> None:
    """Law: live/ decides and candidate/ is a shadow, without any help of the command."""
    put(tmp_path / "live" / "routing.yaml", OLD.text)
    put(tmp_path / "candidate" / "routing.yaml", NEW.text)
    found = read_rules(str(tmp_path))
    assert (found.live.version, found.generation, found.percent) == (OLD.version, 0, 0)
    assert found.candidate is not None


def test_touching_or_moving_files_is_no_change(directory: RulesDirectory) -> None:
    """Law: content decides, not time stamps."""
    before = read_rules(str(directory.path)).fingerprint()
    for path in directory.path.rglob("*.yaml"):
        path.touch()
    assert read_rules(str(directory.path)).fingerprint() == before


def test_the_command_refuses_what_is_wrong_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: a bad file, a failing test and a senseless step leave the directory as it was."""
    rules = tmp_path / "rules"
    monkeypatch.setenv("OMNIROUTE_RULES", str(rules))
    good = put(tmp_path / "good.yaml", OLD.text)
    bad = put(tmp_path / "bad.yaml", BROKEN)
    failing = put(tmp_path / "failing.yaml", NEW.text)
    put(
        tmp_path / "failing.tests.yaml",
        "tests:\n  - name: a chat is called back\n    events:\n      - customer: Hello?\n"
        "        channel: chat\n    expect: {action: callback}\n",
    )
    assert main(["status"]) == 2
    assert main(["promote", str(good)]) == 0
    before = (rules / "current.json").read_bytes()
    assert main(["shadow", str(bad)]) == 1
    assert "yaml-syntax" in capsys.readouterr().out
    assert main(["canary", "5%", str(failing)]) == 1
    assert "failing.tests.yaml" in capsys.readouterr().out
    assert main(["promote"]) == 2
    assert main(["disable", "no-such"]) == 2
    assert "email-to-phone" in capsys.readouterr().err
    assert (rules / "current.json").read_bytes() == before
    other = put(tmp_path / "other.yaml", NEW.text)
    assert main(["canary", "12.5%", str(other)]) == 0
    assert main(["status"]) == 0
    assert "decides 12.5 % of the customers" in capsys.readouterr().out
    assert main(["withdraw"]) == 0
    capsys.readouterr()
    assert main(["show"]) == 0
    assert OLD.version in capsys.readouterr().out
