"""The router on one lane. Read `work`: decode, recall, decide, and what is to be committed.

The lane (`services/runtime/keeper.py`) calls: open, started, then for each batch work and, when the
transaction stands, committed. Nothing that is remembered changes before that.
"""

from __future__ import annotations

import time
import uuid
from typing import cast

from services.contact.topics import EVENTS, SENTIMENT
from services.router.agreement import Accept, Agreement, Terms, agree
from services.router.committing import (
    Memo,
    advance,
    list_bad,
    list_outgoing,
    list_written,
    tell_now,
)
from services.router.hearing import hear
from services.router.lately import Lately
from services.router.live.beside import Beside
from services.router.live.reload import Rules
from services.router.marker import tell_newest, tell_under
from services.router.memory import Memory
from services.router.metrics import Metrics
from services.router.rationing import Rations
from services.runtime.lane import Batch, Opening, Receipts, Start, Work


class Router:
    """Routes the contacts of one lane's customers."""

    inputs = (EVENTS, SENTIMENT)

    def __init__(
        self, memory: Memory, rules: Rules, metrics: Metrics, lately: Lately, *, accept: Accept
    ) -> None:
        self._memory = memory
        self._lately = lately
        self._rules = rules
        self._metrics = metrics
        self._accept = accept

    async def open(self, opening: Opening) -> Start:
        """Agree with Kafka on where the lane stands, or stop the process."""
        self._opening = opening
        seats = await self._memory.find_seats(opening.partitions)
        await self._rules.reach(*tell_newest(seats), opening.alive)
        version = self._rules.edition().table.version
        terms = Terms(self.inputs, uuid.uuid4().hex, version, self._accept)
        self._agreed: Agreement = agree(opening, seats, terms)
        return self._agreed.start

    async def started(self, start: Start, receipts: Receipts | None) -> None:
        """Bring Redis to where Kafka stands."""
        del start
        await self._memory.sit(self._agreed.seats_after(receipts), self._opening.alive)

    async def work(self, batch: Batch) -> Work:
        """Decide a batch. Changes nothing that is remembered."""
        edition = self._rules.edition()
        seats = {p: self._memory.seat(p) for p in self._opening.partitions}
        now = tell_now(batch, list(seats.values()))

        parts = hear(batch, self._opening.partition_count)
        known = await self._memory.recall({part.partition: part.customers for part in parts})
        beside = Beside(edition, now)
        rations = Rations(edition.limits, self._opening, seats, now)
        folded = [rations.fold(part, known[part.partition], beside.judge) for part in parts]

        under = tell_under(edition, self._rules.stopped)
        markers = {
            s.partition: advance(seats[s.partition], s, under, now, rations=rations.made)
            for s in batch.slices
        }
        memo = Memo(folded, markers, int(time.time() * 1000), beside.tell())
        return Work(list_outgoing(folded, markers, memo.trials), memo, list_bad(folded))

    async def committed(self, batch: Batch, work: Work, receipts: Receipts) -> None:
        """The transaction stands: remember it, then count it."""
        memo = cast("Memo", work.memo)
        await self._memory.remember(list_written(memo, receipts))
        self._metrics.count(batch, memo, receipts)
        self._lately.note(memo)
        self._rules.learn(memo.trials)

    async def close(self) -> None:
        """Nothing is kept open: Redis belongs to the process."""
