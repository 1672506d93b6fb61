"""Laws of docs/live-rules.md: it speaks of what there is."""

from __future__ import annotations

import re

import pytest
from prometheus_client import CollectorRegistry

from services.cli.rules import main
from services.router.live.directory import Limits
from services.router.live.figures import RulesFigures
from tests import machine

PAGE = (machine.CLONE / "docs" / "live-rules.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"omniroute rules ([a-z]+)", PAGE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Law: each has a help that names the directory and exit codes."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "Exit code" in capsys.readouterr().out


def test_every_figure_of_the_page_is_published() -> None:
    """Law: nobody looks for a figure in vain."""
    registry = CollectorRegistry()
    registry.register(RulesFigures())
    told = {name for family in registry.collect() for name in (family.name, family.name + "_total")}
    assert set(re.findall(r"omniroute_rules_[a-z_]+", PAGE)) <= told


def test_the_limits_of_the_page_are_those_of_the_program() -> None:
    """Law: who reads 5 points gets 5 points."""
    rows = re.findall(
        r"^\| (\w+) \|.*\| (\d+) (?:percentage|times).*`--max-(\w+)` \|$", PAGE, re.MULTILINE
    )
    limits = Limits()
    assert {name: float(limit) for name, limit, _ in rows} == {
        name: getattr(limits, name) for name in ("escalations", "unreachable", "errors", "latency")
    }
    assert all(name == option for name, _, option in rows)
    assert f"after {limits.least} decisions" in PAGE
