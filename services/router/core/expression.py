"""`cel:` conditions: an expression of the Common Expression Language over the facts.

Rule: an expression is checked with its types when the rules are loaded, and holds only where it
gives true. What cannot be evaluated does not hold; so does what reads an absent fact, unless the
answer does not rest on it. The library is optional, so it is imported only where it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from services.contact.decision import Fact
from services.router.core.facts import (
    ATTRIBUTE_PREFIX,
    CATALOGUE,
    ONCE_PREFIX,
    SPLIT_PREFIX,
    FactType,
    spec_of,
)

if TYPE_CHECKING:
    from services.router.core.table import Facts, Test

EXPRESSION_LIMIT = 512
"""Characters that an expression may have. Its own loops end by the library's limit."""
PACKAGE = "cel_expr_python"

_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '_?([^'_]+)_?' applied to '(.*)'")
_FREE = (ATTRIBUTE_PREFIX, ONCE_PREFIX, SPLIT_PREFIX)


class Slip(msgspec.Struct, frozen=True):
    """One mistake in an expression."""

    line: int
    """From 1, within the expression."""
    col: int
    why: str
    name: str = ""
    """A name that there is not."""


class ExpressionRefused(ValueError):  # noqa: N818  # a refusal of input, reported as a problem
    """An expression that cannot be used, with everything that is wrong with it."""

    def __init__(self, slips: tuple[Slip, ...]) -> None:
        super().__init__("; ".join(slip.why for slip in slips))
        self.slips = slips


class LibraryMissing(Exception):  # noqa: N818  # the same
    """Expressions need the optional library, which is not installed."""


class Failures:
    """How often an expression could not be evaluated though its facts were there."""

    def __init__(self) -> None:
        self.count = 0


FAILED = Failures()
"""Of this process, for a metric; nothing is decided by it."""


def read_expression(source: str, once: Collection[str] = ()) -> tuple[str, ...]:
    """Check an expression and tell the facts that it reads, sorted.

    `once`: the ids of the rules whose `once.<rule>` may be read.

    Raises:
        ExpressionRefused: it is no expression, names what there is not, mixes types, is not true
            or false, reads no fact, or is too long.
        LibraryMissing: the optional library is not installed.
    """
    if len(source) > EXPRESSION_LIMIT:
        raise _refuse(f"it is longer than {EXPRESSION_LIMIT} characters")
    named = tuple(dict.fromkeys(_names(source, once)))
    known = {*CATALOGUE, *named}
    compiled = _compile(source, known)
    if (given := str(compiled.return_type())) not in {"BOOL", "DYN"}:
        raise _refuse(f"it is not true or false but gives {given.lower()}")
    reads = tuple(sorted(name for name in named if _needs(source, known, name)))
    if not reads:
        raise _refuse("it reads no fact, so it would always say the same")
    wrong = compiled.eval(data={name: _sample(name) for name in reads}).value()
    if "invalid regular expression" in str(wrong):
        raise _refuse(str(wrong).partition("invalid ")[2])
    return reads


@lru_cache(maxsize=1024)
def compile_expression(source: str, reads: tuple[str, ...]) -> Test:
    """A function of the facts for an expression that was read.

    Raises:
        LibraryMissing: the optional library is not installed.
    """
    evaluate = _compile(source, reads).eval
    casts = tuple((name, _type_of(name) is FactType.NUMBER) for name in reads)

    def test(facts: Facts) -> bool:
        data = {
            name: float(value) if number else value  # type: ignore[arg-type] # a number by its type
            for name, number in casts
            if (value := facts.get(name)) is not None
        }
        try:
            said = evaluate(data=data).value()
        except RuntimeError:  # its loops took too long
            said = None
        if said is not True and said is not False and len(data) == len(reads):
            FAILED.count += 1
        return said is True

    return test


def list_literals(source: str) -> tuple[Fact, ...]:
    """The numbers and quoted texts in an expression: values at which it may change its mind."""
    quoted = re.findall(r'"([^"\\]*)"|\'([^\'\\]*)\'', source)
    numbers = re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])", source)
    return (*(one or other for one, other in quoted), *map(float, numbers))


def _names(source: str, once: Collection[str]) -> Iterator[str]:
    """The facts that may be meant; a text in quotes may look like one."""
    for path in _PATH.findall(source):
        steps = path.split(".")
        for count in (1, 2):
            name = ".".join(steps[:count])
            if name.startswith(ONCE_PREFIX) and name.removeprefix(ONCE_PREFIX) not in once:
                continue
            if spec_of(name) is not None:
                yield name


def _needs(source: str, known: set[str], name: str) -> bool:
    """Is a fact read? Then there is no compiling without it."""
    try:
        _compile(source, known - {name})
    except ExpressionRefused:
        return True
    return False


def _compile(source: str, names: Collection[str]) -> Any:
    cel = _library()
    kinds = {
        FactType.WHOLE: cel.Type.INT,
        FactType.NUMBER: cel.Type.DOUBLE,
        FactType.FLAG: cel.Type.BOOL,
    }
    variables = {name: kinds.get(_type_of(name), cel.Type.STRING) for name in sorted(names)}
    try:
        return cel.NewEnv(variables=variables).compile(source)
    except RuntimeError as refused:
        raise ExpressionRefused(tuple(_slips(source, str(refused)))) from refused


def _library() -> Any:
    try:
        from cel_expr_python import cel  # type: ignore[import-untyped] # noqa: PLC0415 # optional
    except ImportError as missing:
        raise LibraryMissing from missing
    return cel


def _slips(source: str, said: str) -> Iterator[Slip]:
    found = _ERROR.findall(said)
    lines = source.split("\n")
    for line, col, why in found:
        slip = Slip(int(line), int(col), why.removesuffix(" [INVALID_ARGUMENT]"))
        if undeclared := _UNDECLARED.search(why):
            yield _unknown(slip, undeclared[1], lines[slip.line - 1])
        elif overload := _OVERLOAD.search(why):
            what = f"`{overload[1].replace('_', '')}` does not take {overload[2]}"
            mixed = "double" in overload[2] and "int" in overload[2]
            hint = "; a number with a fraction is compared with 2.0, not with 2" if mixed else ""
            yield Slip(slip.line, slip.col, what + hint)
        elif "'<EOF>'" in why:
            yield Slip(slip.line, slip.col, "the expression breaks off")
        else:
            yield Slip(slip.line, slip.col, slip.why.partition(" expecting {")[0])
    if not found:
        yield Slip(1, 1, said)


def _unknown(slip: Slip, name: str, line: str) -> Slip:
    """A name that is not declared: a function, or a fact; where it begins."""
    start = max(0, line.rfind(name, 0, slip.col + len(name)))
    if line[start + len(name) :].lstrip().startswith("("):
        return Slip(slip.line, start + 1, f"there is no function `{name}`")
    return Slip(slip.line, start + 1, f"there is no fact `{name}`", name)


def _type_of(name: str) -> FactType:
    spec = spec_of(name)
    assert spec is not None, name  # noqa: S101  # only names of facts come here
    return spec.type


def _sample(name: str) -> Fact:
    """Some value of a fact's type."""
    samples: dict[FactType, Fact] = {
        FactType.WHOLE: 1,
        FactType.NUMBER: 0.5,
        FactType.FLAG: True,
    }
    return samples.get(_type_of(name), "a")


def _refuse(why: str) -> ExpressionRefused:
    return ExpressionRefused((Slip(1, 1, why),))
