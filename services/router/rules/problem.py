"""What can be wrong with a rule file: a stable code, a position and a sentence each.

This file is the only place where a code is named. Codes are words, never reused for another
meaning; `docs/rules.md` lists them, and a test keeps the two equal.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import msgspec

Path = tuple[str | int, ...]
"""Keys and indices from the top of the file to a value."""


class Mark(NamedTuple):
    """A position in the file; both count from 1."""

    line: int
    col: int


class Code(StrEnum):
    """The codes; the value is what people see."""

    # -- YAML
    YAML_SYNTAX = "yaml-syntax"
    YAML_TAB = "yaml-tab"
    YAML_BOOLEAN = "yaml-boolean"
    YAML_ALIAS = "yaml-alias"
    YAML_TAG = "yaml-tag"
    YAML_KEY = "yaml-key"
    YAML_DOCUMENTS = "yaml-documents"
    YAML_CHARACTER = "yaml-character"
    DUPLICATE_KEY = "duplicate-key"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    # -- keys and values
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    WRONG_TYPE = "wrong-type"
    UNKNOWN_WORD = "unknown-word"
    OUT_OF_RANGE = "out-of-range"
    TOO_MANY = "too-many"
    BAD_NAME = "bad-name"
    BAD_DURATION = "bad-duration"
    BAD_HOURS = "bad-hours"
    BAD_RATE = "bad-rate"
    BAD_ADDRESS = "bad-address"
    UNKNOWN_ZONE = "unknown-zone"
    # -- conditions
    EMPTY_WHEN = "empty-when"
    EMPTY_LIST = "empty-list"
    UNKNOWN_FACT = "unknown-fact"
    UNKNOWN_MATCHER = "unknown-matcher"
    MATCHER_MISFIT = "matcher-misfit"
    BAD_RANGE = "bad-range"
    BAD_REGEX = "bad-regex"
    BAD_CEL = "bad-cel"
    CEL_MISSING = "cel-missing"
    # -- the tree
    DUPLICATE_RULE = "duplicate-rule"
    RESERVED_RULE = "reserved-rule"
    UNKNOWN_QUEUE = "unknown-queue"
    DUPLICATE_FALLBACK = "duplicate-fallback"
    NESTED_ONCE = "nested-once"
    LIMITED_ROOT = "limited-root"
    UNKNOWN_LIST = "unknown-list"


class Lint(StrEnum):
    """What a rule file that loads may still have wrong; `omniroute rules check` finds it."""

    # -- rules that are never hit
    CONTRADICTION = "contradiction"
    UNREACHABLE_RULE = "unreachable-rule"
    SHADOWED_RULE = "shadowed-rule"
    # -- what may not be read
    READS_AGE = "reads-age"
    # -- what cannot work as it is written
    UNREACHABLE_CHANNEL = "unreachable-channel"
    IMPOSSIBLE_TARGET = "impossible-target"
    # -- doubtful
    NEVER_ASKED = "never-asked"
    DEAD_PART = "dead-part"
    ALWAYS_HOLDS = "always-holds"
    PARTLY_HIDDEN = "partly-hidden"
    UNDECIDED_RULE = "undecided-rule"
    QUEUE_WITHOUT_HOURS = "queue-without-hours"
    QUEUE_WITHOUT_EXECUTOR = "queue-without-executor"
    UNUSED_QUEUE = "unused-queue"
    UNUSED_LIST = "unused-list"
    UNTESTED_RULE = "untested-rule"


ERRORS = frozenset(
    {
        Lint.CONTRADICTION,
        Lint.UNREACHABLE_RULE,
        Lint.SHADOWED_RULE,
        Lint.READS_AGE,
        Lint.UNREACHABLE_CHANNEL,
        Lint.IMPOSSIBLE_TARGET,
    }
)
"""The lints that are errors; the others are warnings."""


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


SPOILING = frozenset({Code.YAML_BOOLEAN, Code.YAML_ALIAS, Code.YAML_TAG, Code.YAML_KEY})
"""What makes a value or key so doubtful that nothing more is said about it."""


class Problem(msgspec.Struct, frozen=True):
    """One mistake in a rule file."""

    line: int
    """From 1."""
    col: int
    """From 1, in characters."""
    code: Code | Lint
    message: str
    file: str = "routing.yaml"

    @property
    def level(self) -> Level:
        """A file with errors is not to be used; a warning is to be looked at."""
        doubtful = isinstance(self.code, Lint) and self.code not in ERRORS
        return Level.WARNING if doubtful else Level.ERROR

    def __str__(self) -> str:
        """`file:line:col CODE message`, as compilers do."""
        mild = "warning: " if self.level is Level.WARNING else ""
        return f"{self.file}:{self.line}:{self.col} {self.code} {mild}{self.message}"


class Problems:
    """Collects the problems of one file; knows where each value and key stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.stopped = False
        """Was the text so broken that there is nothing to go on with?"""
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.quoted: set[Path] = set()
        """Values in quotes, whose text begins one character after the value."""
        self._found: dict[tuple[int, int, str], Problem] = {}
        self._spoilt: set[Mark] = set()

    def add(self, path: Path, code: Code | Lint, message: str) -> None:
        """Report the value at `path`, or the nearest thing around it that has a position."""
        while path and path not in self.values:
            path = path[:-1]
        self.add_at(self.values.get(path, Mark(1, 1)), code, message)

    def add_key(self, path: Path, code: Code | Lint, message: str) -> None:
        """Report the key that `path` ends with; for an item of a list, the item."""
        mark = self.keys.get(path)
        if mark is None:
            self.add(path, code, message)
        else:
            self.add_at(mark, code, message)

    def add_at(self, mark: Mark, code: Code | Lint, message: str) -> None:
        """Report a position; a second problem with the same code at one place adds nothing.

        Where YAML itself is at fault, what follows from it at the same place is not repeated.
        """
        if mark in self._spoilt and code not in SPOILING:
            return
        if code in SPOILING:
            self._spoilt.add(mark)
        problem = Problem(mark.line, mark.col, code, message, self.file)
        self._found.setdefault((mark.line, mark.col, code), problem)

    def sorted(self) -> list[Problem]:
        """All of them, in the order of the file."""
        return sorted(self._found.values(), key=lambda p: (p.line, p.col, p.code))


def suggest(word: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)` for the nearest known word, else nothing."""
    near = difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return f" (did you mean `{near[0]}`?)" if near else ""
