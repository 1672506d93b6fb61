"""Laws of the brake and of its note: counting in pieces is counting at once; nothing is cut away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.brake import WINDOW, BrakeLimits, cut, read_brake
from services.runtime.isolation import (
    MOST_SPANS,
    PIECES,
    Suspicion,
    is_suspect,
    list_spans,
    suspect,
    write_spans,
)
from services.runtime.lane import Batch, Slice
from services.runtime.lane_note import EMPTY, MOST_CHARACTERS, Note, read_note, write_note

LIMITS = BrakeLimits(row=7, recent=20)
INPUTS = ("contact.events", "contact.sentiment")
RECORDS = st.lists(st.booleans(), max_size=300)


def count(records: list[bool], sizes: list[int], limits: BrakeLimits) -> tuple[int, str]:
    """How many records are committed in batches of such sizes, and why no more."""
    note, done = EMPTY, 0
    for size in sizes * len(records):
        batch = records[done : done + size]
        if not batch:
            break
        bad = [place for place, refused in enumerate(batch) if refused]
        reading = read_brake(note, limits, len(batch), bad)
        done += reading.taken
        note = read_note(write_note(Note(by="p", row=reading.row, recent=reading.recent)))
        if reading.why:
            return done, reading.why
    return done, ""


def count_plainly(records: list[bool], limits: BrakeLimits) -> tuple[int, bool]:
    """The same, record by record, without any cleverness: how many, and does it stop there?"""
    for done in range(1, len(records) + 1):
        row = 0
        while row < done and records[done - 1 - row]:
            row += 1
        if row >= limits.row or sum(records[max(0, done - WINDOW) : done]) >= limits.recent:
            return done, True
    return len(records), False


@given(RECORDS, st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_the_brake_stops_at_the_same_record_however_batches_are_cut(
    records: list[bool], sizes: list[int]
) -> None:
    """Law: a limit is reached at one record, whatever the batches and the restarts between them."""
    done, why = count(records, sizes, LIMITS)
    assert (done, bool(why)) == count_plainly(records, LIMITS)


@given(RECORDS)
def test_a_brake_that_is_off_never_stops(records: list[bool]) -> None:
    """Law: 0 is never."""
    assert count(records, [10], BrakeLimits(row=0, recent=0)) == (len(records), "")


def test_half_of_the_last_thousand_is_looked_back_on_and_no_further() -> None:
    """Law: 499 of the last 1,000 go on, the 500th stops; what is older is forgotten."""
    limits = BrakeLimits(row=0, recent=500)
    apart = [place % 2 == 0 for place in range(998)]
    assert count([*apart, False], [100], limits)[1] == ""
    assert count([*apart, True], [100], limits)[0] == 999
    assert count([*apart, *([False] * 500), *apart[:490]], [100], limits)[1] == ""


def record(offset: int) -> Any:
    """A record, as far as cutting goes."""
    return SimpleNamespace(offset=offset)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """A batch of some partitions and both inputs, with gaps between offsets."""
    slices = []
    for partition in range(draw(st.integers(1, 4))):
        found, inputs = [], {}
        for topic in INPUTS:
            offsets = sorted(draw(st.sets(st.integers(0, 50), max_size=5)))
            if offsets:
                found.append((topic, [record(offset) for offset in offsets]))
            inputs[topic] = (offsets[-1] if offsets else 0) + draw(st.integers(1, 3))
        if found:
            slices.append(Slice(partition, found, inputs))
    count = sum(len(records) for part in slices for _, records in part.records)
    return Batch(0, slices, 0, count)


def places(batch: Batch) -> list[tuple[str, int, int]]:
    """Where the records lie, as they are folded."""
    return [
        (topic, part.partition, one.offset)
        for part in batch.slices
        for topic, records in part.records
        for one in records
    ]


@given(batches(), st.data())
def test_a_cut_batch_is_the_front_of_it_and_its_offsets_leave_the_rest(
    batch: Batch, data: st.DataObject
) -> None:
    """Law: what is taken and what is left is the whole, in order; no offset passes over a record."""
    if not batch.count:
        return
    taken = data.draw(st.integers(1, batch.count))
    front = cut(batch, taken)
    assert places(front) == places(batch)[:taken]
    assert front.count == taken
    offsets = {(t, s.partition): n for s in front.slices for t, n in s.inputs.items()}
    for topic, partition, offset in places(batch)[taken:]:
        assert offsets.get((topic, partition), 0) <= offset
    for topic, partition, offset in places(front):
        assert offsets[topic, partition] > offset


def test_the_longest_note_fits_into_what_kafka_keeps() -> None:
    """Law: a note is never too long for offset.metadata.max.bytes."""
    spans = {("contact.sentiment", 100_000 + p): 10**15 for p in range(MOST_SPANS)}
    note = Note(
        by="f" * 12,
        row=1_000_000,
        recent="f" * (WINDOW // 4),
        braked="x" * 100,
        braked_at=10**13,
        deaths=100,
        spans=write_spans(spans, INPUTS),
        size=10_000,
        working=True,
    )
    assert len(write_note(note)) < MOST_CHARACTERS


def test_only_deaths_at_work_on_one_record_alone_make_it_deadly() -> None:
    """Law: three processes died at it, the last ones with nothing else in hand; else it is looked at."""
    dead = Note(by="a", deaths=2, spans={"0/3": 18}, size=1, working=True)
    assert suspect(dead, "b", 3, INPUTS).deadly == {("contact.events", 3, 17)}
    for harmless in (
        Note(by="b", deaths=2, spans={"0/3": 18}, size=1, working=True),  # we live
        Note(by="a", deaths=2, spans={"0/3": 18}, size=1),  # it lived
        Note(by="a", deaths=2, spans={"0/3": 18}, size=2, working=True),  # among others
        Note(by="a", deaths=1, spans={"0/3": 18}, size=1, working=True),  # twice only
        Note(by="a", deaths=9),
    ):
        assert not suspect(harmless, "b", 3, INPUTS).deadly
    assert not suspect(dead, "b", 0, INPUTS).deadly
    assert suspect(dead, "b", 9, INPUTS).spans == {("contact.events", 3): 18}
    batch = Batch(0, [Slice(3, [("contact.events", cast("Any", [record(17)]))], {})], 0, 1)
    assert list_spans(batch) == {("contact.events", 3): 18}


@given(st.integers(1, 1_000))
def test_a_killer_among_many_is_alone_after_two_cuts_at_most(size: int) -> None:
    """Law: a batch is cut into few parts, and what dies of one of them goes one by one."""
    part = suspect(Note(by="a", spans={"0/3": 18}, size=size, working=True), "b", 3, INPUTS).step
    assert part * PIECES >= size
    assert part < size or size == 1
    again = Note(by="b", spans={"0/3": 18}, size=part, working=True)
    assert suspect(again, "c", 3, INPUTS).step == 1


def test_only_what_waited_or_was_died_at_is_suspect() -> None:
    """Law: a batch behind that, or of another partition, is none, whatever else is left of it."""
    at = ("contact.events", 3)
    batch = Batch(0, [Slice(3, [(at[0], cast("Any", [record(17), record(18)]))], {})], 0, 2)
    for behind, suspect_ in ((17, False), (18, True), (19, True)):
        assert is_suspect(Suspicion(front={at: behind}), batch) is suspect_
        assert is_suspect(Suspicion(spans={at: behind}), batch) is suspect_
        assert not is_suspect(Suspicion(front={(at[0], 4): behind}), batch)
