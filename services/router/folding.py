"""Folds one partition's part of a batch into its customers. Pure, but for the log of a defect.

Each record has exactly one outcome. What goes wrong with one record, be it a defect of ours,
becomes that record's dead letter; its neighbours go on as if it had not been there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Protocol, TypeAlias

import msgspec

from services.contact.codec import Encoded, encode_decision
from services.contact.decision import Decision, Outcome, Position
from services.contact.event import ContactEvent
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.router.core.capacity import NONE_FULL, Room
from services.router.core.customer import MAX_STATE_BYTES, Customer, Mood, pack
from services.router.core.decide import Verdict, decide
from services.router.core.table import Table
from services.router.hearing import TOO_LARGE, Heard, Part
from services.runtime.log import get_log

log = get_log(__name__)

NO_LIMIT: Mapping[str, int] = {}
MAX_OUTPUT_BYTES = 512 * 1024
"""Most bytes of the decisions that one record may lead to; a decision has about 2 KB."""

Word: TypeAlias = ContactEvent | SentimentScored | SentimentSummary


class Judge(Protocol):
    """`decide` with a table and a clock bound in it."""

    def __call__(
        self,
        customer: Customer | None,
        word: Word,
        position: Position,
        full: frozenset[str] = NONE_FULL,
    ) -> Verdict:
        """The verdict; `full` are the accounts that are given no more work."""


def judge_with(table: Table, now: int) -> Judge:
    """The core's `decide` under one table and one clock."""

    def judge(
        customer: Customer | None,
        word: Word,
        position: Position,
        full: frozenset[str] = NONE_FULL,
    ) -> Verdict:
        return decide(limit(table, full), customer, word, now, position)

    return judge


def limit(table: Table, full: frozenset[str]) -> Table:
    """The table while these accounts are given no more work."""
    return msgspec.structs.replace(table, full=full) if full else table


class Result(msgspec.Struct, frozen=True, gc=False):
    """The outcome of one record."""

    heard: Heard
    outcome: Outcome
    decisions: tuple[Decision, ...] = ()
    encoded: tuple[Encoded, ...] = ()
    reject: Reject | None = None
    before: Customer | None = None
    """Where it led to decisions: the customer as they were before it."""
    mood: Mood | None = None
    """The customer's mood, where the record moved it."""


class Folded(msgspec.Struct, frozen=True, gc=False):
    """What a partition's part of a batch comes to."""

    partition: int
    results: list[Result]
    """One for each record, in order."""
    changed: dict[str, Customer | None]
    """Customers as they are afterwards; None is to be forgotten."""
    packed: dict[str, bytes | None]
    """The same, packed."""
    given: Mapping[str, int] = {}
    """The work that accounts with a limit were given, by account."""


def fold(
    part: Part,
    known: Mapping[str, Customer | None],
    judge: Judge,
    allowed: Mapping[str, int] = NO_LIMIT,
) -> Folded:
    """Fold the records in order; each has one outcome, and `known` is not changed.

    `allowed`: the work that accounts with a limit may still be given here.
    """
    folded = _fold(part, known, judge, Room(allowed), careful=False)
    if any(value is not None and len(value) > MAX_STATE_BYTES for value in folded.packed.values()):
        # One of its records made a state too large; find out which. Never seen with the core's
        # own caps, but a state that Kafka refuses would stop the lane for good.
        folded = _fold(part, known, judge, Room(allowed), careful=True)
    return folded


def _fold(
    part: Part, known: Mapping[str, Customer | None], judge: Judge, room: Room, *, careful: bool
) -> Folded:
    changed: dict[str, Customer | None] = {}
    results = []
    for heard in part.heard:
        word = heard.word
        if isinstance(word, Reject):
            results.append(Result(heard, Outcome.REJECTED, reject=word))
            continue
        held = changed if word.customer_id in changed else known
        customer = held[word.customer_id]
        verdict, given = _judge_safely(judge, customer, heard, room)
        result = _encode(heard, verdict, customer)
        if careful and result.reject is None and _is_too_large(verdict):
            result = _refuse_state(heard)
        if result.reject is None:
            room.take(given)
        if result.reject is None and verdict.changed:
            changed[word.customer_id] = verdict.customer
            if isinstance(word, SentimentScored):
                result = msgspec.structs.replace(result, mood=_moved(customer, verdict.customer))
        results.append(result)
    packed = {key: None if one is None else pack(one) for key, one in changed.items()}
    return Folded(part.partition, results, changed, packed, dict(room.given))


def _moved(before: Customer | None, after: Customer | None) -> Mood | None:
    if after is None or (before is not None and before.mood is after.mood):
        return None
    return after.mood


def _judge_safely(
    judge: Judge, customer: Customer | None, heard: Heard, room: Room
) -> tuple[Verdict, Counter[str]]:
    word, position = heard.word, heard.position
    assert not isinstance(word, Reject)  # noqa: S101 - told apart by the caller
    try:
        return room.decide(customer, word, lambda full: judge(customer, word, position, full))
    except Exception as error:  # a defect costs one record, never the lane
        log.error(  # noqa: TRY400 - the guarded log takes exc_info itself
            "deciding failed: a defect, the record becomes a dead letter",
            topic=heard.record.topic,
            partition=heard.record.partition,
            offset=heard.record.offset,
            exc_info=error,
        )
        why = f"a defect of ours, {type(error).__name__}; the log says where"
        reject = Reject(RejectCode.DECIDE_FAILED, why)
        verdict = Verdict(customer, changed=False, outcome=Outcome.REJECTED, reject=reject)
        return verdict, Counter()


def _encode(heard: Heard, verdict: Verdict, before: Customer | None) -> Result:
    if verdict.reject is not None:
        return Result(heard, Outcome.REJECTED, reject=verdict.reject)
    if not verdict.decisions:
        return Result(heard, verdict.outcome)
    trace = heard.traceparent
    encoded = tuple(encode_decision(one, traceparent=trace) for one in verdict.decisions)
    if sum(len(one.value or b"") for one in encoded) > MAX_OUTPUT_BYTES:
        return Result(heard, Outcome.REJECTED, reject=TOO_LARGE)
    return Result(heard, verdict.outcome, verdict.decisions, encoded, before=before)


def _is_too_large(verdict: Verdict) -> bool:
    return (
        verdict.changed
        and verdict.customer is not None
        and len(pack(verdict.customer)) > MAX_STATE_BYTES
    )


def _refuse_state(heard: Heard) -> Result:
    why = f"what is remembered of the customer would exceed {MAX_STATE_BYTES} bytes"
    return Result(heard, Outcome.REJECTED, reject=Reject(RejectCode.STATE_TOO_LARGE, why))
