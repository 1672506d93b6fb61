"""The router on one lane. Read `work`: decode, recall, decide, and what is to be committed.

The lane (`services/runtime/keeper.py`) calls: open, started, then for each batch work and, when the
transaction stands, committed. Nothing that is remembered changes before that.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import cast

from services.contact.topics import EVENTS, SENTIMENT
from services.router.agreement import Accept, Agreement, Terms, agree
from services.router.committing import Memo, advance, list_outgoing, list_written, tell_now
from services.router.core.table import Table
from services.router.folding import fold, judge_with
from services.router.hearing import hear
from services.router.memory import Memory
from services.router.metrics import Metrics
from services.runtime.lane import Batch, Opening, Receipts, Start, Work


class Router:
    """Routes the contacts of one lane's customers."""

    inputs = (EVENTS, SENTIMENT)

    def __init__(
        self, memory: Memory, rules: Callable[[], Table], metrics: Metrics, accept: Accept
    ) -> None:
        self._memory = memory
        self._rules = rules
        self._metrics = metrics
        self._accept = accept

    async def open(self, opening: Opening) -> Start:
        """Agree with Kafka on where the lane stands, or stop the process."""
        self._opening = opening
        seats = await self._memory.find_seats(opening.partitions)
        terms = Terms(
            inputs=self.inputs,
            lineage=uuid.uuid4().hex,
            rules_version=self._rules().version,
            accept=self._accept,
        )
        self._agreed: Agreement = agree(opening, seats, terms)
        return self._agreed.start

    async def started(self, start: Start, receipts: Receipts | None) -> None:
        """Bring Redis to where Kafka stands."""
        del start
        await self._memory.sit(self._agreed.seats_after(receipts), self._opening.alive)

    async def work(self, batch: Batch) -> Work:
        """Decide a batch. Changes nothing that is remembered."""
        table = self._rules()
        seats = {part.partition: self._memory.seat(part.partition) for part in batch.slices}
        now = tell_now(batch, list(seats.values()))

        parts = hear(batch, self._opening.partition_count)
        known = await self._memory.recall({part.partition: part.customers for part in parts})
        judge = judge_with(table, now)
        folded = [fold(part, known[part.partition], judge) for part in parts]

        markers = {
            s.partition: advance(seats[s.partition], s, table.version, now) for s in batch.slices
        }
        memo = Memo(folded, markers, int(time.time() * 1000))
        return Work(list_outgoing(folded, markers), memo)

    async def committed(self, batch: Batch, work: Work, receipts: Receipts) -> None:
        """The transaction stands: remember it, then count it."""
        memo = cast("Memo", work.memo)
        await self._memory.remember(list_written(memo, receipts))
        self._metrics.count(batch, memo, receipts)

    async def close(self) -> None:
        """Nothing is kept open: Redis belongs to the process."""
