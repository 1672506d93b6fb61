"""`omniroute rules shadow | canary | promote | reevaluate | rollback | disable | ...`.

They change the rules directory that the routers watch; nothing here talks to a router. Decisions
that stand are decided anew by events (`rules_change.py`).
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec
import orjson

from services.cli.judging.evidence import UnreadableError
from services.cli.rules_change import (
    KEEP,
    REEVALUATE,
    add_options,
    count,
    read_sweep,
    reevaluate,
)
from services.cli.rules_check import check_text
from services.cli.rules_files import FOUND, GOOD, USAGE
from services.router.core.table import Table
from services.router.live.changing import ChangeError, RulesDirectory, read_given
from services.router.live.checking import check
from services.router.live.directory import (
    Limits,
    RuleText,
    SourceError,
    Switch,
    read_stopped,
    read_version,
)
from services.router.live.switching import NoSuchRuleError
from services.router.rules.file import load_table
from services.router.rules.problem import Level

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - its only name
SHOWN_CHANGES = 10
SETTLE_S = 10.0
"""Within this every router has read a change (docs/live-rules.md)."""

EPILOG = """\
examples:
  omniroute rules promote my.yaml             begin the directory, or make a file live at once
  omniroute rules shadow new.yaml             the candidate decides beside the live rules, for show
  omniroute rules canary 5% new.yaml          ... and for 5 % of the customers in earnest
  omniroute rules canary 25%                  the same candidate for more of them
  omniroute rules promote --dry-run           what is open now, and what would be revised
  omniroute rules promote --on-change reevaluate   ... and revise it
  omniroute rules reevaluate                  the same later, after a rollback, or gone on with
  omniroute rules promote                     the candidate becomes live
  omniroute rules rollback                    what was live before is live again
  omniroute rules disable email-to-phone      switch one rule off within 10 seconds
  omniroute rules status

The directory is --directory, else $OMNIROUTE_RULES. Exit code: 0 done, 1 a file was refused,
2 it makes no sense here. How it works: docs/live-rules.md."""


def add_commands(commands: Commands) -> None:
    """Add these subcommands to those of `omniroute rules`."""
    shadow = _add(commands, "shadow", _shadow, "let a file decide beside the live rules, for show")
    shadow.add_argument("file", metavar="FILE")
    canary = _add(commands, "canary", _canary, "let a file decide a share of the customers")
    canary.add_argument("percent", metavar="PERCENT", type=_percent, help="such as 5%%")
    canary.add_argument("file", metavar="FILE", nargs="?", help="default: the present candidate")
    _add_limits(canary)
    promote = _add(commands, "promote", _promote, "make the candidate, or a file, the live rules")
    promote.add_argument("file", metavar="FILE", nargs="?")
    promote.add_argument(
        "--dry-run", action="store_true", help="change nothing; count the decisions that are open"
    )
    promote.add_argument(
        "--on-change",
        choices=(KEEP, REEVALUATE),
        default=KEEP,
        help="what becomes of decisions that nobody has begun: they stay (default), or are decided"
        " anew by the new rules",
    )
    _add_kafka(promote)
    rollback = _add(commands, "rollback", _rollback, "make an earlier version live again")
    rollback.add_argument(
        "version", metavar="HASH", nargs="?", default="", help="default: what was live before"
    )
    disable = _add(commands, "disable", _disable, "switch one rule off; acts within 10 seconds")
    disable.add_argument("rule", metavar="RULE")
    again = _add(
        commands, "reevaluate", _reevaluate, "decide anew, by the live rules, what nobody has begun"
    )
    again.add_argument(
        "--dry-run", action="store_true", help="ask for nothing; count what would be revised"
    )
    _add_kafka(again)
    _add(commands, "withdraw", _withdraw, "take the candidate off trial")
    status = _add(commands, "status", _status, "what is in force, what is on trial, what happened")
    status.add_argument("--format", choices=("text", "json"), default="text")


def _add(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], what: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--directory", metavar="DIR", help="default: $OMNIROUTE_RULES")
    parser.set_defaults(run=lambda arguments: _run(run, arguments))
    return parser


def _add_kafka(parser: argparse.ArgumentParser) -> None:
    """Where the decisions stand, and how fast they are asked about."""
    environment = os.environ.get
    parser.add_argument(
        "--brokers",
        default=environment("OMNIROUTE_KAFKA", "127.0.0.1:9092"),
        metavar="HOST:PORT",
        help="where the decisions stand (default: $OMNIROUTE_KAFKA, else 127.0.0.1:9092)",
    )
    parser.add_argument(
        "--prefix", default=environment("OMNIROUTE_PREFIX", ""), help="of the deployment's topics"
    )
    add_options(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    limits = Limits()
    for name, what in (
        ("escalations", "percentage points more callbacks and moves"),
        ("unreachable", "percentage points more decisions with a channel skipped"),
        ("errors", "percentage points more records that cannot be decided"),
        ("latency", "times as long for a decision"),
    ):
        default = getattr(limits, name)
        parser.add_argument(
            f"--max-{name}",
            type=float,
            default=default,
            metavar="N",
            help=f"the canary stops at {what} than the live rules (default: {default:g})",
        )


def _percent(word: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%?", word)
    if match is None:
        raise argparse.ArgumentTypeError(f"{word!r} is no percentage, such as 5%")
    return float(match[1])


def _run(run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    try:
        return run(arguments)
    except (ChangeError, SourceError, NoSuchRuleError, UnreadableError, OSError) as why:
        print(f"omniroute rules: {why}", file=sys.stderr)
        return USAGE


def _directory(arguments: argparse.Namespace) -> RulesDirectory:
    name = arguments.directory or os.environ.get("OMNIROUTE_RULES", "")
    if not name:
        raise ChangeError("which directory? Name it with --directory, or set OMNIROUTE_RULES")
    if Path(name).is_file():
        raise ChangeError(
            f"{name} is a single file. Make a directory of it: omniroute rules promote --directory "
            f"DIR {name}, then start the routers with OMNIROUTE_RULES=DIR"
        )
    return RulesDirectory(Path(name))


def _read(name: str) -> RuleText | None:
    """A good rule file; None after saying what is wrong with it."""
    file = read_given(name)
    checked = check_text(file.text, file.name)
    problems = [str(one) for one in checked.problems if one.level is Level.ERROR]
    problems = problems or list(check(file).problems)
    if problems:
        print(*problems, sep="\n")
        print(f"{name}: refused; nothing was changed", file=sys.stderr)
        return None
    return file


# ------------------------------------------------------------------------------- the commands
def _shadow(arguments: argparse.Namespace) -> int:
    directory, file = _directory(arguments), _read(arguments.file)
    if file is None:
        return FOUND
    return _tell(directory.shadow(file), f"{file.version} decides beside the live rules, for show")


def _canary(arguments: argparse.Namespace) -> int:
    directory = _directory(arguments)
    file = _read(arguments.file) if arguments.file else None
    if arguments.file and file is None:
        return FOUND
    limits = Limits(
        escalations=arguments.max_escalations,
        unreachable=arguments.max_unreachable,
        errors=arguments.max_errors,
        latency=arguments.max_latency,
    )
    switch = directory.canary(arguments.percent, file, limits)
    version = switch.candidate.version if switch.candidate else ""
    return _tell(switch, f"{version} decides {arguments.percent:g} % of the customers")


def _promote(arguments: argparse.Namespace) -> int:
    directory = _directory(arguments)
    file = _read(arguments.file) if arguments.file else None
    if arguments.file and file is None:
        return FOUND
    if arguments.dry_run:
        return _count_open(directory, file, arguments)
    switch = directory.promote(file)
    if arguments.on_change == KEEP:
        return _tell(switch, f"{switch.live} is live; open decisions stay as they are")
    _tell(switch, f"{switch.live} is live; open decisions are decided anew")
    return _reevaluate(arguments, SETTLE_S)


def _rollback(arguments: argparse.Namespace) -> int:
    switch = _directory(arguments).rollback(arguments.version)
    return _tell(switch, f"{switch.live} is live again; open decisions stay as they are")


def _disable(arguments: argparse.Namespace) -> int:
    switch = _directory(arguments).disable(arguments.rule)
    return _tell(
        switch,
        f"`{arguments.rule}` is off from {switch.live} on; `omniroute rules rollback` brings it back",
    )


def _withdraw(arguments: argparse.Namespace) -> int:
    return _tell(_directory(arguments).withdraw(), "there is no candidate any more")


def _tell(switch: Switch, what: str) -> int:
    print(f"generation {switch.generation}: {what}")
    return GOOD


def _status(arguments: argparse.Namespace) -> int:
    directory = _directory(arguments)
    switch = directory.switch()
    stopped = read_stopped(directory.path, switch.generation)
    if arguments.format == "json":
        tree = {**msgspec.to_builtins(switch), "stopped": stopped}
        print(orjson.dumps(tree, option=orjson.OPT_INDENT_2).decode())
        return GOOD
    print(f"{directory.path}, generation {switch.generation}")
    print(f"live       {switch.live}")
    trial = switch.candidate
    if trial is None:
        print("candidate  none")
    elif not trial.percent:
        print(f"candidate  {trial.version}, shadow: decides beside the live rules, for show")
    elif stopped:
        print(f"candidate  {trial.version}, canary of {trial.percent:g} % STOPPED: {stopped}")
    else:
        print(f"candidate  {trial.version}, canary: decides {trial.percent:g} % of the customers")
    print("changes")
    for one in reversed(switch.changes[-SHOWN_CHANGES:]):
        print(f"  {one.at}  {one.generation}  {one.what:<24}  live {one.live}")
    return GOOD


# --------------------------------------------------------------------------------- what is open
def _count_open(
    directory: RulesDirectory, file: RuleText | None, arguments: argparse.Namespace
) -> int:
    """What a promotion would meet: the decisions that stand, and which of them would change."""
    # The Kafka client is an extra; the other commands do without it.
    from services.cli.judging.reading import open_reader  # noqa: PLC0415

    switch = directory.switch()
    if file is None and switch.candidate is not None:
        file = read_version(directory.path, switch.candidate.version)
    if file is None:
        raise ChangeError("there is no candidate to promote: name a file")
    sweep = read_sweep(arguments)
    print(f"live {switch.live} would become {file.version}; nothing was changed")
    with open_reader(arguments.brokers, arguments.prefix, lambda _: None) as reader:
        counted = count(reader, _table_of(file), sweep)
    print(*counted.tell(sweep, keeps=arguments.on_change == KEEP), sep="\n")
    return GOOD


def _reevaluate(arguments: argparse.Namespace, settle: float = 0.0) -> int:
    """Ask for revisions under the rules that are live."""
    from services.cli.judging.reading import open_reader  # noqa: PLC0415 - as above

    directory = _directory(arguments)
    switch = directory.switch()
    sweep = read_sweep(arguments, settle)
    with open_reader(arguments.brokers, arguments.prefix, lambda _: None) as reader:
        if not getattr(arguments, "dry_run", False):
            return reevaluate(reader, directory.path, switch.generation, sweep)
        counted = count(reader, _table_of(read_version(directory.path, switch.live)), sweep)
    print(f"live {switch.live}; nothing was changed")
    print(*counted.tell(sweep, keeps=False), sep="\n")
    return GOOD


def _table_of(file: RuleText) -> Table:
    table = load_table(file.text, file.name)
    if not isinstance(table, Table):
        raise ChangeError("\n".join(map(str, table)))
    return table
