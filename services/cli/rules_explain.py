"""`omniroute rules explain`: why a decision is as it is, and what would have had to differ."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sqlite3
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import orjson

from services.cli.decide import Fold
from services.cli.explaining.index import open_index, read_id
from services.cli.explaining.lookup import Lookup, NotFoundError
from services.cli.explaining.sources import BadFileError, FileOfDecisions, Told, hide_address
from services.cli.explaining.telling import Explained, tell, tell_action
from services.cli.explaining.verify import Verified, read_range, tell_verified, verify_all
from services.cli.judging.evidence import UnreadableError
from services.cli.moments import HELP, parse_moment
from services.cli.progress import Progress
from services.cli.rule_versions import RulesMissingError, Shelf
from services.cli.rules_files import FOUND, GOOD, USAGE
from services.contact.decision import Decision
from services.contact.event import Channel, ContactEvent
from services.router.rules.explaining import explain as mark_way
from services.router.rules.file import RuleSource, load_file
from services.router.rules.packaged import STANDARD_INPUT, read_text
from services.router.rules.verifying import verify
from services.router.rules.why_not import Seen, add_reach, why_not

if TYPE_CHECKING:
    from services.cli.judging.reading import Reader

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - its only name
CLIENT = "omniroute-explain"

DESCRIPTION = """\
Say why a decision is as it is: the way on the tree with every condition that was asked and the
value it met, the channels that were not taken, the times, the revisions.

It matches the facts that the decision carries again, under the rules version that it names.
DECISION_ID is looked up on contact.decisions through an index in the user's cache, which is
brought up to date first. EVENT is a file, or - for standard input: one event or a story of them,
one a line (the last decision is explained), or decisions as they lie on Kafka."""

EPILOG = """\
examples:
  omniroute rules explain 5f0c2a9e-6c1d-5b7e-9f43-0a6f1c2b7d58
  omniroute rules explain 5f0c2a9e --why-not phone        the beginning of an id is enough
  omniroute rules explain event.json --rules my.yaml
  omniroute rules explain day.jsonl --why-not chat --format json
  omniroute rules explain --verify --from 24h             every decision of a day, matched again
  omniroute rules explain --verify decisions.jsonl --rules /etc/omniroute/rules

Exit code: 0 explained, or all verified; 1 not found, or not what the rules say; 2 wrong use, no
Kafka, or the rules version is not at hand."""


def add_command(commands: Commands) -> None:
    """Add the subcommand to those of `omniroute rules`."""
    parser = commands.add_parser(
        "explain",
        help="say why a decision is as it is, and what would have had to differ",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add, env = parser.add_argument, os.environ.get
    add("what", nargs="?", default="", metavar="DECISION_ID|EVENT")
    channels = [channel.value for channel in Channel]
    add("--why-not", choices=channels, metavar="CHANNEL", help="what would have led there")
    add(
        "--rules",
        action="append",
        default=[],
        metavar="FILE|DIR",
        help="a rule file, or the rules directory with its history; may be given more than once"
        " (default: $OMNIROUTE_RULES, and the packaged file)",
    )
    add("--format", choices=("text", "json"), default="text", help="default: text")
    add("--verify", action="store_true", help="match all decisions again; nothing is drawn")
    add("--from", dest="since", type=parse_moment, metavar="T", help=f"for --verify: {HELP}")
    add("--to", dest="until", type=parse_moment, metavar="T", help="for --verify: up to then")
    add("--brokers", default=env("OMNIROUTE_KAFKA", "127.0.0.1:9092"), metavar="HOST:PORT")
    add("--prefix", default=env("OMNIROUTE_PREFIX", ""), help="of the deployment's topics")
    add("--index", type=Path, metavar="FILE", help="default: a file in the user's cache")
    add("--reindex", action="store_true", help="build the index anew")
    add("--quiet", action="store_true", help="no progress on stderr")
    parser.set_defaults(run=explain)


def explain(arguments: argparse.Namespace) -> int:
    """Explain one decision, or verify many."""
    try:
        return _explain(arguments, Shelf(arguments.rules))
    except (UnreadableError, RulesMissingError, sqlite3.Error, UnicodeDecodeError) as why:
        return _refuse(str(why))
    except OSError as why:
        return _refuse(f"{why.filename}: {why.strerror}" if why.filename else str(why))
    except (BadFileError, NotFoundError) as why:
        return _refuse(str(why), FOUND)


def _explain(arguments: argparse.Namespace, shelf: Shelf) -> int:
    if arguments.verify:
        return _verify(arguments, shelf)
    if not arguments.what:
        return _refuse("name a decision id or a file of events; --help has examples")
    if arguments.what == STANDARD_INPUT or Path(arguments.what).exists():
        return _explain_file(arguments, shelf)
    return _explain_id(arguments, shelf)


# ------------------------------------------------------------------------------------ one decision
def _explain_file(arguments: argparse.Namespace, shelf: Shelf) -> int:
    source = _load_live(arguments)
    if isinstance(source, int):
        return source
    file = FileOfDecisions(arguments.what, Fold(source.compile(), {}, None))
    told: list[Told] = list(file)
    if not told:
        return _refuse(f"{arguments.what}: there is no decision to explain: {file.last}", FOUND)
    last = told[-1].made
    own = (last.source, last.event_id)
    history = tuple(t.made for t in told if (t.made.source, t.made.event_id) == own)
    word = told[-1].word
    seen = None
    if isinstance(word, ContactEvent) and last.customer_id in file.fold.customers:
        seen = Seen(file.fold.customers[last.customer_id], word, file.fold.clock or 0)
    return _tell(arguments, shelf, last, history, seen)


def _load_live(arguments: argparse.Namespace) -> RuleSource | int:
    """The rules that events of a file are decided by."""
    name = arguments.rules[0] if arguments.rules else os.environ.get("OMNIROUTE_RULES", "")
    shown, text = read_text(name)
    source = load_file(text, shown)
    if isinstance(source, list):
        print(*source, sep="\n")
        return FOUND
    return source


def _explain_id(arguments: argparse.Namespace, shelf: Shelf) -> int:
    digits = read_id(arguments.what)
    if digits is None:
        return _refuse(f"{arguments.what} is neither a file nor a decision id")
    with _open(arguments) as reader:
        lookup = Lookup(reader, arguments.brokers, arguments.prefix)
        with open_index(arguments.index or lookup.find_file()) as index:
            if arguments.reindex:
                index.clear()
            with Progress("indexing decisions", quiet=arguments.quiet) as progress:
                index.update(reader, arguments.prefix, progress)
            made = lookup.find(index, digits)
            history = tuple(lookup.list_revisions(index, made))
    return _tell(arguments, shelf, made, history)


def _open(arguments: argparse.Namespace) -> AbstractContextManager[Reader]:
    """Raises UnreadableError where the Kafka client is not installed; it is an extra."""
    if importlib.util.find_spec("confluent_kafka") is None:
        raise UnreadableError(
            "it needs the package confluent-kafka: pip install 'omniroute[judge]'"
        )
    from services.cli.judging.reading import open_reader  # noqa: PLC0415

    return open_reader(arguments.brokers, arguments.prefix, lambda _: None, CLIENT)


def _tell(  # noqa: PLR0917 - what is told, and what is known of it
    arguments: argparse.Namespace,
    shelf: Shelf,
    made: Decision,
    history: tuple[Decision, ...],
    seen: Seen | None = None,
) -> int:
    source, table = shelf.find(made.rules_version)
    asked = None
    if arguments.why_not:
        asked = why_not(source.rules, table, made, Channel(arguments.why_not))
        asked = asked if seen is None else add_reach(asked, table, made, seen)
    one = Explained(
        made=made,
        way=mark_way(source.rules, table, made.facts),
        rules=shelf.name_of(made.rules_version),
        differences=tuple(verify(table, made)),
        history=history,
        why_not=asked,
    )
    if arguments.format == "json":
        print(orjson.dumps(_as_data(one), option=orjson.OPT_INDENT_2).decode())
    else:
        print(*tell(one), sep="\n")
    return FOUND if one.differences else GOOD


def _as_data(one: Explained) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(one)
    data["made"] = hide_address(one.made)
    data["history"] = [
        {"revision": made.revision, "cause": made.cause, "says": tell_action(made)}
        for made in one.history
    ]
    return data


# ---------------------------------------------------------------------------------- many decisions
def _verify(arguments: argparse.Namespace, shelf: Shelf) -> int:
    began = time.monotonic()
    with Progress("verifying decisions", quiet=arguments.quiet) as progress:
        if arguments.what:
            done = _verify_file(arguments, shelf, progress)
            if isinstance(done, int):
                return done
        else:
            with _open(arguments) as reader:
                decisions = read_range(reader, arguments.prefix, arguments.since, arguments.until)
                done = verify_all(decisions, shelf, progress)
    if arguments.format == "json":
        data = {"good": done.good, **msgspec.to_builtins(done)}
        print(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
    else:
        print(*tell_verified(done, time.monotonic() - began), sep="\n")
    return GOOD if done.good else FOUND


def _verify_file(arguments: argparse.Namespace, shelf: Shelf, progress: Progress) -> Verified | int:
    source = _load_live(arguments)
    if isinstance(source, int):
        return source
    file = FileOfDecisions(arguments.what, Fold(source.compile(), {}, None))
    decisions = ((f"{arguments.what}:{told.line}", told.made) for told in file)
    return verify_all(decisions, shelf, progress)


def _refuse(why: str, code: int = USAGE) -> int:
    print(f"omniroute rules explain: {why}", file=sys.stderr)
    return code
