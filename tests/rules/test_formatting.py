"""`omniroute rules fmt`: one layout, no comment lost, no value changed, nothing to do twice."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cli import rules as command
from services.router.rules.formatting import format_rules
from services.router.rules.packaged import find_default
from services.router.rules.problem import Code, Problems
from services.router.rules.source import read_source
from tests.rules.test_matching import routes

HERE = Path(__file__).parent
FILES = [
    *sorted((HERE / "good").glob("*.yaml")),
    *sorted((HERE / "lint").glob("*.yaml")),
    find_default(),
    find_default().with_name("routing.tests.yaml"),
]
UNTIDY = """\
# top

queues: # what
    a: {hours: {mon-fri: 08:00-20:00, sat: [09:00-12:00, 13:00-15:00], sun: [09:00-12:00, 13:00-15:00]}, timezone: customer}   # long



route:
  routes:
  # first
  - when:
      channel: 'email'
      any:
      - # odd
        topic: a
      - topic: [a,   # one
                b]
    routes:
      - {id: two, when: {topic: "#x"}}
    # about the id
    id: one
    reason: "many
      lines of it"
# end
"""
TIDY = """\
# top

queues:  # what
  a:
    hours:
      mon-fri: 08:00-20:00
      sat: [09:00-12:00, 13:00-15:00]
      sun: [09:00-12:00, 13:00-15:00]
    timezone: customer  # long

route:
  routes:
    # first
    # about the id
    - id: one
      when:
        channel: "email"
        any:  # odd
          - topic: a
          - topic:
              - a  # one
              - b
      reason: "many lines of it"
      routes:
        - {id: two, when: {topic: "#x"}}
# end
"""


def formatted(text: str) -> str:
    """The canonical form of a text that has one."""
    done = format_rules(text, "some.yaml")
    assert isinstance(done, str), [str(problem) for problem in done]
    return done


def data_of(text: str) -> Any:
    """What a text says."""
    return read_source(text, Problems("some.yaml"))


def test_an_untidy_file_becomes_tidy() -> None:
    """Layout, quotes, order of a rule's keys, long brackets; every comment finds its place."""
    assert formatted(UNTIDY) == TIDY
    assert formatted(TIDY) == TIDY


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_good_file_keeps_its_meaning_and_its_form_is_final(path: Path) -> None:
    """Formatting changes no value, and formatting again changes nothing."""
    text = path.read_bytes().decode()
    once = formatted(text)
    assert data_of(once) == data_of(text)
    assert formatted(once) == once
    assert not once.startswith("\ufeff")
    assert "\r" not in once
    assert once.count("#") == text.count("#")


NOTES = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=9)


@settings(max_examples=25, deadline=None)
@given(routes(), st.lists(NOTES, min_size=30, max_size=30), st.data())
def test_any_tree_with_comments_anywhere_keeps_them_all(
    rules: list[dict[str, Any]], notes: list[str], data: st.DataObject
) -> None:
    """In lines or in brackets, with comments between the lines and behind them."""
    tree = {"route": {"routes": rules}}
    flow = data.draw(st.booleans())
    lines = yaml.safe_dump(tree, sort_keys=False, default_flow_style=flow, width=60).splitlines()
    for note in notes:
        at = data.draw(st.integers(0, len(lines) - 1))
        if data.draw(st.booleans()):
            lines.insert(at, f"{' ' * data.draw(st.integers(0, 6))}# {note}")
        elif "#" not in lines[at] and "'" not in lines[at] and '"' not in lines[at]:
            lines[at] += f" # {note}"
    text = "\n".join(lines) + "\n"
    problems = Problems("some.yaml")
    before = read_source(text, problems)
    if problems.sorted():  # a comment cut a text that runs over two lines
        return
    once = formatted(text)
    assert data_of(once) == before
    assert once.count("#") == text.count("#")
    assert formatted(once) == once


def test_what_is_not_yaml_has_no_form() -> None:
    """The mistakes are told, nothing is written."""
    found = format_rules("route: [\n", "some.yaml")
    assert isinstance(found, list)
    assert [one.code for one in found] == [Code.YAML_SYNTAX]


def test_the_command_writes_checks_and_pipes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` writes nothing and ends with 1; standard input goes to standard output."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(UNTIDY, "utf-8")
    assert command.main(["fmt", "--check", str(mine)]) == 1
    assert mine.read_text("utf-8") == UNTIDY
    assert command.main(["fmt", str(mine)]) == 0
    assert mine.read_text("utf-8") == TIDY
    assert command.main(["fmt", "--check", str(mine)]) == 0
    capsys.readouterr()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UNTIDY.encode())))
    assert command.main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == TIDY
