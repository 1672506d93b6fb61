"""What a customer weighs in memory and costs to unpack: `python -m bench.weight [--customers N]`.

The numbers behind services/router/cache.py. Customers of a chat are folded over so many messages, then
packed and unpacked; told is the growth of resident memory by packed byte.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from bench.decide import START_MS
from bench.feed import make_chat, read_texts
from bench.served import find_memory
from services.contact.decision import Position
from services.router.core.customer import Customer, pack, unpack
from services.router.core.decide import decide
from services.router.core.table import Table
from services.router.rules.file import load_table
from services.router.rules.packaged import read_text

MESSAGES = (2, 10, 60, 130)
APART_S = 3
PER_CONTACT = 10


def fold(
    table: Table, texts: Sequence[tuple[str, str]], name: str, messages: int
) -> Customer | None:
    """What is remembered of a customer after so many messages."""
    customer: Customer | None = None
    for number in range(messages):
        now = START_MS + 1000 * APART_S * number
        told = make_chat(
            name, number, texts, customer=name, contact=f"{name}-{number // PER_CONTACT}"
        )
        event = msgspec.structs.replace(told, received_at=datetime.fromtimestamp(now / 1000, UTC))
        verdict = decide(table, customer, event, now, Position("contact.events", 0, number))
        customer = verdict.customer
    return customer


def main() -> None:
    """Print one line for each number of messages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=400, help="at each length (400)")
    options = parser.parse_args()
    table = load_table(read_text("")[1])
    assert isinstance(table, Table), table
    texts = read_texts()
    kept: list[object] = []
    for messages in MESSAGES:
        before = _see()
        folded = [fold(table, texts, f"c{n}", messages) for n in range(options.customers)]
        as_folded = _see() - before
        packed = [pack(one) for one in folded if one is not None]
        before, began = _see(), time.perf_counter()
        unpacked = [unpack(one) for one in packed]
        took = time.perf_counter() - began
        as_read = _see() - before
        size = sum(map(len, packed))
        print(
            f"{messages:4} messages: packed {statistics.mean(map(len, packed)):6.0f} bytes; as an object"
            f" {as_folded / size:4.1f} times that as folded, {as_read / size:4.1f} as unpacked;"
            f" unpacking {took / len(packed) * 1e6:5.1f} µs"
        )
        kept += [folded, packed, unpacked]


def _see() -> float:
    gc.collect()
    return find_memory(os.getpid()) * 1024 * 1024


if __name__ == "__main__":
    main()
