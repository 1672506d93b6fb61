"""Mistakes to make on purpose: each must be found by the simulation within a thousand schedules.

A mutant replaces text in the source of a module while it is imported (`spoiling.py`).
"""

from __future__ import annotations

import msgspec

Change = tuple[str, str, str]
"""(module, what stands there exactly once, what stands there instead)"""

TRANSACTION = "services.runtime.transaction"
KEEPER = "services.runtime.keeper"
LANES = "services.runtime.lanes"
READING = "services.runtime.reading"
ROUTER = "services.router.pipeline"
MEMORY = "services.router.memory"
VIEW = "services.router.view"
CHANGELOG = "services.router.changelog"
COMMITTING = "services.router.committing"
ASSIGNOR = "services.runtime.assignor"
CONNECTION = "services.runtime.connection"


class Mutant(msgspec.Struct, frozen=True):
    """One mistake."""

    name: str
    why: str
    """Where the mistake, or the defect that it lets through, is told of."""
    changes: tuple[Change, ...]


FENCE = "        await transactor.fence(limit)\n"
SAME_JOB = (
    KEEPER,
    "        job = self._make_job(self.lane)\n",
    (
        "        # What all lanes of a process share keeps it; a keeper ends with its assignment.\n"
        "        kept = self._caution._turns.__dict__.setdefault('_kept', {})\n"
        "        job = kept.setdefault(self.lane, None) or self._make_job(self.lane)\n"
        "        kept[self.lane] = job\n"
    ),
)
EARLY_CACHE = (
    ROUTER,
    "        under = tell_under(",
    (
        "        for part in folded:\n"
        "            for customer_id, customer in part.changed.items():\n"
        "                self._memory._cache.put(part.partition, customer_id, customer, 100)\n"
        "        under = tell_under("
    ),
)
COMPARED = "if not pos or string.sub(pos, 1, #ARGV[1]) ~= ARGV[1] then return pos or '' end\n"

MUTANTS = (
    Mutant(
        "deliveries are not awaited",
        "A1: the library commits a transaction in which a send failed",
        (
            (
                TRANSACTION,
                "await asyncio.gather(*deliveries))",
                "await asyncio.gather(*deliveries, return_exceptions=True))",
            ),
            (
                TRANSACTION,
                "        if base < 0:\n",
                "        if base < 0:\n            continue\n        if base < 0:\n",
            ),
        ),
    ),
    Mutant(
        "the commit does not wait for the deliveries",
        "A1 and section 4: what was refused is noticed when the offsets stand",
        (
            (
                TRANSACTION,
                "        return _read_answers(counted, await asyncio.gather(*deliveries))",
                "        return counted, deliveries",
            ),
            (
                TRANSACTION,
                "        return Receipts(last, int(time.time() * 1000))",
                (
                    "        answers = _read_answers(last[0], await asyncio.gather(*last[1]))\n"
                    "        return Receipts(answers, int(time.time() * 1000))"
                ),
            ),
        ),
    ),
    Mutant(
        "positions are read before the fence",
        "A2: the library does not fence by the group and reads unstable offsets",
        (
            (KEEPER, FENCE, ""),
            (
                KEEPER,
                "        reader.seek(start.offsets)\n",
                FENCE + "        reader.seek(start.offsets)\n",
            ),
        ),
    ),
    Mutant(
        "every life of a lane has a transactional id of its own",
        "A2: nobody fences a former owner",
        (
            (
                KEEPER,
                "settings.transactional_id(self.lane), settings.group",
                "settings.transactional_id(self.lane) + str(time.monotonic()), settings.group",
            ),
        ),
    ),
    Mutant(
        "a producer is used again after an error",
        "A3: its sequence numbers may be ahead of the broker's, for ever",
        (
            (
                KEEPER,
                "        reader = Reader(",
                (
                    "        transactor = self.__dict__.setdefault('_kept', transactor)\n"
                    "        reader = Reader("
                ),
            ),
            (
                KEEPER,
                FENCE,
                (
                    "        if not self.__dict__.get('_fenced'):\n"
                    "            await transactor.fence(limit)\n"
                    "        self.__dict__['_fenced'] = True\n"
                ),
            ),
            (KEEPER, "transactor.discard(), ", ""),
            (
                TRANSACTION,
                "        await producer.begin_transaction()\n",
                (
                    "        if producer._txn_manager.is_in_transaction():\n"
                    "            await producer.abort_transaction()\n"
                    "        await producer.begin_transaction()\n"
                ),
            ),
        ),
    ),
    Mutant(
        "a transaction has no time limit",
        "A4: the library's own commit has none",
        (
            (
                TRANSACTION,
                (
                    "            async with asyncio.timeout(within_s):\n"
                    "                return await self._commit("
                ),
                (
                    "            async with asyncio.timeout(None):\n"
                    "                return await self._commit("
                ),
            ),
        ),
    ),
    Mutant(
        "a producer is closed with a flush",
        "A4: stop() waits for brokers that are away, and sends what was given up",
        (
            (
                TRANSACTION,
                "        await discard_producer(self._producer)",
                "        await self._producer.stop()",
            ),
        ),
    ),
    Mutant(
        "Redis is written without a comparison",
        "section 4: a ghost's write, or one over a roll-back, hides a hole",
        ((VIEW, COMPARED, ""),),
    ),
    Mutant(
        "Redis is written when its position is only less than the new one",
        "section 4, lesson i: `offset < new` lost state in trials",
        (
            (
                VIEW,
                "string.sub(pos, 1, #ARGV[1]) ~= ARGV[1] then",
                "cjson.decode(pos).clog >= cjson.decode(ARGV[2]).clog then",
            ),
        ),
    ),
    Mutant(
        "the position in Redis is not compared when customers are read",
        "section 4: the mutant of the prototype, 218 wrong states",
        (
            (
                MEMORY,
                "        return found.stands_at(seat.marker.lineage, seat.clog)\n",
                "        return True\n",
            ),
        ),
    ),
    Mutant(
        "a repair is finished when a poll comes back empty",
        "section 4, lesson ii",
        (
            (
                CHANGELOG,
                "        if records:\n            yield records\n",
                "        if not records:\n            return\n        yield records\n",
            ),
            (
                MEMORY,
                "        if clog != seat.clog:\n            raise Stop(",
                (
                    "        if clog != seat.clog:\n"
                    "            change = Change(partition, lineage, clog, encode_pos(seat), {})\n"
                    "            return (await self._view.apply([change]))[0] is None\n"
                    "        if clog != seat.clog:\n            raise Stop("
                ),
            ),
        ),
    ),
    Mutant(
        "a repair writes the position that it was called with",
        "section 4, lesson iii: the position must say what was really read",
        (
            (
                MEMORY,
                "encode_pos(seat) if done else encode_partial_pos(lineage, offset, now)",
                "encode_pos(seat)",
            ),
        ),
    ),
    Mutant(
        "a life of a lane is used again after an abort",
        "section 5 of the design: its cache may hold what was never committed, or miss what was",
        (SAME_JOB,),
    ),
    Mutant(
        "the cache changes before the commit and outlives an abort",
        "section 5 of the design",
        (SAME_JOB, EARLY_CACHE),
    ),
    Mutant(
        "lanes are kept over a rebalance",
        "section 5 of the design: always rebuilt, even when it comes back",
        (
            (
                LANES,
                (
                    "        self._assigned = None\n        await self._end_lanes()\n\n"
                    "    def _on_lane_end"
                ),
                "        self._assigned = None\n\n    def _on_lane_end",
            ),
        ),
    ),
    Mutant(
        "the inputs of a lane are handed out apart",
        "section 5 of the design: the default assignor tears them apart",
        (
            (
                ASSIGNOR,
                "[(topic, numbers) for topic in plan.inputs]",
                (
                    "[(topic, [(n + i) % plan.partitions for n in numbers])"
                    " for i, topic in enumerate(plan.inputs)]"
                ),
            ),
        ),
    ),
    Mutant(
        "the offsets are not in the transaction",
        "section 0: offsets and outcomes are one",
        (
            (
                TRANSACTION,
                "        await producer.send_offsets_to_transaction(fresh, self._group)\n",
                "",
            ),
        ),
    ),
    Mutant(
        "uncommitted records are read",
        "A9: the library's default",
        (
            (
                CONNECTION,
                '"isolation_level": "read_committed"',
                '"isolation_level": "read_uncommitted"',
            ),
        ),
    ),
    Mutant(
        "the marker does not come last",
        "section 4: with it a batch is complete",
        (
            (
                COMMITTING,
                "        outgoing.append(write_marker(partition, markers[partition]))\n",
                "        outgoing.insert(0, write_marker(partition, markers[partition]))\n",
            ),
        ),
    ),
    Mutant(
        "the recorded clock goes back",
        "section 4.8 of the design",
        (
            (
                COMMITTING,
                "    return max(batch.clock, *(seat.marker.now for seat in seats))",
                "    return batch.clock",
            ),
        ),
    ),
    Mutant(
        "what is too large is tried again as it is",
        "section 5 of the design: no deterministic error is retried for ever",
        ((KEEPER, "            self._shrink(batch)\n            raise\n", "            raise\n"),),
    ),
    Mutant(
        "something else under a key of Redis is an outage",
        "a defect that the simulation found",
        (
            (
                VIEW,
                (
                    "        for i, answer in enumerate(answers):\n"
                    "            if isinstance(answer, Exception):\n"
                    "                if not _is_something_else(answer):\n"
                ),
                (
                    "        for i, answer in enumerate(answers):\n"
                    "            if isinstance(answer, Exception):\n"
                    "                if True:\n"
                ),
            ),
        ),
    ),
    Mutant(
        "a cancellation inside the library ends a lane",
        "a defect that the simulation found",
        (
            (
                KEEPER,
                "                if task is None or task.cancelling():\n",
                "                if True:\n",
            ),
            (
                CONNECTION,
                "    stopping = asyncio.ensure_future(consumer.stop())\n",
                (
                    "    async with asyncio.timeout(CLOSE_WITHIN_S):\n"
                    "        await consumer.stop()\n"
                    "    return\n"
                ),
            ),
            (
                CONNECTION,
                "        await asyncio.wait({stopping}, timeout=CLOSE_WITHIN_S)\n",
                "        pass\n",
            ),
            (CONNECTION, "        stopping.cancel()\n", "        pass\n"),
            (
                CONNECTION,
                "    if not stopping.done() or stopping.cancelled() or stopping.exception() is not None:\n",
                "    if False:\n",
            ),
        ),
    ),
)
