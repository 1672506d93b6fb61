"""Pytest plugin: no test is left out in silence.

- What tests need of the machine is looked for, and installed, before the first one runs.
- What is skipped is listed by name at the end; under OMNIROUTE_CI=1 it is a failure.
- A test marked `durable` runs on Apache Kafka only, and is listed by name at the end.
- What was still running at the end is named: a run that is cut says where it was.

Holds as well where the tests run in several processes (pytest-xdist): each gets the machine ready for
its own, one after the other, and tells the process that writes to the terminal what it was asked to.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator
from functools import partial
from typing import Any

import pytest

from tests import machine

_BY_FIXTURE = {"kafka": ("java", "maven"), "redis_server": ("redis-server",)}
_DURABLE = pytest.StashKey[list[str]]()


class Notice(UserWarning):
    """What another process says that it does to the machine."""


class _Terminal:
    """What the first process hears of all: notices, each told once, and which tests are running."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: set[str] = set()
        self._running: dict[str, None] = {}

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """A warning of this process or of another one."""
        line = str(warning_message.message)
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter and isinstance(warning_message.message, Notice) and line not in self._told:
            self._told.add(line)
            reporter.write_line(line)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins, here or in another process."""
        self._running[nodeid] = None

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test has ended."""
        self._running.pop(nodeid, None)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what had not ended."""
        for nodeid in self._running:
            terminalreporter.write_line(f"cut while it ran: {nodeid}", red=True)


def in_ci() -> bool:
    """Whether a skip is a failure."""
    return os.environ.get("OMNIROUTE_CI") == "1"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that this plugin reads."""
    config.addinivalue_line("markers", "needs(*tools): programs this test needs (tests/machine.py)")
    config.pluginmanager.register(_Terminal(config))


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what runs on Apache Kafka; drop the pairs of test and broker that mean nothing."""
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        kind = _broker_of(item)
        if kind == "kafka":
            item.add_marker("kafka")
        durable, embedded = (item.get_closest_marker(m) for m in ("durable", "embedded"))
        wrong = (durable and kind == "embedded") or (embedded and kind == "kafka")
        (dropped if wrong else kept).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the machine ready for the tests that were selected, or mark those that cannot run."""
    config = session.config
    config.stash[_DURABLE] = [i.nodeid for i in session.items if i.get_closest_marker("durable")]
    if config.option.collectonly:
        return
    needs = {item: tools_of(item) for item in session.items}
    machine.install({tool for tools in needs.values() for tool in tools}, partial(_tell, config))
    lacking = machine.lacking({tool for tools in needs.values() for tool in tools})
    for item, tools in needs.items():
        absent = [tool for tool in lacking if tool in tools]
        if absent:
            item.add_marker(pytest.mark.skip(f"this machine lacks {', '.join(absent)}"))
        if item.get_closest_marker("data") and not machine.data_folder().is_dir():
            reason = f"there is no {machine.data_folder()} (set OMNIROUTE_DATA)"
            item.add_marker(pytest.mark.skip(reason))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes: hand on what only the first can write to the terminal."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["durable"] = session.config.stash.get(_DURABLE, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The first process: all others have collected the same tests."""
    told = getattr(node, "workeroutput", {})  # none, if it was killed
    node.config.stash[_DURABLE] = told.get("durable", node.config.stash.get(_DURABLE, []))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under OMNIROUTE_CI=1 a test that skips has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and in_ci():
        report.outcome = "failed"
        report.longrepr = f"skipped, and OMNIROUTE_CI=1 allows no skip: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Under OMNIROUTE_CI=1 a module that skips itself has failed."""
    report = yield
    if report.skipped and in_ci():
        report.outcome = "failed"
        report.longrepr = f"skipped, and OMNIROUTE_CI=1 allows no skip: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List by name what ran on Apache Kafka only, and what did not run at all."""
    durable = terminalreporter.config.stash.get(_DURABLE, [])
    if durable:
        terminalreporter.section("on Apache Kafka only: these need what it acknowledged to stay")
        for name in durable:
            terminalreporter.write_line(name)
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        title = f"{len(skipped)} SKIPPED: NOTHING WAS TESTED HERE"
        terminalreporter.section(title, sep="!", red=True, bold=True)
        for report in skipped:
            terminalreporter.write_line(f"{report.nodeid}: {_reason(report)}", red=True)


def tools_of(item: pytest.Item) -> set[str]:
    """The tools that a test needs, by its markers and by its fixtures."""
    tools = {str(tool) for mark in item.iter_markers("needs") for tool in mark.args}
    unknown = tools - machine.TOOLS.keys()
    if unknown:
        raise pytest.UsageError(f"{item.nodeid} needs {unknown}, which tests/machine.py lacks")
    for fixture in getattr(item, "fixturenames", ()):
        tools |= set(_BY_FIXTURE.get(fixture, ()))
    if item.get_closest_marker("kafka"):
        tools |= set(_BY_FIXTURE["kafka"])
    return tools


def _broker_of(item: pytest.Item) -> str:
    """Which broker a test runs on: kafka, embedded, or none at all (empty)."""
    call = getattr(item, "callspec", None)
    chosen = call.params.get("broker", "") if call else ""
    names = getattr(item, "fixturenames", ())
    return str(chosen) or next((n for n in ("kafka", "embedded") if n in names), "")


def _tell(config: pytest.Config, line: str) -> None:
    """Of several processes only the first has the terminal; warnings are what it hears at once."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not hasattr(config, "workerinput"):
        reporter.write_line(line)
        return
    notice = warnings.WarningMessage(Notice(line), Notice, __file__, 0)
    config.hook.pytest_warning_recorded.call_historic(
        kwargs={"warning_message": notice, "when": "collect", "nodeid": "", "location": None}
    )


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")
