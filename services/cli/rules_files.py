"""The files that `omniroute rules` is given: rule files, and the tests beside them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from services.router.rules.cases import SUFFIX
from services.router.rules.packaged import STANDARD_INPUT, find_default, read_text
from services.router.rules.problem import Code, Problem

GOOD, FOUND, USAGE = 0, 1, 2


class Given(msgspec.Struct, frozen=True):
    """One file as it was read."""

    name: str
    """How problems call it."""
    text: str = ""
    beside: str = ""
    """The file with its tests, whether it exists or not; empty for standard input."""
    broken: Problem | None = None
    """It is not UTF-8."""


def read(name: str) -> Given | None:
    """Read a file; without a name $OMNIROUTE_RULES, else the default. None after saying why not."""
    name = name or os.environ.get("OMNIROUTE_RULES", "")
    try:
        shown, text = read_text(name)
        beside = "" if name == STANDARD_INPUT else tests_of(name or str(find_default()))
    except UnicodeDecodeError as broken:
        said = f"not UTF-8: {broken.reason} at byte {broken.start}"
        return Given(name, broken=Problem(1, 1, Code.YAML_CHARACTER, said, name))
    except OSError as broken:
        print(f"omniroute rules: {broken.filename}: {broken.strerror}", file=sys.stderr)
        return None
    return Given(shown, text, beside)


def tests_of(name: str) -> str:
    """`routing.yaml` -> `routing.tests.yaml`."""
    path = Path(name)
    return str(path.with_name(path.stem + SUFFIX))


def rules_of(name: str, told: str) -> str:
    """`routing.tests.yaml` -> `routing.yaml`, or the file that the tests name."""
    path = Path(name)
    return str(path.with_name(told or path.name.removesuffix(SUFFIX) + ".yaml"))


def is_tests(name: str) -> bool:
    """Does a file hold tests?"""
    return name.endswith(SUFFIX)
