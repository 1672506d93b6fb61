"""How long one `decide` takes on a played day: `python -m bench.decide [--rules 50 500] [--events N]`.

The events are those of `omniroute traffic`, folded as the router folds them. Medians, by what the
event is; beside each the time as a multiple of decoding the same event, which is measured in the
same loop: machines differ and are shared, the ratio stays.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator

from bench.rules_beside import CHANNELS
from services.cli.day.generate import generate
from services.contact.codec import decode_event, encode_decision, encode_event
from services.contact.decision import Position
from services.contact.event import ContactEvent
from services.contact.reject import Reject
from services.router.core.customer import Customer, pack
from services.router.core.decide import decide
from services.router.core.table import Table
from services.router.core.verdict import Verdict
from services.router.rules.file import load_table
from services.router.rules.packaged import read_text

START_MS = 1_790_000_000_000
SEED = 7


def write_rules(count: int) -> str:
    """The default rule file, with rules of four conditions in front until there are so many."""
    _, text = read_text("")
    own = text.count("\n    - id:") + text.count("\n        - id:")
    rules = "".join(
        f"    - id: r{n}\n      when: {{channel: {CHANNELS[n % 4]}, thread.exchanges: "
        f"{{gte: {n + 20}}}, mood.score: {{lt: -0.3}}, customer.segment: [key, s{n}]}}\n"
        f"      priority: {1 + n % 9}\n"
        for n in range(max(0, count - own))
    )
    return text.replace("\n  routes:\n", f"\n  routes:\n{rules}", 1)


def measure(table: Table, records: list[tuple[bytes, bytes]]) -> dict[str, list[tuple[int, ...]]]:
    """Nanoseconds (decode, decide, encode and pack) by what became of the event."""
    customers: dict[str, Customer | None] = {}
    taken: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    clock = time.perf_counter_ns
    for offset, (key, value) in enumerate(records):
        began = clock()
        event = decode_event(key, value, ())
        decoded = clock()
        if isinstance(event, Reject):
            continue
        now = round(event.received_at.timestamp() * 1000) if event.received_at else START_MS
        before = customers.get(event.customer_id)
        position = Position("contact.events", 0, offset)
        asked = clock()
        verdict = decide(table, before, event, now, position)
        decided = clock()
        for one in verdict.decisions:
            encode_decision(one)
        if verdict.customer is not None:
            pack(verdict.customer)
        ended = clock()
        customers[event.customer_id] = verdict.customer
        times = (decoded - began, decided - asked, ended - decided)
        for name in ("all", verdict.outcome.value, *_names(event, verdict)):
            taken[name].append(times)
    return taken


def _names(event: ContactEvent, verdict: Verdict) -> Iterator[str]:
    channel = event.channel.value if event.channel else "no channel"
    yield f"{event.kind.value} on {channel}"
    if verdict.decisions:
        yield f"decided on {channel}"


def play(count: int) -> list[tuple[bytes, bytes]]:
    """The records of a day, as they lie on Kafka."""
    records = []
    for sending in generate(SEED, START_MS, rate=2000, total=count):
        if isinstance(sending.record, ContactEvent):
            coded = encode_event(sending.record)
            records.append((coded.key or b"", coded.value or b""))
    return records


def main() -> None:
    """Print one table for each number of rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, nargs="+", default=[50, 500])
    parser.add_argument("--events", type=int, default=20_000)
    words = parser.parse_args()
    records = play(words.events)
    gc.disable()
    for count in words.rules:
        table = load_table(write_rules(count))
        assert isinstance(table, Table), table
        measure(table, records[:2000])
        taken = measure(table, records)
        print(f"{count} rules, {len(records):,} events: median µs (x decode)")
        for name, times in sorted(taken.items(), key=lambda item: -len(item[1]))[:14]:
            decode, decided, encode = (
                statistics.median(t[i] for t in times) / 1000 for i in range(3)
            )
            whole = statistics.median(sum(t) for t in times) / 1000
            print(
                f"  {name:28}{len(times):>7}  decode {decode:6.2f}  decide {decided:6.2f} "
                f"({decided / decode:4.1f}x)  encode {encode:6.2f}  all three {whole:6.2f}"
            )


if __name__ == "__main__":
    main()
