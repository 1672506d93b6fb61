"""Which tests may run side by side: the plugin that sees to it, seen at work."""

from __future__ import annotations

from itertools import pairwise
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
@pytest.mark.parametrize("number", range(3))
def test_measures(number): spend(f"alone{number}", .4)

@pytest.mark.parametrize("number", range(4))
def test_other(number): spend(f"other{number}", 1.5 if number == 3 else .2)
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_test_that_measures_runs_while_no_other_does(
    pytester: pytest.Pytester, processes: str
) -> None:
    """Law: nothing overlaps with it, not even one of its kind; its clock does not run while it waits."""
    pytester.makepyfile(test_case=TESTS)
    words = ["-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:hypothesispytest"]
    words += ["-p", "tests.turns", "-n", processes]
    pytester.runpytest_subprocess(*words).assert_outcomes(passed=7)
    spans = sorted((read_span(file), file.name) for file in pytester.path.glob("[ao]*[0-9]"))
    assert len(spans) == 7
    for ((_, end), name), ((begin, _), other) in pairwise(spans):
        assert end <= begin or not {"alone"} & {name[:5], other[:5]}, (name, other)


ROOMS = """
import os, time
import pytest
@pytest.mark.parametrize("number", range(6))
def test_where(number):
    time.sleep(.1)
    with open({place!r}, "a") as told:
        told.write(f"{room} {{os.getpid()}}\\n")
"""


def test_tests_of_rooms_with_servers_stay_in_one_process(pytester: pytest.Pytester) -> None:
    """Law: programs in one, servers in one; all others go to whoever is free."""
    place = pytester.path / "told"
    rooms = ("e2e", "live", "house", "shell", "fault", "core")
    for room in rooms:
        (pytester.path / room).mkdir()
        code = ROOMS.format(place=str(place), room=room)
        (pytester.path / room / f"test_{room}.py").write_text(code)
    words = ["-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:hypothesispytest"]
    words += ["-p", "tests.turns", "-n", "2"]
    pytester.runpytest_subprocess(*words).assert_outcomes(passed=6 * len(rooms))
    told = [line.split() for line in place.read_text().splitlines()]
    processes = {room: {process for told_by, process in told if told_by == room} for room in rooms}
    assert len(processes["e2e"] | processes["live"] | processes["house"]) == 1
    assert len(processes["shell"] | processes["fault"]) == 1
    assert len({process for _, process in told}) == 2


def read_span(file: Path) -> tuple[float, float]:
    """Begin and end by the clock that all processes share."""
    begin, end = file.read_text().split()
    return float(begin), float(end)
