"""The page of the rule language: complete, and its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.router.core.facts import CATALOGUE
from services.router.core.table import Table
from services.router.rules.conditions import COMBINATORS, MATCHERS
from services.router.rules.file import load_table
from services.router.rules.problem import ERRORS, Code, Lint
from services.router.rules.schema import (
    Executors,
    QueueKeys,
    RespondWithin,
    Rule,
    RuleFile,
    Settings,
)

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
MODELS = (RuleFile, Settings, Executors, QueueKeys, RespondWithin, Rule)


def rows(title: str) -> set[str]:
    """The first cells, in back quotes, of the tables in a chapter."""
    chapter = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+?) \|", chapter, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def test_the_page_lists_every_code_and_no_other() -> None:
    """The table of codes equals the enumeration."""
    assert rows("Codes") == {code.value for code in Code}


def test_the_page_lists_every_lint_with_its_level() -> None:
    """The table of lints equals the enumeration; what is an error is called so."""
    chapter = PAGE.split("\n## Lints\n")[1]
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", chapter, re.MULTILINE))
    assert listed == {lint.value: "error" if lint in ERRORS else "warning" for lint in Lint}


def test_the_page_lists_every_fact_and_no_other() -> None:
    """The table of facts equals the catalogue, with its meanings."""
    assert rows("Facts") == {*CATALOGUE, "attributes.<name>", "split.<name>", "once.<rule>"}
    for spec in CATALOGUE.values():
        assert spec.meaning in PAGE


def test_the_page_lists_every_matcher() -> None:
    """The table of matchers equals the loader's; the combinators are explained."""
    assert rows("Conditions") == set(MATCHERS)
    for word in COMBINATORS:
        assert f"`{word}: " in PAGE


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_page_names_every_key(model: type[RuleFile]) -> None:
    """No key without a word about it."""
    for key in model.model_fields:
        assert f"`{key}`" in PAGE


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_are_good_rule_files(example: str) -> None:
    """What the page shows can be copied."""
    loaded = load_table(example, "docs/rules.md")
    assert isinstance(loaded, Table), [str(problem) for problem in loaded]


def test_there_are_examples() -> None:
    """The test above has something to test."""
    assert len(EXAMPLES) >= 2
