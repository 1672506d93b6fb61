"""`omniroute rules replay`: which decisions would be others under another rule file."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import msgspec

from services.cli.judging.evidence import UnreadableError
from services.cli.moments import HELP, parse_moment
from services.cli.progress import Progress
from services.cli.replaying.lines import FileSource
from services.cli.replaying.page import write_page
from services.cli.replaying.report import Report, build
from services.cli.replaying.text import tell_text
from services.cli.replaying.topics import KafkaSource
from services.cli.replaying.work import Job, run
from services.cli.rules_files import FOUND, GOOD, USAGE
from services.router.core.table import Table
from services.router.rules.file import load_table
from services.router.rules.packaged import STANDARD_INPUT, read_text

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - its only name
MOST_WORKERS = 4
SMALL = 8 * 1024 * 1024
"""Bytes of a file below which further processes cost more than they bring."""

DESCRIPTION = """\
Fold the same events under two rule files and say which decisions change: how many, by action,
channel, rule, queue, priority and segment, with sample ids; --list names every one.

The events are those of FILE (as for `omniroute decide`: events, scores and summaries, one a line;
- is standard input), or without FILE those on Kafka, folded from the earliest that is retained in
the batches in which the router decided them. Nothing is written to Kafka.

Both folds are independent: a decision that changes also changes what is remembered, and so what
is decided later. Customers whose history retention has cut are told from the facts that their
decisions recorded, and are counted and named."""

EPILOG = """\
examples:
  omniroute traffic --output day.jsonl --events 100000 --seed 7
  omniroute rules replay day.jsonl --against new.yaml
  omniroute rules replay day.jsonl --rules old.yaml --against new.yaml --list
  omniroute rules replay --from 2026-11-20 --to 2026-11-21 --against new.yaml
  omniroute rules replay --from 24h --against new.yaml --format html --output replay.html

Exit code: 0 no decision changes, 1 some do or a rule file is broken, 2 wrong use, no such file,
no Kafka. What it means and what it cannot know: docs/replay.md."""


class RefusedError(Exception):
    """A rule file does not load; its problems are told already."""


def add_command(commands: Commands) -> None:
    """Add the subcommand to those of `omniroute rules`."""
    parser = commands.add_parser(
        "replay",
        help="which decisions would be others under another rule file",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add, env = parser.add_argument, os.environ.get
    add("file", nargs="?", default="", metavar="FILE")
    add("--against", required=True, metavar="CANDIDATE", help="the rule file to try out")
    add(
        "--rules",
        default=env("OMNIROUTE_RULES", ""),
        metavar="CURRENT",
        help="the rules to compare with, a file or the rules directory"
        " (default: $OMNIROUTE_RULES, else the packaged file)",
    )
    add("--from", dest="since", type=parse_moment, metavar="T", help=HELP)
    add("--to", dest="until", type=parse_moment, metavar="T", help="up to then")
    add("--format", choices=("text", "json", "html"), default="text", help="default: text")
    add("--output", type=Path, metavar="F", help="write there instead of standard output")
    add("--list", action="store_true", help="text: name every decision that changes")
    add("--workers", type=_workers, default=0, metavar="N", help="processes (default: as it fits)")
    add("--brokers", default=env("OMNIROUTE_KAFKA", "127.0.0.1:9092"), metavar="HOST:PORT")
    add("--prefix", default=env("OMNIROUTE_PREFIX", ""), help="of the deployment's topics")
    add("--quiet", action="store_true", help="no progress on stderr")
    parser.set_defaults(run=replay)


def replay(arguments: argparse.Namespace) -> int:
    """Replay and report."""
    try:
        report = _replay(arguments)
    except RefusedError:
        return FOUND
    except (UnreadableError, UnicodeDecodeError) as why:
        return _refuse(str(why))
    except OSError as why:
        return _refuse(f"{why.filename}: {why.strerror}" if why.filename else str(why))
    return GOOD if not report.changed else FOUND


def _replay(arguments: argparse.Namespace) -> Report:
    began = time.monotonic()
    current, candidate = _load(arguments.rules), _load(arguments.against)
    with _source(arguments) as source:
        job = Job(current=current[1], candidate=candidate[1], source=source)
        with Progress("replaying", quiet=arguments.quiet, total=_count(source)) as progress:
            sums = run(job, arguments.workers or _choose_workers(source), progress)
    sides = ((current[0], current[2]), (candidate[0], candidate[2]))
    report = build(sums, sides, arguments.file or f"Kafka at {arguments.brokers}")
    _write(arguments, report)
    if not arguments.quiet:
        seconds = time.monotonic() - began
        print(f"{report.inputs + report.outside:,} inputs in {seconds:.1f} s", file=sys.stderr)
    return report


def _load(name: str) -> tuple[str, str, Table]:
    """Name, text and table of a rule file.

    Raises RefusedError, OSError and UnicodeDecodeError.
    """
    shown, text = read_text(name)
    table = load_table(text, shown)
    if isinstance(table, list):
        print(*table, sep="\n", file=sys.stderr)
        raise RefusedError
    return shown, text, table


@contextmanager
def _source(arguments: argparse.Namespace) -> Iterator[FileSource | KafkaSource]:
    since, until = arguments.since, arguments.until
    if not arguments.file:
        if importlib.util.find_spec("confluent_kafka") is None:
            raise UnreadableError(
                "it needs the package confluent-kafka: pip install 'omniroute[judge]'"
            )
        yield KafkaSource(
            brokers=arguments.brokers, prefix=arguments.prefix, since=since, until=until
        )
        return
    began = datetime.now(UTC)
    if arguments.file != STANDARD_INPUT:
        yield FileSource(path=arguments.file, began=began, since=since, until=until)
        return
    with tempfile.NamedTemporaryFile() as kept:  # every process reads it by itself
        kept.writelines(sys.stdin.buffer)
        kept.flush()
        yield FileSource(path=kept.name, began=began, since=since, until=until)


def _count(source: FileSource | KafkaSource) -> int:
    """Lines, for the progress; 0: not known."""
    if isinstance(source, KafkaSource):
        return 0
    with open(source.path, "rb") as lines:  # noqa: PTH123 - a name as the user wrote it
        return sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 20), b""))


def _choose_workers(source: FileSource | KafkaSource) -> int:
    if isinstance(source, FileSource) and Path(source.path).stat().st_size < SMALL:
        return 1
    return max(1, min(MOST_WORKERS, os.cpu_count() or 1))


def _write(arguments: argparse.Namespace, report: Report) -> None:
    if arguments.format == "html":
        text = write_page(report)
    elif arguments.format == "json":
        text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    else:
        text = "\n".join(tell_text(report, whole=arguments.list)) + "\n"
    if arguments.output is None:
        print(text, end="")
        return
    arguments.output.write_text(text, "utf-8")
    if not arguments.quiet:
        print(f"{report.changed:,} decisions change; written to {arguments.output}")


def _workers(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _refuse(why: str) -> int:
    print(f"omniroute rules replay: {why}", file=sys.stderr)
    return USAGE
