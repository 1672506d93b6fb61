"""Pytest plugin: a test marked `alone` runs while no other one does, in whichever process.

Where the tests run in several processes (pytest-xdist), each test holds a lock that it shares with the
others; one that is `alone` holds it for itself. Who waits for it is not overtaken: all pass one gate,
and it stands there meanwhile. The time of waiting does not count for the timeout of a test.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

_FOLDER = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that this plugin reads."""
    config.addinivalue_line("markers", "alone: measures time; nothing may run beside it")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The first process tells each other one where the locks are."""
    folder = node.config.stash.setdefault(_FOLDER, tempfile.TemporaryDirectory(prefix="turns-"))
    node.workerinput["turns"] = folder.name


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the locks."""
    if folder := config.stash.get(_FOLDER, None):
        folder.cleanup()


@pytest.hookimpl(tryfirst=True)  # what takes long comes before it, so that nobody waits for that
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """To the end with those that hold up all others."""
    items.sort(key=lambda item: item.get_closest_marker("alone") is not None)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around the clock of pytest-timeout
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    """Wait for the lock, and hold it while the test runs."""
    folder = getattr(item.config, "workerinput", {}).get("turns")
    if folder is None:
        return (yield)
    alone = item.get_closest_marker("alone") is not None
    with ExitStack() as held:
        with (Path(folder) / "gate").open("ab") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            lock = held.enter_context((Path(folder) / "running").open("ab"))
            fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        return (yield)
