"""The generator's ledger: what whoever made the traffic expected, without asking the core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from services.cli.day.expect import Entry, Revision, ThreadExpected, read_line
from services.cli.judging.compare import Compared
from services.cli.judging.decoding import ROUTER, Decoded, logical
from services.cli.judging.evidence import Evidence, Finding, Promise
from services.contact.decision import Action, Decision, Outcome
from services.contact.event import ContactEvent
from services.contact.reject import Reject
from services.contact.topics import EVENTS


class LedgerError(Exception):
    """The ledger cannot be read; the text says which line and why."""


class _Seen(msgspec.Struct, frozen=True):
    """What the topics say of the events of one partition."""

    events: Mapping[int, ContactEvent | Reject]
    made: Mapping[str, Sequence[Decision]]
    """The decisions on an event, by event id, in the order of the topic."""
    firsts: Mapping[int, Decision]
    """The first decision on an event, by the event's offset."""
    codes: Mapping[int, str]
    outcomes: Mapping[tuple[str, int], Outcome]
    revised: frozenset[str]
    """Event ids whose decision another event of the ledger changes."""


def read_ledger(path: Path) -> list[Entry]:
    """Every line of a ledger file; raises LedgerError."""
    entries = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                entries.append(read_line(line))
            except msgspec.DecodeError as why:
                raise LedgerError(f"{path}:{number}: {why}") from why
    return entries


def by_partition(entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """The lines of each partition."""
    sorted_out: dict[int, list[Entry]] = {}
    for entry in entries:
        sorted_out.setdefault(entry.partition, []).append(entry)
    return sorted_out


def judge_ledger(
    entries: Sequence[Entry], evidence: Evidence, decoded: Decoded, compared: Compared
) -> Iterator[Finding]:
    """Each line of one partition against the topics."""
    seen = _see(entries, decoded, compared)
    for entry in entries:
        if logical(entry.topic) != EVENTS:
            continue
        at = f"{EVENTS} offset {entry.offset} ({entry.event_id or 'no event'})"
        told = f", story {entry.story}" if entry.story else ""
        for what in _compare(entry, seen):
            yield Finding(Promise.LEDGER, evidence.partition, f"{at}{told}: {what}")


def _see(entries: Sequence[Entry], decoded: Decoded, compared: Compared) -> _Seen:
    made: dict[str, list[Decision]] = {}
    firsts: dict[int, Decision] = {}
    for one in decoded.decisions:
        made.setdefault(one.decision.event_id, []).append(one.decision)
        if one.decision.revision == 0 and one.decision.position is not None:
            firsts.setdefault(one.decision.position.offset, one.decision)
    return _Seen(
        events=decoded.events,
        made=made,
        firsts=firsts,
        codes={
            letter.position.offset: letter.code
            for letter in decoded.letters
            if letter.by == ROUTER and letter.position.topic == EVENTS
        },
        outcomes=compared.outcomes,
        revised=frozenset(e.revises.of for e in entries if e.revises is not None),
    )


def _compare(entry: Entry, seen: _Seen) -> Iterator[str]:
    event = seen.events.get(entry.offset)
    if event is None:
        yield "the record that was acknowledged is not on the topic"
        return
    if entry.event_id and isinstance(event, ContactEvent) and event.event_id != entry.event_id:
        yield f"another event lies there: {event.event_id}"
        return
    yield from _compare_outcome(entry, seen)
    first = seen.firsts.get(entry.offset)
    if first is not None:
        yield from _compare_first(entry, first, seen)
    elif entry.actions:
        yield f"expected a decision ({' or '.join(entry.actions)}), there is none"
    if entry.no_call and any(
        d.action is Action.CALLBACK for d in seen.made.get(entry.event_id, ())
    ):
        yield "a call was decided, which must never be"
    if entry.revises is not None:
        yield from _compare_revision(entry.revises, seen)
    for thread in entry.threads:
        yield from _compare_thread(thread, seen)


def _compare_outcome(entry: Entry, seen: _Seen) -> Iterator[str]:
    outcomes, code = _outcomes(entry.offset, seen), seen.codes.get(entry.offset)
    if entry.outcome is not None and entry.outcome not in outcomes:
        yield f"expected {entry.outcome}, but it is {' or '.join(sorted(outcomes))}"
    elif entry.code is not None and code != entry.code:
        yield f"expected the code {entry.code}, not {code}"


def _compare_first(entry: Entry, first: Decision, seen: _Seen) -> Iterator[str]:
    """What the story fixes of the first decision."""
    skips = {f"{skip.channel}:{skip.why}" for skip in first.skips}
    named = {entry.refers_to, *(d.decision_id for d in seen.made.get(entry.refers_to, ()))}
    checks = (
        (not entry.actions or first.action in entry.actions, "action", entry.actions, first.action),
        (entry.channel in {None, first.channel}, "channel", entry.channel, first.channel),
        (entry.rule in {"", first.rule}, "rule", entry.rule, first.rule),
        (not entry.skip or entry.skip in skips, "skip", entry.skip, sorted(skips)),
        (
            not entry.ask_for or entry.ask_for in first.ask_for,
            "ask_for",
            entry.ask_for,
            first.ask_for,
        ),
        (entry.choice in {"", first.choice_source}, "choice", entry.choice, first.choice_source),
        (
            entry.postponed in {None, first.not_before is not None},
            "a call later",
            entry.postponed,
            first.not_before,
        ),
        (
            not entry.refers_to or first.refers_to in named,
            "to refer to the decision on",
            entry.refers_to,
            first.refers_to,
        ),
    )
    for good, name, want, actual in checks:
        if not good:
            yield f"expected {name} {_words(want)}, not {_words(actual)}"


def _compare_revision(revision: Revision, seen: _Seen) -> Iterator[str]:
    """The decision on an earlier event must have been revised as the story says."""
    found = [d for d in seen.made.get(revision.of, ()) if d.revision and d.cause == revision.cause]
    good = (d.action in revision.actions and d.channel is revision.channel for d in found)
    if not any(good):
        as_they_are = ", ".join(f"{d.action} on {d.channel}" for d in found) or "nothing"
        wanted = f"{' or '.join(revision.actions)} on {revision.channel}"
        what = f"expected the decision on {revision.of} to be revised to {wanted}"
        yield f"{what}, cause {revision.cause}; found {as_they_are}"


def _compare_thread(thread: ThreadExpected, seen: _Seen) -> Iterator[str]:
    """What stands in the end for a thread: one call at most, and on the right message."""
    for event_id in thread.events:
        made = seen.made.get(event_id, ())
        calls = bool(made) and made[-1].action is Action.CALLBACK
        wanted = event_id == thread.call and event_id not in seen.revised
        if calls and event_id != thread.call:
            yield f"a call stands on {event_id}, expected {thread.call or 'none in this thread'}"
        elif wanted and not calls:
            yield f"no call stands on {event_id}"


def _outcomes(offset: int, seen: _Seen) -> frozenset[Outcome]:
    """What the topics say; where they show nothing on this offset, the fold tells more."""
    first = seen.firsts.get(offset)
    if first is not None:
        also = {Outcome.DUPLICATE} if first.action is Action.DUPLICATE else set()
        return frozenset({Outcome.DECIDED} | also)
    if offset in seen.codes:
        return frozenset({Outcome.REJECTED})
    # `decided` without a first decision of its own: it revised the decision on another event.
    silent = frozenset({Outcome.REMEMBERED, Outcome.DUPLICATE, Outcome.DECIDED})
    folded = seen.outcomes.get((EVENTS, offset))
    return frozenset({folded}) if folded in silent and folded is not None else silent


def _words(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return " or ".join(str(one) for one in value) or "none"
    return str(value) if value not in {None, ""} else "none"
