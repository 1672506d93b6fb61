"""The command `omniroute` finds its subcommands, and says so when it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from services.cli import main as command
from services.cli.main import Command, main
from tests.machine import CLONE

PRESENT = [name for name, c in command.COMMANDS.items() if find_spec(c.module) is not None]


def test_help_lists_every_command_of_this_build(capsys: pytest.CaptureFixture[str]) -> None:
    """Law: what is there is listed with its line of help, in the order of the groups."""
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    places = [said.index(f"  {name} ") for name in PRESENT]
    assert places == sorted(places)
    assert all(command.COMMANDS[name].help in said for name in PRESENT)


def test_no_words_at_all_mean_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Law: `omniroute` alone explains itself."""
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("usage: omniroute")


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """Law: `omniroute --version` tells what is installed."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"omniroute {version('omniroute')}\n"


def test_a_wrong_name_is_answered_with_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Law: a slip of the pen is a usage error that names what was meant."""
    assert main(["topcis"]) == 2
    assert "did you mean 'topics'?" in capsys.readouterr().err


def test_an_absent_command_is_said_to_be_absent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: a command whose file is not there is refused and not listed."""
    monkeypatch.setitem(command.COMMANDS, "fly", Command("services.cli.fly", "fly"))
    assert main(["fly"]) == 2
    assert "not in this build" in capsys.readouterr().err


def test_a_broken_command_shows_its_own_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Law: a command that is there but cannot be imported is not called absent."""
    (tmp_path / "broken_command.py").write_text("import no_such_module_at_all\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(command.COMMANDS, "broken", Command("broken_command", "broken"))
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        main(["broken"])


@pytest.mark.parametrize("name", PRESENT)
def test_every_command_has_a_help_worth_reading(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: `omniroute <command> --help` succeeds and shows its use."""
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"omniroute {name}" in capsys.readouterr().out


def test_the_words_and_the_exit_code_go_through(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: a command gets the words after its name, and its exit code is ours."""
    (tmp_path / "echoing.py").write_text(
        "def main(argv):\n    print(argv)\n    return 1\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(command.COMMANDS, "echo", Command("echoing", "echo"))
    assert main(["echo", "a", "--b"]) == 1
    assert capsys.readouterr().out == "['a', '--b']\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    """Law: `omniroute --help | true` ends without a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "--help"],
        cwd=CLONE,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 0
