"""What is committed is enough: a clone elsewhere installs and answers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.machine import CLONE

INSTALL_WITHIN_S = 600
WHEEL = "{0} -m pip wheel -q --no-deps --no-build-isolation -w build . && {0} -m zipfile -l build/*"


def words_of(folder: Path, *words: str) -> str:
    """Run a command there without the environment's leanings and return what it said."""
    leave = {"VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    done = subprocess.run(
        words,
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k not in leave},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALL_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(words)} failed:\n{done.stdout}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(2 * INSTALL_WITHIN_S)
def test_a_clone_installs_from_its_locks_and_answers(tmp_path: Path) -> None:
    """Law: the last commit alone makes a working command, with nothing missing or in conflict."""
    words_of(tmp_path, "git", "clone", "-q", str(CLONE), "clone")
    clone = tmp_path / "clone"
    words_of(clone, "make", "deps")
    python = str(clone / ".venv/bin/python")
    assert "No broken requirements" in words_of(clone, python, "-m", "pip", "check")
    help_text = words_of(tmp_path, str(clone / ".venv/bin/omniroute"), "--help")
    assert help_text.startswith("usage: omniroute")
    where = words_of(tmp_path, python, "-c", "import services; print(services.__file__)")
    assert Path(where.strip()).is_relative_to(clone)
    wheel = words_of(clone, "sh", "-c", WHEEL.format(python))
    assert "services/router/rules/routing.yaml" in wheel, "a wheel carries the default rules"
    assert "Installing" not in words_of(clone, "make", "deps"), (
        "a second time there is nothing to do"
    )
