"""Pytest plugin: no test is left out in silence.

- What tests need of the machine is looked for, and installed, before the first one runs.
- What is skipped is listed by name at the end; under OMNIROUTE_CI=1 it is a failure.
- A test marked `durable` runs on Apache Kafka only, and is listed by name at the end.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests import machine

_BY_FIXTURE = {"kafka": ("java", "maven"), "redis_server": ("redis-server",)}
_DURABLE = pytest.StashKey[list[str]]()


def in_ci() -> bool:
    """Whether a skip is a failure."""
    return os.environ.get("OMNIROUTE_CI") == "1"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that this plugin reads."""
    config.addinivalue_line("markers", "needs(*tools): programs this test needs (tests/machine.py)")


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
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    machine.install(
        {tool for tools in needs.values() for tool in tools},
        reporter.write_line if reporter else print,
    )
    lacking = machine.lacking({tool for tools in needs.values() for tool in tools})
    for item, tools in needs.items():
        absent = [tool for tool in lacking if tool in tools]
        if absent:
            item.add_marker(pytest.mark.skip(f"this machine lacks {', '.join(absent)}"))
        if item.get_closest_marker("data") and not machine.data_folder().is_dir():
            reason = f"there is no {machine.data_folder()} (set OMNIROUTE_DATA)"
            item.add_marker(pytest.mark.skip(reason))


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


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")
