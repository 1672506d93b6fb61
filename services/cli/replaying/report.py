"""What a replay came to, as data that a program, a terminal and a page tell in their own ways."""

from __future__ import annotations

from collections import Counter

import msgspec

from services.cli.explaining.telling import mask, tell_action
from services.cli.replaying.sums import DIMENSIONS, Sums, value_of
from services.contact.decision import Decision
from services.router.core.capacity import tell_account
from services.router.core.table import Table
from services.router.rules.replay import Change, list_peaks

SAMPLES = 3
"""Ids told for each kind of change."""
NONE = "not made"
"""Stands for a decision that one side does not make."""

MEANING = (
    "Both files folded all inputs by themselves, each with customers of its own: a decision that "
    "changes also changes what its customer is remembered for, and so what is decided later. "
    "Changes at once come from the rules; changes that follow come from an earlier change of the "
    "same customer. What customers and executors did stays as it was, although another decision "
    "might have led them to do something else."
)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions that have another value in one dimension."""

    before: str
    after: str
    count: int
    samples: tuple[str, ...]
    """Decision ids."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a dimension, under both files."""

    value: str
    before: int
    after: int
    changed: int
    """Decisions that had this value under either file and are others now."""


class Table2(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension."""

    name: str
    rows: tuple[Row, ...]
    moves: tuple[Move, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One decision that changes."""

    decision_id: str
    customer: str
    place: str
    before: str
    after: str
    fields: tuple[str, ...]
    why: str
    """at once, follows, or recorded facts."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A queue with an `at_most`, and the most that it would be given within its window."""

    side: str
    queue: str
    effect: str
    at_most: int
    window_ms: int
    peak: int
    ends_at: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything."""

    current: tuple[str, str]
    candidate: tuple[str, str]
    """Name and version."""
    source: str
    inputs: int
    outside: int
    rejected: int
    customers: int
    decisions: tuple[int, int]
    changed: int
    work: int
    """Of these, those for which somebody does something else."""
    words: int
    """Those that differ in rule, path or reason alone."""
    at_once: int
    follows: int
    added: int
    removed: int
    customers_changed: int
    fields: dict[str, int]
    tables: tuple[Table2, ...]
    outcomes: tuple[Move, ...]
    """Inputs that became something else."""
    limits: tuple[Limit, ...]
    incomplete: tuple[str, ...]
    recorded: int
    undecided: int
    approximate: int
    changes: tuple[Line, ...]
    meaning: str = MEANING


def build(sums: Sums, sides: tuple[tuple[str, Table], tuple[str, Table]], source: str) -> Report:
    """The report of a replay."""
    changes = sums.changes
    words = sum(one.only_words for one in changes)
    follows = sum(one.follows for one in changes)
    return Report(
        current=(sides[0][0], sides[0][1].version),
        candidate=(sides[1][0], sides[1][1].version),
        source=source,
        inputs=sums.inputs,
        outside=sums.outside,
        rejected=sums.rejected,
        customers=len(sums.customers),
        decisions=(sums.made[0], sums.made[1]),
        changed=len(changes),
        work=len(changes) - words,
        words=words,
        at_once=len(changes) - follows,
        follows=follows,
        added=sum(one.before is None for one in changes),
        removed=sum(one.after is None for one in changes),
        customers_changed=len({one.customer_id for one in changes}),
        fields=dict(Counter(name for one in changes for name in one.fields).most_common()),
        tables=tuple(_build_table(name, sums) for name in DIMENSIONS),
        outcomes=tuple(
            Move(before=pair[0], after=pair[1], count=number, samples=())
            for pair, number in sorted(sums.outcomes.items())
            if pair[0] != pair[1]
        ),
        limits=tuple(_list_limits(sums, sides)),
        incomplete=tuple(mask(customer) for customer in sums.incomplete),
        recorded=sums.recorded,
        undecided=sums.undecided,
        approximate=sums.approximate,
        changes=tuple(_tell_change(one) for one in changes),
    )


def _build_table(name: str, sums: Sums) -> Table2:
    totals = [{v: n for (d, v), n in side.items() if d == name} for side in sums.decisions]
    changed: Counter[str] = Counter()
    moves: dict[tuple[str, str], list[str]] = {}
    for one in sums.changes:
        before, after = (_value(name, made, one) for made in (one.before, one.after))
        changed.update({before, after} - {NONE})
        if before != after:
            moves.setdefault((before, after), []).append(one.decision_id)
    values = sorted(totals[0].keys() | totals[1].keys(), key=lambda v: (-totals[0].get(v, 0), v))
    return Table2(
        name=name,
        rows=tuple(
            Row(
                value=value,
                before=totals[0].get(value, 0),
                after=totals[1].get(value, 0),
                changed=changed[value],
            )
            for value in values
        ),
        moves=tuple(
            Move(before=pair[0], after=pair[1], count=len(ids), samples=tuple(ids[:SAMPLES]))
            for pair, ids in sorted(moves.items(), key=lambda item: (-len(item[1]), item[0]))
        ),
    )


def _value(name: str, made: Decision | None, one: Change) -> str:
    return NONE if made is None else value_of(name, made, one.segment)


def _tell_change(one: Change) -> Line:
    why = "recorded facts" if one.recorded else "follows" if one.follows else "at once"
    return Line(
        decision_id=one.decision_id,
        customer=mask(one.customer_id),
        place="/".join(map(str, one.place)) if one.place[0] or one.recorded else str(one.place[1]),
        before=NONE if one.before is None else tell_action(one.before),
        after=NONE if one.after is None else tell_action(one.after),
        fields=one.fields,
        why=why,
    )


def _list_limits(sums: Sums, sides: tuple[tuple[str, Table], tuple[str, Table]]) -> list[Limit]:
    found = []
    for side, (_, table) in enumerate(sides):
        for account, moments in sorted(sums.given[side].items()):
            queue, effect = tell_account(account)
            limit = table.queues[queue]
            peak, ends_at = list_peaks(moments, limit.window_ms)
            found.append(
                Limit(
                    side="current" if side == 0 else "candidate",
                    queue=queue,
                    effect=effect,
                    at_most=limit.at_most,
                    window_ms=limit.window_ms,
                    peak=peak,
                    ends_at=ends_at,
                )
            )
    return found
