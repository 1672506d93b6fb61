"""`omniroute rules`: check, show and describe rule files."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

import orjson

from services.router.rules.file import load_rules, version_of
from services.router.rules.packaged import read_text
from services.router.rules.problem import Code, Problem
from services.router.rules.schema import build_json_schema
from services.router.rules.showing import show_rules
from services.router.rules.tree import Branch, Rules

GOOD, FOUND, USAGE = 0, 1, 2

_EPILOG = """\
examples:
  omniroute rules check deploy/rules/routing.yaml   every mistake as file:line:col CODE message
  omniroute rules check                             the file that the services would use
  omniroute rules show my.yaml                      the tree as it will be walked
  omniroute rules schema > routing.schema.json      for completion in your editor

A file named `-` is standard input. Without a name it is $OMNIROUTE_RULES, else the packaged
default. Exit code: 0 good, 1 something is wrong with a file, 2 wrong use or no such file.
The language on one page: docs/rules.md."""


def main(argv: Sequence[str]) -> int:
    """Run one of the subcommands."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "schema":
        print(write_schema(), end="")
        return GOOD
    command = _check if arguments.command == "check" else _show
    names = arguments.files or [os.environ.get("OMNIROUTE_RULES", "")]
    return max(_with_file(name, command) for name in names)


def write_schema() -> str:
    """The JSON Schema of rule files, as it is committed."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(build_json_schema(), option=options).decode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute rules",
        description="Check, show and describe routing rule files.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="print every mistake in rule files; exit 1 if any")
    check.add_argument("files", nargs="*", metavar="FILE", help="rule files")
    show = commands.add_parser("show", help="print the tree of rules")
    show.add_argument("files", nargs="*", metavar="FILE", help="rule files")
    commands.add_parser("schema", help="print the JSON Schema of rule files")
    return parser


def _with_file(name: str, command: Callable[[Rules, str, str], None]) -> int:
    try:
        shown, text = read_text(name)
    except UnicodeDecodeError as broken:
        code = Code.YAML_CHARACTER
        print(Problem(1, 1, code, f"not UTF-8: {broken.reason} at byte {broken.start}", name))
        return FOUND
    except OSError as broken:
        print(f"omniroute rules: {broken}", file=sys.stderr)
        return USAGE
    rules = load_rules(text, shown)
    if isinstance(rules, list):
        print(*rules, sep="\n")
        count = f"{len(rules)} mistake{'s' if len(rules) > 1 else ''}"
        print(f"{shown}: {count}; a rule file with mistakes is never used", file=sys.stderr)
        return FOUND
    command(rules, shown, version_of(text))
    return GOOD


def _check(rules: Rules, name: str, version: str) -> None:
    count = _count(rules.root) - 1
    print(f"{name}: good; {count} rules, {len(rules.queues)} queues, version {version}")


def _show(rules: Rules, name: str, version: str) -> None:
    print(f"{name}, version {version}")
    print(*show_rules(rules), sep="\n")


def _count(branch: Branch) -> int:
    return 1 + sum(_count(child) for child in branch.children)
