"""The rooms are kept apart by a tool that notices."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import CLONE

LINT = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Look at the imports of a copy of the services."""
    words = [str(LINT), "--no-logo", "--no-cache"]
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=50, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The services and the contracts, to be damaged."""
    shutil.copytree(
        CLONE / "services",
        tmp_path / "services",
        ignore=lambda _, names: {n for n in names if n == "__pycache__"},
    )
    shutil.copy(CLONE / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("services/contact", "import time"),
        ("services/intake", "import asyncio"),
        ("services/router/core", "import random"),
        ("services/sentiment/core", "import aiokafka"),
        ("services/router/core", "import services.router.rules"),
        ("services/contact", "import services.runtime"),
        ("services/runtime", "import services.router"),
        ("services/router", "import services.cli"),
    ],
)
def test_an_import_in_the_wrong_direction_is_found(copy: Path, module: str, line: str) -> None:
    """Law: no pure room reaches I/O, a clock or chance, and no room looks upwards."""
    (copy / module / "intruder.py").write_text(f"{line}\n", encoding="utf-8")
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{module.replace('/', '.')}.intruder" in done.stdout


def test_the_rooms_as_they_are_keep_apart(copy: Path) -> None:
    """Law: the contracts hold now."""
    done = lint(copy)
    assert done.returncode == 0, done.stdout
