"""Finds the record that kills the process: the batch that it lies in, a part of it, then it alone.

Pure. Whether a process died is known from the lane's note: it says `working` before a suspicious
batch is worked on and takes that back when the work has been done, before anything is committed.
So only a death *at work* counts, not one by a failing broker, a kill or a power cut elsewhere, and
only if it happens again and again. What a process finds waiting at the front of its lane is always
suspicious: that it finds anything may mean that the one before it died there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from services.runtime.lane import Batch, InputKey
from services.runtime.lane_note import Note

PIECES = 100
"""Into so many parts a batch is cut at which a process died. One by one at once would take a minute
for a full batch, with three transactions for each record, and most who die there were only killed."""
MOST_SPANS = 64
"""Records of a suspicious batch on a lane that has so many partitions or more: all must fit into
the note."""


class Suspicion(msgspec.Struct, frozen=True):
    """What a lane is careful about."""

    deaths: int = 0
    """Processes that died at work on `spans`."""
    spans: Mapping[InputKey, int] = {}
    """Up to where records are worked on in small batches."""
    size: int = 0
    """Records of the batch that they were in."""
    front: Mapping[InputKey, int] = {}
    """Up to where a word is left in the note before each batch."""
    deadly: frozenset[tuple[str, int, int]] = frozenset()
    """(logical topic, partition, offset) of records that must not be looked into any more."""

    @property
    def step(self) -> int:
        """Most records of a batch while something is suspected."""
        return max(1, -(-self.size // PIECES))


NONE = Suspicion()


def suspect(note: Note, process: str, after: int, inputs: Sequence[str]) -> Suspicion:
    """What follows from the note that a lane finds; `after` deaths a record is given up (0: never)."""
    if not note.spans:
        return NONE
    died = note.working and note.by != process
    deaths = note.deaths + died
    spans = {_read_key(name, inputs): until for name, until in note.spans.items()}
    if after and deaths >= after and note.size == 1 and note.working:
        ((topic, partition), until) = next(iter(spans.items()))
        return Suspicion(deadly=frozenset({(topic, partition, until - 1)}))
    return Suspicion(deaths, spans, note.size)


def is_suspect(suspicion: Suspicion, batch: Batch) -> bool:
    """Is there a record in the batch that one must be careful with?

    A lane reads one partition far before it comes to another one.
    """
    spans, front = suspicion.spans, suspicion.front
    return any(
        records[0].offset < max(spans.get(key, 0), front.get(key, 0))
        for part in batch.slices
        for topic, records in part.records
        for key in ((topic, part.partition),)
    )


def list_spans(batch: Batch) -> dict[InputKey, int]:
    """The offset behind the last record of each input in a batch."""
    return {
        (topic, part.partition): records[-1].offset + 1
        for part in batch.slices
        for topic, records in part.records
    }


def write_spans(spans: Mapping[InputKey, int], inputs: Sequence[str]) -> dict[str, int]:
    """The same in the short words of a note."""
    return {f"{inputs.index(t)}/{p}": until for (t, p), until in spans.items()}


def _read_key(name: str, inputs: Sequence[str]) -> InputKey:
    topic, _, partition = name.partition("/")
    return inputs[int(topic)], int(partition)


def move_on(suspicion: Suspicion, offsets: Mapping[InputKey, int]) -> Suspicion:
    """What is left to be careful about once these offsets are committed."""
    deadly = frozenset(at for at in suspicion.deadly if at[2] >= offsets.get(at[:2], 0))
    spans = {key: n for key, n in suspicion.spans.items() if offsets.get(key, 0) < n}
    front = {key: n for key, n in suspicion.front.items() if offsets.get(key, 0) < n}
    deaths = suspicion.deaths if spans else 0
    return Suspicion(deaths, spans, suspicion.size if spans else 0, front, deadly)


def find_front(
    offsets: Mapping[InputKey, int], ends: Mapping[InputKey, int], most: int
) -> dict[InputKey, int]:
    """What waits for a process that begins at `offsets`; a batch has at most `most` records."""
    fronts = {key: min(ends[key], offset + most) for key, offset in offsets.items()}
    return {key: until for key, until in fronts.items() if until > offsets[key]}
