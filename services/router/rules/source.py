"""YAML text -> plain data, with the line and column of every key and value.

Rule: what two YAML parsers could read differently is refused here: YAML-1.1 booleans, anchors
and aliases, tags, duplicate keys, keys that are not words, several documents. It reads the
parser's events, so that an alias is never followed and nothing is built before it is counted.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from services.router.rules.problem import Code, Mark, Path, Problems

MAX_CHARS = 1_000_000
MAX_VALUES = 50_000
MAX_DEPTH = 32

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\U00010000-\U0010ffff]"
)
_TRAPS = re.compile(r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|y|Y|n|N")
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]{1,18}|(0|[1-9][0-9]{0,17})(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?"
)


class Refused(Exception):  # noqa: N818  # a way out of the loop, never seen outside this file
    """Reading cannot go on; the problem is already reported."""


class _Frame(msgspec.Struct):
    """One mapping or list that is being read."""

    holder: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None
    """The key that waits for its value."""
    dropped: bool = False
    """The waiting key came twice: its value is read and thrown away."""
    is_key: bool = False
    """This frame stands where a key should."""


def read_source(text: str, problems: Problems) -> Any:
    """Read a YAML text to dicts, lists, str, int, float, bool and None.

    Every mistake goes to `problems`, with the positions of all that was read; after a mistake
    that ends the reading, `problems.stopped` is set.
    """
    if len(text) > MAX_CHARS:
        problems.add((), Code.TOO_LARGE, f"a rule file has at most {MAX_CHARS} characters")
        problems.stopped = True
        return None
    if strange := _UNPRINTABLE.search(text):
        _report_character(text, strange.start(), problems)
        problems.stopped = True
        return None
    reader = _Reader(problems)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except yaml.YAMLError as error:
        _report_syntax(text, error, problems)
        problems.stopped = True
    except Refused:
        problems.stopped = True
    return reader.document


def _report_character(text: str, at: int, problems: Problems) -> None:
    line_start = text.rfind("\n", 0, at) + 1
    mark = Mark(text.count("\n", 0, at) + 1, at - line_start + 1)
    problems.add_at(mark, Code.YAML_CHARACTER, f"the character U+{ord(text[at]):04X} is not text")


def _report_syntax(text: str, error: yaml.YAMLError, problems: Problems) -> None:
    tabs = [n for n, line in enumerate(text.split("\n"), 1) if re.match(r" *\t\s*[^\s#]", line)]
    for line in tabs:
        col = text.split("\n")[line - 1].index("\t") + 1
        problems.add_at(Mark(line, col), Code.YAML_TAB, "indent with spaces, not with tabs")
    if tabs:
        return
    at = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    mark = Mark(at.line + 1, at.column + 1) if at else Mark(1, 1)
    said = [getattr(error, "context", None), getattr(error, "problem", None)]
    problems.add_at(mark, Code.YAML_SYNTAX, ", ".join(s for s in said if s) or "not YAML")


class _Reader:
    """Builds the data from the parser's events."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.document: Any = None
        self._stack: list[_Frame] = []
        self._count = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """One more event."""
        match event:
            case yaml.ScalarEvent():
                self._check_node(event)
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._check_node(event)
                self._open({}, event)
            case yaml.SequenceStartEvent():
                self._check_node(event)
                self._open([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._refuse(event, Code.YAML_ALIAS, "aliases are not allowed; write the value out")
                self._place(None, _mark(event))
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._refuse(event, Code.YAML_DOCUMENTS, "one file holds one document")
                    raise Refused

    def _refuse(self, event: yaml.Event, code: Code, message: str) -> None:
        self.problems.add_at(_mark(event), code, message)

    def _check_node(self, event: Any) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            self._refuse(event, Code.TOO_LARGE, f"a rule file has at most {MAX_VALUES} values")
            raise Refused
        if event.anchor is not None:
            self._refuse(event, Code.YAML_ALIAS, "anchors are not allowed; write the value out")
        if event.tag is not None:
            self._refuse(event, Code.YAML_TAG, f"the tag `{event.tag}` is not allowed")

    def _scalar(self, event: Any) -> None:
        top = self._stack[-1] if self._stack else None
        if top and isinstance(top.holder, dict) and top.key is None:
            self._key(top, event)
            return
        mark = _mark(event)
        value = _resolve(event.value) if not event.style else event.value
        if not event.style and _TRAPS.fullmatch(event.value):
            self._refuse_trap(event)
        if event.style in {"'", '"'}:
            self.problems.quoted.add(self._path())
        self._place(value, mark)

    def _refuse_trap(self, event: Any) -> None:
        word = event.value
        self._refuse(
            event,
            Code.YAML_BOOLEAN,
            f"`{word}` is true or false in some YAML parsers and a word in others; "
            f'write true, false or "{word}"',
        )

    def _key(self, frame: _Frame, event: Any) -> None:
        word, mark = event.value, _mark(event)
        if not event.style and _TRAPS.fullmatch(word):
            self._refuse_trap(event)
        elif not event.style and not isinstance(_resolve(word), str):
            self._refuse(event, Code.YAML_KEY, f"the key `{word}` is not a word; put it in quotes")
        elif word == "<<":
            self._refuse(event, Code.YAML_ALIAS, "merging with `<<` is not allowed")
        path = (*frame.path, word)
        frame.key = word
        frame.dropped = path in self.problems.keys
        if frame.dropped:
            first = self.problems.keys[path]
            self._refuse(
                event, Code.DUPLICATE_KEY, f"`{word}` is already given in line {first.line}"
            )
        else:
            self.problems.keys[path] = mark

    def _path(self) -> Path:
        """Where the next value belongs."""
        if not self._stack:
            return ()
        top = self._stack[-1]
        if isinstance(top.holder, list):
            return (*top.path, len(top.holder))
        if top.dropped:  # a place of its own, or its keys would look given twice
            return (*top.path, f"{top.key}\0{self._count}")
        return (*top.path, top.key or "")

    def _open(self, holder: dict[str, Any] | list[Any], event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._refuse(event, Code.TOO_DEEP, f"more than {MAX_DEPTH} levels")
            raise Refused
        top = self._stack[-1] if self._stack else None
        is_key = top is not None and isinstance(top.holder, dict) and top.key is None
        if top and is_key:
            self._refuse(event, Code.YAML_KEY, "a key is one word, not a mapping or a list")
            top.dropped = True
        path = self._path()
        self.problems.values[path] = _mark(event)
        self._stack.append(_Frame(holder, path, is_key=is_key))

    def _close(self) -> None:
        frame = self._stack.pop()
        if frame.is_key:
            self._stack[-1].key = ""
        else:
            self._place(frame.holder, self.problems.values[frame.path])

    def _place(self, value: Any, mark: Mark) -> None:
        self.problems.values.setdefault(self._path(), mark)
        if not self._stack:
            self.document = value
            return
        top = self._stack[-1]
        if isinstance(top.holder, list):
            top.holder.append(value)
            return
        if not top.dropped:
            top.holder[top.key or ""] = value
        top.key, top.dropped = None, False


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _resolve(word: str) -> str | int | float | bool | None:
    """What a plain scalar means in YAML 1.2, without octal, hexadecimal, infinity and nan."""
    if word in _NULL:
        return None
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if _INT.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word):
        return float(word)
    return word
