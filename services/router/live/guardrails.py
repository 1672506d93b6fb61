"""When a canary is stopped: its arm against the live one. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from services.contact.decision import Action, Decision
from services.router.live.directory import Limits

SURE = 3.0
"""How many standard errors two shares must lie apart: chance alone does that once in 700 looks at
independent data; every share must also pass its limit in percentage points."""
LATENCY_FLOOR_US = 200.0
"""A decision that takes less than this is never too slow."""


class Arm(msgspec.Struct):
    """What one of the two tables has done since the trial began. Counts up."""

    decisions: int = 0
    """First decisions, revisions left out."""
    escalations: int = 0
    """Of these, callbacks and moves."""
    unreachable: int = 0
    """Of these, those in which a wanted channel could not be used."""
    records: int = 0
    errors: int = 0
    """Of the records, those that could not be decided for a defect."""
    nanoseconds: int = 0
    """Time spent deciding the records."""

    def take(self, decisions: tuple[Decision, ...], nanoseconds: int) -> None:
        """Count a record that was decided."""
        self.records += 1
        self.nanoseconds += nanoseconds
        for one in decisions:
            if one.revision == 0:
                self.decisions += 1
                self.escalations += one.action in {Action.CALLBACK, Action.MOVE}
                self.unreachable += bool(one.skips)

    def fail(self) -> None:
        """Count a record that could not be decided."""
        self.records += 1
        self.errors += 1

    def add(self, other: Arm) -> None:
        """Count what another one counted."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def find_breach(live: Arm, canary: Arm, limits: Limits) -> str:
    """Why the canary must stop, with the figures; empty while it may go on."""
    if min(live.decisions + live.errors, canary.decisions + canary.errors) < limits.least:
        return ""
    return "; ".join(_list_breaches(live, canary, limits))


def _list_breaches(live: Arm, canary: Arm, limits: Limits) -> Iterator[str]:
    of = live.decisions, canary.decisions
    for what, counts, totals, limit in (
        ("escalations", (live.escalations, canary.escalations), of, limits.escalations),
        ("unreachable", (live.unreachable, canary.unreachable), of, limits.unreachable),
        ("errors", (live.errors, canary.errors), (live.records, canary.records), limits.errors),
    ):
        shares = [
            count / total if total else 0.0 for count, total in zip(counts, totals, strict=True)
        ]
        apart = (shares[1] - shares[0]) * 100
        if apart > limit and _lies_apart(counts, totals):
            yield (
                f"{what} {shares[1]:.1%} of {totals[1]} against {shares[0]:.1%} of {totals[0]}, "
                f"{apart:.1f} points more, limit {limit:g}"
            )
    took = [arm.nanoseconds / 1000 / max(1, arm.records - arm.errors) for arm in (live, canary)]
    if took[1] > LATENCY_FLOOR_US and took[1] > took[0] * limits.latency:
        yield f"latency {took[1]:.0f} µs a record against {took[0]:.0f} µs, limit {limits.latency:g} times"


def _lies_apart(counts: tuple[int, int], totals: tuple[int, int]) -> bool:
    """Is the difference of two shares more than chance? A two-proportion z-test."""
    pooled = sum(counts) / sum(totals)
    error = math.sqrt(pooled * (1 - pooled) * (1 / totals[0] + 1 / totals[1]))
    apart = counts[1] / totals[1] - counts[0] / totals[0]
    return apart > SURE * error
