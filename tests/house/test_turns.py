"""What measures time runs alone: the plugin that sees to it, seen at work."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = """
import time
from pathlib import Path
import pytest

def spend(name, seconds):
    begin = time.monotonic()
    time.sleep(seconds)
    Path(name).write_text(f"{begin} {time.monotonic()}")

@pytest.mark.alone
@pytest.mark.timeout(1)
def test_measures(): spend("alone", .5)

@pytest.mark.parametrize("number", range(8))
def test_other(number): spend(f"other{number}", .3)
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_test_that_measures_runs_while_no_other_does(
    pytester: pytest.Pytester, processes: str
) -> None:
    """Law: in several processes nothing overlaps with it, and its clock does not run while it waits."""
    pytester.makepyfile(test_case=TESTS)
    words = ["-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:hypothesispytest"]
    words += ["-p", "tests.turns", "-n", processes]
    pytester.runpytest_subprocess(*words).assert_outcomes(passed=9)
    begin, end = read_span(pytester.path / "alone")
    for number in range(8):
        first, last = read_span(pytester.path / f"other{number}")
        assert last <= begin or end <= first, number


def read_span(file: Path) -> tuple[float, float]:
    """Begin and end by the clock that all processes share."""
    begin, end = file.read_text().split()
    return float(begin), float(end)
