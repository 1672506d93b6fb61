"""`omniroute rules show` and `omniroute rules fmt`: rule files for the eye."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import msgspec
import orjson

from services.cli.decide import Fold
from services.cli.rules_files import FOUND, GOOD, USAGE, read
from services.contact.decision import Decision
from services.router.rules.drawing import draw_path
from services.router.rules.explaining import explain
from services.router.rules.file import load_file
from services.router.rules.formatting import format_rules
from services.router.rules.packaged import STANDARD_INPUT
from services.router.rules.showing import show_rules


def show(arguments: Namespace) -> int:
    """Print the tree of each file, or the way of an event through it."""
    return max(_show_file(name, arguments.path) for name in arguments.files or [""])


def fmt(arguments: Namespace) -> int:
    """Write each file in its canonical form; standard input goes to standard output."""
    return max(_format_file(name, check=arguments.check) for name in arguments.files or [""])


def _show_file(name: str, events: str) -> int:
    given = read(name)
    if given is None:
        return USAGE
    source = [given.broken] if given.broken else load_file(given.text, given.name)
    if isinstance(source, list):
        print(*source, sep="\n")
        return FOUND
    print(f"{given.name}, version {source.version}")
    if not events:
        print(*show_rules(source.rules), sep="\n")
        return GOOD
    table = source.compile()
    found = _last_decision(Fold(table, {}, None), events)
    if isinstance(found, int):
        return found
    print(*draw_path(explain(source.rules, table, found.facts), found), sep="\n")
    return GOOD


def _last_decision(fold: Fold, events: str) -> Decision | int:
    """The decision on the last event of a file; the exit code after saying that there is none."""
    try:
        is_input = events == STANDARD_INPUT
        text = sys.stdin.buffer.read() if is_input else Path(events).read_bytes()
    except OSError as broken:
        print(f"omniroute rules: {broken}", file=sys.stderr)
        return USAGE
    said: dict[str, Any] = {"outcome": "nothing"}
    for line in _events(text):
        said = fold.take(line)
    if "decisions" in said:
        made = orjson.dumps(said["decisions"][-1])  # they are kept as the bytes they go out in
        return msgspec.json.decode(made, type=Decision)
    why = f": {said['reject']['code']} {said['reject']['why']}" if "reject" in said else ""
    print(f"{events}: the last event gets no decision, it is {said['outcome']}{why}")
    return FOUND


def _events(text: bytes) -> list[bytes]:
    """One event over several lines, or one a line."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines if all(line.lstrip()[:1] == b"{" for line in lines) and len(lines) > 1 else [text]


def _format_file(name: str, *, check: bool) -> int:
    given = read(name)
    if given is None:
        return USAGE
    done = given.broken or format_rules(given.text, given.name)
    if not isinstance(done, str):
        print(*(done if isinstance(done, list) else [done]), sep="\n")
        return FOUND
    if check:
        if done != given.text:
            print(f"{given.name}: not in canonical form; `omniroute rules fmt` mends it")
            return FOUND
        return GOOD
    if name == STANDARD_INPUT:
        print(done, end="")
    elif done != given.text:
        Path(given.name).write_text(done, "utf-8", newline="\n")
        print(f"{given.name}: formatted")
    return GOOD
