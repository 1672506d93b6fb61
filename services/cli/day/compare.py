"""What the stories expected against what came back, record by record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from services.cli.day.expect import Entry, Expected, Revision, ThreadExpected
from services.contact.decision import Action, Decision, Outcome, Position

Place = tuple[int, int]
"""Partition and offset of a record on `contact.events`."""


class Seen:
    """What has been read from `contact.decisions` and `contact.deadletter` so far."""

    def __init__(self) -> None:
        self.firsts: dict[Place, list[Decision]] = {}
        """Revision 0, by the place of the event that it answers."""
        self.latest: dict[tuple[str, str], Decision] = {}
        """The highest revision, by source and event id."""
        self.revised: dict[tuple[str, str], list[Decision]] = {}
        """All revisions above 0, in order of arrival."""
        self.letters: dict[Place, str] = {}
        """Codes of the dead letters of `contact.events`."""

    def add(self, decision: Decision) -> None:
        """Take a decision in."""
        key = (decision.source, decision.event_id)
        if decision.revision == 0 and decision.position is not None:
            self.firsts.setdefault(place(decision.position), []).append(decision)
        if decision.revision > 0:
            self.revised.setdefault(key, []).append(decision)
        known = self.latest.get(key)
        if known is None or known.revision <= decision.revision:
            self.latest[key] = decision


def place(position: Position) -> Place:
    """Where an event lies, without its topic."""
    return position.partition, position.offset


def find_differences(entries: Iterable[Entry], seen: Seen) -> Iterator[str]:
    """A sentence for everything that came out otherwise than its story says."""
    lines = list(entries)
    firsts = {(e.source, e.event_id): (e.partition, e.offset) for e in reversed(lines)}
    away = {e.revises.of for e in lines if e.revises and Action.CALLBACK not in e.revises.actions}
    for entry in lines:
        who = f"{entry.story} ({entry.event_id or 'no id'}, {entry.customer_id})"
        for what in _compare(entry, seen, firsts):
            yield f"{who}: {what}"
        for thread in entry.threads:
            for what in _compare_thread(entry.source, thread, seen, away):
                yield f"{who}: {what}"


def _compare(entry: Entry, seen: Seen, firsts: Mapping[tuple[str, str], Place]) -> Iterator[str]:
    at = (entry.partition, entry.offset)
    made, code = seen.firsts.get(at, []), seen.letters.get(at)
    if len(made) > 1:
        yield f"{len(made)} first decisions on one record"
    if entry.outcome is Outcome.REJECTED:
        if code != entry.code:
            yield f"expected the dead letter {entry.code}, found {code or 'none'}"
        return
    if code is not None:
        yield f"unexpected dead letter {code}"
    if not made and entry.actions:
        yield f"expected {_or(entry.actions)}, found no decision"
    if made and not entry.actions and entry.outcome is not None:
        yield f"expected no decision ({entry.outcome}), found {made[0].action}"
    if made and entry.actions:
        yield from _compare_decision(entry, made[0], seen, firsts)
    if entry.revises is not None:
        yield from _compare_revision(entry.source, entry.revises, seen)
    latest = seen.latest.get((entry.source, entry.event_id))
    if entry.no_call and latest is not None and latest.action is Action.CALLBACK:
        yield "the customer is called, and must not be"


def _compare_decision(
    want: Entry, made: Decision, seen: Seen, firsts: Mapping[tuple[str, str], Place]
) -> Iterator[str]:
    if made.action not in want.actions:
        yield f"expected {_or(want.actions)}, found {made.action} ({made.rule}: {made.reason})"
    if want.channel is not None and made.channel is not want.channel:
        yield f"expected {want.channel}, found {made.channel}"
    if want.rule and made.rule != want.rule:
        yield f"expected the rule {want.rule}, found {made.rule}"
    yield from _compare_reasons(want, made)
    if want.refers_to:
        first = firsts.get((want.source, want.refers_to))
        named = [d.decision_id for d in seen.firsts.get(first, [])] if first else []
        if made.refers_to not in {want.refers_to, *named, *_revisions(want, seen)}:
            yield f"expected a reference to {want.refers_to}, found {made.refers_to or 'none'}"


def _compare_reasons(want: Expected, made: Decision) -> Iterator[str]:
    skips = [f"{s.channel}:{s.why}" for s in made.skips]
    if want.skip and want.skip not in skips:
        yield f"expected the skip {want.skip}, found {', '.join(skips) or 'none'}"
    if want.ask_for and want.ask_for not in made.ask_for:
        yield f"expected to ask for {want.ask_for}, found {', '.join(made.ask_for) or 'nothing'}"
    if want.choice and made.choice_source != want.choice:
        yield f"expected a choice that is {want.choice}, found {made.choice_source or 'none'}"
    if want.postponed is not None and want.postponed is (made.not_before is None):
        yield f"expected {'a' if want.postponed else 'no'} wait, found {made.not_before}"


def _revisions(want: Entry, seen: Seen) -> list[str]:
    revised = seen.revised.get((want.source, want.refers_to), [])
    return [decision.decision_id for decision in revised]


def _compare_revision(source: str, want: Revision, seen: Seen) -> Iterator[str]:
    sources = {source, *(s for s, event_id in seen.latest if event_id == want.of)}
    revised = [d for s in sources for d in seen.revised.get((s, want.of), [])]
    fitting = [d for d in revised if d.cause == want.cause]
    if not fitting:
        yield f"expected {want.of} to be revised ({want.cause}), found no such revision"
    for decision in fitting[-1:]:
        if decision.action not in want.actions or decision.channel is not want.channel:
            yield (
                f"expected {want.of} to become {_or(want.actions)} on {want.channel}, "
                f"found {decision.action} on {decision.channel}"
            )


def _compare_thread(source: str, want: ThreadExpected, seen: Seen, away: set[str]) -> Iterator[str]:
    latest = [(e, seen.latest.get((source, e))) for e in want.events]
    calls = [e for e, d in latest if d is not None and d.action is Action.CALLBACK]
    expected = [want.call] if want.call and want.call not in away else []
    if calls != expected:
        yield f"in the end the calls {expected} should stand, found {calls}"


def _or(actions: Iterable[Action]) -> str:
    return " or ".join(actions)


class Agreement(msgspec.Struct, frozen=True):
    """Two counts of the same thing by two programs."""

    what: str
    ours: int
    readers: int

    @property
    def holds(self) -> bool:
        """Are they the same?"""
        return self.ours == self.readers
