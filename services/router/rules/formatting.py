"""The canonical form of a rule file or of its tests: one layout, every comment kept.

What it does: two spaces a level, items of a list two more; lists and mappings in brackets stay so
while they fit into a line and hold no comment; double quotes; one blank line at most; the `id` and
the `when` of a rule first, its `routes` last; a case in the order of its story. It changes no value, and its own result it leaves
alone.
"""

from __future__ import annotations

import bisect
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from services.router.rules.problem import Problem, Problems
from services.router.rules.source import read_source

WIDTH = 100
_ORDERS = (
    (frozenset({"id", "when"}), {"id": -2, "when": -1, "routes": 1}),
    (
        frozenset({"when", "expect"}),
        {"name": -6, "at": -5, "customer": -4, "before": -3, "when": -2, "expect": -1},
    ),
)
"""By the keys that tell a rule and a case: which keys stand where; the others stay as written."""


class _Comment(msgspec.Struct, frozen=True):
    at: int
    """Index of its `#` in the text."""
    text: str
    alone: bool
    """Nothing stands before it in its line."""


class _Entry(msgspec.Struct):
    """A key with its value, or an item of a list; it gets a line of its own."""

    node: yaml.Node
    key: yaml.ScalarNode | None
    at: int
    above: list[str]
    """Comments and blank lines before it."""
    beside: str = ""
    """The comment in its line."""


def format_rules(text: str, name: str) -> str | list[Problem]:
    """The canonical form of a text, or what is so wrong with it that it has none."""
    problems = Problems(name)
    data = read_source(text, problems)
    if problems.stopped or problems.sorted():
        return problems.sorted()
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    root = yaml.compose(plain, Loader=yaml.CSafeLoader)
    if root is None:
        return text
    done = _Layout(plain, root).write()
    again = read_source(done, Problems(name))
    if again != data or _comments_of(plain) != _comments_of(done):
        raise AssertionError(f"{name}: the canonical form would say something else")
    return done


def _comments_of(text: str) -> Counter[str]:
    return Counter(comment.text for comment in _comments(text))


def _comments(text: str) -> Iterator[_Comment]:
    """Every comment: a `#` outside of scalars that begins a line or follows a space."""
    scalars = [
        (token.start_mark.index, token.end_mark.index)
        for token in yaml.scan(text, Loader=yaml.CSafeLoader)
        if isinstance(token, yaml.ScalarToken)
    ]
    starts = [start for start, _ in scalars]
    at = text.find("#")
    while at >= 0:
        inside = bisect.bisect_right(starts, at) - 1
        if inside >= 0 and at < scalars[inside][1]:
            at = text.find("#", scalars[inside][1])
            continue
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        before = text[text.rfind("\n", 0, at) + 1 : at]
        if not before or before[-1] in " \t":
            yield _Comment(at, text[at:end].rstrip(), not before.strip())
        at = text.find("#", end)


class _Layout:
    """Writes one document."""

    def __init__(self, text: str, root: yaml.Node) -> None:
        self.text = text
        self.root = root
        self.comments = list(_comments(text))
        self._places = [comment.at for comment in self.comments]
        self._entries: dict[int, list[_Entry]] = {}
        """The entries of a collection that is written in lines, by the id of its node."""
        self.tail: list[str] = []
        self._lay_out(root, 0)
        self._attach()

    def write(self) -> str:
        """The whole text."""
        lines = (
            self._block(self.root, 0) if id(self.root) in self._entries else [self._flow(self.root)]
        )
        kept: list[str] = []
        for line in (*lines, *self.tail):
            if line or (kept and kept[-1]):
                kept.append(line.rstrip())
        while kept and not kept[-1]:
            kept.pop()
        return "\n".join(kept) + "\n"

    # ------------------------------------------------------------------- what gets its own lines
    def _lay_out(self, node: yaml.Node, column: int) -> None:
        """Decide which collections are written in lines; `column` is where the value begins."""
        if not isinstance(node, yaml.CollectionNode) or not self._needs_lines(node, column):
            return
        entries = [
            _Entry(value, key, (key or value).start_mark.index, []) for key, value in _pairs(node)
        ]
        self._entries[id(node)] = entries = _ordered(entries)
        indent = max(0, column)
        for entry in entries:
            inner = indent + 2
            if entry.key is not None and isinstance(entry.node, yaml.CollectionNode):
                inner = indent + len(self._scalar(entry.key)) + 2
            self._lay_out(entry.node, inner)

    def _needs_lines(self, node: Any, column: int) -> bool:
        if not node.value:
            return False
        if not node.flow_style:
            return True
        start, end = node.start_mark.index, node.end_mark.index
        first = bisect.bisect_left(self._places, start)
        if first < len(self._places) and self._places[first] < end:
            return True
        return column + len(self._flow(node)) > WIDTH

    def _attach(self) -> None:
        """Give every comment and blank line to the entry that it belongs to."""
        entries = sorted(
            (entry for many in self._entries.values() for entry in many), key=lambda one: one.at
        )
        starts = [entry.at for entry in entries]
        for start, lines in self._own_lines():
            after = bisect.bisect_left(starts, start)
            (entries[after].above if after < len(entries) else self.tail).extend(lines)
        for comment in self.comments:
            if comment.alone:
                continue
            before = bisect.bisect_left(starts, comment.at) - 1
            if before >= 0 and not entries[before].beside:
                entries[before].beside = f"  {comment.text}"
            elif before + 1 < len(entries):
                entries[before + 1].above.append(comment.text)
            else:
                self.tail.append(comment.text)

    def _own_lines(self) -> Iterator[tuple[int, list[str]]]:
        """Comments with a line of their own, and blank lines, each with its index."""
        alone = {comment.at: comment.text for comment in self.comments if comment.alone}
        inside = self._scalar_lines()
        at = 0
        for number, line in enumerate(self.text.split("\n")):
            first = at + len(line) - len(line.lstrip())
            if first in alone:
                yield first, [alone[first]]
            elif not line.strip() and number not in inside:
                yield at, [""]
            at += len(line) + 1

    def _scalar_lines(self) -> set[int]:
        """The lines inside of texts that run over several."""
        lines: set[int] = set()
        for node in _scalars(self.root):
            end = node.end_mark.line + (node.end_mark.column > 0)
            if node.style in {"|", ">"}:
                body = self.text[node.start_mark.index : node.end_mark.index].rstrip()
                end = node.start_mark.line + body.count("\n") + 1
            lines.update(range(node.start_mark.line, end))
        return lines

    # ------------------------------------------------------------------------------- the writing
    def _block(self, node: yaml.Node, indent: int) -> list[str]:
        lines: list[str] = []
        for entry in self._entries[id(node)]:
            first = self._first_inside(entry)
            above = entry.above + (first.above if first else [])
            if first:
                first.above = []
            lines += [f"{' ' * indent}{line}" if line else "" for line in above]
            lines += self._entry(entry, indent)
        return lines

    def _first_inside(self, entry: _Entry) -> _Entry | None:
        """Of an item that is a mapping: its first key, which stands in the same line."""
        inside = self._entries.get(id(entry.node)) if entry.key is None else None
        return inside[0] if inside else None

    def _entry(self, entry: _Entry, indent: int) -> list[str]:
        pad = " " * indent
        node = entry.node
        if entry.key is None:
            if id(node) not in self._entries:
                return self._with(f"{pad}- ", node, entry, indent)
            lines = self._block(node, indent + 2)
            lines[0] = f"{pad}- {lines[0].lstrip()}"
            if entry.beside:
                lines.insert(0, f"{pad}{entry.beside.strip()}")
            return lines
        head = f"{pad}{self._scalar(entry.key)}:"
        if id(node) not in self._entries:
            return self._with(f"{head} ", node, entry, indent)
        deeper = indent + 2
        return [f"{head}{entry.beside}", *self._block(node, deeper)]

    def _with(self, head: str, node: yaml.Node, entry: _Entry, indent: int) -> list[str]:
        """A value behind its key or dash."""
        if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
            raw = self._raw(node, indent + 2)
            if raw is not None:
                return [f"{head}{raw[0]}", *raw[1:]]
        return [f"{head}{self._flow(node)}".rstrip() + entry.beside]

    def _raw(self, node: yaml.ScalarNode, indent: int) -> list[str] | None:
        """A text over several lines as it stands, moved; None where its depth is given in digits."""
        raw = self.text[node.start_mark.index : node.end_mark.index].rstrip().split("\n")
        header, body = raw[0], raw[1:]
        mark = header.split("#")[0]
        if any(letter.isdigit() for letter in mark) or "+" in mark or not body:
            return None
        depth = min(len(line) - len(line.lstrip(" ")) for line in body if line.strip())
        return [header.rstrip(), *(f"{' ' * indent}{line[depth:]}".rstrip() for line in body)]

    def _flow(self, node: yaml.Node) -> str:
        """A value in one line."""
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        parts = [
            (f"{self._scalar(key)}: " if key is not None else "") + self._inner(value)
            for key, value in _pairs(node)
        ]
        left, right = "{}" if isinstance(node, yaml.MappingNode) else "[]"
        return f"{left}{', '.join(parts)}{right}"

    def _inner(self, node: yaml.Node) -> str:
        return self._flow(node) or "null"

    def _scalar(self, node: yaml.ScalarNode) -> str:
        """A word as it stands, or in double quotes."""
        raw = self.text[node.start_mark.index : node.end_mark.index]
        if not node.style and "\n" not in raw:
            return str(raw)
        return json.dumps(node.value, ensure_ascii=False)


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    return [(None, value) for value in node.value]


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for key, value in _pairs(node):
        if key is not None:
            yield key
        yield from _scalars(value)


def _ordered(entries: list[_Entry]) -> list[_Entry]:
    """The keys of a rule and of a case in the order in which one reads them."""
    words = {entry.key.value for entry in entries if entry.key is not None}
    orders = (order for marks, order in _ORDERS if marks <= words)
    order = next(orders, {"routes": 1})
    return sorted(entries, key=lambda e: order.get(e.key.value, 0) if e.key is not None else 0)
