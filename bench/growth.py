"""What a soak found: whether anything grew, and the page about it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec

MB_PER_MIB = 1.048576
MOST_FILES = 2
"""More descriptors than this above the first fifth is a leak: one at a time is a page that is just served."""
MOST_BEHIND_S = 10.0
"""Seconds of traffic that may wait at a look."""
MOST_ROWS = 12


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen at one moment."""

    at_s: float
    outcomes: int
    waiting: int
    mib: float
    """Resident memory."""
    files: int
    threads: int
    objects: int


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """What a run gave."""

    capacity: float
    """Messages a second that were done while as many or more came."""
    rate: float
    sent: int
    looks: Sequence[Look]
    types: Sequence[tuple[str, int, int]]
    """(type, at the first look that counts, at the end) of those that grew most."""


def judge(soak: Soak, *, most_mb: float, most_objects: float) -> list[str]:
    """Sentences on what is not as it must be; none: all is flat."""
    first, last = _ends(soak.looks)
    wrong = []
    grown = grow_mb(soak.looks)
    if grown >= most_mb:
        wrong.append(f"memory grew by {grown:.1f} MB; less than {most_mb:g} are allowed")
    before, after = max(look.files for look in first), max(look.files for look in last)
    if after > before + MOST_FILES:
        wrong.append(f"descriptors grew from {before} to {after}")
    share = _grow(first, last, "objects") / statistics.median(look.objects for look in first)
    if share > most_objects:
        wrong.append(f"objects grew by {share:.1%}; {most_objects:.0%} are allowed")
    behind = max(look.waiting for look in soak.looks) / soak.rate
    if behind > MOST_BEHIND_S:
        wrong.append(f"{behind:.0f} s of traffic waited at a look: the rate was not kept up with")
    if soak.looks[-1].outcomes != soak.sent:
        wrong.append(f"{soak.sent:,} were sent, {soak.looks[-1].outcomes:,} have an outcome")
    return wrong


def grow_mb(looks: Sequence[Look]) -> float:
    """MB by which the resident memory grew, from the first fifth of what counts to the last."""
    return _grow(*_ends(looks), "mib") * MB_PER_MIB


def _ends(looks: Sequence[Look]) -> tuple[Sequence[Look], Sequence[Look]]:
    settled = looks[len(looks) // 4 :]
    part = max(1, len(settled) // 5)
    return settled[:part], settled[-part:]


def _grow(first: Sequence[Look], last: Sequence[Look], what: str) -> float:
    before = statistics.median([float(getattr(look, what)) for look in first])
    return statistics.median([float(getattr(look, what)) for look in last]) - before


def describe(soak: Soak, how: str, wrong: Sequence[str]) -> str:
    """The page of a run, Markdown; `how` says what was run and on what."""
    looks = soak.looks
    first = _ends(looks)[0][0]
    last = looks[-1]
    most = max(look.mib for look in looks)
    waited = max(look.waiting for look in looks)
    types = ", ".join(f"{name} {before:,} to {after:,}" for name, before, after in soak.types)
    verdict = "NOT FLAT: " + "; ".join(wrong) if wrong else "Flat, and nothing is missing."
    return f"""{how}

- Capacity {soak.capacity:,.0f} messages/s, fed with {soak.rate:,.0f}/s: {soak.sent:,} messages,
  {last.outcomes:,} with an outcome; at most {waited:,} waited at a look.
- Resident memory behind the first quarter: {grow_mb(looks):+.1f} MB ({first.mib:.1f} MiB there, {last.mib:.1f}
  at the end, {most:.1f} at most).
- Descriptors {first.files} and {last.files}, threads {first.threads} and {last.threads}, objects
  {first.objects:,} and {last.objects:,}.
- Types that grew most: {types}
- {verdict}

| s | outcomes | waiting | MiB | files | threads | objects |
|---|---|---|---|---|---|---|
{_list_rows(looks)}
"""


def _list_rows(looks: Sequence[Look]) -> str:
    step = max(1, len(looks) // MOST_ROWS)
    return "\n".join(
        f"| {look.at_s:.0f} | {look.outcomes:,} | {look.waiting:,} | {look.mib:.1f} | {look.files} |"
        f" {look.threads} | {look.objects:,} |"
        for look in [*looks[:-1:step], looks[-1]]
    )
