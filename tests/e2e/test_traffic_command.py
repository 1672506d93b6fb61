"""`omniroute traffic`: a day at a rate, and a ledger that an independent judge can hold to."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.day.expect import read_line
from services.cli.day.house import House
from services.cli.traffic import main
from services.contact.decision import Outcome
from tests.e2e.test_run import ROOT


@pytest.fixture(
    params=[
        pytest.param("embedded", marks=pytest.mark.embedded),
        pytest.param("kafka", marks=pytest.mark.kafka),
    ]
)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Broker, memory and both services."""
    with House(request.param, partitions=8, lanes=2) as opened:

        async def start() -> None:
            await opened.start_servers()
            await opened.start_services()

        asyncio.run(start())
        yield opened


def command(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command against the house."""
    where = {"OMNIROUTE_KAFKA": house.broker.bootstrap, "OMNIROUTE_REDIS": house.memory.url}
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *words],
        env={**os.environ, **where},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.timeout(400)
def test_the_judge_finds_the_ledger_kept(house: House, tmp_path: Path) -> None:
    """What the stories expect, what the router did and what the judge recomputes are one."""
    file = tmp_path / "day.jsonl"
    words = ("--rate", "200", "--for", "3", "--seed", "11", "--ledger", str(file))
    begin = time.monotonic()
    sent = command(house, "traffic", *words)
    assert sent.returncode == 0, sent.stderr
    assert time.monotonic() - begin >= 3
    entries = [read_line(line) for line in file.read_bytes().splitlines()]
    assert 600 <= len(entries) < 640
    assert len({(entry.partition, entry.offset) for entry in entries}) == len(entries)
    assert {entry.outcome for entry in entries} >= set(Outcome)
    assert f"{len(entries)} events of" in sent.stdout
    judged = command(house, "judge", "--ledger", str(file))
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert f"{len(entries)} expected by the ledger" in judged.stdout


def test_without_kafka_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """No stack trace, but what to do; exit 1."""
    assert main(["--for", "1", "--brokers", "127.0.0.1:1"]) == 1
    assert "no Kafka at 127.0.0.1:1" in capsys.readouterr().err


def test_a_ledger_that_cannot_be_written_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said before anything is sent; exit 2."""
    assert main(["--for", "1", "--ledger", str(tmp_path / "no" / "file")]) == 2
    assert "No such file" in capsys.readouterr().err
