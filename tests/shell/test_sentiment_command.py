"""Laws of `omniroute sentiment`: help worth reading, settings shown, mistakes refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from services.cli import sentiment as command
from services.runtime.lane import Stop
from services.sentiment.__main__ import refuse_idle_lanes


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", "sentiment", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_settings_in_force_are_shown_with_options_over_environment() -> None:
    """Law: an option beats the variable, the variable beats the default; secrets are masked."""
    done = run(
        "service",
        "--brokers=b:1",
        "--print-settings",
        OMNIROUTE_KAFKA="a:1",
        OMNIROUTE_PREFIX="acme-",
        OMNIROUTE_LOG_KEY="s3cret",
    )
    assert done.returncode == 0, done.stderr
    assert "OMNIROUTE_KAFKA=b:1\n" in done.stdout
    assert "OMNIROUTE_PREFIX=acme-\n" in done.stdout
    assert "OMNIROUTE_LANES=4\n" in done.stdout
    assert "s3cret" not in done.stdout


def test_the_word_service_may_be_left_out() -> None:
    """Law: `omniroute sentiment --print-settings` is `omniroute sentiment service …`."""
    assert run("--print-settings").stdout == run("service", "--print-settings").stdout


@pytest.mark.parametrize("words", [("--http", "nowhere"), ("--lanes", "many")])
def test_a_wrong_setting_ends_with_two_before_anything_is_asked(words: tuple[str, ...]) -> None:
    """Law: 2 and a line that names the setting; no broker is needed to learn it."""
    done = run("service", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("OMNIROUTE_")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"OMNIROUTE_SENTIMENT_MODEL": "/nowhere"}, "/nowhere holds no usable model"),
        (
            {
                "OMNIROUTE_SENTIMENT_MODEL": "/nowhere",
                "OMNIROUTE_SENTIMENT_MODEL_LANGUAGES": "en,elvish",
            },
            "OMNIROUTE_SENTIMENT_MODEL_LANGUAGES: 'elvish' is no language tag",
        ),
        (
            {"OMNIROUTE_SENTIMENT_MODEL_LANGUAGES": "en"},
            "OMNIROUTE_SENTIMENT_MODEL scores: name it",
        ),
    ],
)
def test_a_model_that_is_not_there_ends_with_two(settings: dict[str, str], said: str) -> None:
    """Law: a service that was given a model never runs with another one."""
    done = run("service", **settings)
    assert done.returncode == 2
    assert said in done.stderr


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Law: --help shows how it is used and what it will not do."""
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "omniroute sentiment service --brokers" in said
    assert "Agents are scored\nonly with OMNIROUTE_SENTIMENT_AGENTS=on" in said


def test_more_lanes_than_partitions_are_refused() -> None:
    """Law: a lane that could never have a partition is a mistake, not a lane that waits."""
    refuse_idle_lanes(4, 4)
    with pytest.raises(Stop) as refused:
        refuse_idle_lanes(5, 4)
    assert refused.value.code == "lanes_changed"
