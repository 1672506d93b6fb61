"""`omniroute rules`: check, test, show, format and describe rule files."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import orjson

from services.cli import (
    rules_check,
    rules_explain,
    rules_live,
    rules_replay,
    rules_show,
    rules_tests,
)
from services.cli.rules_files import GOOD
from services.router.rules.cases import build_cases_schema
from services.router.rules.schema import build_json_schema

_EPILOG = """\
examples:
  omniroute rules check deploy/rules/routing.yaml   every mistake as file:line:col CODE message
  omniroute rules check --strict                    the file that the services would use
  omniroute rules check --witness my.yaml           for each rule facts that hit it
  omniroute rules test my.yaml --fail-under 100     the cases in my.tests.yaml, with coverage
  omniroute rules show my.yaml                      the tree as it will be walked
  omniroute rules show my.yaml --path event.json    the way an event takes
  omniroute rules explain 5f0c2a9e                  why a decision is as it is; --why-not phone
  omniroute rules replay day.jsonl --against my.yaml      which decisions would change
  omniroute rules fmt my.yaml                       put it into its canonical form
  omniroute rules status                            what is live; shadow, canary, promote,
                                                    rollback, disable: docs/live-rules.md
  omniroute rules schema > routing.schema.json      for completion in your editor

A file named `-` is standard input. Without a name it is $OMNIROUTE_RULES, else the packaged
default. Exit code: 0 good, 1 something is wrong with a file, 2 wrong use or no such file.
The language on one page: docs/rules.md; fifteen policies to copy: docs/cookbook.md."""


def main(argv: Sequence[str]) -> int:
    """Run one of the subcommands."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    return run(arguments)


def write_schema(*, tests: bool = False) -> str:
    """The JSON Schema of rule files, or of their tests, as it is committed."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    schema = build_cases_schema() if tests else build_json_schema()
    return orjson.dumps(schema, option=options).decode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute rules",
        description="Check, test, show, format and describe routing rule files.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = _command(commands, "check", rules_check.check, "print all that is wrong; exit 1 if so")
    check.add_argument("--strict", action="store_true", help="exit 1 on warnings too")
    check.add_argument(
        "--witness", action="store_true", help="print for each rule facts that hit it"
    )
    _add_format(check)
    test = _command(commands, "test", rules_tests.test, "run the cases in FILE.tests.yaml")
    test.add_argument(
        "--fail-under",
        type=float,
        default=0.0,
        metavar="N",
        help="exit 1 if less than N %% of the rules are hit or of their conditions are seen both "
        "true and false",
    )
    test.add_argument("--verbose", action="store_true", help="print the good cases too")
    _add_format(test)
    show = _command(commands, "show", rules_show.show, "print the tree of rules")
    show.add_argument(
        "--path",
        metavar="EVENTS",
        default="",
        help="draw the way that the last event of a file takes: one JSON event, or one a line",
    )
    fmt = _command(commands, "fmt", rules_show.fmt, "write files in their canonical form")
    fmt.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a file would change"
    )
    rules_explain.add_command(commands)
    rules_replay.add_command(commands)
    rules_live.add_commands(commands)
    schema = commands.add_parser("schema", help="print the JSON Schema of rule files")
    schema.add_argument("--tests", action="store_true", help="that of the tests beside them")
    schema.set_defaults(run=_print_schema)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="rule files")
    parser.set_defaults(run=run)
    return parser


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("text", "json", "github"), default="text", help="default: text"
    )


def _print_schema(arguments: argparse.Namespace) -> int:
    print(write_schema(tests=arguments.tests), end="")
    return GOOD
