"""Reads the inputs of one lane: records in batches with a budget, and the offsets after them.

A plain consumer with `assign` and `seek`, no group: what it hands out can never belong to a
partition that a rebalance took away, for the reader dies with its lane. Positions come from the
consumer, which also passes over what is not a record (transaction markers, aborted records).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from services.runtime.connection import KafkaAccess, close_consumer, make_consumer
from services.runtime.lane import Batch, InputKey, Record, Slice, Stop

RECORD_OVERHEAD_BYTES = 64
"""What a record weighs beside its key, value and headers, roughly."""
SECOND_LOOK = 0.25
"""Share of the time that nobody looked which a second look may take."""
SECOND_LOOK_MOST_S = 0.02


class Reader:
    """The inputs of one lane, read together."""

    def __init__(
        self, access: KafkaAccess, topics: Sequence[str], partitions: Sequence[int], prefix: str
    ) -> None:
        self._consumer: AIOKafkaConsumer = make_consumer(access)
        self._topics = topics
        self._prefix = prefix
        self._tps = {
            (topic, p): TopicPartition(prefix + topic, p) for p in partitions for topic in topics
        }
        self._held: dict[TopicPartition, list[Record]] = {}
        self._looked = time.monotonic()

    async def start(self, within_s: float) -> None:
        """Connect; nothing is read before `seek`."""
        async with asyncio.timeout(within_s):
            await self._consumer.start()

    async def bounds(self, within_s: float) -> tuple[dict[InputKey, int], dict[InputKey, int]]:
        """The first offset that still exists and the last stable offset, of every input."""
        tps = list(self._tps.values())
        async with asyncio.timeout(within_s):
            first = await self._consumer.beginning_offsets(tps)
            end = await self._consumer.end_offsets(tps)
        return (
            {key: first[tp] for key, tp in self._tps.items()},
            {key: end[tp] for key, tp in self._tps.items()},
        )

    def seek(self, offsets: Mapping[InputKey, int]) -> None:
        """Begin here. Assigned and positioned in one tick: no position is ever looked up."""
        self._consumer.assign(list(self._tps.values()))
        for key, tp in self._tps.items():
            self._consumer.seek(tp, offsets[key])

    async def take(
        self, lane: int, budget: tuple[int, int], wait_ms: int, first: Iterable[InputKey] = ()
    ) -> Batch | None:
        """The next batch of at most `budget` = (records, bytes), but always one record.

        None if nothing came within `wait_ms`. While the inputs `first` have something, nothing of
        the others is taken.

        Per partition all records of the first topic in offset order, then all of the second.
        """
        records, size = budget
        polled: Mapping[TopicPartition, list[Record]] = self._held
        self._held = {}
        if not polled:
            try:
                if tps := [self._tps[key] for key in first]:
                    polled = await self._consumer.getmany(
                        *tps, timeout_ms=wait_ms, max_records=records
                    )
                if not polled:
                    polled = await self._poll(records, wait_ms)
            except OffsetOutOfRangeError as error:
                raise self._explain_range(error) from error
        if not polled:
            return None
        taken = self._cut(polled, records, size)
        return await self._arrange(lane, taken)

    async def _poll(self, most: int, wait_ms: int) -> dict[TopicPartition, list[Record]]:
        """What the client holds, and what came since it fetched that.

        The client (aiokafka 0.14) fetches ahead once and not again before that was taken. So after
        a transaction it holds what came at the beginning of it; whatever came later would wait for
        a transaction more. The second look takes a part of the time that nobody looked, at most:
        nothing, where we wait for every record as it comes.
        """
        began = time.monotonic()
        polled: dict[TopicPartition, list[Record]]
        polled = await self._consumer.getmany(timeout_ms=wait_ms, max_records=most)
        left = most - sum(map(len, polled.values()))
        away = SECOND_LOOK * (began - self._looked) - (time.monotonic() - began)
        look_ms = int(1000 * min(away, SECOND_LOOK_MOST_S))
        if polled and left > 0 and look_ms > 0:
            more = await self._consumer.getmany(timeout_ms=look_ms, max_records=left)
            polled = {tp: [*polled.get(tp, ()), *more.get(tp, ())] for tp in {**polled, **more}}
        self._looked = time.monotonic()
        return polled

    def _cut(
        self, polled: Mapping[TopicPartition, list[Record]], records: int, size: int
    ) -> dict[TopicPartition, list[Record]]:
        """As much as the budget allows, one record at least; the rest is held for the next time."""
        taken: dict[TopicPartition, list[Record]] = {}
        left_records, left_bytes = records, size
        for tp, found in polled.items():
            fits = 0
            for record in found:
                weight = _weigh(record)
                if left_records <= 0 or (left_bytes < weight and (taken or fits)):
                    left_records = 0
                    break
                left_records -= 1
                left_bytes -= weight
                fits += 1
            if fits:
                taken[tp] = found[:fits] if fits < len(found) else found
            if fits < len(found):
                self._held[tp] = found[fits:]
        return taken

    async def _arrange(self, lane: int, taken: Mapping[TopicPartition, list[Record]]) -> Batch:
        slices = []
        for partition in sorted({tp.partition for tp in taken}):
            records = []
            inputs = {}
            for topic in self._topics:
                tp = self._tps[topic, partition]
                if tp in taken:
                    records.append((topic, taken[tp]))
                held = self._held.get(tp)
                inputs[topic] = held[0].offset if held else await self._consumer.position(tp)
            slices.append(Slice(partition, records, inputs))
        count = sum(len(found) for found in taken.values())
        return Batch(lane, slices, int(time.time() * 1000), count)

    def lag(self) -> int:
        """Records that wait, as far as the last fetch told; 0 before the first."""
        waiting = 0
        for tp in self._consumer.assignment():
            state = self._consumer.last_stable_offset(tp)
            if state is not None:
                waiting += max(0, state - self._place(tp))
        return waiting

    def positions(self) -> dict[InputKey, int]:
        """The next offset to hand out, of every input that has one."""
        assigned = self._consumer.assignment()
        return {key: self._place(tp) for key, tp in self._tps.items() if tp in assigned}

    def _place(self, tp: TopicPartition) -> int:
        held = self._held.get(tp)
        if held:
            waiting: int = held[0].offset
            return waiting
        # position() is a coroutine only because it may wait for a first position; ours is set
        # by `seek` in the tick of the assignment.
        subscription = self._consumer._subscription.subscription  # noqa: SLF001
        place: int = subscription.assignment.state_value(tp).position
        return place

    def _explain_range(self, error: OffsetOutOfRangeError) -> Stop:
        told = ", ".join(
            f"{tp.topic} partition {tp.partition} at {offset}"
            for found in error.args
            if isinstance(found, dict)
            for tp, offset in found.items()
        )
        return Stop(
            "events_lost_retention",
            f"the next record to read does not exist ({told}): either it was deleted unread, or "
            "the topic was made anew. Nothing was skipped; see the runbook before going on.",
        )

    async def close(self) -> None:
        """Let go, within a bound."""
        await close_consumer(self._consumer)


def _weigh(record: Record) -> int:
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    weight: int = record.serialized_key_size + record.serialized_value_size + headers
    return RECORD_OVERHEAD_BYTES + weight
