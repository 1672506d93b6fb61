"""What a batch is decided by: the live rules, and beside them a candidate on trial.

An edition is swapped whole: one reference. Which of its two tables decides a customer depends on
the customer's id alone, so the judge can tell it from the edition that a marker names.
"""

from __future__ import annotations

import hashlib

import msgspec

from services.contact.decision import Effect
from services.router.core.table import Queue, Table

_PARTS = 10_000
"""Customers are told apart as finely as a hundredth of a percent."""


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """The rules in force."""

    table: Table
    candidate: Table | None = None
    """Decides beside `table` for show, and in earnest for `percent` of the customers."""
    percent: float = 0.0
    """0: a shadow only; above, up to 100: a canary."""
    generation: int = 0
    """Rises with every change; 0 where the source of the rules keeps no count."""

    def table_of(self, customer_id: str) -> Table:
        """The table that decides this customer."""
        if self.candidate is not None and in_canary(customer_id, self.percent):
            return self.candidate
        return self.table

    @property
    def effect(self) -> Effect:
        """`none` where the whole service only observes."""
        return self.table.effect

    @property
    def limits(self) -> dict[str, Queue]:
        """The queues with an `at_most`, by name; of a canary's two limits the smaller one holds."""
        limits = {name: one for name, one in self.table.queues.items() if one.at_most}
        if self.candidate is not None and self.percent > 0:
            for name, one in self.candidate.queues.items():
                known = limits.get(name, one)
                if one.at_most and known.window_ms == one.window_ms:
                    limits[name] = min(known, one, key=lambda queue: queue.at_most)
        return limits


def in_canary(customer_id: str, percent: float) -> bool:
    """Is this customer among the first so many percent?

    The answer is the same for ever, and a greater share takes in all of a smaller one.
    """
    if percent <= 0:
        return False
    digest = hashlib.blake2b(customer_id.encode(), digest_size=8, person=b"canary").digest()
    return int.from_bytes(digest, "big") % _PARTS < round(percent * _PARTS / 100)


def observe(table: Table) -> Table:
    """The same rules, of which nothing is carried out."""
    return msgspec.structs.replace(table, effect=Effect.NONE)
