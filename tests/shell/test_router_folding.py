"""One record's trouble is that record's dead letter; its neighbours go on."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from aiokafka.structs import ConsumerRecord

from services.contact.codec import encode_event
from services.contact.decision import Outcome, Position
from services.contact.event import ContactEvent
from services.contact.partition import partition_of
from services.contact.reject import Reject, RejectCode
from services.contact.topics import DEADLETTER, DECISIONS, EVENTS, MARKER_KEY, MEMORY, TRACEPARENT
from services.router.committing import advance, list_outgoing, tell_now
from services.router.core.capacity import NONE_FULL
from services.router.core.customer import MAX_STATE_BYTES, Customer, StoredHandle, pack
from services.router.core.decide import Verdict
from services.router.folding import MAX_OUTPUT_BYTES, Folded, Judge, Word, fold, judge_with
from services.router.hearing import Part, hear
from services.router.marker import Marker, Seat, Under
from services.runtime.lane import Batch, Record, Slice
from tests.shell.lanework import chat
from tests.shell.routerwork import read_table

NOW = 1_800_000_000_000
TABLE = read_table()


def record(event: ContactEvent | bytes, offset: int, key: bytes = b"c1") -> Record:
    """An input record on partition 0 of 1."""
    value = event if isinstance(event, bytes) else encode_event(event).value
    return ConsumerRecord(
        f"x.{EVENTS}", 0, offset, NOW - 50, 1, key, value, None, 2, len(value or b""),
        ((TRACEPARENT, b"00-trace"),),
    )  # fmt: skip


def heard(records: Sequence[Record], *oversized: int) -> Part:
    """The part that these records make."""
    places = frozenset((EVENTS, 0, offset) for offset in oversized)
    part = Slice(0, [(EVENTS, records)], {EVENTS: 99})
    return hear(Batch(0, [part], NOW, len(records), places), 1)[0]


def fold_all(
    part: Part, judge: Judge, known: Mapping[str, Customer | None] | None = None
) -> Folded:
    """Fold with customers that are new unless given."""
    return fold(part, {**dict.fromkeys(part.customers), **(known or {})}, judge)


def events(count: int, customer: str = "c1") -> list[Record]:
    """Chat messages of one customer."""
    return [record(chat(customer, i), i, customer.encode()) for i in range(count)]


def test_each_record_has_one_result_in_order() -> None:
    """Law: decided, remembered, duplicate or rejected, once for each record."""
    good = chat("c1", 1)
    records = [record(good, 0), record(b"not json", 1), record(good, 2), record(chat("c1", 2), 3)]
    folded = fold_all(heard(records), judge_with(TABLE, NOW))
    assert [r.outcome for r in folded.results] == [
        Outcome.DECIDED,
        Outcome.REJECTED,
        Outcome.DUPLICATE,
        Outcome.DECIDED,
    ]
    assert list(folded.packed) == ["c1"]
    assert folded.packed["c1"] == pack(folded.changed["c1"] or Customer(id=""))


def test_what_is_known_is_not_changed_by_a_fold() -> None:
    """Law: a fold changes nothing; only a commit does."""
    known: dict[str, Customer | None] = {"c1": None}
    fold(heard(events(3)), known, judge_with(TABLE, NOW))
    assert known == {"c1": None}


def test_a_defect_in_deciding_becomes_that_records_dead_letter() -> None:
    """Law: an exception in the core costs one record; the reason names the type, not the text."""
    real = judge_with(TABLE, NOW)

    def judge(
        customer: Customer | None,
        word: Word,
        position: Position,
        full: frozenset[str] = NONE_FULL,
    ) -> Verdict:
        if position.offset == 1:
            raise KeyError("+359 888 123 456")
        return real(customer, word, position, full)

    folded = fold_all(heard(events(3)), judge)
    assert [r.outcome for r in folded.results] == [
        Outcome.DECIDED,
        Outcome.REJECTED,
        Outcome.DECIDED,
    ]
    reject = folded.results[1].reject
    assert reject is not None
    assert reject.code is RejectCode.DECIDE_FAILED
    assert "KeyError" in reject.why
    assert "359" not in reject.why


def grow(
    customer: Customer | None,
    word: Word,
    position: Position,
    full: frozenset[str] = NONE_FULL,
) -> Verdict:
    """Remembers an address per record; the second one is a monster."""
    del word, full
    size = MAX_STATE_BYTES if position.offset == 1 else 10
    before = customer or Customer(id="c1")
    one = StoredHandle(channel="email", value=secrets.token_hex(size // 2))  # type: ignore[arg-type] # any will do
    after = msgspec.structs.replace(before, handles=(*before.handles, one))
    return Verdict(after, changed=True, outcome=Outcome.REMEMBERED)


def test_a_state_that_grows_too_large_costs_the_record_that_made_it_so() -> None:
    """Law: `state_too_large` for that record; the others are folded as if it had not been there."""
    folded = fold_all(heard(events(3)), grow)
    codes = [r.reject.code if r.reject else None for r in folded.results]
    assert codes == [None, RejectCode.STATE_TOO_LARGE, None]
    customer = folded.changed["c1"]
    assert customer is not None
    assert len(customer.handles) == 2
    assert len(folded.packed["c1"] or b"") <= MAX_STATE_BYTES


def test_decisions_that_are_too_large_cost_the_record_that_asked_for_them() -> None:
    """Law: `output_too_large`, and nothing of that record is remembered."""
    real = judge_with(TABLE, NOW)

    def judge(
        customer: Customer | None,
        word: Word,
        position: Position,
        full: frozenset[str] = NONE_FULL,
    ) -> Verdict:
        verdict = real(customer, word, position, full)
        if position.offset != 1:
            return verdict
        large = msgspec.structs.replace(verdict.decisions[0], reason="x" * MAX_OUTPUT_BYTES)
        return msgspec.structs.replace(verdict, decisions=(large,))

    folded = fold_all(heard(events(3)), judge)
    reject = folded.results[1].reject
    assert reject is not None
    assert reject.code is RejectCode.OUTPUT_TOO_LARGE
    assert [r.outcome for r in folded.results][::2] == [Outcome.DECIDED, Outcome.DECIDED]
    without = fold_all(heard(events(3)[:1] + events(3)[2:]), real)
    assert len((folded.changed["c1"] or Customer(id="")).seen) == len(
        (without.changed["c1"] or Customer(id="")).seen
    )


def test_a_record_whose_outcome_kafka_refused_is_not_decided_again() -> None:
    """Law: `oversized` records become dead letters before anything else is asked of them."""
    folded = fold_all(heard(events(3), 1), judge_with(TABLE, NOW))
    reject = folded.results[1].reject
    assert reject is not None
    assert reject.code is RejectCode.OUTPUT_TOO_LARGE
    assert [len(r.decisions) for r in folded.results] == [1, 0, 1]


def test_the_marker_is_last_and_the_dead_letter_keeps_the_bytes() -> None:
    """Law: decisions and dead letters as they belong, each customer once, then the marker."""
    part = heard([*events(3), record(b"\xff junk", 3)])
    folded = fold_all(part, judge_with(TABLE, NOW))
    marker = Marker(
        sequence=4, lineage="ab", partitions=1, lanes=1, inputs={}, rules_version="r", now=NOW
    )
    after = advance(
        Seat(marker=marker, clog=7, at=0),
        Slice(0, [], {EVENTS: 4}),
        Under(rules_version="r2"),
        NOW + 1,
    )
    outgoing = list_outgoing([folded], {0: after})
    memory = [o for o in outgoing if o.topic == MEMORY]
    assert [o.key for o in memory] == [b"c/c1", MARKER_KEY]
    assert msgspec.json.decode(memory[-1].value or b"") == {
        "format": 1, "sequence": 5, "lineage": "ab", "partitions": 1, "lanes": 1,
        "inputs": {EVENTS: 4}, "rules_version": "r2", "now": NOW + 1,
    }  # fmt: skip
    letters = [o for o in outgoing if o.topic == DEADLETTER]
    assert [o.value for o in letters] == [b"\xff junk"]
    decisions = [o for o in outgoing if o.topic == DECISIONS]
    assert len(decisions) == 3
    assert all((TRACEPARENT, b"00-trace") in o.headers for o in decisions)


def test_now_never_goes_back() -> None:
    """Law: the batch's clock is the wall clock, but never before what was recorded."""
    marker = Marker(
        sequence=0, lineage="ab", partitions=1, lanes=1, inputs={}, rules_version="", now=NOW
    )
    seat = Seat(marker=marker, clog=1, at=0)
    assert tell_now(Batch(0, [], NOW - 5_000, 0), [seat]) == NOW
    assert tell_now(Batch(0, [], NOW + 5_000, 0), [seat]) == NOW + 5_000


def test_an_event_without_receipt_time_is_received_when_it_was_appended() -> None:
    """Law: the append time stands in; a platform's own receipt time is kept."""
    own = msgspec.structs.replace(chat("c1", 1), received_at=datetime(2026, 1, 1, tzinfo=UTC))
    words = [h.word for h in heard([record(chat("c1", 0), 0), record(own, 1)]).heard]
    assert isinstance(words[0], ContactEvent)
    assert isinstance(words[1], ContactEvent)
    assert words[0].received_at == datetime.fromtimestamp((NOW - 50) / 1000, UTC)
    assert words[1].received_at == own.received_at


def test_a_record_on_a_partition_that_is_not_its_keys_is_refused() -> None:
    """Law: the partition count of the deployment is what keys are judged by."""
    wrong = next(i for i in range(50) if partition_of(b"w%d" % i, 8) != 0)
    one = record(chat(f"w{wrong}", 0), 0, b"w%d" % wrong)
    part = hear(Batch(0, [Slice(0, [(EVENTS, [one])], {})], NOW, 1), 8)[0]
    word = part.heard[0].word
    assert isinstance(word, Reject)
    assert word.code is RejectCode.WRONG_PARTITION
    assert part.customers == ()
