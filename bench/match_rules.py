"""How long one match takes: `python bench/match_rules.py [RULES...]` (default 50 and 500).

The rules ask for the channel, the exchanges, the sentiment and the segment; none matches, so every
rule that could match is asked.
"""

from __future__ import annotations

import sys
import timeit
from functools import partial

from services.contact.decision import Fact
from services.router.core.table import Table
from services.router.rules.file import load_table

CHANNELS = ("phone", "chat", "email", "social")
FACTS: dict[str, Fact] = {
    "channel": "email",
    "thread.exchanges": 1,
    "message.sentiment": -0.5,
    "customer.segment": "key",
}
ROUNDS, REPEATS = 2_000, 7


def write_rules(count: int) -> str:
    """A rule file with so many rules of four conditions each."""
    rules = (
        f"    - id: r{n}\n      when: {{channel: {CHANNELS[n % 4]}, thread.exchanges: "
        f"{{gte: {n + 2}}}, message.sentiment: {{lt: -0.3}}, customer.segment: [key, s{n}]}}\n"
        for n in range(count)
    )
    return f"route:\n  routes:\n{''.join(rules)}"


def main(counts: list[int]) -> None:
    """Print one line for each number of rules."""
    for count in counts:
        text = write_rules(count)
        started = timeit.default_timer()
        table = load_table(text)
        loaded = timeit.default_timer() - started
        assert isinstance(table, Table), table
        assert table.match(FACTS).path == ("default",)
        times = timeit.repeat(partial(table.match, FACTS), number=ROUNDS, repeat=REPEATS)
        best = min(times) / ROUNDS * 1e6
        print(
            f"{count:>5} rules: match {best:6.2f} µs (best of {REPEATS}), load {loaded * 1e3:.1f} ms"
        )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [50, 500])
