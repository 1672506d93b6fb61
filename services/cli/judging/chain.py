"""The markers of `contact.memory`: which inputs made up each batch, and whether any is missing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import msgspec

from services.cli.judging.evidence import Evidence, Finding, Log, Promise, Record
from services.contact.decision import Effect
from services.contact.topics import EVENTS, MARKER_KEY, MEMORY, SENTIMENT
from services.router.core.capacity import Usage

INPUTS = (EVENTS, SENTIMENT)
"""The logical names of the inputs, in the order in which a batch folds them."""
FIRST_SEQUENCES = frozenset({0, 1})
"""A chain that begins later has lost its head to compaction."""


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What the router writes last into each touched partition of a transaction."""

    format: int
    sequence: int
    lineage: str
    partitions: int
    lanes: int
    inputs: dict[str, int]
    """The next offset to read, by logical topic name: what the group commits too."""
    rules_version: str
    now: int
    """The clock of the batch, milliseconds since the epoch."""
    generation: int = 0
    """Count of the changes of the rules; 0 where their source keeps none."""
    candidate: str = ""
    """The rules on trial."""
    percent: float = 0.0
    """Share of the customers whom they decided."""
    effect: Effect = Effect.LIVE
    """`none`: the service only observed."""
    stopped: int = 0
    """The newest generation whose canary was stopped."""
    allowed: dict[str, int] = {}
    """The work that the batch might give at most to each account with a limit."""
    used: dict[str, Usage] = {}
    """The work given up to here by this partition, by account."""


class Batch(msgspec.Struct, frozen=True):
    """One transaction as far as one partition goes."""

    marker: Marker
    offset: int
    """Where the marker lies."""
    since: Mapping[str, int]
    """The marker's inputs of the batch before: this one took [since, marker.inputs)."""
    written: tuple[Record, ...]
    """The customers that the batch changed, as written; `c/` keys, tombstones included."""


class Chain(msgspec.Struct, frozen=True):
    """All batches of a partition; `whole` says that they reach back to the first record."""

    batches: tuple[Batch, ...]
    whole: bool
    findings: tuple[Finding, ...]

    @property
    def last(self) -> Batch | None:
        """The newest batch, None where nothing was ever committed."""
        return self.batches[-1] if self.batches else None

    def next_input(self, topic: str) -> int:
        """The next offset of an input that no batch took yet."""
        last = self.last
        return 0 if last is None else last.marker.inputs.get(topic, 0)


def trace(evidence: Evidence) -> Chain:
    """Cut contact.memory at its markers and follow the chain from the first to the last."""
    said: list[Finding] = []

    def find(promise: Promise, what: str) -> None:
        said.append(Finding(promise, evidence.partition, what))

    batches: list[Batch] = []
    written: list[Record] = []
    since: Mapping[str, int] = {EVENTS: evidence.events.start, SENTIMENT: evidence.sentiment.start}
    for record in evidence.memory.records:
        if record.key != MARKER_KEY:
            written.append(record)
            continue
        marker = read_marker(record)
        if isinstance(marker, str):
            find(Promise.MARKER, f"{MEMORY} offset {record.offset}: {marker}")
            continue
        batches.append(Batch(marker, record.offset, since, tuple(written)))
        since, written = marker.inputs, []
    if written:
        what = (
            f"{len(written)} records from offset {written[0].offset} on have no marker behind them"
        )
        find(Promise.MARKER, f"{MEMORY}: {what}")
    whole = _judge_head(evidence, batches, said)
    for before, after in pairwise(batches):
        for problem in _compare(before.marker, after.marker):
            find(Promise.MARKER, f"{MEMORY} offset {after.offset}: {problem}")
            whole = whole and "sequence" not in problem
    _judge_tail(evidence, batches, said)
    return Chain(tuple(batches), whole, tuple(said))


def read_marker(record: Record) -> Marker | str:
    """A marker, or what is wrong with it."""
    try:
        return msgspec.json.decode(record.value or b"", type=Marker)
    except (msgspec.DecodeError, msgspec.ValidationError) as why:
        return f"the marker cannot be read: {why}"


def _compare(before: Marker, after: Marker) -> list[str]:
    """What must hold between two markers that follow each other."""
    problems = []
    if after.sequence != before.sequence + 1:
        problems.append(f"sequence {after.sequence} follows {before.sequence}: a batch is missing")
    problems += [
        f"the inputs went back: {topic} {before.inputs.get(topic)} -> {after.inputs.get(topic)}"
        for topic in INPUTS
        if after.inputs.get(topic, 0) < before.inputs.get(topic, 0)
    ]
    if after.now < before.now:
        problems.append(f"the recorded clock went back by {before.now - after.now} ms")
    for name in ("generation", "stopped"):
        # 0: from a source that keeps no count, such as a single file.
        older, newer = getattr(before, name), getattr(after, name)
        if newer and newer < older:
            problems.append(f"the rules went back: {name} {older} -> {newer}")
    if after.percent and after.generation == after.stopped:
        problems.append(f"the canary of generation {after.generation} went on after it was stopped")
    problems += [
        f"{name} changed from {getattr(before, name)} to {getattr(after, name)}"
        for name in ("lineage", "partitions", "lanes", "format")
        if getattr(before, name) != getattr(after, name)
    ]
    return problems


def _judge_head(evidence: Evidence, batches: list[Batch], said: list[Finding]) -> bool:
    """Do the batches reach back to the first record? Compaction removes old markers."""

    def find(what: str) -> None:
        said.append(Finding(Promise.EVIDENCE, evidence.partition, what))

    whole = True
    if batches and batches[0].marker.sequence not in FIRST_SEQUENCES:
        find(
            f"the chain of markers begins at {batches[0].marker.sequence}: compaction removed older"
            " ones, so outcomes, decisions and states cannot be compared with a fold of the core;"
            " judge before min.compaction.lag.ms is over, or raise it"
        )
        whole = False
    for name, log in ((EVENTS, evidence.events), (SENTIMENT, evidence.sentiment)):
        if log.start > 0:
            find(f"{name} begins at offset {log.start}: retention removed earlier records")
            whole = False
    if batches and batches[0].marker.partitions != evidence.partitions:
        said.append(
            Finding(
                Promise.MARKER,
                evidence.partition,
                f"markers say {batches[0].marker.partitions} partitions,"
                f" the topics have {evidence.partitions}",
            )
        )
    return whole


def _judge_tail(evidence: Evidence, batches: list[Batch], said: list[Finding]) -> None:
    """The last marker, the group's committed offsets and the end of the inputs are one."""
    logs: dict[str, Log] = {EVENTS: evidence.events, SENTIMENT: evidence.sentiment}
    for topic, log in logs.items():
        taken = batches[-1].marker.inputs.get(topic, 0) if batches else 0
        committed = evidence.committed.get(topic)
        if (committed or 0) != taken and (batches or committed is not None):
            what = f"{topic}: the group has committed {committed}, the last marker says {taken}"
            said.append(Finding(Promise.MARKER, evidence.partition, what))
        waiting = [record.offset for record in log.records if record.offset >= taken]
        if waiting:
            what = f"{topic}: {len(waiting)} records from offset {waiting[0]} on have no outcome"
            said.append(Finding(Promise.OUTCOME, evidence.partition, what))
        if taken > log.end:
            what = f"{topic}: the last marker says {taken}, the topic ends at {log.end}"
            said.append(Finding(Promise.EVIDENCE, evidence.partition, what))
