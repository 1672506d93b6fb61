"""What must hold whatever the rules say: no knowledge of how a decision is made is used here."""

from __future__ import annotations

from collections.abc import Iterator

from services.cli.judging.decoding import (
    ROUTER,
    Decoded,
    Letter,
    Made,
    input_log,
    logical,
    original_headers,
)
from services.cli.judging.evidence import Evidence, Finding, Promise, Record
from services.cli.judging.settlements import judge_settlements
from services.contact.decision import DecisionType
from services.contact.event import ContactEvent
from services.contact.reject import RejectCode
from services.contact.topics import DEADLETTER, DECISIONS, EVENTS

_CODES = frozenset(code.value for code in RejectCode)


def judge_laws(evidence: Evidence, decoded: Decoded) -> Iterator[Finding]:
    """Every law that needs no core, on one partition."""
    p = evidence.partition
    yield from decoded.findings
    for made in decoded.decisions:
        for promise, what in _judge_decision(made, evidence, decoded):
            yield Finding(promise, p, f"{_at(made)}: {what}")
    for promise, what in (
        *_judge_once(decoded),
        *_judge_order(decoded),
        *_judge_revisions(decoded),
        *_judge_letters(evidence, decoded),
        *judge_settlements(evidence, decoded),
    ):
        yield Finding(promise, p, what)


def _at(made: Made) -> str:
    return f"{DECISIONS} offset {made.record.offset} ({made.decision.decision_id})"


def _judge_decision(
    made: Made, evidence: Evidence, decoded: Decoded
) -> Iterator[tuple[Promise, str]]:
    """One decision: it points to its event, and its key is the customer."""
    decision = made.decision
    if made.record.key != decision.customer_id.encode():
        yield Promise.POSITION, "its key is not its customer"
    position = decision.position
    if position is None:
        yield Promise.POSITION, "it has no position"
        return
    if position.partition != evidence.partition or logical(position.topic) != EVENTS:
        where = f"{position.topic}/{position.partition}"
        yield Promise.POSITION, f"it points to {where}, on another partition than itself"
        return
    event = decoded.events.get(position.offset)
    if event is None:
        if position.offset >= evidence.events.start:
            yield Promise.POSITION, f"there is no event at offset {position.offset}"
    elif not isinstance(event, ContactEvent):
        yield Promise.POSITION, f"the record at offset {position.offset} is no event: {event.code}"
    elif event.event_id != decision.event_id or event.source != decision.source:
        yield Promise.POSITION, f"offset {position.offset} holds another event: {event.event_id}"
    elif event.customer_id != decision.customer_id:
        yield Promise.POSITION, f"offset {position.offset} is of another customer"


def _judge_once(decoded: Decoded) -> Iterator[tuple[Promise, str]]:
    """No decision id twice, no two first decisions for one event, none beside a dead letter."""
    ids: dict[str, Made] = {}
    firsts: dict[int, Made] = {}
    for made in decoded.decisions:
        before = ids.setdefault(made.decision.decision_id, made)
        if before is not made:
            yield Promise.ONCE, f"{_at(made)} was already made at offset {before.record.offset}"
            continue
        position = made.decision.position
        if made.decision.revision == 0 and position is not None:
            first = firsts.setdefault(position.offset, made)
            if first is not made:
                what = f"{_at(made)} is a second first decision on event offset {position.offset}"
                yield Promise.ONCE, f"{what}, after {_at(first)}"
    for letter in decoded.letters:
        if letter.by == ROUTER and letter.position.topic == EVENTS:
            both = firsts.get(letter.position.offset)
            if both is not None:
                what = f"event offset {letter.position.offset} is a dead letter and has {_at(both)}"
                yield Promise.ONCE, what


def _judge_order(decoded: Decoded) -> Iterator[tuple[Promise, str]]:
    """The first decisions of a customer follow the order of the customer's events."""
    latest: dict[str, int] = {}
    seen: set[str] = set()
    for made in decoded.decisions:
        decision = made.decision
        if decision.revision or decision.position is None or decision.decision_id in seen:
            continue
        seen.add(decision.decision_id)
        offset, before = decision.position.offset, latest.get(decision.customer_id, -1)
        if offset < before:
            what = f"{_at(made)} on event offset {offset} comes after the one on {before}"
            yield Promise.ORDER, f"{what} of the same customer"
        latest[decision.customer_id] = max(offset, before)


def _judge_revisions(decoded: Decoded) -> Iterator[tuple[Promise, str]]:
    """Revisions of one event count 0, 1, 2, …; each names its predecessor and a cause."""
    latest: dict[tuple[str, str], Made] = {}
    for made in decoded.decisions:
        decision = made.decision
        before = latest.get((decision.source, decision.event_id))
        if before is not None and before.decision.decision_id == decision.decision_id:
            continue  # told as a decision made twice
        expected = 0 if before is None else before.decision.revision + 1
        if decision.revision != expected:
            yield Promise.REVISION, f"{_at(made)} is revision {decision.revision}, not {expected}"
        elif before is not None and decision.revises != before.decision.decision_id:
            yield Promise.REVISION, f"{_at(made)} revises {decision.revises or 'nothing'}"
        if (decision.type is DecisionType.MADE) != (decision.revision == 0):
            what = f"{_at(made)} is {decision.type} with revision {decision.revision}"
            yield Promise.REVISION, what
        if decision.revision and not decision.cause:
            yield Promise.REVISION, f"{_at(made)} tells no cause"
        if not decision.revision and decision.revises:
            yield Promise.REVISION, f"{_at(made)} is a first decision and revises another"
        latest[decision.source, decision.event_id] = made


def _judge_letters(evidence: Evidence, decoded: Decoded) -> Iterator[tuple[Promise, str]]:
    """Each dead letter once for each service, the bytes as they came, a code that exists."""
    seen: dict[tuple[str, str, int], Letter] = {}
    for letter in decoded.letters:
        at = f"{DEADLETTER} offset {letter.record.offset} ({letter.code})"
        key = (letter.by, letter.position.topic, letter.position.offset)
        before = seen.setdefault(key, letter)
        if before is not letter:
            what = f"{at} is a second one for {key[1]} offset {key[2]}"
            yield Promise.ONCE, f"{what}, after offset {before.record.offset}"
        for what in _compare_letter(letter, evidence):
            yield Promise.DEADLETTER, f"{at}: {what}"


def _compare_letter(letter: Letter, evidence: Evidence) -> Iterator[str]:
    """A dead letter against the record it speaks of."""
    position = letter.position
    if letter.code not in _CODES:
        yield "no such code"
    if position.partition != evidence.partition:
        yield f"it speaks of partition {position.partition}"
        return
    log = input_log(evidence, position.topic)
    if log is None:
        yield f"it speaks of {position.topic}, which is not an input"
        return
    origin = log.at(position.offset)
    if origin is None:
        if position.offset >= log.start:
            yield f"there is no record at {position.topic} offset {position.offset}"
        return
    yield from _differences(letter.record, origin)


def _differences(letter: Record, origin: Record) -> Iterator[str]:
    if letter.key != origin.key:
        yield "the key is not the one that came"
    if letter.value != origin.value:
        yield f"the value is not the one that came ({origin.offset})"
    if original_headers(letter.headers) != original_headers(origin.headers):
        yield "the headers are not the ones that came"
