"""Rule files by version: what decided once can be looked at again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.router.core.table import Table
from services.router.rules.file import RuleSource, load_file, version_of
from services.router.rules.packaged import find_default

PATTERNS = ("*.yaml", "live/*.yaml", "candidate/*.yaml", "history/*.yaml")
"""Where the rule files of a rules directory lie."""


class RulesMissingError(Exception):
    """There is no usable rule file of a version; the text says what to do."""


class Shelf:
    """The rule files under some names, and the packaged one; each is loaded when it is asked for."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        """Names of files and rules directories; without any those of $OMNIROUTE_RULES.

        Raises:
            OSError: a file cannot be read.
            UnicodeDecodeError: a file that was named is not UTF-8.
        """
        given = [name for name in names or [os.environ.get("OMNIROUTE_RULES", "")] if name]
        self._texts: dict[str, tuple[str, str]] = {}
        self._loaded: dict[str, tuple[RuleSource, Table]] = {}
        for path, strict in list_rule_files([*map(Path, given), find_default()]):
            try:
                text = path.read_bytes().decode("utf-8")
            except (OSError, UnicodeDecodeError):
                if strict:
                    raise
                continue
            self._texts.setdefault(version_of(text), (str(path), text))

    def find(self, version: str) -> tuple[RuleSource, Table]:
        """The rules of a version and their table.

        Raises:
            RulesMissingError: they are not at hand, or this release does not read them.
        """
        if version not in self._loaded:
            self._loaded[version] = self._load(version)
        return self._loaded[version]

    def name_of(self, version: str) -> str:
        """The file that holds a version."""
        return self._texts[version][0]

    def _load(self, version: str) -> tuple[RuleSource, Table]:
        if version not in self._texts:
            there = ", ".join(f"{known} ({name})" for known, (name, _) in self._texts.items())
            raise RulesMissingError(
                f"rules version {version} is not at hand; there is {there}. Pass the file that "
                "decided with --rules FILE, or with --rules DIR the rules directory, whose "
                "history/ keeps every version that was in force"
            )
        name, text = self._texts[version]
        source = load_file(text, name)
        if isinstance(source, list):
            raise RulesMissingError(
                f"rules version {version} does not load in this release: {source[0]}"
            )
        return source, source.compile()


def list_rule_files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """The rule files under these names, and whether each must be good.

    Of a rules directory it is every file that was ever in force. What an older version wrote there
    and this one does not read is left out; who needs it says so.
    """
    for path in paths:
        if not path.is_dir():
            yield path, True
            continue
        for pattern in PATTERNS:
            for file in sorted(path.glob(pattern)):
                if not file.name.endswith(".tests.yaml"):
                    yield file, False
