"""The shape of a rule file: pydantic's findings in our words, at the line where they stand."""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from services.router.rules.problem import Code, Path, Problems, suggest
from services.router.rules.schema import RouteKeys, Rule

_KEY = "[key]"
"""What pydantic adds to the way to a mapping's key."""
_RANGES = frozenset({"greater_than_equal", "less_than_equal", "greater_than", "less_than"})
_WORDS = frozenset({"literal_error", "enum"})
_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


Model = TypeVar("Model", bound=BaseModel)


def check_structure(data: Any, problems: Problems, model: type[Model]) -> Model | None:
    """Validate keys, types and values; every mistake is reported. None if there was one."""
    try:
        return model.model_validate(data)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            _report(error, problems, model)
        return None


def _report(error: Any, problems: Problems, model: type[BaseModel]) -> None:
    path: Path = error["loc"]
    kind, message = error["type"], error["msg"]
    at_key = bool(path) and path[-1] == _KEY
    if at_key:
        path = path[:-1]
    if kind in set(Code):
        report = problems.add_key if at_key else problems.add
        report(path, Code(kind), message)
    elif kind == "extra_forbidden":
        hint = suggest(str(path[-1]), _keys_at(model, path[:-1]))
        problems.add_key(path, Code.UNKNOWN_KEY, f"there is no key `{path[-1]}` here{hint}")
    elif kind == "missing":
        problems.add_key(path[:-1], Code.MISSING_KEY, f"`{path[-1]}` is missing")
    elif kind == "string_pattern_mismatch":
        report = problems.add_key if at_key else problems.add
        report(path, Code.BAD_NAME, _name_message(path, error["input"]))
    elif kind in _WORDS:
        problems.add(path, Code.UNKNOWN_WORD, _word_message(error))
    else:
        problems.add(path, *_other(error))


def _other(error: Any) -> tuple[Code, str]:
    kind, found, limits = error["type"], error["input"], error.get("ctx", {})
    if kind in _RANGES:
        bound = next(iter(limits.values()))
        side = "at least" if kind.startswith("greater") else "at most"
        return Code.OUT_OF_RANGE, f"`{found}` is out of range: it is {side} {bound}"
    if kind in {"too_long", "string_too_long"}:
        return Code.TOO_MANY, f"at most {limits['max_length']} {_unit(kind)} are allowed here"
    if kind in {"too_short", "string_too_short"}:
        return Code.EMPTY_LIST, "it is empty; leave the key out or name something"
    if kind in _TYPES:
        return Code.WRONG_TYPE, f"expected {_TYPES[kind]}, found {_noun_of(found)}"
    return Code.WRONG_TYPE, error["msg"]


def _unit(kind: str) -> str:
    return "characters" if kind.startswith("string") else "entries"


def _name_message(path: Path, found: Any) -> str:
    if path and path[-1] == "id":
        return f"`{found}` is no rule id: small letters, digits and `-`, at most 64"
    return f"`{found}` is no name: letters, digits, `.`, `_` and `-`, at most 64"


def _word_message(error: Any) -> str:
    expected = str(error["ctx"]["expected"]).replace("'", "")
    words = [word.strip() for word in expected.replace(" or ", ",").split(",")]
    found = error["input"]
    hint = suggest(found, words) if isinstance(found, str) else ""
    return f"{_noun_of(found)} is not one of {expected}{hint}"


def _noun_of(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text `{value[:40]}`"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that are known at a place, for suggestions."""
    fields = getattr(model_at(model, path), "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def model_at(model: Any, path: Path) -> Any:
    """The type of what stands at `path` below a model; None where nothing is known."""
    for step in path:
        if model is RouteKeys and step == "routes":
            model = list[Rule]
        elif isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(step))
            model = None if field is None else field.annotation
        elif get_origin(model) in {list, dict}:
            model = get_args(model)[-1]
        else:
            return None
    return model
