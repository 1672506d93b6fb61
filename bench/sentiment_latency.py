"""From an event on Kafka to its score, beside a bare loop: `python -m bench.sentiment_latency --help`."""

from __future__ import annotations

import sys

from bench.latency import Plan, read_options, run
from services.contact.topics import SENTIMENT


def main() -> int:
    """0 good, 1 a score is missing or double."""
    options = read_options("sentiment_latency", sys.argv[1:])
    plan = Plan(service="services.sentiment", topic=SENTIMENT, **vars(options))
    return run("sentiment", plan)


if __name__ == "__main__":
    sys.exit(main())
