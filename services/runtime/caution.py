"""What a lane minds beside its work: the brake, and records that kill the process.

Both live in the lane's note (`lane_note.py`), which is committed with the offsets. `keeper.py` asks
in this order:

    open -> begin -> (limit -> prepare -> work -> weigh -> dress -> [commit] -> stands)*
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.runtime import crash
from services.runtime.brake import BrakeLimits, Reading, read_brake
from services.runtime.isolation import (
    MOST_SPANS,
    NONE,
    find_front,
    is_suspect,
    list_spans,
    move_on,
    suspect,
    write_spans,
)
from services.runtime.lane import Batch, InputKey, Job, Work
from services.runtime.lane_note import Note, Stood, read_note, write_note
from services.runtime.lane_settings import LaneSettings
from services.runtime.log import get_log
from services.runtime.transaction import Transactor
from services.runtime.turns import Turns

log = get_log(__name__)


class BrakedError(Exception):
    """The brake holds the lane: nothing is read or written until an operator lets go."""

    def __init__(self, note: Note) -> None:
        super().__init__(note.braked)
        self.note = note


class Caution:
    """Of one lane, through all its lives."""

    def __init__(self, keys: Sequence[InputKey], settings: LaneSettings, turns: Turns) -> None:
        """`keys` are the lane's inputs, `turns` those of the process."""
        self._holder = keys[0]
        """The partition at whose offset the note stands."""
        self._inputs = tuple(dict.fromkeys(topic for topic, _ in keys))
        self._many_partitions = len(keys) > MOST_SPANS
        self._limits = BrakeLimits(settings.brake_row, settings.brake_recent)
        self._settings = settings
        self._process = turns.process
        self._turns = turns
        self._note = Note()
        self._next = self._note
        self._suspicion = NONE
        self._offset = 0
        self._transactor: Transactor | None = None

    # -- at the opening

    def open(self, stood: Mapping[InputKey, Stood]) -> None:
        """Read the note that the lane finds; raises `BrakedError`."""
        note = read_note(stood[self._holder].note)
        if note.braked:
            raise BrakedError(note)
        after = self._settings.isolate_after
        self._note = note
        self._suspicion = suspect(note, self._process, after, self._inputs)
        if self._suspicion.spans:
            log.warning(
                "a process died at work here; records go in small batches",
                attempt=self._suspicion.deaths,
                inputs=dict(note.spans),
            )
        for topic, partition, offset in self._suspicion.deadly:
            log.error(
                "a record kills the process; it becomes a dead letter",
                topic=topic, partition=partition, offset=offset, attempt=note.deaths + 1,
            )  # fmt: skip

    def begin(
        self,
        transactor: Transactor,
        offsets: Mapping[InputKey, int],
        ends: Mapping[InputKey, int],
    ) -> None:
        """The lane begins to read at these committed offsets; the inputs end at `ends`."""
        self._transactor = transactor
        self._offset = offsets[self._holder]
        found = self._suspicion
        if self._settings.isolate_after and (found.spans or self._note.by != self._process):
            front = find_front(offsets, ends, self._settings.batch_records)
            found = msgspec.structs.replace(found, front=front)
        self._suspicion = move_on(found, offsets)

    # -- for each batch

    def limit(self, usual: int) -> int:
        """Most records of the next batch."""
        if self._suspicion.spans:
            return self._suspicion.step
        many = self._suspicion.front and self._many_partitions
        return min(usual, MOST_SPANS) if many else usual

    def first(self) -> Iterable[InputKey]:
        """The inputs to read before all others, lest those go in small batches as well."""
        return self._suspicion.spans

    def prepare(self, batch: Batch) -> Batch:
        """The batch, with the records that nobody may look into."""
        if not self._suspicion.deadly:
            return batch
        return msgspec.structs.replace(batch, deadly=self._suspicion.deadly)

    async def work(self, job: Job, batch: Batch) -> Work:
        """Let the job work on the batch; with a word in the note, where that may kill us."""
        if not is_suspect(self._suspicion, batch):
            async with self._turns.together():
                self._meet(batch)
                return await job.work(batch)
        async with self._turns.alone():
            await self._put(self._announce(batch))
            try:
                self._meet(batch)
                return await job.work(batch)
            finally:
                # Whatever came of it, we live. (A cancelled lane cannot say so any more.)
                await self._put(self._survived())

    def _meet(self, batch: Batch) -> None:
        crash.meet(
            record.value
            for part in batch.slices
            for topic, records in part.records
            for record in records
            if (topic, part.partition, record.offset) not in batch.deadly
        )

    def _announce(self, batch: Batch) -> Note:
        spans = list_spans(batch)
        known = self._suspicion.spans
        # However often a batch had to be cut, the deaths at more than one record count once.
        known_before = batch.count == 1 and all(n <= known.get(k, 0) for k, n in spans.items())
        return msgspec.structs.replace(
            self._note,
            by=self._process,
            deaths=self._suspicion.deaths if known_before else 0,
            spans=write_spans(spans, self._inputs),
            size=batch.count,
            working=True,
        )

    def _survived(self) -> Note:
        return msgspec.structs.replace(
            self._note,
            by=self._process,
            deaths=self._suspicion.deaths,
            spans=write_spans(self._suspicion.spans, self._inputs),
            size=self._suspicion.size,
            working=False,
        )

    async def _put(self, note: Note) -> None:
        """Commit the note, and nothing else."""
        assert self._transactor is not None  # noqa: S101 - `begin` came before, for the checker
        at = {self._holder: self._offset}
        notes = {self._holder: write_note(note)}
        await self._transactor.commit((), at, self._settings.batch_within, notes=notes)
        self._note = note

    def weigh(self, batch: Batch, work: Work) -> Reading:
        """What the brake says of a batch."""
        return read_brake(self._note, self._limits, batch.count, work.bad)

    def dress(
        self, offsets: Mapping[InputKey, int], reading: Reading
    ) -> tuple[dict[InputKey, int], dict[InputKey, str]]:
        """The offsets to commit for a batch, and the note that goes with them."""
        self._next = self._after(offsets, reading)
        text = write_note(self._next)
        if self._holder not in offsets and self._next == self._note:
            return dict(offsets), {}
        at = offsets.get(self._holder, self._offset)
        return {**offsets, self._holder: at}, {self._holder: text}

    def _after(self, offsets: Mapping[InputKey, int], reading: Reading) -> Note:
        left = move_on(self._suspicion, offsets)
        return msgspec.structs.replace(
            self._note,
            by=self._process,
            row=reading.row,
            recent=reading.recent,
            braked=reading.why,
            braked_at=int(time.time() * 1000) if reading.why else 0,
            deaths=left.deaths,
            spans=write_spans(left.spans, self._inputs),
            size=left.size,
        )

    def stands(self, offsets: Mapping[InputKey, int]) -> None:
        """The batch stands, and its note with it."""
        self._note = self._next
        self._offset = offsets.get(self._holder, self._offset)
        self._suspicion = move_on(self._suspicion, offsets)

    def stop_if_braked(self) -> None:
        """Raise `BrakedError` if the batch that stands reached a limit."""
        if self._note.braked:
            raise BrakedError(self._note)


def is_held(stood: Mapping[InputKey, Stood], holder: InputKey) -> bool:
    """Does the brake still hold the lane?"""
    return bool(read_note(stood[holder].note).braked)
