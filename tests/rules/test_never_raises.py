"""Whatever a file holds, loading it ends in a table or in problems, never in an exception."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.core.facts import CATALOGUE
from services.router.core.table import Table
from services.router.rules.conditions import COMBINATORS, MATCHERS
from services.router.rules.file import load_table
from services.router.rules.packaged import read_text
from services.router.rules.problem import Code
from services.router.rules.schema import QueueKeys, Rule, RuleFile, Settings

DEFAULT = read_text()[1]
MARKS = ("{", "}", "[", "]", ": ", "- ", "\n", "\t", "&a ", "*a", "!x ", "? ", "|\n", '"', "#", "%")
WORDS = ("no", "null", "~", "1e3", "-1", "\x00", "\ufeff", "\ud800", "---\n", "<<: ", "2026-02-30")
BITS = st.sampled_from([*MARKS, *WORDS])
KEYS = st.sampled_from(
    sorted(
        {key for model in (RuleFile, Settings, QueueKeys, Rule) for key in model.model_fields}
        | {*CATALOGUE, *MATCHERS, *COMBINATORS, "mon-fri", "phone", "once.a", "attributes.b"}
    )
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**19)
    | st.floats(allow_nan=True)
    | st.sampled_from(["email", "always", "08:00-20:00", "4h", "Europe/Sofia", "a", "(", "general"])
    | st.text(max_size=4)
)
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


def check(text: str) -> None:
    """The law for one text."""
    loaded = load_table(text, "x.yaml")
    if isinstance(loaded, Table):
        assert loaded.match({}).plan.queue in loaded.queues
        return
    assert loaded
    for problem in loaded:
        assert problem.code in set(Code)
        assert 1 <= problem.line <= text.count("\n") + text.count("\r") + 2
        assert problem.col >= 1


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(DEFAULT)), st.integers(0, 60), BITS | st.text(max_size=3))
def test_a_default_file_with_a_piece_torn_out(at: int, length: int, put: str) -> None:
    """Any piece of the default file replaced by anything."""
    check(DEFAULT[:at] + put + DEFAULT[at + length :])


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(st.sampled_from(["settings", "queues", "route"]), DATA, max_size=3))
def test_any_data_under_the_right_keys(data: dict[str, Any]) -> None:
    """Any YAML whose keys are words of the language, in any place."""
    check(yaml.safe_dump(data, sort_keys=False))


@settings(max_examples=150, deadline=None)
@given(DATA)
def test_any_data_as_a_when(data: Any) -> None:
    """Any YAML as a condition."""
    check(yaml.safe_dump({"route": {"routes": [{"id": "a", "when": data}]}}, sort_keys=False))


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    """Any text at all."""
    check(text)
