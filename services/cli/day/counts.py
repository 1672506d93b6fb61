"""What is counted twice, by `omniroute run` and by the separate reader: the form of the counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the records that a deployment's topics hold for a read_committed consumer."""

    events: int = 0
    decisions: int = 0
    """Records on `contact.decisions`, revisions included."""
    decision_ids: int = 0
    """Distinct ones; fewer than `decisions` would mean that something was decided twice."""
    actions: Mapping[str, int] = {}
    """Of first decisions."""
    revised: int = 0
    cancelled: int = 0
    letters: Mapping[str, int] = {}
    """Dead letters by code."""
    sentiments: int = 0


def list_counts(counts: Counts) -> dict[str, int]:
    """Every count by a name for people, in the order of the summary."""
    rows = {
        "events": counts.events,
        "decisions": counts.decisions,
        "distinct decisions": counts.decision_ids,
        **{f"first decision: {name}": n for name, n in sorted(counts.actions.items())},
        "revisions": counts.revised,
        "cancellations": counts.cancelled,
        **{f"dead letter: {name}": n for name, n in sorted(counts.letters.items())},
        "sentiments": counts.sentiments,
    }
    return {name: n for name, n in rows.items() if n or ":" not in name}


def find_disagreements(ours: Counts, readers: Counts) -> Iterator[str]:
    """A sentence for every count in which the two differ."""
    mine, theirs = list_counts(ours), list_counts(readers)
    for name in [*mine, *(name for name in theirs if name not in mine)]:
        if mine.get(name, 0) != theirs.get(name, 0):
            yield f"{name}: we counted {mine.get(name, 0)}, the reader {theirs.get(name, 0)}"
