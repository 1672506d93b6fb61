"""The end of a run, for a person: what was sent, what became of it, and whether it all fits."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Mapping
from itertools import zip_longest

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from services.cli.day.board import Board
from services.cli.day.counts import Counts, find_disagreements, list_counts
from services.contact.decision import Action
from services.contact.topics import EVENTS

MOST_SHOWN = 10
COUNTED_WITHIN_S = 5.0
AGAIN_S = 0.25


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to."""

    board: Board
    trouble: str
    readers: Counts | str
    """The separate reader's counts, or why there are none."""
    router: Mapping[str, int]
    """Outcomes by the router's own metrics; empty if it could not be asked."""
    sent_s: float
    first_decision_s: float | None
    """After the start of the services."""
    compared: bool
    """Were the stories compared? Not with rules of your own: they know the default rules."""
    ignored: int


def find_faults(end: Ending) -> list[str]:
    """Everything that must not be; empty in a good run."""
    faults = [end.trouble] if end.trouble else []
    if isinstance(end.readers, str):
        faults.append(end.readers)
    else:
        faults += find_disagreements(end.board.counts(), end.readers)
    counts = end.board.counts()
    if counts.decisions != counts.decision_ids:
        faults.append(f"{counts.decisions - counts.decision_ids} decisions came twice")
    total = sum(end.router.values())
    if end.router and total != counts.events:
        faults.append(f"{counts.events} events, but the router reports {total} outcomes")
    if end.compared:
        faults += end.board.differences
    return faults


def write_summary(end: Ending, faults: list[str]) -> str:
    """The whole summary as text."""
    board = end.board
    latency = board.latency()
    calls = board.actions[Action.CALLBACK]
    revised = ", ".join(f"{n} after {cause}" for cause, n in board.revised.most_common())
    first = end.first_decision_s
    lines = [
        "",
        (
            f"The day: {board.records:,} events of {len(board.customers):,} customers in "
            f"{len(board.languages)} languages, sent in {end.sent_s:.0f} s."
        ),
        f"First decision {first:.1f} s after the services were started." if first else "",
        _tell_outcomes(end),
        (
            f"Calls: {calls} decided at once, {board.postponed} of them held until the morning; "
            f"{board.kinds['routing.started']} begun, {board.kinds['routing.completed']} completed, "
            f"{board.kinds['routing.failed']} failed and were replaced."
        ),
        f"Decisions changed later: {revised or 'none'}."
        + (f" {end.ignored} changes came after somebody had begun." if end.ignored else ""),
        (
            f"From the event on Kafka to the decision read: half within {latency.p50:.0f} ms, "
            f"99 of 100 within {latency.p99:.0f} ms ({latency.count:,} measured)."
        ),
        _tell_stories(end),
    ]
    lines = [line for line in lines if line or line is lines[0]]
    lines += ["", *_beside(board.counts(), end.readers), ""]
    if not faults:
        return "\n".join([*lines, "Everything fits."])
    lines.append(f"{len(faults)} things do not fit:")
    lines += [f"  - {fault}" for fault in faults[:MOST_SHOWN]]
    if len(faults) > MOST_SHOWN:
        lines.append(f"  ... and {len(faults) - MOST_SHOWN} more")
    return "\n".join(lines)


def _tell_outcomes(end: Ending) -> str:
    outcomes = end.router or end.board.outcomes()
    told = ", ".join(f"{n:,} {name}" for name, n in outcomes.items())
    return f"Outcomes, one for each event: {told}."


def _tell_stories(end: Ending) -> str:
    board = end.board
    if not end.compared:
        return "Not compared with the stories, which know the default rules only."
    wrong = len(board.differences)
    verdict = "all as their stories say" if not wrong else f"{wrong} otherwise than told"
    return f"Expected and seen: {board.compared:,} events compared, {verdict}."


def _beside(ours: Counts, readers: Counts | str) -> list[str]:
    """Two columns: what we counted, and what the separate reader did."""
    mine = list_counts(ours)
    theirs = list_counts(readers) if isinstance(readers, Counts) else {}
    names = list(dict.fromkeys([*mine, *theirs]))
    width = max(len(name) for name in names)
    lines = [f"{'on the topics':<{width}}  {'this run':>10}  {'reader':>10}"]
    for name, _ in zip_longest(names, ()):
        other = f"{theirs.get(name, 0):,}" if theirs else "-"
        lines.append(f"{name:<{width}}  {mine.get(name, 0):>10,}  {other:>10}")
    return lines


def ask_router(url: str, events: int, within_s: float = COUNTED_WITHIN_S) -> dict[str, int]:
    """The router's own count of outcomes of `contact.events`; empty if it does not answer.

    It counts after the commit that a reader has seen already, so it is asked again, for
    `within_s` at most, until it has counted so many `events`.
    """
    deadline = time.monotonic() + within_s
    while True:
        counted = _ask_once(url)
        if not counted or sum(counted.values()) >= events or time.monotonic() > deadline:
            return counted
        time.sleep(AGAIN_S)


def _ask_once(url: str) -> dict[str, int]:
    try:
        with urllib.request.urlopen(f"{url}metrics", timeout=3) as answer:  # noqa: S310 - ours
            text = answer.read().decode()
    except OSError:
        return {}
    return {
        sample.labels["outcome"]: int(sample.value)
        for family in text_string_to_metric_families(text)
        if family.name == "omniroute_router_records"
        for sample in family.samples
        if sample.name.endswith("_total") and sample.labels.get("input") == EVENTS
    }
