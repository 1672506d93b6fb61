"""No test is left out in silence: the plugin that sees to it, seen at work."""

from __future__ import annotations

import shutil

import pytest

from tests import machine


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Run test code of the case with the plugin."""
    monkeypatch.delenv("OMNIROUTE_CI", raising=False)
    monkeypatch.setenv("OMNIROUTE_NO_APT", "1")
    return Runner(pytester)


class Runner:
    """Test code in a folder of its own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, code: str, *words: str, own_process: bool = False) -> pytest.RunResult:
        """Run this code; in a process of its own, if it is to be interrupted."""
        self._pytester.makeini("[pytest]\nmarkers =\n kafka:\n embedded:\n durable:\n data:\n")
        self._pytester.makepyfile(test_case="import pytest\n" + code)
        quiet = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:hypothesispytest")
        start = self._pytester.runpytest_subprocess if own_process else self._pytester.runpytest
        return start("-p", "tests.loud", *quiet, *words)


SKIPS = "def test_a():\n pytest.skip('no luck')\ndef test_b():\n pass\n"
BROKER = """
@pytest.fixture(params=["embedded", "kafka"])
def broker(request): return request.param
def test_both(broker): pass
@pytest.mark.durable
def test_keeps(broker): assert broker == "kafka"
@pytest.mark.embedded
def test_light(broker): assert broker == "embedded"
"""


def test_a_skip_is_listed_by_name_at_the_end(run: Runner) -> None:
    """Law: who runs the tests at a desk sees what was not tested, and why."""
    result = run(SKIPS)
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*1 SKIPPED: NOTHING WAS TESTED HERE*", "*::test_a: no luck"])


@pytest.mark.parametrize(
    "code",
    [
        SKIPS,
        "@pytest.mark.skip('no luck')\ndef test_a(): pass\ndef test_b(): pass\n",
        "@pytest.fixture\ndef f(): pytest.skip('no luck')\ndef test_a(f): pass\ndef test_b(): pass\n",
    ],
)
def test_in_ci_a_skip_is_a_failure(run: Runner, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Law: OMNIROUTE_CI=1 allows no skip, wherever it is asked for; the reason is kept."""
    monkeypatch.setenv("OMNIROUTE_CI", "1")
    result = run(code)
    assert result.ret == 1
    assert result.parseoutcomes()["passed"] == 1
    result.stdout.fnmatch_lines(["*OMNIROUTE_CI=1 allows no skip: no luck*"])


def test_in_ci_a_module_that_skips_itself_is_a_failure(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: a whole file cannot leave quietly either."""
    monkeypatch.setenv("OMNIROUTE_CI", "1")
    result = run("pytest.skip('no luck', allow_module_level=True)\n")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*OMNIROUTE_CI=1 allows no skip: no luck*"])


def test_a_durable_test_runs_on_kafka_only_and_is_listed(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: it is not run where it proves nothing, and that is said by name."""
    monkeypatch.setattr(machine, "program", lambda tool: f"/bin/{tool}")
    result = run(BROKER)
    result.assert_outcomes(passed=4, deselected=2)
    result.stdout.fnmatch_lines(["*on Apache Kafka only*", "*::test_keeps?kafka?"])


def test_several_processes_are_no_quieter_than_one(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: what is skipped, what is lacking and what ran on Kafka only is told there too."""
    monkeypatch.setenv("PATH", "/nowhere")
    result = run(SKIPS + BROKER, "-n", "2")
    result.assert_outcomes(passed=3, skipped=3)
    result.stdout.fnmatch_lines(
        [
            *("*Debian packages (*); not installed: OMNIROUTE_NO_APT=1", "*on Apache Kafka only*"),
            *("*::test_keeps?kafka?", "*3 SKIPPED: NOTHING WAS TESTED*"),
        ]
    )
    result.stdout.fnmatch_lines_random(
        ["*::test_a: no luck", "*::test_both*: this machine lacks *"]
    )


@pytest.mark.parametrize(("processes", "first"), [("0", "getpid"), ("2", "getppid")])
def test_what_a_cut_run_was_at_is_named(run: Runner, processes: str, first: str) -> None:
    """Law: a run that is stopped from outside says which test it was stopped in."""
    slow = f"""
import os, signal, time
def test_slow():
    time.sleep(1)  # until the first process has heard that it runs
    os.kill(os.{first}(), signal.SIGINT)
    time.sleep(3)
"""
    result = run(slow, "-n", processes, own_process=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["cut while it ran: *::test_slow"])


def test_tests_on_kafka_can_be_left_out_by_marker(run: Runner) -> None:
    """Law: `-m "not kafka"` needs neither Java nor Maven."""
    run(BROKER, "-m", "not kafka").assert_outcomes(passed=2, deselected=4)


def test_a_test_whose_program_is_absent_names_it(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: without the program the test is skipped with its name; apt is not run when forbidden."""
    monkeypatch.setattr(machine, "program", lambda _: None)
    result = run("@pytest.mark.needs('kcat')\ndef test_a(): pass\n")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["*Debian packages (kcat); not installed: OMNIROUTE_NO_APT=1", "*this machine lacks kcat*"]
    )


def test_an_unknown_program_is_an_error(run: Runner) -> None:
    """Law: a slip in the marker is not a skip."""
    result = run("@pytest.mark.needs('kcatt')\ndef test_a(): pass\n")
    assert result.ret != 0
    result.stderr.fnmatch_lines(["*needs {'kcatt'}, which tests/machine.py lacks*"])


def test_data_that_is_absent_is_named(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: the reason says which folder, and the variable that moves it."""
    monkeypatch.setenv("OMNIROUTE_DATA", "/nowhere")
    result = run("@pytest.mark.data\ndef test_a(): pass\n")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*there is no /nowhere (set OMNIROUTE_DATA)"])


def test_every_tool_that_is_here_is_found() -> None:
    """Law: the table knows the programs by the names that the machine uses."""
    assert machine.program("java") == shutil.which("java")
    assert set(machine.lacking(machine.TOOLS)) <= machine.TOOLS.keys()
