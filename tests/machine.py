"""What the machine must have for some tests, and how it gets it. Only this file installs anything.

A test names what it needs, `@pytest.mark.needs("kcat")`, or uses a fixture that does. Before the
first test runs, what is missing is installed as Debian packages, in one go and announced. Where
that cannot be (no root, no apt, OMNIROUTE_NO_APT=1), the tests are skipped by name.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from services.runtime.jars import jars_folder

CLONE = Path(__file__).resolve().parents[1]
APT_WITHIN_S = 600.0


class Tool(NamedTuple):
    """A program that some tests need."""

    package: str
    programs: tuple[str, ...]
    instead: Callable[[], bool] = lambda: False
    """True where something else makes the program unnecessary."""


TOOLS: dict[str, Tool] = {
    "java": Tool("default-jre-headless", ("java",)),
    "maven": Tool("maven", ("mvn",), instead=lambda: jars_folder().exists()),
    "redis-server": Tool("redis-server", ("redis-server",)),
    "redis-sentinel": Tool("redis-sentinel", ("redis-sentinel",)),
    "libfaketime": Tool("libfaketime", (), instead=lambda: find_libfaketime() is not None),
    "kcat": Tool("kcat", ("kcat", "kafkacat")),
    "node": Tool("nodejs", ("node", "nodejs")),
    "npm": Tool("npm", ("npm",)),
    "javac": Tool("default-jdk-headless", ("javac",)),
    "promtool": Tool("prometheus", ("promtool",)),
    "alertmanager": Tool("prometheus-alertmanager", ("prometheus-alertmanager", "alertmanager")),
    "amtool": Tool("prometheus-alertmanager", ("amtool",)),
    "chromium": Tool("chromium", ("chromium", "chromium-browser", "google-chrome")),
    "chromedriver": Tool("chromium-driver", ("chromedriver",)),
}


def find_libfaketime() -> Path | None:
    """The library that shifts the clock of a process in which it is preloaded, where Debian puts it."""
    places = ("*/faketime/libfaketime.so.1", "faketime/libfaketime.so.1")
    return next((path for place in places for path in Path("/usr/lib").glob(place)), None)


def data_folder() -> Path:
    """The data sets that are not part of the clone: OMNIROUTE_DATA, else ../shared/data."""
    return Path(os.environ.get("OMNIROUTE_DATA") or CLONE.parent / "shared" / "data")


def program(tool: str) -> str | None:
    """The path of a tool's program, or None where the machine has none."""
    found = (shutil.which(name) for name in TOOLS[tool].programs)
    return next((path for path in found if path), None)


def lacking(tools: Iterable[str]) -> list[str]:
    """The tools that this machine does not have, sorted."""
    return sorted(t for t in set(tools) if program(t) is None and not TOOLS[t].instead())


def install(tools: Collection[str], say: Callable[[str], None]) -> None:
    """Install what is lacking, if this machine and its owner let us; says what it does.

    Safe to call from several processes: one installs, the others wait for it.
    """
    if not lacking(tools):
        return
    why_not = _why_no_apt()
    if why_not:
        say(
            f"The tests need Debian packages ({' '.join(_packages(tools))}); not installed: {why_not}"
        )
        return
    # Only root comes this far.
    with (Path(tempfile.gettempdir()) / "omniroute-tests-install.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if lacking(tools):
            _install(_packages(tools), say)


def _packages(tools: Iterable[str]) -> list[str]:
    return sorted({TOOLS[tool].package for tool in lacking(tools)})


def _install(packages: Sequence[str], say: Callable[[str], None]) -> None:
    say(f"Installing Debian packages for the tests: {' '.join(packages)}")
    say("(OMNIROUTE_NO_APT=1 keeps this from happening)")
    # RUNLEVEL=1: packages of servers start none; the tests start their own.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for words in (
        ["apt-get", "-q", "update"],
        ["apt-get", "-q", "-y", "--no-install-recommends", "install", *packages],
    ):
        done = subprocess.run(
            words, env=environment, capture_output=True, timeout=APT_WITHIN_S, check=False
        )
        if done.returncode != 0:
            said = (done.stdout + done.stderr).decode(errors="replace")[-2_000:]
            say(f"`{' '.join(words)}` failed:\n{said}")


def _why_no_apt() -> str:
    if os.environ.get("OMNIROUTE_NO_APT") == "1":
        return "OMNIROUTE_NO_APT=1"
    if shutil.which("apt-get") is None:
        return "there is no apt-get here"
    if os.geteuid() != 0:
        return "only root can"
    return ""
