"""Every guard is worth its place: take it out of a copy of the source, and a test turns red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from tests.fault.workers import CLONE

RED = 1
"""pytest's exit code for tests that failed; a broken copy ends with another one."""
SHELL = "tests/shell"


class Mutant(msgspec.Struct, frozen=True):
    """A guard removed: what is replaced in which file, and the tests that must notice."""

    name: str
    changes: tuple[tuple[str, str, str], ...]
    """(file, what stands there exactly once, what stands there instead)"""
    file: str
    """The file of the tests that must notice, and which of them, as pytest's `-k` takes it."""
    which: str


REUSED_LIFE = (
    "services/runtime/keeper.py",
    "        job = self._make_job(self.lane)\n",
    (
        "        job = self.__dict__.setdefault('_kept', None) or self._make_job(self.lane)\n"
        "        self.__dict__['_kept'] = job\n"
    ),
)
EARLY_CACHE = (
    "services/router/pipeline.py",
    "        under = tell_under(",
    (
        "        for part in folded:\n"
        "            for customer_id, customer in part.changed.items():\n"
        "                self._memory._cache.put(part.partition, customer_id, customer, 100)\n"
        "        under = tell_under("
    ),
)
FENCE = "        await transactor.fence(limit)\n"
COMMITTED = "            committed = await self._read_committed(keys)\n"

MUTANTS = (
    Mutant(
        "deliveries are not awaited",
        (
            (
                "services/runtime/transaction.py",
                "await asyncio.gather(*deliveries))",
                "await asyncio.gather(*deliveries, return_exceptions=True))",
            ),
            (
                "services/runtime/transaction.py",
                "        if base < 0:\n",
                "        if base < 0:\n            continue\n        if base < 0:\n",
            ),
        ),
        f"{SHELL}/test_lane_transaction.py",
        "test_a_record_that_kafka_refuses_commits_nothing_and_loses_nothing and embedded",
    ),
    Mutant(
        "committed offsets are read before the fence",
        (
            ("services/runtime/keeper.py", FENCE, ""),
            ("services/runtime/keeper.py", COMMITTED, COMMITTED + FENCE),
        ),
        f"{SHELL}/test_lane_keeper.py",
        "test_what_the_former_owner_commits_at_the_last_moment_is_seen and embedded",
    ),
    Mutant(
        "the end of the memory is read before the fence",
        (
            (
                "services/runtime/keeper.py",
                FENCE,
                "        await job.look(self.partitions)\n" + FENCE,
            ),
            (
                "services/router/pipeline.py",
                "        seats = await self._memory.find_seats(opening.partitions)\n",
                "        seats = self._looked\n",
            ),
            (
                "services/router/pipeline.py",
                "    async def open(self, opening: Opening) -> Start:\n",
                (
                    "    async def look(self, partitions):\n"
                    "        self._looked = await self._memory.find_seats(partitions)\n\n"
                    "    async def open(self, opening: Opening) -> Start:\n"
                ),
            ),
        ),
        f"{SHELL}/test_memory.py",
        "test_what_the_former_owner_wrote_at_the_last_moment and embedded",
    ),
    Mutant(
        "Redis is written without a comparison",
        (
            (
                "services/router/view.py",
                "if not pos or string.sub(pos, 1, #ARGV[1]) ~= ARGV[1] then return pos or '' end\n",
                "",
            ),
        ),
        f"{SHELL}/test_memory.py",
        "test_a_write_that_began_elsewhere_is_refused and embedded",
    ),
    Mutant(
        "Redis is written when its position is only less than the new one",
        (
            (
                "services/router/view.py",
                "string.sub(pos, 1, #ARGV[1]) ~= ARGV[1] then",
                "cjson.decode(pos).clog >= cjson.decode(ARGV[2]).clog then",
            ),
        ),
        f"{SHELL}/test_memory.py",
        "test_a_write_that_began_elsewhere_is_refused and embedded",
    ),
    Mutant(
        "the position in Redis is not compared when customers are read",
        (
            (
                "services/router/memory.py",
                "        return found.stands_at(seat.marker.lineage, seat.clog)\n",
                "        return True\n",
            ),
        ),
        f"{SHELL}/test_memory.py",
        "test_a_flush_while_running_is_noticed_and_repaired and embedded",
    ),
    Mutant(
        "a life of a lane is used again after an abort",
        (REUSED_LIFE,),
        f"{SHELL}/test_memory.py",
        "test_the_cache_does_not_outlive_a_life and embedded",
    ),
    Mutant(
        "the cache changes before the commit and outlives an abort",
        (REUSED_LIFE, EARLY_CACHE),
        f"{SHELL}/test_memory.py",
        "test_the_cache_does_not_outlive_a_life and embedded",
    ),
    Mutant(
        "a braked lane goes on after a restart",
        (
            (
                "services/runtime/caution.py",
                "        if note.braked:\n            raise BrakedError(note)\n        after =",
                "        after =",
            ),
        ),
        f"{SHELL}/test_brake.py",
        "test_a_flood_of_poison_stops_within_its_limit_for_good and embedded",
    ),
    Mutant(
        "a batch is committed whole, however much of it the brake would stop",
        (
            (
                "services/runtime/keeper.py",
                "        if reading.taken == batch.count:\n",
                "        if reading.taken <= batch.count:\n",
            ),
        ),
        f"{SHELL}/test_brake.py",
        "test_a_flood_of_poison_stops_within_its_limit_for_good and embedded",
    ),
    Mutant(
        "a process that died after its work is counted as killed by the record",
        (
            (
                "services/runtime/caution.py",
                "                await self._put(self._survived())\n",
                "                pass\n",
            ),
        ),
        "tests/fault/test_killers.py",
        "test_deaths_that_are_not_a_records_doing",
    ),
    Mutant(
        "other lanes work beside one that is at a suspicious batch",
        (
            (
                "services/runtime/caution.py",
                "self._turns.alone()",
                "self._turns.together()",
            ),
        ),
        f"{SHELL}/test_lane_keeper.py",
        "test_what_waits_at_a_start_is_worked_on_by_one_lane_at_a_time and embedded",
    ),
    Mutant(
        "each operator who works dead letters off has an identity of their own",
        (
            (
                "services/cli/deadletters/settling.py",
                'f"{topics.prefix}{TRANSACTIONAL_ID}", max_request_size',
                'f"{topics.prefix}{id(topics)}{by}", max_request_size',
            ),
        ),
        f"{SHELL}/test_deadletter.py",
        "test_two_operators_never_send_a_letter_twice and embedded",
    ),
    Mutant(
        "a record is sent again in another transaction than the note that says so",
        (
            (
                "services/cli/deadletters/settling.py",
                "                crash.pass_point(crash.BEFORE_SETTLEMENT)\n",
                (
                    "                await self._producer.commit_transaction()\n"
                    "                await self._producer.begin_transaction()\n"
                    "                crash.pass_point(crash.BEFORE_SETTLEMENT)\n"
                ),
            ),
        ),
        f"{SHELL}/test_deadletter.py",
        "test_a_tool_that_is_killed_in_the_middle and kafka-before_settlement",
    ),
    Mutant(
        "it does not matter who really wrote a message",
        (
            (
                "services/router/core/decide.py",
                "        human=spoken and asked.side",
                "        human=asked.side",
            ),
        ),
        "tests/scenarios/test_core.py",
        "the_story_ends and reply and turn",
    ),
    Mutant(
        "the inputs of a lane are handed out apart",
        (
            (
                "services/runtime/assignor.py",
                "[(topic, numbers) for topic in plan.inputs]",
                (
                    "[(topic, [(n + i) % plan.partitions for n in numbers])"
                    " for i, topic in enumerate(plan.inputs)]"
                ),
            ),
        ),
        f"{SHELL}/test_assignor.py",
        "test_a_lane_goes_whole_to_one_member_for_all_topics",
    ),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source and the tests, to be spoiled and mended again."""
    place = tmp_path_factory.mktemp("copy")
    leave = shutil.ignore_patterns("__pycache__", "*.pyc")
    for folder in ("services", "tests"):
        shutil.copytree(CLONE / folder, place / folder, ignore=leave)
    shutil.copy(CLONE / "pyproject.toml", place)
    for folder in ("deploy", "proto", "docs"):
        (place / folder).symlink_to(CLONE / folder)
    return place


def run_tests(place: Path, files: Iterable[str], which: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the copy on the services of the copy."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files, "-k", which],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_copy_is_green_before_anything_is_removed(copy: Path) -> None:
    """Law: red later is the mutant's doing, not the copy's."""
    which = " or ".join(sorted({f"({mutant.which})" for mutant in MUTANTS}))
    done = run_tests(copy, sorted({mutant.file for mutant in MUTANTS}), which)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_every_guard_stands_where_its_mutant_looks_for_it(mutant: Mutant) -> None:
    """Law: whoever moves a guard moves its mutant, too, and hears of it at once."""
    for name, old, _ in mutant.changes:
        count = (CLONE / name).read_text().count(old)
        assert count == 1, f"{name} holds {old!r} {count} times: adapt the mutant"


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_removing_a_guard_turns_a_test_red(copy: Path, mutant: Mutant) -> None:
    """Law: no guard can be taken out, by mistake or on purpose, without a test that says so."""
    before = {name: (copy / name).read_text() for name, _, _ in mutant.changes}
    try:
        for name, old, new in mutant.changes:
            (copy / name).write_text((copy / name).read_text().replace(old, new))
        done = run_tests(copy, [mutant.file], mutant.which)
    finally:
        for name, text in before.items():
            (copy / name).write_text(text)
    assert done.returncode == RED, done.stdout[-4000:] + done.stderr[-2000:]
    assert "failed" in done.stdout
