"""`omniroute traffic`: sends a contact centre's day at a rate, and writes what it expects of it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from services.cli.day.expect import write_line
from services.cli.day.generate import generate
from services.cli.day.outbox import Outbox, OutboxError, Sent, open_outbox, play
from services.cli.day.to_file import write_day
from services.cli.moments import HELP, parse_moment
from services.contact.topics import Topics
from services.runtime.connection import KafkaAccess
from services.runtime.settings import SettingsError, read_access

GOOD, FOUND, USAGE = 0, 1, 2
EXAMPLES = """\
examples:
  omniroute traffic --rate 50 --for 20                     a thousand events, then a summary
  omniroute traffic --rate 2000 --for 60 --seed 7          the same two minutes every time
  omniroute traffic --rate 500 --for 20 --ledger day.jsonl && omniroute judge --ledger day.jsonl
  omniroute traffic --output day.jsonl --events 100000 --begin 2026-11-20T06:00:00Z --seed 7

Each event belongs to a story: a question, a thread that passes two exchanges, a refused call, an
absence note, a malformed record, ... The ledger says for each acknowledged record what must become
of it, as the story has it: outcome, action, channel, rule, code of the dead letter. Nobody carries
the decisions out here (`omniroute run` does), so callbacks stay open.

Give another --seed for every run on the same topics: the same seed gives the same event ids again,
which are duplicates to the router.

exit codes: 0 all was sent and acknowledged, 1 Kafka refused or is not there, 2 usage error
"""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    access: KafkaAccess
    prefix: str
    rate: float
    seconds: float
    seed: int
    ledger: Path | None
    output: Path | None
    events: int
    begin_ms: int
    quiet: bool


def main(argv: Sequence[str]) -> int:
    """Run `omniroute traffic`; see EXAMPLES for the exit codes."""
    try:
        options = _read_options(argv)
    except SettingsError as wrong:
        print(f"omniroute traffic: {wrong}", file=sys.stderr)
        return USAGE
    if options.output is not None:
        return _write_file(options, options.output)
    # The client logs each failed attempt; the one sentence that we print says it all.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        ledger = options.ledger.open("wb") if options.ledger else None
    except OSError as broken:
        print(f"omniroute traffic: {options.ledger}: {broken.strerror}", file=sys.stderr)
        return USAGE
    with ledger or contextlib.nullcontext():
        try:
            return asyncio.run(_send(options, ledger))
        except OutboxError as broken:
            print(f"omniroute traffic: {broken}", file=sys.stderr)
            return FOUND


def _write_file(options: Options, file: Path) -> int:
    try:
        written = write_day(
            file, options.begin_ms, seed=options.seed, rate=options.rate, events=options.events
        )
    except OSError as broken:
        print(f"omniroute traffic: {file}: {broken.strerror}", file=sys.stderr)
        return USAGE
    if not options.quiet:
        print(
            f"{file}: {written.events:,} events of {len(written.customers):,} customers and "
            f"{written.scores:,} scores, seed {options.seed}"
        )
    return GOOD


class Tally:
    """What has been acknowledged so far, and where the ledger goes."""

    def __init__(self, ledger: BinaryIO | None) -> None:
        self._ledger = ledger
        self.acknowledged = 0
        self.customers: set[str] = set()
        self.outcomes: Counter[str] = Counter()

    def note(self, sent: Sent) -> None:
        """One more acknowledgement."""
        self.acknowledged += 1
        self.customers.add(sent.entry.customer_id)
        self.outcomes[sent.entry.outcome or "revises"] += 1
        if self._ledger is not None:
            self._ledger.write(write_line(sent.entry))


async def _send(options: Options, ledger: BinaryIO | None) -> int:
    tally, stop = Tally(ledger), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    total = round(options.rate * options.seconds) if options.seconds else None
    async with open_outbox(options.access, Topics(options.prefix), tally.note) as outbox:
        begin = time.monotonic()
        day = generate(options.seed, int(time.time() * 1000), rate=options.rate, total=total)
        showing = asyncio.create_task(_show_progress(outbox, tally, options, begin))
        try:
            await play(day, outbox, begin=begin, stop=stop)
            took = time.monotonic() - begin
            await outbox.settle()
        finally:
            showing.cancel()
    print(_summary(tally, options, took))
    return GOOD


async def _show_progress(outbox: Outbox, tally: Tally, options: Options, begin: float) -> None:
    before = 0
    while not options.quiet:
        await asyncio.sleep(1)
        since, now = time.monotonic() - begin, outbox.posted
        print(
            f"{since:6.0f} s  {now:>9,} sent  {now - before:>7,}/s  "
            f"{tally.acknowledged:>9,} acknowledged",
            file=sys.stderr,
        )
        before = now


def _summary(tally: Tally, options: Options, took: float) -> str:
    expected = ", ".join(f"{n:,} {what}" for what, n in tally.outcomes.most_common())
    rate = tally.acknowledged / took if took else 0
    lines = [
        (
            f"{tally.acknowledged:,} events of {len(tally.customers):,} customers in {took:.1f} s "
            f"({rate:,.0f}/s), seed {options.seed}"
        ),
        f"expected: {expected or 'nothing'}",
    ]
    if options.ledger:
        lines.append(f"ledger: {options.ledger}")
    return "\n".join(lines)


def _read_options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="omniroute traffic",
        description="Send the events of a contact centre's day to Kafka, at a steady rate.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--rate", type=_positive, default=50.0, metavar="N", help="events a second (default 50)")
    add(
        "--for",
        type=_positive,
        default=0.0,
        dest="seconds",
        metavar="S",
        help="seconds to send for; stories that have begun are told to their end (default: until "
        "Ctrl-C)",
    )
    add(
        "--seed",
        type=int,
        default=None,
        metavar="K",
        help="the same seed gives the same day (default: from the clock)",
    )
    add("--ledger", type=Path, metavar="FILE", help="write what is expected, a JSON line a record")
    add(
        "--output",
        type=Path,
        metavar="FILE",
        help="write the day to a file at once, a JSON line each, scores included; no Kafka",
    )
    add("--events", type=int, default=10_000, metavar="N", help="for --output (default 10,000)")
    add(
        "--begin",
        type=parse_moment,
        default=None,
        metavar="T",
        help=f"for --output, when the day begins (default: now): {HELP}",
    )
    add(
        "--brokers",
        default=os.environ.get("OMNIROUTE_KAFKA", "127.0.0.1:9092"),
        metavar="HOST:PORT,...",
        help="Kafka (env OMNIROUTE_KAFKA, default 127.0.0.1:9092)",
    )
    add(
        "--prefix",
        default=os.environ.get("OMNIROUTE_PREFIX", ""),
        help="of the topics' names (env OMNIROUTE_PREFIX, default none)",
    )
    add("--quiet", action="store_true", help="no progress, only the summary")
    words = parser.parse_args(argv)
    return Options(
        access=read_access({**os.environ, "OMNIROUTE_KAFKA": words.brokers}, "omniroute-traffic"),
        prefix=words.prefix,
        rate=words.rate,
        seconds=words.seconds,
        seed=words.seed if words.seed is not None else int(time.time()),
        ledger=words.ledger,
        output=words.output,
        events=words.events,
        begin_ms=words.begin if words.begin is not None else int(time.time() * 1000),
        quiet=words.quiet,
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1_000_000:  # noqa: PLR2004 - beyond that a typing error is likelier
        raise argparse.ArgumentTypeError("must be above 0 and below a million")
    return value
