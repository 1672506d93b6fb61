"""Pytest plugin: which tests may run side by side, where they run in several processes (pytest-xdist).

Tests of a room with servers stay in one process, one after the other: what takes the usual ports never meets
itself, and at most two of what mostly waits do so at a time. All others are dealt one by one.

A test marked `alone` runs while no other one does. Each test holds a lock that it shares with the others;
one that is `alone` holds it for itself. Who waits for it is not overtaken: all pass one gate, and it stands
there meanwhile. The time of waiting does not count for the timeout of a test, and a run that is cut names
the test that was waited for.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_TOGETHER = {"e2e": "programs", "house": "programs", "live": "programs"}
_TOGETHER |= {"fault": "servers", "shell": "servers"}
"""Rooms whose tests run one after the other."""
_FOLDER = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that this plugin reads."""
    config.addinivalue_line("markers", "alone: measures time; nothing may run beside it")


class _ByRoom(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Not xdist's own marker for groups: with pytest 9.2, xdist 3.8 does not see it and says nothing."""

    def _split_scope(self, nodeid: str) -> str:
        room = Path(nodeid.partition("::")[0]).parent.name
        return _TOGETHER.get(room, nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Who runs what."""
    return _ByRoom(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The first process tells each other one where the locks are."""
    stash = node.config.stash
    if _FOLDER not in stash:
        stash[_FOLDER] = tempfile.TemporaryDirectory(prefix="turns-")
    node.workerinput["turns"] = stash[_FOLDER].name


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the locks."""
    if folder := config.stash.get(_FOLDER, None):
        folder.cleanup()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that hold up all others come last, when there is least to hold up."""
    items.sort(key=lambda item: item.get_closest_marker("alone") is not None)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around the clock of pytest-timeout
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    """Wait for the lock, and hold it while the test runs."""
    folder = getattr(item.config, "workerinput", {}).get("turns")
    if folder is None:
        return (yield)
    alone = item.get_closest_marker("alone") is not None
    with (Path(folder) / "running").open("ab") as lock:
        with (Path(folder) / "gate").open("ab") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        try:
            return (yield)
        finally:
            # Closing is not enough: a process that the test has forked and forgotten holds it too.
            fcntl.flock(lock, fcntl.LOCK_UN)
