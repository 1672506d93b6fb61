"""`omniroute run`: everything in one terminal, with a day at a contact centre played on it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.live import Live

from services.cli.day.house import House
from services.cli.day.outbox import OutboxError
from services.cli.day.playing import RATE, Day, Pace
from services.cli.day.summary import Ending, ask_router, find_faults, write_summary
from services.cli.day.view import Addresses, View, tell_line, tell_newest
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default, read_text
from services.runtime.child import StartFailedError, ToolMissingError

GOOD, FOUND, USAGE = 0, 1, 2
REFRESH_S = 0.25
LINE_EVERY_S = 2.0
PARTITIONS = 8
LANES = 2
MOST_LANES = 64
EXAMPLES = """\
examples:
  omniroute run                   until Ctrl-C, with a view of what happens
  omniroute run --for 30          half a minute, then a summary; exit 0 if everything fits
  omniroute run --broker kafka    on Apache Kafka instead of the embedded broker
  omniroute run --speed 5         500 events a second

While it runs, in another terminal (when port 9092 was free; else add --brokers as shown):
  omniroute send --example angry-mail
  omniroute send --examples

The summary stands beside the counts of a separate reader: another process, another Kafka client,
read_committed. Each event's outcome is also compared with what its story expects.

exit codes: 0 everything fits, 1 something does not (it says what), 2 usage error
"""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    pace: Pace
    broker: str
    keep: bool
    rules: str
    lanes: int


def main(argv: Sequence[str]) -> int:
    """Run `omniroute run`; see EXAMPLES for the exit codes."""
    options = _read_options(argv)
    # Connections are refused while programs come up and go down; the view says what matters.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        executors = _find_executors(options.rules)
    except (OSError, ValueError) as broken:
        print(f"omniroute run: {broken}", file=sys.stderr)
        return USAGE
    if options.rules:
        os.environ["OMNIROUTE_RULES"] = str(Path(options.rules).resolve())
    try:
        with House(options.broker, partitions=PARTITIONS, lanes=options.lanes) as house:
            return asyncio.run(_play(house, options, executors))
    except (StartFailedError, ToolMissingError, OutboxError, KafkaError) as broken:
        print(f"omniroute run: {broken or type(broken).__name__}", file=sys.stderr)
        return FOUND


async def _play(house: House, options: Options, executors: frozenset[str]) -> int:
    console = Console()
    day = Day(house, options.pace)
    _listen(day.stop)
    began = time.monotonic()
    console.print(f"Starting {house.broker.name}, Valkey and the topics ...")
    await house.start_servers()
    console.print(f"  up after {time.monotonic() - began:.1f} s; starting router and sentiment ...")
    async with day.opened(executors):
        await house.start_services()
        ready = time.monotonic()
        console.print(f"  ready after another {ready - house.services_started_s:.1f} s.")
        console.print(f"  Kafka {house.broker.bootstrap} · {house.memory.url}\n")
        await _show_while(day, console, ready)
        ending = await _end(day, options, sent_s=time.monotonic() - ready)
        faults = find_faults(ending)
        print(write_summary(ending, faults))
        if options.keep and not day.stop.is_set():
            await _keep_open(house, day.stop)
    return FOUND if faults else GOOD


async def _show_while(day: Day, console: Console, begin: float) -> None:
    """Play the day, with the view on a terminal and with lines elsewhere."""
    house = day.house
    if not console.is_terminal:
        showing = asyncio.create_task(_tell(day, begin))
        try:
            await day.run()
        finally:
            showing.cancel()
        return
    services = (house.router, house.sentiment)
    pages = {service.name: service.url for service in services if service is not None}
    addresses = Addresses(house.broker.bootstrap, house.memory.url, pages)
    view = View(day.board, addresses, begin)
    with Live(view, console=console, screen=True, auto_refresh=False) as live:
        showing = asyncio.create_task(_draw(day, live, view))
        try:
            await day.run()
        finally:
            showing.cancel()


async def _draw(day: Day, live: Live, view: View) -> None:
    while True:
        if day.stop.is_set():
            view.state = "ending: waiting for the last outcomes"
        live.refresh()
        await asyncio.sleep(REFRESH_S)


async def _tell(day: Day, begin: float) -> None:
    while True:
        await asyncio.sleep(LINE_EVERY_S)
        lines = [tell_line(day.board, time.monotonic() - begin), *tell_newest(day.board, 2)]
        print("\n".join(lines), flush=True)


async def _end(day: Day, options: Options, *, sent_s: float) -> Ending:
    """Ask everybody for their counts; the services still run."""
    house, board = day.house, day.board
    router: dict[str, int] = {}
    if house.router:
        router = await asyncio.to_thread(ask_router, house.router.url, board.counts().events)
    readers = await asyncio.to_thread(house.reader.finish) if house.reader else "no reader ran"
    first = board.first_decision_s
    return Ending(
        board=board,
        trouble=day.trouble,
        readers=readers,
        router=router,
        sent_s=sent_s,
        first_decision_s=first - house.services_started_s if first else None,
        compared=not options.rules,
        ignored=day.desk.ignored,
    )


async def _keep_open(house: House, stop: asyncio.Event) -> None:
    """Leave everything up, for trying things out by hand."""
    pages = ", ".join(s.url for s in (house.router, house.sentiment) if s is not None)
    print(
        f"\nKafka {house.broker.bootstrap}, Redis {house.memory.url}, pages {pages}. "
        "Everything stays up until Ctrl-C."
    )
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)
        dead = house.find_dead()
        if dead:
            print(dead, file=sys.stderr)
            return


def _listen(stop: asyncio.Event) -> None:
    """Ctrl-C once ends the day in order; twice at once."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)


def _find_executors(rules: str) -> frozenset[str]:
    """The platforms that the rule file names: the desk of the day stands in for all of them.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a good rule file.
    """
    name, text = read_text(rules)
    table = load_table(text, name)
    if isinstance(table, list):
        raise ValueError(  # noqa: TRY004 - the file is bad, not a type
            "\n".join(str(problem) for problem in table)
        )
    queues = {queue.executor for queue in table.queues.values()}
    return frozenset({*table.settings.executors.values(), *queues} - {""})


def _read_options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="omniroute run",
        description="Start a broker, Valkey, the router and the sentiment service, and play a day "
        "at a contact centre on them: four channels, eight languages, and all that goes wrong.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--for",
        type=_seconds,
        default=0.0,
        dest="seconds",
        metavar="S",
        help="seconds to send for, then wait for the last outcomes and end (default: until Ctrl-C)",
    )
    add("--broker", choices=("embedded", "kafka"), default="embedded", help="default: embedded")
    add(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="X",
        help=f"times {RATE:.0f} events a second (default 1)",
    )
    add("--seed", type=int, metavar="K", help="the same seed, the same day (default: the clock)")
    add("--lanes", type=int, default=LANES, help=argparse.SUPPRESS)
    add("--keep", action="store_true", help="after the summary, leave everything up until Ctrl-C")
    add(
        "--rules",
        default=os.environ.get("OMNIROUTE_RULES", ""),
        metavar="FILE",
        help="another rule file; its decisions are not compared with the stories, which know the "
        "default rules (env OMNIROUTE_RULES)",
    )
    words = parser.parse_args(argv)
    if not 1 <= words.lanes <= MOST_LANES:
        parser.error("--lanes: 1 to 64")
    rules = "" if words.rules == str(find_default()) else words.rules
    seed = words.seed if words.seed is not None else int(time.time())
    return Options(
        pace=Pace(seconds=words.seconds, speed=words.speed, seed=seed),
        broker=words.broker,
        keep=words.keep,
        rules=rules,
        lanes=words.lanes,
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1_000_000:  # noqa: PLR2004 - eleven days; beyond, a typing error is likelier
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def _speed(text: str) -> float:
    value = float(text)
    if not 0.01 <= value <= 100:  # noqa: PLR2004 - one to ten thousand events a second
        raise argparse.ArgumentTypeError("must be between 0.01 and 100")
    return value
