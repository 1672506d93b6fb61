"""The Makefile explains itself, and says what it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.machine import CLONE

MAKEFILE = (CLONE / "Makefile").read_text(encoding="utf-8")


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make there."""
    return subprocess.run(
        ["make", *words], cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )


def test_every_target_has_a_line_of_help() -> None:
    """Law: `make` alone lists each target that a person may ask for, with its help."""
    phony = set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE))
    targets = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
    assert phony == targets
    said = make(CLONE).stdout
    for target in targets:
        assert re.search(rf"^  make {target} +\S", said, re.MULTILINE), f"no help for {target}"


def test_every_target_names_its_neighbours_that_exist() -> None:
    """Law: make can plan every target; nothing hangs in the air."""
    for target in re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE):
        done = make(CLONE, "--dry-run", target)
        assert done.returncode == 0, done.stderr


def test_an_old_python_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """Law: without Python 3.11 or newer nothing is made, and the message says what to do."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(CLONE / name, tmp_path)
    done = make(tmp_path, "run", "PYTHON=")
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr
    assert not (tmp_path / ".venv").exists()
