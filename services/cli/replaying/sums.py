"""What a replay came to, added up. Parts that were folded apart add up to the same whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from services.contact.decision import Decision
from services.router.rules.recorded import Compared
from services.router.rules.replay import Change, Step

DIMENSIONS = ("action", "channel", "rule", "queue", "priority", "segment")
"""What decisions are counted by."""
UNKNOWN = "unknown"
"""The segment of a customer whose segment nobody told."""
MOST_NAMED = 20

Key = tuple[str, str]
"""A dimension and its value."""


class Sums(msgspec.Struct, kw_only=True):
    """Counts of one part, or of all."""

    inputs: int = 0
    rejected: int = 0
    """Records that are no events, or that the core cannot decide."""
    outside: int = 0
    """Inputs outside of the range, which only made the state."""
    approximate: int = 0
    """Inputs whose recorded batch is gone: order and clock follow from append times."""
    customers: set[str] = set()
    outcomes: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    decisions: tuple[Counter[Key], Counter[Key]] = msgspec.field(
        default_factory=lambda: (Counter(), Counter())
    )
    """Under the current rules and under the candidate."""
    made: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    changes: list[Change] = []
    given: tuple[dict[str, list[tuple[int, int]]], dict[str, list[tuple[int, int]]]] = (
        msgspec.field(default_factory=lambda: ({}, {}))
    )
    """Work given to queues with a limit: moments (ms) and numbers, by account."""
    incomplete: list[str] = []
    """Customers whose history is not kept any more."""
    recorded: int = 0
    """Their decisions, told from the recorded facts."""
    undecided: int = 0
    """Those for which a fact was not recorded."""

    def take(self, step: Step) -> None:
        """One input that was folded."""
        if not step.counted:
            self.outside += 1
            return
        self.inputs += 1
        self.customers.add(step.customer_id)
        self.outcomes[step.outcomes[0].value, step.outcomes[1].value] += 1
        for side in (0, 1):
            for made in step.made[side]:
                self.count(side, made, step.segment)
            for account, number in step.given[side].items():
                self.given[side].setdefault(account, []).append((step.now, number))
        self.changes += step.changes

    def take_recorded(self, found: Iterable[Compared]) -> None:
        """The recorded decisions of a customer without history."""
        for one in found:
            self.recorded += 1
            if one.said is None:
                self.undecided += 1
                continue
            segment = str(one.recorded.facts.get("customer.segment") or "")
            for side in (0, 1):
                self.count(side, one.said[side], segment)
            if one.change is not None:
                self.changes.append(one.change)

    def count(self, side: int, made: Decision, segment: str) -> None:
        """One decision of a side."""
        self.made[side] += 1
        counter = self.decisions[side]
        for name in DIMENSIONS:
            counter[name, value_of(name, made, segment)] += 1

    def add(self, other: Sums) -> None:
        """The sums of another part."""
        for name in ("inputs", "rejected", "outside", "approximate", "recorded", "undecided"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.customers |= other.customers
        self.outcomes.update(other.outcomes)
        self.changes += other.changes
        self.incomplete += other.incomplete
        for side in (0, 1):
            self.made[side] += other.made[side]
            self.decisions[side].update(other.decisions[side])
            for account, moments in other.given[side].items():
                self.given[side].setdefault(account, []).extend(moments)

    def sort(self) -> None:
        """Into one order, however the work was shared out."""
        self.changes.sort(key=lambda one: (one.place, one.decision_id))
        self.incomplete.sort()


def value_of(name: str, made: Decision, segment: str) -> str:
    """The value of a dimension."""
    if name == "segment":
        return segment or UNKNOWN
    return str(getattr(made, name))
