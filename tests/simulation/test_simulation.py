"""Thousands of schedules of accidents keep every promise, and every known mistake is found by them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.spoiling import read_source

pytestmark = pytest.mark.timeout(240)
CLONE = Path(__file__).parents[2]
SHORT_FORM = 5_000
WITHIN = 1_000
"""A mistake must be found within so many schedules."""


def simulate(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it as people do."""
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation.run", *words],
        cwd=CLONE,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_seed_is_played_the_same_in_every_process() -> None:
    """Law: the same seed is the same run, step by step, whatever the hashes of texts are."""
    told = {
        seed: {simulate("--seed", seed, PYTHONHASHSEED=hashes).stdout for hashes in ("1", "2")}
        for seed in ("26", "41", "78")
    }
    for seed, runs in told.items():
        assert len(runs) == 1, f"seed {seed} was played in two ways"
        assert re.search(r"trace [0-9a-f]{24}$", runs.pop().strip())


def test_the_order_of_seeds_does_not_matter() -> None:
    """Law: what ran before in the same process leaves nothing behind."""
    from tests.simulation.schedule import run_schedule  # noqa: PLC0415 - it patches what it needs

    first = [run_schedule(seed).digest for seed in range(6)]
    again = [run_schedule(seed).digest for seed in reversed(range(6))]
    assert first == again[::-1]
    assert len(set(first)) == 6


def test_a_trace_tells_what_happened_to_whom() -> None:
    """Law: `--trace` prints requests, log lines and accidents with their virtual time."""
    done = simulate("--seed", "26", "--trace")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ +\d+\.\d{6}  worker-\d +EndTxn \d", done.stdout, re.MULTILINE)
    assert "the lane is open" in done.stdout
    assert "fate" in done.stdout


def test_wrong_use_is_told_with_the_remedy() -> None:
    """Law: exit code 2, and what is missing."""
    done = simulate("--trace")
    assert done.returncode == 2
    assert "--trace needs --seed N" in done.stderr


@pytest.mark.parametrize("seed", [48249, 70633])
def test_what_once_broke_is_whole(seed: int) -> None:
    """Law: a frozen worker that sees half of its successor's commit does not ask a person (ADR 0088)."""
    from tests.simulation.schedule import run_schedule  # noqa: PLC0415 - it patches what it needs

    assert run_schedule(seed).findings == ()


def test_a_ledger_sums_up_and_goes_on_behind_its_last_seed(tmp_path: Path) -> None:
    """Law: runs of a ledger never repeat a seed, and a red one resets the sum."""
    ledger = tmp_path / "simulation.tsv"
    for _ in range(2):
        done = simulate("--schedules", "3", "--ledger", str(ledger))
        assert done.returncode == 0, done.stdout
    rows = [line.split("\t") for line in ledger.read_text().splitlines()]
    assert [row[2:4] for row in rows[1:]] == [["0", "3"], ["3", "3"]]
    assert "6 schedules since the last red run" in done.stdout


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_every_mistake_can_still_be_made(mutant: Mutant) -> None:
    """Law: whoever moves a guard moves its mutant, too, and hears of it at once."""
    for module, old, _ in mutant.changes:
        count = read_source(module).count(old)
        assert count == 1, f"{module} holds {old!r} {count} times: adapt the mutant"


@pytest.mark.slow
@pytest.mark.timeout(2_400)
def test_five_thousand_schedules_keep_every_promise() -> None:
    """Law: nothing lost, nothing twice, nothing out of order, no wrong state, and no dead end."""
    done = simulate(
        "--schedules", str(SHORT_FORM), "--jobs", str(max(1, (os.cpu_count() or 1) // 2))
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"{SHORT_FORM} schedules" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mistake_is_found(mutant: Mutant, capsys: pytest.CaptureFixture[str]) -> None:
    """Law: within a thousand schedules, as a broken promise; how many were needed is printed."""
    done = simulate("--schedules", str(WITHIN), "--mutant", mutant.name)
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
    needed = re.search(r"^(\d+) schedules from seed 0 on", done.stdout, re.MULTILINE)
    assert needed, done.stdout
    with capsys.disabled():
        sys.stdout.write(f"\n{mutant.name}: found in {needed[1]} schedules ")
