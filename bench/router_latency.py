"""From an event on Kafka to its decision, beside a bare loop: `python -m bench.router_latency --help`."""

from __future__ import annotations

import os
import sys

from bench.latency import Plan, read_options, run
from services.contact.topics import DECISIONS
from services.runtime.embedded import Valkey


def main() -> int:
    """0 good, 1 a decision is missing or double."""
    options = read_options("router_latency", sys.argv[1:])
    if options.pinned:
        os.sched_setaffinity(0, {1})
    with Valkey() as memory:
        where = {"OMNIROUTE_REDIS": memory.url}
        plan = Plan(service="services.router", topic=DECISIONS, environment=where, **vars(options))
        return run("router", plan)


if __name__ == "__main__":
    sys.exit(main())
