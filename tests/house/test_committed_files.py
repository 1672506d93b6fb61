"""What is committed holds for everybody: no registry, no machine, no vague module names."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.machine import CLONE

# The brackets keep these lines from finding themselves.
FORBIDDEN = {
    "a package registry": re.compile(
        r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|registry[.]yarnpkg|repo1?[.]maven"
        r"|maven[.]org|proxy[.]golang|deb[.]debian[.]org|artifact[o]ry|--(extra-)?index[-]url[ =]",
        re.IGNORECASE,
    ),
    "a path of one machine": re.compile(r"(?<![\w.$}-])/(work|root|home/\w+|Users/\w+)[/]"),
}
VAGUE = {"utils", "util", "helpers", "helper", "base", "manager", "common", "misc"}


def committed() -> list[Path]:
    """Every file that git knows and the working copy still has."""
    listed = subprocess.run(
        ["git", "-C", str(CLONE), "ls-files", "-z"], capture_output=True, check=True
    )
    names = listed.stdout.decode().split("\0")
    return [CLONE / name for name in names if name and (CLONE / name).is_file()]


def lines_of(file: Path) -> list[str]:
    """The lines of a text file; none for a binary one."""
    data = file.read_bytes()
    return [] if b"\0" in data else data.decode(errors="replace").splitlines()


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_file_names(what: str) -> None:
    """Law: a clone works behind any mirror and on any machine."""
    found = [
        f"{file.relative_to(CLONE)}:{number}: {line.strip()[:100]}"
        for file in committed()
        for number, line in enumerate(lines_of(file), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert not found, f"{what} is named in:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("see https://" + "pypi" + ".org/simple", "a package registry"),
        ("--extra-index" + "-url=x", "a package registry"),
        ("cd /ro" + "ot/project", "a path of one machine"),
        ("open('/wo" + "rk/x')", "a path of one machine"),
        ("in /home" + "/ana/omniroute", "a path of one machine"),
    ],
)
def test_the_search_finds_what_it_looks_for(line: str, what: str) -> None:
    """Law: each kind of forbidden text is recognised."""
    assert FORBIDDEN[what].search(line)


def test_data_outside_of_the_clone_is_reached_by_its_variable_only() -> None:
    """Law: the folder of data sets is named only where OMNIROUTE_DATA gets its default."""
    found = [
        str(file.relative_to(CLONE))
        for file in committed()
        if any("shared" + "/data" in line for line in lines_of(file))
        and not any("OMNIROUTE_DATA" in line for line in lines_of(file))
    ]
    assert not found


def test_modules_say_what_they_are_for() -> None:
    """Law: no module has a name that fits everything, or one of the standard library."""
    modules = [f for f in committed() if f.suffix == ".py" and not f.stem.startswith("__")]
    assert len(modules) > 20
    bad = [str(f.relative_to(CLONE)) for f in modules if f.stem in VAGUE | sys.stdlib_module_names]
    assert not bad


def test_the_locks_hold_what_the_project_asks_for_with_hashes() -> None:
    """Law: every requirement is locked at a version that fits, with at least one hash.

    `make run` does without the large packages of the extra `onnx`; the tests have them.
    """
    project = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    groups = project["dependency-groups"]
    runtime = [*project["project"]["dependencies"], *groups["build"]]
    runtime += [word for name, extra in extras.items() if name != "onnx" for word in extra]
    dev = [word for word in groups["dev"] if isinstance(word, str)] + extras["onnx"]
    for name, wanted in (("requirements.lock", runtime), ("requirements-dev.lock", dev)):
        pins = locked(CLONE / name)
        for text in wanted:
            requirement = Requirement(text)
            version, hashes = pins[canonical(requirement.name)]
            assert requirement.specifier.contains(version), f"{text} is locked at {version}"
            assert hashes, f"{text} is locked without a hash"


def locked(lock: Path) -> dict[str, tuple[str, int]]:
    """Name -> (version, number of hashes) of a lock file."""
    pins: dict[str, tuple[str, int]] = {}
    name = ""
    for line in lines_of(lock):
        if found := re.match(r"([a-z0-9-]+)==(\S+)", line):
            name = found[1]
            pins[name] = (found[2], 0)
        elif "--hash=sha256:" in line:
            pins[name] = (pins[name][0], pins[name][1] + 1)
    return pins


def canonical(name: str) -> str:
    """The name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
