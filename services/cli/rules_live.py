"""`omniroute rules shadow | canary | promote | rollback | disable | withdraw | status`.

They change the rules directory that the routers watch; nothing here talks to a router.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec
import orjson

from services.cli.judging.compare import remembered
from services.cli.judging.evidence import UnreadableError
from services.cli.rules_check import check_text
from services.cli.rules_files import FOUND, GOOD, USAGE
from services.contact.topics import Topics
from services.router.core.customer import FormatUnknownError, unpack
from services.router.live.changing import ChangeError, RulesDirectory, read_given
from services.router.live.checking import check
from services.router.live.directory import Limits, RuleText, SourceError, Switch, read_stopped
from services.router.live.switching import NoSuchRuleError
from services.router.rules.problem import Level

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - its only name
SHOWN_CHANGES = 10

EPILOG = """\
examples:
  omniroute rules promote my.yaml             begin the directory, or make a file live at once
  omniroute rules shadow new.yaml             the candidate decides beside the live rules, for show
  omniroute rules canary 5% new.yaml          ... and for 5 % of the customers in earnest
  omniroute rules canary 25%                  the same candidate for more of them
  omniroute rules promote --dry-run           how many decisions are open now
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
    environment = os.environ.get
    promote.add_argument(
        "--brokers",
        default=environment("OMNIROUTE_KAFKA", "127.0.0.1:9092"),
        metavar="HOST:PORT",
        help="for --dry-run",
    )
    promote.add_argument(
        "--prefix", default=environment("OMNIROUTE_PREFIX", ""), help="for --dry-run"
    )
    rollback = _add(commands, "rollback", _rollback, "make an earlier version live again")
    rollback.add_argument(
        "version", metavar="HASH", nargs="?", default="", help="default: what was live before"
    )
    disable = _add(commands, "disable", _disable, "switch one rule off; acts within 10 seconds")
    disable.add_argument("rule", metavar="RULE")
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
    return _tell(switch, f"{switch.live} is live; open decisions stay as they are")


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
    """What a promotion would meet: the decisions that nobody has finished."""
    # The Kafka client is an extra; the other commands do without it.
    from services.cli.judging.reading import open_reader  # noqa: PLC0415

    switch = directory.switch()
    new = file.version if file else switch.candidate.version if switch.candidate else ""
    if not new:
        raise ChangeError("there is no candidate to promote: name a file")
    print(f"live {switch.live} would become {new}; nothing was changed")
    by_action: Counter[tuple[str, str]] = Counter()
    customers = unread = 0
    with open_reader(arguments.brokers, arguments.prefix, lambda _: None) as reader:
        topic = Topics(arguments.prefix).memory
        for partition in range(reader.partitions()):
            for packed in remembered(reader.read(topic, partition).records).values():
                if packed is None:
                    continue
                customers += 1
                try:
                    standings = unpack(packed).standings
                except FormatUnknownError:
                    unread += 1
                    continue
                by_action.update((s.action.value, s.life) for s in standings)
    total = sum(by_action.values())
    print(f"{total} decisions of {customers} customers stand; they stay as they are:")
    for (action, life), number in sorted(by_action.items()):
        print(f"  {number:>8}  {action}, {life}")
    if unread:
        print(f"  {unread} customers could not be read: another state format")
    return GOOD
