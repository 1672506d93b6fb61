"""`omniroute topics apply|check`: creates and checks the six topics of a deployment."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec

from services.cli.deployment import add_deployment
from services.runtime.admin import (
    TopicsReport,
    TopicsUnreachableError,
    apply_topics,
    check_topics,
)
from services.runtime.settings import SettingsError, read_access
from services.runtime.topic_specs import DEFAULT_PARTITIONS, list_specs

GOOD, FOUND, USAGE = 0, 1, 2
MOST_PARTITIONS = 10_000

EXAMPLES = """\
examples:
  omniroute topics apply                                  8 partitions, on 127.0.0.1:9092
  omniroute topics apply --partitions 32 --prefix acme-   acme-contact.events and five more
  omniroute topics apply --dry-run                        say what would be created
  omniroute topics check --brokers kafka-1:9092,kafka-2:9092

`apply` creates what is missing and alters nothing that exists. What differs from what the services
need is reported by both with the command that mends it; the services do not start until then.

exit codes: 0 good, 1 something is wrong or the brokers cannot be asked, 2 usage error
"""


def main(argv: Sequence[str]) -> int:
    """Run `omniroute topics`; 0 good, 1 found something or no broker, 2 usage error."""
    words = _build_parser().parse_args(argv)
    # The client logs each failed attempt; the one sentence that we print says it all.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        access = read_access(os.environ, "topics")
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)
        return USAGE
    access = msgspec.structs.replace(access, brokers=words.brokers)
    if words.what == "check":
        return _run(check_topics(access, words.prefix, partitions=words.partitions))
    work = apply_topics(
        access,
        words.prefix,
        partitions=words.partitions,
        replicas=words.replicas,
        dry_run=words.dry_run,
    )
    return _run(work, dry_run=words.dry_run)


def _run(work: Coroutine[Any, Any, TopicsReport], *, dry_run: bool = False) -> int:
    try:
        report = asyncio.run(work)
    except TopicsUnreachableError as broken:
        print(f"omniroute topics: {broken}", file=sys.stderr)
        return FOUND
    for name in report.created:
        print(f"{'would create' if dry_run else 'created'} {name}: {_describe(name, report)}")
    if dry_run and report.created:
        return GOOD
    print(report.describe(), file=sys.stdout if report.is_good else sys.stderr)
    return GOOD if report.is_good else FOUND


def _describe(name: str, report: TopicsReport) -> str:
    topic = name.removeprefix(report.place.prefix)
    spec = next(spec for spec in list_specs() if spec.topic == topic)
    configs = spec.create_configs(replicas=1)
    return f"{report.partitions} partitions, " + ", ".join(f"{k}={v}" for k, v in configs.items())


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute topics",
        description="Create and check the six topics that the services need.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="apply|check")
    apply = commands.add_parser("apply", help="create what is missing, then check")
    apply.add_argument("--dry-run", action="store_true", help="let the brokers validate only")
    apply.add_argument(
        "--replicas",
        type=_read_count,
        help="copies of each partition (default: one per broker, at most 3)",
    )
    check = commands.add_parser("check", help="compare with what the services need")
    for command in (apply, check):
        _add_place(command)
    return parser


def _add_place(command: argparse.ArgumentParser) -> None:
    add_deployment(command)
    command.add_argument(
        "--partitions",
        type=_read_count,
        help="partitions of each topic (default: as contact.events has, "
        f"else {DEFAULT_PARTITIONS}); cannot be changed later",
    )


def _read_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_PARTITIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_PARTITIONS}")
    return int(text)
