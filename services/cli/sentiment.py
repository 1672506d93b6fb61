"""`omniroute sentiment`: runs the service; scores, evaluates, calibrates and trains on the spot."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from services.cli import (
    sentiment_calibrate,
    sentiment_evaluate,
    sentiment_score,
    sentiment_train,
)
from services.runtime.service import exit_now
from services.runtime.settings import VARIABLES, SettingsError, describe_variables
from services.sentiment.__main__ import main as run_service
from services.sentiment.settings import OWN

GOOD, USAGE = 0, 2
OPTIONS = {
    "brokers": ("OMNIROUTE_KAFKA", "bootstrap brokers, host:port,... (default 127.0.0.1:9092)"),
    "prefix": ("OMNIROUTE_PREFIX", "before every topic, group and transactional id"),
    "lanes": ("OMNIROUTE_LANES", "lanes over all workers (default 4)"),
    "http": ("OMNIROUTE_HTTP", "host:port of /livez, /readyz, /metrics (default 127.0.0.1:8081)"),
    "ours": ("OMNIROUTE_OURS", "our own e-mail addresses and domains, comma separated"),
}
EXAMPLES = """\
examples:
  omniroute sentiment                                   the service, beside a local Kafka
  omniroute sentiment service --brokers kafka-1:9092 --prefix acme-
  omniroute sentiment service --http 0.0.0.0:9000 --ours support.example.com
  omniroute sentiment service --print-settings          what is in force, secrets masked
  omniroute sentiment score --why "I am not happy."     a text on the spot, without Kafka

It reads contact.events, scores what customers say, and writes one record for each of their messages
to contact.sentiment, on the same partition number, in one transaction with its offsets. Eleven
languages are scored; a message in another is published as `unscored`. Agents are scored
only with OMNIROUTE_SENTIMENT_AGENTS=on.

Run as many as there are lanes, at most. Ends on SIGTERM within 10 s. Exit codes and all settings:
docs/operations.md.
"""


def main(argv: Sequence[str]) -> int:
    """Run `omniroute sentiment`; returns 0 or 2, or leaves with the service's exit code."""
    words = _build_parser().parse_args(["service", *argv] if _is_bare(argv) else argv)
    if words.what != "service":
        code: int = words.run(words)
        return code
    for name, (variable, _) in OPTIONS.items():
        value = getattr(words, name)
        if value is not None:
            os.environ[variable] = value
    if not words.print_settings:
        # It leaves the process itself: a socket that does not close must not keep it alive.
        exit_now(run_service())
    return _print_settings()


def _is_bare(argv: Sequence[str]) -> bool:
    return not argv or (argv[0].startswith("-") and argv[0] not in {"-h", "--help"})


def _print_settings() -> int:
    try:
        print(describe_variables((*VARIABLES, *OWN), os.environ))
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)
        return USAGE
    return GOOD


def _build_parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="omniroute sentiment",
        description="Score the sentiment of what customers say.",
        epilog=EXAMPLES,
        formatter_class=layout,
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    service = commands.add_parser(
        "service",
        help="run the service (also without this word)",
        epilog=EXAMPLES,
        formatter_class=layout,
    )
    for module in (sentiment_score, sentiment_evaluate, sentiment_calibrate, sentiment_train):
        module.add_parser(commands)
    for name, (variable, meaning) in OPTIONS.items():
        service.add_argument(f"--{name}", help=f"{meaning}; env {variable}")
    service.add_argument(
        "--print-settings", action="store_true", help="print the settings in force and end"
    )
    return parser
