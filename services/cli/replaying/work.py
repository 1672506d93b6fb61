"""The folding of a replay, in one process or several; what comes out does not depend on how many.

Each process takes a share of the customers of a file, or of the partitions of Kafka. A customer's
fold depends on the customer's own inputs alone, so shares add up to the same whole.
"""

from __future__ import annotations

import ctypes
import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from typing import Any, TypeAlias

import msgspec

from services.cli.progress import Progress
from services.cli.replaying.lines import FileSource, read_share
from services.cli.replaying.sums import Sums
from services.cli.replaying.topics import KafkaSource, Slice, read_slice
from services.contact.decision import Decision
from services.router.core.table import Table
from services.router.rules.file import load_table
from services.router.rules.recorded import compare_recorded
from services.router.rules.replay import NOT_COMPARED, Place, Replay, Step

EVERY = 200
"""Inputs between two words on how far it has come."""
LOOK_S = 0.2
Tell: TypeAlias = Callable[[int], None]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What one process does."""

    current: str
    candidate: str
    """The texts of both rule files; they load."""
    source: FileSource | KafkaSource
    share: int = 0
    shares: int = 1


def run(job: Job, workers: int, progress: Progress) -> Sums:
    """Fold everything; raises OSError and UnreadableError."""
    if workers == 1:
        sums = fold_share(job, progress.tell)
        sums.sort()
        return sums
    context = multiprocessing.get_context("spawn")
    counters = context.Array(ctypes.c_uint64, workers)
    total = Sums()
    with ProcessPoolExecutor(workers, context, _begin, (counters,)) as pool:
        jobs = [msgspec.structs.replace(job, share=n, shares=workers) for n in range(workers)]
        futures = [pool.submit(_fold_in_process, one) for one in jobs]
        _watch(
            futures, counters, progress, per=workers if isinstance(job.source, FileSource) else 1
        )
        for future in futures:
            total.add(future.result())
    total.sort()
    return total


def fold_share(job: Job, tell: Tell) -> Sums:
    """One share, in this process."""
    current, candidate = load_table(job.current), load_table(job.candidate)
    if not isinstance(current, Table) or not isinstance(candidate, Table):
        raise TypeError("the rule files were checked before")  # pragma: no cover
    if isinstance(job.source, FileSource):
        return _fold_file(job, Replay(current, candidate), tell)
    return _fold_topics(job, (current, candidate), tell)


# ------------------------------------------------------------------------------------------ a file
def _fold_file(job: Job, replay: Replay, tell: Tell) -> Sums:
    assert isinstance(job.source, FileSource)  # noqa: S101 - for the type checker
    sums = Sums()
    for number, tick in enumerate(read_share(job.source, job.share, job.shares), 1):
        if not number % EVERY:
            tell(number)
        if tick.one is not None:
            sums.take(replay.take(tick.one))
        sums.rejected += tick.rejected
    sums.changes += replay.close()
    return sums


# ----------------------------------------------------------------------------------------- topics
def _fold_topics(job: Job, tables: tuple[Table, Table], tell: Tell) -> Sums:
    from services.cli.judging.reading import open_reader  # noqa: PLC0415 - the client is an extra

    source = job.source
    assert isinstance(source, KafkaSource)  # noqa: S101 - for the type checker
    sums = Sums()
    with open_reader(source.brokers, source.prefix, lambda _: None, "omniroute-replay") as reader:
        partitions = reader.partitions()
        for partition in range(job.share, partitions, job.shares):
            part = read_slice(reader, source, partition, partitions)
            done = sums.inputs + sums.outside
            sums.add(fold_slice(part, tables, _from(done, tell)))
    return sums


def _from(done: int, tell: Tell) -> Tell:
    return lambda more: tell(done + more)


def fold_slice(part: Slice, tables: tuple[Table, Table], tell: Tell) -> Sums:
    """One partition. Pure."""
    sums = Sums(rejected=part.rejected, approximate=part.approximate)
    replay = Replay(*tables)
    steps: list[Step] = []
    for number, one in enumerate(part.inputs, 1):
        if not number % EVERY:
            tell(number)
        step = replay.take(one)
        if part.is_cut:
            steps.append(step)
        else:
            sums.take(step)
    gone = _find_incomplete(steps, part.recorded, tables[0]) if part.is_cut else {}
    for step in steps:
        if step.customer_id not in gone:
            sums.take(step)
    sums.changes += [one for one in replay.close() if one.customer_id not in gone]
    for decisions in gone.values():
        sums.take_recorded(compare_recorded(*tables, decisions))
    sums.incomplete += gone
    sums.customers |= gone.keys()
    return sums


def _find_incomplete(
    steps: Iterable[Step], recorded: Sequence[tuple[Place, Decision]], current: Table
) -> dict[str, list[tuple[Place, Decision]]]:
    """The customers whose recorded decisions do not come out again from what is retained.

    Under the version that decided, everything must come out; under another, the facts that both
    versions read.
    """
    made = {one.decision_id: one for step in steps for one in step.made[0]}
    by_customer: dict[str, list[tuple[Place, Decision]]] = defaultdict(list)
    wrong: set[str] = set()
    for place, one in recorded:
        by_customer[one.customer_id].append((place, one))
        again = made.get(one.decision_id)
        if again is None or not _comes_out(one, again, current):
            wrong.add(one.customer_id)
    return {customer: by_customer[customer] for customer in sorted(wrong)}


def _comes_out(recorded: Decision, again: Decision, current: Table) -> bool:
    if recorded.rules_version == current.version:
        names = (n for n in Decision.__struct_fields__ if n not in NOT_COMPARED or n == "facts")
        return all(getattr(recorded, name) == getattr(again, name) for name in names)
    common = recorded.facts.keys() & again.facts.keys()
    return all(recorded.facts[name] == again.facts[name] for name in common)


# -------------------------------------------------------------------------------------- processes
_counters: Any = None
"""Shared by the processes: how far each has come."""


def _begin(counters: Any) -> None:
    global _counters  # noqa: PLW0603 - how a pool hands shared memory to its processes
    _counters = counters


def _fold_in_process(job: Job) -> Sums:
    def tell(done: int) -> None:
        _counters[job.share] = done

    return fold_share(job, tell)


def _watch(futures: Sequence[Future[Sums]], counters: Any, progress: Progress, *, per: int) -> None:
    """Until all are done or one has failed; every process reads all lines of a file."""
    while True:
        _, waiting = wait(futures, LOOK_S, FIRST_EXCEPTION)
        progress.tell(sum(counters) // per)
        failed = any(one.done() and one.exception() is not None for one in futures)
        if not waiting or failed:
            return
