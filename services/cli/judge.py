"""`omniroute judge`: an independent checker of the promises, over what lies on Kafka and in Redis."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from redis.exceptions import RedisError

from services.cli.judging.court import Judged, judge_partition, judge_together
from services.cli.judging.evidence import Evidence, Finding, Promise, UnreadableError
from services.cli.judging.fold import Tables
from services.cli.judging.ledger import LedgerError, by_partition, read_ledger
from services.cli.judging.report import tell_json, tell_text
from services.cli.judging.view import POSITION_FIELD, read_position
from services.cli.rule_versions import list_rule_files
from services.router.core.table import Table
from services.router.redis_client import check_address, open_redis
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default

if TYPE_CHECKING:
    from services.cli.judging.reading import Reader

DESCRIPTION = """\
Checks from outside that the promises were kept: every input record has exactly one outcome,
nothing was made twice, each customer's order was kept, every decision and every remembered state
is what the core alone would have made of the same records, contact.memory and Redis are equal.

It reads all topics of a deployment from their beginning with another client library
(librdkafka, read_committed), changes nothing, and holds one partition in memory at a time
(about 3 KB for each event on it). Judge a system at rest, or give it time with --wait.
Outcomes and states are compared with a fold of the core as long as contact.memory still has
every marker, that is until compaction (min.compaction.lag.ms); after that the judge says so.
"""
EPILOG = """\
examples:
  omniroute judge
  omniroute judge --brokers kafka1:9092 --redis redis://cache:6379/0 --prefix eu- --wait 30
  omniroute traffic --rate 500 --for 20 --ledger ledger.jsonl && omniroute judge --ledger ledger.jsonl
  omniroute judge --rules before.yaml --rules after.yaml     (the rules changed on the way)
  omniroute judge --rules rules/                     (all that `omniroute rules` ever put in force)
  omniroute judge --redis none --format json

exit code: 0 all promises kept, 1 something found or not enough evidence, 2 wrong use or no Kafka
"""
ATTEMPTS = 3
"""How often a partition is read again because it was written to meanwhile."""
PAUSE_S = 0.5


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    brokers: str
    redis: str
    prefix: str
    rules: tuple[Path, ...]
    ledger: Path | None
    partitions: int | None
    wait: float
    format: str
    most: int
    quiet: bool


def main(argv: Sequence[str]) -> int:
    """Judge one deployment; 0 kept, 1 found something, 2 wrong use or nothing to read."""
    options = _parse(argv)
    if importlib.util.find_spec("confluent_kafka") is None:
        return _refuse("it needs the package confluent-kafka: pip install 'omniroute[judge]'")
    tables = read_tables(options.rules)
    if isinstance(tables, str):
        return _refuse(tables)
    try:
        judged = judge(options, tables)
    except (UnreadableError, LedgerError, OSError, RedisError, ValueError) as why:
        return _refuse(str(why))
    tell = tell_json if options.format == "json" else tell_text
    print(tell(judged, options.most))
    return 1 if any(j.findings for j in judged) else 0


def judge(options: Options, tables: Tables) -> list[Judged]:
    """Read and judge every partition; raises UnreadableError, LedgerError, RedisError."""
    # The Kafka client of the judge is an extra: without it `main` says so, and help works.
    from services.cli.judging.reading import open_reader  # noqa: PLC0415

    ledger = by_partition(read_ledger(options.ledger)) if options.ledger else {}
    view = View(options.redis, options.prefix)
    with open_reader(options.brokers, options.prefix, _progress(options)) as reader:
        count = reader.partitions()
        if options.partitions not in {None, count}:
            raise UnreadableError(f"expected {options.partitions} partitions, there are {count}")
        wait_until_still(reader, view, count, options.wait)
        judged = []
        for partition in range(count):
            _progress(options)(f"partition {partition + 1} of {count}")
            evidence, moving = _collect(reader, view, partition, count)
            verdict = judge_partition(evidence, tables, ledger.get(partition, ()))
            # What was read of a partition that moves does not fit together: it is not judged.
            judged.append(msgspec.structs.replace(verdict, findings=moving or verdict.findings))
        return judge_together(judged)


class View:
    """The hashes in Redis, read only; `none` as address means that there is no Redis to judge."""

    def __init__(self, url: str, prefix: str) -> None:
        """Raises ValueError for an address that the router would not take either."""
        self._prefix = prefix
        self._url = "" if url == "none" else check_address(url)

    @property
    def on(self) -> bool:
        """Is there a Redis to judge?"""
        return bool(self._url)

    def fields(self, partition: int) -> dict[bytes, bytes] | None:
        """The whole hash of a partition; empty if there is none, None without Redis."""
        if not self.on:
            return None
        held: dict[bytes, bytes] = asyncio.run(self._ask("HGETALL", self._key(partition)))
        return held

    def clog(self, partition: int) -> int | None:
        """How far the hash has come in contact.memory; None without a position."""
        if not self.on:
            return None
        raw = asyncio.run(self._ask("HGET", self._key(partition), POSITION_FIELD))
        found = read_position({POSITION_FIELD: raw} if raw is not None else {})
        return None if isinstance(found, str) else found.clog

    async def _ask(self, *words: object) -> Any:
        """One question on a connection of its own, whatever kind of server the address names."""
        client = open_redis(self._url)
        try:
            return await client.execute_command(*words)
        finally:
            await client.aclose()

    def _key(self, partition: int) -> str:
        return f"{{{self._prefix}r.{partition}}}:customers"


def wait_until_still(reader: Reader, view: View, partitions: int, seconds: float) -> None:
    """Up to so long in all, until no input waits and Redis has come to the end of the memory."""
    deadline = time.monotonic() + seconds
    for partition in range(partitions):
        while time.monotonic() < deadline:
            behind = view.on and reader.is_behind(partition, view.clog(partition))
            if not behind and not reader.is_waiting(partition):
                break
            time.sleep(PAUSE_S)


def read_tables(paths: Sequence[Path]) -> dict[str, Table] | str:
    """The rule tables by version, or what is wrong with a file."""
    tables: dict[str, Table] = {}
    for path, strict in list_rule_files(paths):
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as why:
            return f"{path}: {why}"
        table = load_table(text, path.name)
        if not isinstance(table, Table):
            if not strict:
                continue
            return "\n".join(str(problem) for problem in table)
        tables[table.version] = table
    return tables


def _collect(
    reader: Reader, view: View, partition: int, count: int
) -> tuple[Evidence, tuple[Finding, ...]]:
    """One partition, read while nobody wrote to it; a finding where that was not to be had."""
    for _ in range(ATTEMPTS):
        before = reader.end(partition)
        evidence = msgspec.structs.replace(
            reader.collect(partition, count), redis=view.fields(partition)
        )
        if reader.end(partition) == before:
            return evidence, ()
        time.sleep(PAUSE_S)
    what = (
        "not judged, the router wrote while the judge read: stop the traffic, or give it time with"
        " --wait"
    )
    return evidence, (Finding(Promise.EVIDENCE, partition, what),)


def _progress(options: Options) -> Callable[[str], None]:
    """Lines on stderr, or none."""

    def tell(line: str) -> None:
        if not options.quiet:
            print(f"judge: {line}", file=sys.stderr, flush=True)

    return tell


def _refuse(why: str) -> int:
    print(f"omniroute judge: {why}", file=sys.stderr)
    return 2


def _parse(argv: Sequence[str]) -> Options:
    env = os.environ
    parser = argparse.ArgumentParser(
        prog="omniroute judge",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--brokers", default=env.get("OMNIROUTE_KAFKA", "127.0.0.1:9092"), metavar="HOST:PORT")
    add(
        "--redis",
        default=env.get("OMNIROUTE_REDIS", "redis://127.0.0.1:6379/0"),
        metavar="URL",
        help="where the customers are; `none` leaves Redis out",
    )
    add("--prefix", default=env.get("OMNIROUTE_PREFIX", ""), help="of the deployment's topics")
    add(
        "--rules",
        action="append",
        type=Path,
        metavar="FILE",
        help="a rule file that decided in this time, or the rules directory with its history; may"
        " be given more than once"
        " (default: OMNIROUTE_RULES, else the packaged one)",
    )
    add("--ledger", type=Path, metavar="FILE", help="written by `omniroute traffic --ledger`")
    add("--partitions", type=int, metavar="N", help="refuse to judge another number than this")
    add(
        "--wait",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds to wait until the router has taken everything (default: 0)",
    )
    add("--format", choices=("text", "json"), default="text")
    add("--most", type=int, default=10, metavar="N", help="findings told of each promise")
    add("--quiet", action="store_true", help="no progress on stderr")
    words = vars(parser.parse_args(list(argv)))
    rules = words.pop("rules") or [Path(env.get("OMNIROUTE_RULES") or find_default())]
    return Options(rules=tuple(rules), **words)
