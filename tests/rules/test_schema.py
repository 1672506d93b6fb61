"""The JSON Schema: fresh, described, and of one mind with the loader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from services.cli.rules import write_schema
from services.router.core.facts import CATALOGUE
from services.router.rules.packaged import find_default
from services.router.rules.problem import Problems
from services.router.rules.schema import build_json_schema
from services.router.rules.source import read_source

HERE = Path(__file__).parent
GOOD = [*sorted((HERE / "good").glob("*.yaml")), find_default()]
SCHEMA = build_json_schema()
SEEN_BY_SCHEMA = (
    "a-misspelt-key",
    "a-rule-without-when",
    "priority-ten",
    "four-fallbacks",
    "a-duration-in-words",
    "a-misspelt-fact",
    "a-word-outside-the-set",
    "greater-than-on-a-word",
    "a-matcher-that-does-not-exist",
    "hours-of-a-day-that-does-not-exist",
    "an-empty-when",
)


def data_of(path: Path) -> Any:
    """What the loader reads from a file."""
    return read_source(path.read_bytes().decode(), Problems(path.name))


def test_the_committed_schema_is_fresh() -> None:
    """`omniroute rules schema > deploy/rules/routing.schema.json` would change nothing."""
    committed = find_default().with_name("routing.schema.json")
    assert committed.read_text("utf-8") == write_schema()


def test_it_is_a_valid_schema() -> None:
    """It keeps to the draft that it names."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_default_file_names_the_schema_for_editors() -> None:
    """The first line is the modeline that gives completion, and the file it names is there."""
    first = find_default().read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=./routing.schema.json"


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_schema_takes_what_the_loader_takes(path: Path) -> None:
    """An editor never marks a good file."""
    jsonschema.validate(data_of(path), SCHEMA)


@pytest.mark.parametrize("name", SEEN_BY_SCHEMA)
def test_the_schema_refuses_mistakes_that_an_editor_should_mark(name: str) -> None:
    """What a schema can tell, it tells while one types."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data_of(HERE / "bad" / f"{name}.yaml"), SCHEMA)


def test_every_key_is_described() -> None:
    """Hovering over any key shows a sentence."""
    bare = [way for way, part in properties_of(SCHEMA) if not part.get("description")]
    assert bare == []


def test_every_fact_is_offered_with_its_meaning() -> None:
    """Completion inside `when` knows the whole catalogue."""
    offered = SCHEMA["$defs"]["When"]["properties"]
    for name, spec in CATALOGUE.items():
        assert offered[name]["description"] == spec.meaning
        if spec.words:
            assert orjson.dumps(list(spec.words)) in orjson.dumps(offered[name])


def properties_of(part: Any, way: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of a schema with the way to it."""
    if isinstance(part, list):
        for at, item in enumerate(part):
            yield from properties_of(item, f"{way}/{at}")
    if not isinstance(part, dict):
        return
    for name, value in part.get("properties", {}).items():
        yield f"{way}/{name}", value
    for key, value in part.items():
        yield from properties_of(value, f"{way}/{key}")
