"""`omniroute decide`: the pure core over a file of events, without Kafka."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, BinaryIO

import msgspec
import orjson

from services.cli import memory_file
from services.contact.codec import (
    encode_decision,
)
from services.contact.decision import Outcome
from services.contact.event import Channel, ContactEvent, Kind
from services.contact.line import glance_at_line, read_line
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.router.core.customer import Customer
from services.router.core.decide import Verdict, decide
from services.router.core.knowledge import ms
from services.router.core.table import Table
from services.router.core.thread import place
from services.router.rules.file import load_table
from services.router.rules.packaged import STANDARD_INPUT, read_text

GOOD, FOUND, USAGE = 0, 1, 2

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DESCRIPTION = """\
Decide a file of contact events with the pure core: no Kafka, no Redis. Each line of EVENTS.jsonl
is one event; each makes one line of JSON: its line number, event_id, outcome (decided,
remembered, duplicate, rejected), thread_key if it is an e-mail, and its decisions, or the reject
with code and reason."""

_EPILOG = """\
the clock
  The events' receipt time: now is the latest received_at so far. An event without received_at
  came now; if it is the first, at its occurred_at, else at the time of this machine.
  Lines with `label` and `scored_at` are sentiment (SentimentScored); scored_at moves the clock.
  Lines with `summarised_at` are summaries of sentiment: remembered, and nothing follows.
  Unknown keys, such as the thread_key that `omniroute convert` adds, are ignored.

the memory
  --memory FILE keeps what is remembered between runs: read if it is there, written at the end.
  One JSON object a line: first {"clock": <ms>}, then {"id": <customer>, "state": <base64>} for
  each customer; the state is the value that `contact.memory` carries.

examples:
  omniroute decide day.jsonl
  omniroute convert eml mail/ --ours shop.example | omniroute decide -
  omniroute decide monday.jsonl --memory week.state && omniroute decide tuesday.jsonl \\
      --memory week.state
  omniroute decide day.jsonl --rules candidate.yaml | jq -c '.decisions[]? | [.action, .rule]'

Exit code: 0 all lines were read, rejected ones included; 1 the rule file or the memory is
broken; 2 wrong use or no such file."""


_Word = ContactEvent | SentimentScored | SentimentSummary


def main(argv: Sequence[str]) -> int:
    """Decide every line of a file."""
    arguments = _parser().parse_args(argv)
    table = _load(arguments.rules)
    if isinstance(table, int):
        return table
    try:
        clock, customers = memory_file.load(arguments.memory)
        with _opened(arguments.events) as lines:
            fold = Fold(table, customers, clock)
            _print_all(fold, lines)
        memory_file.save(arguments.memory, fold.clock, fold.customers)
    except memory_file.Broken as broken:
        print(f"omniroute decide: {broken}", file=sys.stderr)
        return FOUND
    except BrokenPipeError:  # the reader has seen enough; the rest is not asked for
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except OSError as broken:
        print(f"omniroute decide: {broken.filename}: {broken.strerror}", file=sys.stderr)
        return USAGE
    return GOOD


class Fold:
    """What is remembered so far, and the clock."""

    def __init__(self, table: Table, customers: dict[str, Customer], clock: int | None) -> None:
        self.table = table
        self.customers = customers
        self.clock = clock

    def take(self, line: bytes) -> dict[str, Any]:
        """One line in, what became of it out; the caller adds the number of the line."""
        glance = glance_at_line(line)
        event = read_line(line, glance)
        named = {"event_id": glance.event_id} if isinstance(glance.event_id, str) else {}
        if isinstance(event, Reject):
            return {**named, **_rejected(event)}
        event = self._timed(event)
        before = self.customers.get(event.customer_id)
        try:
            verdict = decide(self.table, before, event, self.clock or 0)
        except Exception as defect:  # noqa: BLE001  # as the service does: the line is rejected
            why = f"a defect of ours: {type(defect).__name__}"
            return {**named, **_rejected(Reject(RejectCode.DECIDE_FAILED, why))}
        if verdict.customer is None:
            self.customers.pop(event.customer_id, None)
        else:
            self.customers[event.customer_id] = verdict.customer
        return {**named, **_said(event, verdict)}

    def _timed(self, event: _Word) -> _Word:
        """The event with its receipt time, after moving the clock."""
        if isinstance(event, SentimentScored):
            self.clock = max(self.clock or 0, ms(event.scored_at))
            return event
        if isinstance(event, SentimentSummary):
            return event
        if event.received_at is None:
            started = event.occurred_at or datetime.now(UTC)
            at = started if self.clock is None else _EPOCH + timedelta(milliseconds=self.clock)
            event = msgspec.structs.replace(event, received_at=at)
        if event.received_at is not None:
            self.clock = max(self.clock or 0, ms(event.received_at))
        return event


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="omniroute decide",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("events", metavar="EVENTS.jsonl", help="a file, or - for standard input")
    parser.add_argument(
        "--rules",
        metavar="FILE",
        default=os.environ.get("OMNIROUTE_RULES", ""),
        help="the rule file (default: $OMNIROUTE_RULES, else the packaged one)",
    )
    parser.add_argument(
        "--memory", metavar="FILE", default="", help="what is remembered; see below"
    )
    return parser


def _load(name: str) -> Table | int:
    """The table, or the exit code after saying what is wrong."""
    try:
        shown, text = read_text(name)
    except (OSError, UnicodeDecodeError) as broken:
        print(f"omniroute decide: {broken}", file=sys.stderr)
        return USAGE
    table = load_table(text, shown)
    if isinstance(table, list):
        print(*table, sep="\n", file=sys.stderr)
        return FOUND
    return table


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD_INPUT:
        yield sys.stdin.buffer
    else:
        with open(name, "rb") as lines:  # noqa: PTH123  # a name as the user wrote it
            yield lines


def _join_one(lines: BinaryIO) -> Iterable[bytes]:
    """The lines; but one event that is written over many of them, as people do, is one."""
    first = lines.readline()
    if first.strip() != b"{":
        return chain((first,), lines)
    whole = first + lines.read()
    try:
        msgspec.json.decode(whole)
    except msgspec.DecodeError:
        return whole.splitlines()
    return (whole.replace(b"\n", b" "),)  # no string of JSON holds a line break


def _print_all(fold: Fold, lines: BinaryIO) -> None:
    """Write one line for each that is not blank, and the sums to standard error."""
    outcomes: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    write = sys.stdout.buffer.write
    for number, line in enumerate(_join_one(lines), 1):
        if not line.strip():
            continue
        said = fold.take(line.strip())
        outcomes[said["outcome"]] += 1
        actions.update(said.pop("actions", ()))
        write(orjson.dumps({"line": number, **said}, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
    print(f"{outcomes.total()} events: {_sums(outcomes)}", file=sys.stderr)
    if actions:
        print(f"{actions.total()} decisions: {_sums(actions)}", file=sys.stderr)


def _sums(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in counts.most_common()) or "none"


def _rejected(reject: Reject) -> dict[str, Any]:
    return {
        "outcome": Outcome.REJECTED,
        "reject": {"code": reject.code, "why": reject.why},
    }


def _said(event: _Word, verdict: Verdict) -> dict[str, Any]:
    if verdict.reject is not None:
        return _rejected(verdict.reject)
    said: dict[str, Any] = {"outcome": verdict.outcome}
    if key := _thread_key(event, verdict):
        said["thread_key"] = key
    if verdict.decisions:
        made = (encode_decision(decision).value for decision in verdict.decisions)
        said["decisions"] = [orjson.Fragment(value or b"null") for value in made]
        said["actions"] = [decision.action.value for decision in verdict.decisions]
    return said


def _thread_key(event: _Word, verdict: Verdict) -> str:
    """The thread of the line: that of its decision, or where an e-mail lies now."""
    for decision in verdict.decisions:
        if decision.event_id == event.event_id and decision.thread_key:
            return decision.thread_key
    if not isinstance(event, ContactEvent) or verdict.customer is None:
        return ""
    if event.kind is not Kind.MESSAGE or event.channel is not Channel.EMAIL:
        return ""
    if event.received_at is None or not verdict.customer.threads:
        return ""
    placed = place(verdict.customer, event, ms(event.received_at))
    return placed.threads[placed.index].key
