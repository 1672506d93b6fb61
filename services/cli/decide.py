"""`omniroute decide`: the pure core over a file of events, without Kafka."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, BinaryIO

import orjson

from services.cli import memory_file
from services.cli.event_lines import Timer, Word, join_one, open_lines
from services.contact.codec import (
    encode_decision,
)
from services.contact.decision import Outcome
from services.contact.event import Channel, ContactEvent, Kind
from services.contact.line import glance_at_line, read_line
from services.contact.reject import Reject
from services.router.core.customer import Customer
from services.router.core.decide import Verdict
from services.router.core.knowledge import ms
from services.router.core.table import Table
from services.router.core.thread import place
from services.router.rules.file import load_table
from services.router.rules.packaged import read_text
from services.router.safely import decide_safely

GOOD, FOUND, USAGE = 0, 1, 2

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


def main(argv: Sequence[str]) -> int:
    """Decide every line of a file."""
    arguments = _parser().parse_args(argv)
    table = _load(arguments.rules)
    if isinstance(table, int):
        return table
    try:
        clock, customers = memory_file.load(arguments.memory)
        with open_lines(arguments.events) as lines:
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
        self._timer = Timer(clock)

    def take(self, line: bytes) -> dict[str, Any]:
        """One line in, what became of it out; the caller adds the number of the line."""
        glance = glance_at_line(line)
        word = read_line(line, glance)
        named = {"event_id": glance.event_id} if isinstance(glance.event_id, str) else {}
        if isinstance(word, Reject):
            return {**named, **_rejected(word)}
        word, verdict = self.decide(word)
        return {**named, **_said(word, verdict)}

    def decide(self, word: Word) -> tuple[Word, Verdict]:
        """Decide what a line said; the word comes back with its receipt time."""
        word = self._timer.time(word)
        before = self.customers.get(word.customer_id)
        verdict = decide_safely(self.table, before, word, self._timer.clock or 0)
        if verdict.customer is None:
            self.customers.pop(word.customer_id, None)
        else:
            self.customers[word.customer_id] = verdict.customer
        return word, verdict

    @property
    def clock(self) -> int | None:
        """How late it is, ms since the epoch; None before the first event."""
        return self._timer.clock


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


def _print_all(fold: Fold, lines: BinaryIO) -> None:
    """Write one line for each that is not blank, and the sums to standard error."""
    outcomes: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    write = sys.stdout.buffer.write
    for number, line in enumerate(join_one(lines), 1):
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


def _said(event: Word, verdict: Verdict) -> dict[str, Any]:
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


def _thread_key(event: Word, verdict: Verdict) -> str:
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
