"""Which deployment a command speaks to: the brokers, and what stands before its topics' names."""

from __future__ import annotations

import argparse
import os

from services.runtime.settings import read_prefix


def add_deployment(command: argparse.ArgumentParser) -> None:
    """Add `--brokers` and `--prefix`, with the defaults that the services have."""
    command.add_argument(
        "--brokers",
        default=os.environ.get("OMNIROUTE_KAFKA", "127.0.0.1:9092"),
        metavar="HOST:PORT,...",
        help="Kafka (env OMNIROUTE_KAFKA, default 127.0.0.1:9092)",
    )
    command.add_argument(
        "--prefix",
        type=_read_prefix,
        default=os.environ.get("OMNIROUTE_PREFIX", ""),
        help="of the topics' names (env OMNIROUTE_PREFIX, default none)",
    )


def _read_prefix(text: str) -> str:
    try:
        return read_prefix(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong
