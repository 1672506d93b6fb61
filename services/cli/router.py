"""`omniroute router`: runs the routing service."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from services.router.__main__ import main as run_service
from services.router.settings import describe_settings
from services.runtime.service import exit_now
from services.runtime.settings import SettingsError

GOOD, USAGE = 0, 2
OPTIONS = {
    "brokers": ("OMNIROUTE_KAFKA", "bootstrap brokers, host:port,... (default 127.0.0.1:9092)"),
    "redis": ("OMNIROUTE_REDIS", "Redis or Valkey (default redis://127.0.0.1:6379/0)"),
    "prefix": ("OMNIROUTE_PREFIX", "before every topic, group, transactional id and Redis key"),
    "rules": ("OMNIROUTE_RULES", "the rule file (default: the packaged deploy/rules/routing.yaml)"),
    "lanes": ("OMNIROUTE_LANES", "lanes over all workers; fixed with the topics (default 4)"),
    "http": ("OMNIROUTE_HTTP", "host:port of /livez, /readyz, /metrics (default 127.0.0.1:8080)"),
    "accept-offsets": (
        "OMNIROUTE_ACCEPT_OFFSETS",
        "memory or group: after offsets_and_memory_disagree, go on with this one; for one start",
    ),
}
EXAMPLES = """\
examples:
  omniroute router                                      beside a local Kafka and Redis
  omniroute router --brokers kafka-1:9092,kafka-2:9092 --redis redis://cache:6379/0
  omniroute router --prefix acme- --lanes 8 --rules /etc/omniroute/routing.yaml
  omniroute router --redis redis+sentinel://s1:26379,s2:26379/main/0
  omniroute router --print-settings                     what is in force, secrets masked

It reads contact.events and contact.sentiment, remembers in Redis (and in contact.memory, from
which Redis is rebuilt whenever it has lost anything), and writes one decision for each contact that
asks for one to contact.decisions. No event is lost and no outcome written twice, whatever is killed.

Run as many as there are lanes, at most. Ends on SIGTERM within 10 s.
exit codes: 0 asked to end, 2 usage error, 64 offsets and memory disagree, 65 events deleted unread,
66 partitions changed, 67 lanes changed, 68 topics wrong, 69 not authorized, 70 stuck, 71 another
process owns the lanes, 72 the end took too long, 73 memory damaged; docs/operations.md says more.
"""


def main(argv: Sequence[str]) -> int:
    """Run `omniroute router`; returns 0 or 2, or leaves with the service's exit code."""
    words = _build_parser().parse_args(argv)
    for name, (variable, _) in OPTIONS.items():
        value = getattr(words, name.replace("-", "_"))
        if value is not None:
            os.environ[variable] = value
    if not words.print_settings:
        # It leaves the process itself: a socket that does not close must not keep it alive.
        exit_now(run_service())
    try:
        print(describe_settings(os.environ))
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)
        return USAGE
    return GOOD


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute router",
        description="Read contact events, write one routing decision for each contact.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, (variable, meaning) in OPTIONS.items():
        parser.add_argument(f"--{name}", help=f"{meaning}; env {variable}")
    parser.add_argument(
        "--print-settings", action="store_true", help="print the settings in force and end"
    )
    return parser
