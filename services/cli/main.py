"""The command `omniroute`. This file only finds the module of a subcommand; it decides nothing.

A subcommand lives in `services/cli/<command>.py` (a dash becomes an underscore) and offers
`main(argv) -> exit code`. Modules are imported when they are asked for, so that
`omniroute convert` does not pay for the Kafka client.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import NamedTuple, cast

GOOD = 0
USAGE_ERROR = 2
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


class Command(NamedTuple):
    """One subcommand: where it lives and what it does, in a line."""

    module: str
    help: str


GROUPS: dict[str, dict[str, Command]] = {
    "See it work": {
        "run": Command(
            "services.cli.run",
            "broker, Valkey, both services and a day at a contact centre, in one terminal",
        ),
    },
    "Services": {
        "router": Command(
            "services.cli.router",
            "read contact events, write one routing decision for each contact",
        ),
        "sentiment": Command(
            "services.cli.sentiment",
            "score what customers say and publish it beside the routing",
        ),
        "topics": Command(
            "services.cli.topics",
            "create and check the topics that the services need",
        ),
    },
    "Rules": {
        "rules": Command(
            "services.cli.rules",
            "check, show and explain the rule file",
        ),
    },
    "Events and decisions": {
        "convert": Command(
            "services.cli.convert",
            "turn e-mail files into contact events",
        ),
        "decide": Command(
            "services.cli.decide",
            "decide a file of events without Kafka, one JSON line for each outcome",
        ),
        "send": Command(
            "services.cli.send",
            "put an event on its topic and print the decisions that come back",
        ),
        "explain-reject": Command(
            "services.cli.explain_reject",
            "say what is wrong with an event",
        ),
    },
    "Operations": {
        "deadletter": Command(
            "services.cli.deadletter",
            "list, explain, send again or drop the records that were refused",
        ),
        "brake": Command(
            "services.cli.brake",
            "see which lanes stopped for too many dead letters, and let them go on",
        ),
        "traffic": Command(
            "services.cli.traffic",
            "generate events at a rate, with a ledger of the outcomes to expect",
        ),
        "judge": Command(
            "services.cli.judge",
            "check from outside that nothing was lost, doubled, disordered or forgotten",
        ),
        "accept": Command(
            "services.cli.accept",
            "accept a disagreement that stopped a lane, after looking at it",
        ),
    },
}
COMMANDS: dict[str, Command] = {
    name: command for group in GROUPS.values() for name, command in group.items()
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code: 0 good, 1 found something, 2 usage error."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`| head`): no error. The interpreter flushes stdout again at exit,
        # so it needs somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _dispatch(words: Sequence[str]) -> int:
    """Answer ourselves, or find the subcommand and run it."""
    if not words or words[0] in {"-h", "--help"}:
        print(overview())
        return GOOD
    if words[0] in {"-V", "--version"}:
        print(f"omniroute {version('omniroute')}")
        return GOOD
    if words[0] == "help":
        return _dispatch([*words[1:2], "--help"])
    command = COMMANDS.get(words[0])
    if command is None:
        return _refuse(_unknown(words[0]))
    # find_spec and not `except ImportError`: a module that is there but broken must say so itself.
    if importlib.util.find_spec(command.module) is None:
        return _refuse(f"omniroute: '{words[0]}' is not in this build ({command.module} is absent)")
    run = cast("Callable[[Sequence[str]], int]", importlib.import_module(command.module).main)
    return run(words[1:])


def overview() -> str:
    """The text of `omniroute --help`: every command of this build, by group."""
    width = max(len(name) for name in COMMANDS) + 2
    lines = [
        "usage: omniroute <command> [options]",
        "",
        "Routes contact events on Kafka to the customer's chosen channel,",
        "and to a phone call when an e-mail thread goes back and forth without an end.",
    ]
    for title, group in GROUPS.items():
        present = {n: c for n, c in group.items() if importlib.util.find_spec(c.module) is not None}
        if present:
            lines += ["", f"{title}:"]
            lines += [f"  {name:<{width}}{command.help}" for name, command in present.items()]
    lines += [
        "",
        "`omniroute <command> --help` tells more and gives examples; `omniroute --version`.",
        "Exit codes: 0 good, 1 found something, 2 wrong use.",
        "",
        "Set by option or environment: OMNIROUTE_KAFKA (127.0.0.1:9092),",
        "OMNIROUTE_REDIS (redis://127.0.0.1:6379/0), OMNIROUTE_PREFIX (none),",
        "OMNIROUTE_RULES (the packaged rule file).",
    ]
    return "\n".join(lines)


def _unknown(word: str) -> str:
    """Say that a command does not exist, and which one was perhaps meant."""
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"omniroute: there is no command '{word}'{hint}\nSee: omniroute --help"


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
