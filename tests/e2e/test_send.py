"""`omniroute send`: an event goes in, and what comes back is understood by a person."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from services.cli.send import main
from tests.e2e.test_run import ROOT, Run

pytestmark = [pytest.mark.timeout(300), pytest.mark.embedded]
MAIL = b"""\
From: Ana <ana@mail.example>
To: help@shop.example
Subject: Invoice 4471
Message-ID: <1@mail.example>
Date: Mon, 2 Nov 2026 10:00:00 +0000

Please send me the invoice 4471 as a PDF.
"""


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A whole house, left open after its day."""
    run = Run(tmp_path_factory.mktemp("run"), "--for", "1", "--seed", "8", "--keep")
    try:
        yield run.until(r"Kafka ([\d.:]+), Redis .* stays up")
    finally:
        run.process.terminate()
        assert run.end() == 0, run.text
        assert run.left_over() == []


def send(brokers: str, *words: str, data: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "send", *words, "--brokers", brokers],
        input=data,
        capture_output=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def lines(done: subprocess.CompletedProcess[str]) -> Sequence[dict[str, Any]]:
    """The JSON lines that it printed."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def smallest() -> bytes:
    """The smallest event, as the README shows it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```json\n(\{.*?\})\n```", readme, re.DOTALL)
    assert found is not None
    return found.group(1).encode()


def test_the_smallest_event_of_the_readme_gets_a_decision(brokers: str) -> None:
    """About ten lines of JSON are enough, and the answer says where to and why."""
    event = smallest()
    assert len(event.splitlines()) <= 12
    done = send(brokers, "-", data=event)
    assert done.returncode == 0, done.stderr
    assert "email → queued on email" in done.stdout
    assert "why: no choice is known" in done.stdout
    assert "carried out by: mail-desk" in done.stdout


def test_the_same_event_again_gets_no_second_decision_unless_it_is_made_fresh(
    brokers: str,
) -> None:
    """A platform that repeats itself causes no work twice."""
    event = json.dumps({**json.loads(smallest()), "event_id": "again"}).encode()
    assert lines(send(brokers, "-", "--json", data=event))[0]["outcome"] == "decided"
    (second,) = lines(send(brokers, "-", "--json", data=event))
    assert second["outcome"] == "remembered or duplicate"
    (third,) = lines(send(brokers, "-", "--json", "--fresh", data=event))
    assert third["outcome"] == "decided"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"call me", "not_json"),
        (b'{"event_id": "e", "source": "s"}', "kind_missing"),
        (b'{"event_id":"e","source":"s","kind":"message","channel":"email"}', "customer_missing"),
    ],
)
def test_an_event_that_cannot_be_used_comes_back_with_its_reason(
    brokers: str, data: bytes, code: str
) -> None:
    """A refused event is no riddle: the dead letter's code and sentence are printed, exit 1."""
    done = send(brokers, "-", data=data)
    assert done.returncode == 1
    assert f"refused: {code}" in done.stdout


def test_an_e_mail_file_is_an_event_too(brokers: str, tmp_path: Path) -> None:
    """An .eml goes through intake; its own old date does not make the answer late."""
    file = tmp_path / "parcel.eml"
    file.write_bytes(MAIL)
    words = (str(file), "--ours", "shop.example", "--customer", "ana-17", "--json")
    (answer,) = lines(send(brokers, *words))
    assert answer["decision"]["customer_id"] == "ana-17"
    assert answer["decision"]["respond_by"] > answer["decision"]["decided_at"]


def test_the_example_of_a_long_thread_ends_in_a_call(brokers: str) -> None:
    """A story is sent event by event; the third question of the customer becomes a callback."""
    done = send(brokers, "--example", "long-thread", "--json")
    assert done.returncode == 0, done.stderr
    decided = [line["decision"] for line in lines(done) if "decision" in line]
    first = {one["event_id"]: one for one in decided if one["revision"] == 0}
    assert [one["action"] for one in first.values()] == ["route", "stay", "callback"]
    assert [*first.values()][-1]["rule"] == "email-to-phone"


def test_the_example_of_a_late_reply_shows_the_revision(brokers: str) -> None:
    """What comes back includes what changes a decision afterwards."""
    done = send(brokers, "--example", "late-reply", "--json")
    causes = [line["decision"].get("cause") for line in lines(done) if "decision" in line]
    assert "late_event" in causes


def test_the_examples_are_listed_with_what_they_show(capsys: pytest.CaptureFixture[str]) -> None:
    """Names to copy, each with its sentence."""
    assert main(["--examples"]) == 0
    listed = capsys.readouterr().out
    assert re.search(r"^  thanks-but +.*a call\.$", listed, re.MULTILINE)
    assert len(listed.splitlines()) > 40


def test_without_kafka_it_says_so_within_the_wait(tmp_path: Path) -> None:
    """No stack trace, but what to do; exit 1."""
    file = tmp_path / "event.json"
    file.write_bytes(b"{}")
    done = send("127.0.0.1:1", str(file))
    assert done.returncode == 1
    assert "no Kafka at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--example", "no-such-story"], "--examples lists them"),
        (["nowhere.json"], "No such file"),
    ],
)
def test_input_that_is_not_there_is_named(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 before anything is connected."""
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_an_e_mail_needs_to_know_our_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without our own addresses nobody could tell who wrote."""
    file = tmp_path / "parcel.eml"
    file.write_bytes(MAIL)
    assert main([str(file)]) == 2
    assert "--ours" in capsys.readouterr().err
