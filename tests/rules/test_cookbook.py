"""The cookbook: fifteen policies, each a rule file and its tests, run as a reader would run them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from services.cli import rules as command
from services.router.rules.cases import Cases, load_cases
from services.router.rules.file import RuleSource, load_file
from services.router.rules.formatting import format_rules
from services.router.rules.trial import run_cases

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "cookbook.md").read_text("utf-8")
LANGUAGE = (DOCS / "rules.md").read_text("utf-8")


class Recipe(msgspec.Struct, frozen=True):
    """One chapter."""

    title: str
    rules: str
    tests: str


def blocks(text: str, kind: str) -> list[str]:
    """The fenced blocks of a kind."""
    return re.findall(rf"^```yaml {kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


SETTINGS = blocks(PAGE, "settings")[0]
RECIPES = [
    Recipe(chapter.split("\n")[0], blocks(chapter, "rules")[0], blocks(chapter, "tests")[0])
    for chapter in PAGE.split("\n## ")[1:]
]


def whole(rules: str) -> str:
    """The rules with the settings that stand at the top of the page."""
    executors = SETTINGS.split("\n", 1)[1]
    if rules.startswith("settings:\n"):
        return rules.replace("settings:\n", f"settings:\n{executors}", 1)
    return SETTINGS + rules


def test_there_are_fifteen_policies() -> None:
    """Numbered from 1."""
    assert [recipe.title.split(".")[0] for recipe in RECIPES] == [str(n) for n in range(1, 16)]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_policy_does_what_its_tests_say(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every case is good, every rule is tested both ways, and no lint has anything to say."""
    (tmp_path / "mine.yaml").write_text(whole(recipe.rules), "utf-8")
    (tmp_path / "mine.tests.yaml").write_text(recipe.tests, "utf-8")
    name = str(tmp_path / "mine.yaml")
    done = command.main(["test", name, "--fail-under", "100"])
    assert done == 0, capsys.readouterr().out
    assert command.main(["check", "--strict", name]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_policy_is_written_in_canonical_form(recipe: Recipe) -> None:
    """What is copied needs no formatting."""
    assert format_rules(recipe.rules, "mine.yaml") == recipe.rules
    assert format_rules(recipe.tests, "mine.tests.yaml") == recipe.tests


def test_the_cases_on_the_page_of_the_language_run() -> None:
    """Against the first example there."""
    rules = re.findall(r"^```yaml\n(.*?)^```", LANGUAGE, re.MULTILINE | re.DOTALL)[0]
    (tests,) = blocks(LANGUAGE, "tests")
    source = load_file(rules)
    cases = load_cases(tests, "routing.tests.yaml")
    assert isinstance(source, RuleSource)
    assert isinstance(cases, Cases), [str(problem) for problem in cases]
    (trial,) = run_cases(source.compile(), cases)
    assert not trial.failures, trial.failures
