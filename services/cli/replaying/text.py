"""A replay for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from services.cli.replaying.report import Move, Report, Table2
from services.router.rules.showing import write_duration

SHOWN_MOVES = 12
SHOWN_NAMES = 10
WIDTH = 88


def tell_text(report: Report, *, whole: bool) -> Iterator[str]:
    """The report in lines; `whole`: with every decision that changes."""
    yield f"current    {report.current[0]} ({report.current[1]})"
    yield f"candidate  {report.candidate[0]} ({report.candidate[1]})"
    outside = f", {report.outside:,} more before or after the range" if report.outside else ""
    rejected = f", {report.rejected:,} rejected" if report.rejected else ""
    yield f"{report.source}: {report.inputs:,} inputs of {report.customers:,} customers{rejected}{outside}"
    yield f"{report.decisions[0]:,} decisions under current, {report.decisions[1]:,} under candidate"
    yield ""
    yield from _tell_changed(report)
    yield from _tell_history(report)
    if not report.changed:
        return
    for table in report.tables:
        yield from _tell_table(table)
    yield from _tell_outcomes(report.outcomes)
    yield from _tell_limits(report)
    if whole:
        yield ""
        yield "every decision that changes"
        for one in report.changes:
            yield f"  {one.decision_id}  at {one.place}, customer {one.customer}, {one.why}"
            yield f"      {one.before}"
            more = f"   ({', '.join(one.fields)})" if one.fields else ""
            yield f"   -> {one.after}{more}"
    else:
        yield ""
        yield "--list names every decision; `omniroute rules explain ID` tells why it was made"
    yield ""
    yield from textwrap.wrap(report.meaning, WIDTH)


def _tell_changed(report: Report) -> Iterator[str]:
    if not report.changed:
        yield "no decision changes"
        return
    share = report.changed / max(1, *report.decisions)
    yield (
        f"{report.changed:,} decisions change ({share:.2%}), of {report.customers_changed:,} customers"
    )
    yield f"  {report.work:>8,}  differ in what somebody does, {report.words:,} in rule or reason alone"
    yield f"  {report.at_once:>8,}  at once, {report.follows:,} follow from an earlier change"
    if report.added or report.removed:
        yield f"  {report.removed:>8,}  are not made any more, {report.added:,} are made besides"
    fields = ", ".join(f"{name} {number:,}" for name, number in report.fields.items())
    if fields:
        yield f"  differing: {fields}"


def _tell_history(report: Report) -> Iterator[str]:
    if report.incomplete:
        names = ", ".join(report.incomplete[:SHOWN_NAMES])
        more = len(report.incomplete) - SHOWN_NAMES
        yield (
            f"{len(report.incomplete):,} customers with incomplete history (retention removed a part): "
            f"{names}{f' and {more:,} more' if more > 0 else ''}"
        )
        yield (
            f"  their {report.recorded:,} decisions were told from the recorded facts; for "
            f"{report.undecided:,} of them a fact that a file reads was not recorded"
        )
    if report.approximate:
        yield (
            f"{report.approximate:,} inputs whose recorded batch is gone, or that are not decided yet: "
            "their order and clock follow from append times"
        )


def _tell_table(table: Table2) -> Iterator[str]:
    """What moves in one dimension; of the segment, which nothing moves, how many change in each."""
    if table.name == "segment":
        changed = [row for row in table.rows if row.changed]
        yield ""
        yield "segment              decisions    change"
        for row in changed:
            yield f"  {row.value:<18} {row.before:>9,} {row.changed:>9,}"
        return
    if not table.moves:
        return
    yield ""
    yield table.name
    for move in table.moves[:SHOWN_MOVES]:
        ids = ", ".join(one[:8] for one in move.samples)
        yield f"  {move.count:>8,}  {move.before} -> {move.after}   {ids}"
    if len(table.moves) > SHOWN_MOVES:
        rest = sum(move.count for move in table.moves[SHOWN_MOVES:])
        yield f"  {rest:>8,}  in {len(table.moves) - SHOWN_MOVES} other ways"
    moved = {value for move in table.moves for value in (move.before, move.after)}
    sums = [
        f"{row.value} {row.before:,} -> {row.after:,}"
        for row in table.rows
        if row.value in moved and row.before != row.after
    ]
    if sums:
        yield f"  in all: {', '.join(sums)}"


def _tell_outcomes(outcomes: tuple[Move, ...]) -> Iterator[str]:
    if outcomes:
        yield ""
        yield "inputs that become something else"
    for move in outcomes:
        yield f"  {move.count:>8,}  {move.before} -> {move.after}"


def _tell_limits(report: Report) -> Iterator[str]:
    if report.limits:
        yield ""
        yield "queues with a limit (not folded: it depends on all customers at once)"
    for one in report.limits:
        over = "  OVER" if one.peak > one.at_most else ""
        window = write_duration(one.window_ms)
        show = " for show" if one.effect != "live" else ""
        yield (
            f"  {one.side:<9} {one.queue}{show}: at most {one.at_most:,} in {window}, "
            f"would be given up to {one.peak:,}{over}"
        )
