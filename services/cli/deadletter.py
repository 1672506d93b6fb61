"""`omniroute deadletter`: looks through the records that were refused, sends them again, drops them."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import logging
import os
import re
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec

from services.cli.answers import UnreachableError
from services.cli.deadletters.archive import Id
from services.cli.deadletters.choosing import Choice
from services.cli.deadletters.looking import Place, list_letters, show_letter
from services.cli.deadletters.settling import FailedError
from services.cli.deadletters.working import Task, work_off
from services.cli.deployment import add_deployment
from services.cli.moments import HELP, parse_moment
from services.contact.deadletter import State
from services.contact.reject import RejectCode
from services.contact.topics import Topics
from services.runtime.settings import SettingsError, read_access

FOUND, USAGE = 1, 2
STATES = (*(state.value for state in State), "all")
DESCRIPTION = """\
Records that could not be used lie on contact.deadletter, byte for byte, with their cause. This lists
them, shows one with its remedy, sends them again when the cause is mended, or drops them with a reason.

A letter is named PARTITION:OFFSET, as `list` prints it. `replay` and `drop` only say what they would
do until --yes is given. A letter is settled once: the record that is sent again and the note that says
so are one transaction, whoever is killed and however many operators work.
"""
EXAMPLES = """\
examples:
  omniroute deadletter list                                        what is open, newest first
  omniroute deadletter list --cause wrong_partition --since 24h --format json
  omniroute deadletter list --customer 5f0c2d9e81ab33c7            as the log names them
  omniroute deadletter show 3:1042
  omniroute deadletter replay --cause timezone_unknown             what would happen
  omniroute deadletter replay --cause timezone_unknown --yes       do it
  omniroute deadletter drop 3:1042 --why "a test of the platform" --yes

A record that is sent again is a new record: it arrives now, behind what its customer did meanwhile; its
own times still tell when it was received. If its event was sent meanwhile, it is a duplicate.
--customer needs OMNIROUTE_LOG_KEY, the key of the services' logs. docs/operations.md tells more.

exit codes: 0 good, 1 a letter is not there or was left, or Kafka refused, 2 usage error
"""


def main(argv: Sequence[str]) -> int:
    """Run `omniroute deadletter`; see EXAMPLES for the exit codes."""
    parser = _build_parser()
    words = parser.parse_args(argv)
    # The client logs each failed attempt; the one sentence that we print says it all.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    log_key = os.environ.get("OMNIROUTE_LOG_KEY", "")
    if getattr(words, "customer", "") and not log_key:
        parser.error("--customer needs OMNIROUTE_LOG_KEY, the key of the services' logs")
    try:
        environment = {**os.environ, "OMNIROUTE_KAFKA": words.brokers}
        access = read_access(environment, "deadletter")
    except SettingsError as wrong:
        print(f"omniroute deadletter: {wrong}", file=sys.stderr)
        return USAGE
    place = Place(access, Topics(words.prefix), log_key)
    try:
        return asyncio.run(_find_work(words, place, parser))
    except (UnreachableError, FailedError) as broken:
        print(f"omniroute deadletter: {broken}", file=sys.stderr)
        return FOUND
    except TimeoutError as broken:
        print(f"omniroute deadletter: Kafka does not answer ({broken})", file=sys.stderr)
        return FOUND


def _find_work(
    words: argparse.Namespace, place: Place, parser: argparse.ArgumentParser
) -> Coroutine[Any, Any, int]:
    if words.what == "show":
        return show_letter(place, words.letter, as_json=words.format == "json", whole=words.whole)
    choice = _read_choice(words, place.log_key)
    if words.what == "list":
        return list_letters(place, choice, as_json=words.format == "json", most=words.most)
    if not choice.narrows and not words.all:
        parser.error("name letters, narrow them down (--cause, --since, ...), or say --all")
    if words.yes and words.dry_run:
        parser.error("--yes and --dry-run contradict each other")
    task = Task(
        state=State.DROPPED if words.what == "drop" else State.REPLAYED,
        by=words.by or _find_user(),
        why=words.why,
        refused_too=getattr(words, "refused_too", False),
        really=words.yes,
        most=words.most,
    )
    # What is settled is looked at, too, so that a letter named by hand is told to be settled.
    states = frozenset[State]() if choice.ids else frozenset({State.OPEN})
    return work_off(place, msgspec.structs.replace(choice, states=states), task)


def _find_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _read_choice(words: argparse.Namespace, log_key: str) -> Choice:
    state = getattr(words, "state", "all")
    return Choice(
        ids=frozenset(words.letters),
        causes=frozenset(words.cause),
        since=words.since,
        until=words.until,
        partitions=tuple(words.partition),
        source=words.source,
        customer=words.customer,
        key=words.key,
        states=frozenset() if state == "all" else frozenset({State(state)}),
        log_key=log_key,
    )


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute deadletter",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="list|show|replay|drop")
    listing = commands.add_parser("list", help="the letters, newest first, and how many by cause")
    listing.add_argument("--state", choices=STATES, default="open", help="default: open")
    listing.add_argument("--format", choices=("table", "json"), default="table")
    show = commands.add_parser("show", help="one letter: cause, place, remedy, bytes")
    show.add_argument("letter", type=_read_id, metavar="PARTITION:OFFSET")
    show.add_argument("--format", choices=("text", "json"), default="text")
    show.add_argument("--whole", action="store_true", help="the value to its last byte")
    replay = commands.add_parser("replay", help="send records again, as they came")
    replay.add_argument(
        "--refused-too", action="store_true", help="also those that would be refused again"
    )
    drop = commands.add_parser("drop", help="give letters up; they stay on the topic")
    for command in (replay, drop):
        command.add_argument("--all", action="store_true", help="every open letter")
        command.add_argument("--yes", action="store_true", help="do it; without: only say it")
        command.add_argument("--dry-run", action="store_true", help="only say it (the default)")
        command.add_argument("--by", default="", help="who settles them (default: your login)")
        command.add_argument(
            "--why", default="", required=command is drop, help="the reason; stands in the note"
        )
    for command in (listing, replay, drop):
        _add_filters(command)
        command.add_argument(
            "--most", type=_read_count, default=50, metavar="N", help="lines shown (default 50)"
        )
    for command in (listing, show, replay, drop):
        add_deployment(command)
    return parser


def _add_filters(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("letters", nargs="*", type=_read_id, metavar="PARTITION:OFFSET", help="these only")
    add(
        "--cause",
        action="append",
        default=[],
        choices=[code.value for code in RejectCode],
        metavar="CODE",
        help="refused for this; may stand several times; docs/contract.md lists them",
    )
    add("--since", type=parse_moment, metavar="T", help=f"refused from then on: {HELP}")
    add("--until", type=parse_moment, metavar="T", help="refused before then")
    add("--partition", type=int, action="append", default=[], metavar="P")
    add("--source", default="", help="the platform account that sent it")
    add("--customer", default="", metavar="HASH", help="the customer, as the log names them")
    add("--key", default="", metavar="ID", help="the record's key: the customer id itself")


def _read_id(text: str) -> Id:
    found = re.fullmatch(r"(\d{1,6}):(\d{1,18})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} names no letter; write such as 3:1042")
    return int(found[1]), int(found[2])


def _read_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)
