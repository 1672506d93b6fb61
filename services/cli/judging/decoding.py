"""From the bytes of one partition to words, once, so that every check reads the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from services.cli.judging.evidence import Evidence, Finding, Headers, Log, Promise, Record
from services.contact import topics
from services.contact.codec import decode_decision, decode_event, decode_sentiment
from services.contact.deadletter import Settlement, read_deadletter
from services.contact.decision import Decision, Position
from services.contact.event import ContactEvent
from services.contact.reject import KILLED, Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary

ROUTER = "router"
"""The name under which the router files a dead letter (`omniroute-reject-by`)."""


class Made(msgspec.Struct, frozen=True):
    """A decision and where it lies on `contact.decisions`."""

    record: Record
    decision: Decision


class Letter(msgspec.Struct, frozen=True):
    """A dead letter and what its headers say."""

    record: Record
    position: Position
    code: str
    by: str


class Settled(msgspec.Struct, frozen=True):
    """A note of what became of a dead letter, and where it lies on `contact.deadletter`."""

    record: Record
    note: Settlement


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """One partition in words."""

    events: Mapping[int, ContactEvent | Reject]
    sentiment: Mapping[int, SentimentScored | SentimentSummary | Reject]
    decisions: tuple[Made, ...]
    letters: tuple[Letter, ...]
    settled: tuple[Settled, ...] = ()
    findings: tuple[Finding, ...]
    """What could not be read on the topics that only we write."""


def decode(evidence: Evidence) -> Decoded:
    """Read every record of the partition; what we wrote and cannot read is a finding."""
    said: list[Finding] = []
    letters, settled = _letters(evidence, said)
    # Nobody looks into what killed the service, lest the judge die of it: this cause is believed.
    deadly = {
        (letter.position.topic, letter.position.offset)
        for letter in letters
        if letter.code == RejectCode.PROCESS_KILLED and letter.by == ROUTER
    }
    return Decoded(
        events={
            r.offset: KILLED if (topics.EVENTS, r.offset) in deadly else _event(r, evidence)
            for r in evidence.events.records
        },
        sentiment={
            r.offset: KILLED if (topics.SENTIMENT, r.offset) in deadly else _sentiment(r, evidence)
            for r in evidence.sentiment.records
        },
        decisions=tuple(_decisions(evidence, said)),
        letters=tuple(letters),
        settled=tuple(settled),
        findings=tuple(said),
    )


def logical(topic: str) -> str:
    """A topic's name without the deployment prefix."""
    return next((name for name in topics.ALL if topic.endswith(name)), topic)


def _event(record: Record, evidence: Evidence) -> ContactEvent | Reject:
    """An event as the router decides it: without a receipt time, the append time stands for it."""
    event = decode_event(
        record.key,
        record.value,
        record.headers,
        partition=evidence.partition,
        partitions=evidence.partitions,
    )
    if isinstance(event, Reject) or event.received_at is not None:
        return event
    received_at = datetime.fromtimestamp(record.time / 1000, UTC)
    return msgspec.structs.replace(event, received_at=received_at)


def _sentiment(record: Record, evidence: Evidence) -> SentimentScored | SentimentSummary | Reject:
    return decode_sentiment(
        record.key,
        record.value,
        record.headers,
        partition=evidence.partition,
        partitions=evidence.partitions,
    )


def _decisions(evidence: Evidence, said: list[Finding]) -> list[Made]:
    made = []
    for record in evidence.decisions.records:
        decision = decode_decision(record.value, record.headers)
        if isinstance(decision, Reject):
            what = f"{topics.DECISIONS} offset {record.offset} cannot be read: {decision.code}"
            said.append(Finding(Promise.DECISION, evidence.partition, what))
        else:
            made.append(Made(record, decision))
    return made


def _letters(evidence: Evidence, said: list[Finding]) -> tuple[list[Letter], list[Settled]]:
    letters: list[Letter] = []
    settled: list[Settled] = []
    for record in evidence.deadletters.records:
        found = _letter(record)
        if isinstance(found, str):
            what = f"{topics.DEADLETTER} offset {record.offset}: {found}"
            said.append(Finding(Promise.DEADLETTER, evidence.partition, what))
        elif isinstance(found, Letter):
            letters.append(found)
        else:
            settled.append(Settled(record, found))
    return letters, settled


def _letter(record: Record) -> Letter | Settlement | str:
    """The headers of a dead letter; ours come last, so the last of a name counts."""
    named = {name: value.decode("utf-8", "replace") for name, value in record.headers}
    if topics.REJECT_CODE not in named and topics.SETTLE_STATE in named:
        note = read_deadletter(record.key, record.value, record.headers)
        return note if isinstance(note, Settlement) else str(note)
    try:
        position = Position(
            logical(named[topics.REJECT_TOPIC]),
            int(named[topics.REJECT_PARTITION]),
            int(named[topics.REJECT_OFFSET]),
        )
        code, by = named[topics.REJECT_CODE], named[topics.REJECT_BY]
    except (KeyError, ValueError) as why:
        return f"its headers do not tell the position: {type(why).__name__} {why}"
    return Letter(record, position, code, by)


def original_headers(headers: Headers) -> Headers:
    """The headers of a dead letter as they came: ours taken off the end."""
    return tuple(pair for pair in headers if not pair[0].startswith("omniroute-reject-"))


def input_log(evidence: Evidence, topic: str) -> Log | None:
    """The input of that logical name."""
    return {topics.EVENTS: evidence.events, topics.SENTIMENT: evidence.sentiment}.get(topic)
