"""`omniroute run`: one command shows the whole, ends by itself, and says whether it all fits."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from services.cli.day.board import Board
from services.cli.day.counts import Counts
from services.cli.day.expect import Expected, enter, kept
from services.cli.day.outbox import Sent
from services.cli.day.summary import Ending, ask_router, find_faults, write_summary
from services.cli.run import main
from services.contact.decision import Action, Decision, DecisionType, Outcome, Position
from services.contact.event import Channel
from services.contact.topics import EVENTS

ROOT = Path(__file__).parents[2]
WITHIN_S = 120
STARTED_FIELD = 19
"""Of /proc/<pid>/stat, counted after the name."""


class Child(NamedTuple):
    """A process, told from a later one with the same number by its start."""

    pid: int
    started: str


class Run:
    """`omniroute run` as a person starts it; remembers every child that it was seen with."""

    def __init__(self, folder: Path, *words: str) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("OMNIROUTE_")
        }
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.log = folder / "run.txt"
        self.children: dict[Child, str] = {}
        """Its children so far, with their commands."""
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.cli.main", "run", *words],
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
            )

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8")

    def until(self, pattern: str) -> str:
        """Wait until it has printed this; the last group."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            self.look()
            found = re.search(pattern, self.text)
            if found:
                return found.group(found.lastindex or 0)
            assert self.process.poll() is None, self.text
            time.sleep(0.1)
        raise AssertionError(f"no {pattern!r} in:\n{self.text}")

    def end(self) -> int:
        """Wait for its end; the exit code."""
        deadline = time.monotonic() + WITHIN_S
        while self.process.poll() is None and time.monotonic() < deadline:
            self.look()
            time.sleep(0.1)
        return self.process.wait(1)

    def look(self) -> None:
        """Note the children that it has now."""
        for pid, parent, started in processes():
            if parent == self.process.pid:
                command = _read(Path(f"/proc/{pid}/cmdline")).replace(b"\0", b" ").decode()
                self.children[Child(pid, started)] = command

    def left_over(self) -> list[str]:
        """Commands of its children that still live."""
        alive = {Child(pid, started) for pid, _, started in processes()}
        return [command for child, command in self.children.items() if child in alive]


def processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent and start of every process that has not ended."""
    for folder in Path("/proc").iterdir():
        stat = _read(folder / "stat") if folder.name.isdigit() else b""
        # After the name, which may hold anything: state, parent, ..., start in field 22.
        fields = stat.rpartition(b")")[2].split()
        if len(fields) > STARTED_FIELD and fields[0] != b"Z":
            yield int(folder.name), int(fields[1]), fields[STARTED_FIELD].decode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the test's own, outside of the clone."""
    return tmp_path


def counted(text: str) -> dict[str, tuple[str, str]]:
    """The table of the summary: our count and the reader's, by name."""
    table = text.split("on the topics")[1].split("\n\n", maxsplit=1)[0]
    rows = re.findall(r"^(.+?) {2,}([\d,]+) +([\d,-]+)$", table, re.MULTILINE)
    return {name: (ours, readers) for name, ours, readers in rows}


@pytest.mark.timeout(300)
@pytest.mark.embedded
def test_a_short_day_ends_by_itself_and_agrees_with_the_separate_reader(folder: Path) -> None:
    """Exit 0 means: each event has an outcome, the stories came out, and both counts are equal."""
    run = Run(folder, "--for", "6", "--seed", "4")
    assert run.end() == 0, run.text
    text = run.text
    assert "Everything fits." in text
    rows = counted(text)
    assert all(ours == readers for ours, readers in rows.values()), text
    assert int(rows["events"][0].replace(",", "")) >= 600
    assert {"first decision: route", "first decision: callback", "first decision: move"} <= {*rows}
    assert re.search(r"First decision \d+\.\d s after the services were started", text)
    assert re.search(r"[1-9]\d* completed, [1-9]\d* failed and were replaced", text)
    assert "after late_event" in text
    assert run.left_over() == []


@pytest.mark.timeout(300)
@pytest.mark.embedded
def test_ctrl_c_ends_the_day_in_order(folder: Path) -> None:
    """Without --for it plays on; Ctrl-C waits for the last outcomes and gives the summary."""
    run = Run(folder, "--seed", "5")
    run.until(r"[1-9]\d* route")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0, run.text
    assert "Everything fits." in run.text
    assert "Traceback" not in run.text
    assert run.left_over() == []


@pytest.mark.timeout(300)
@pytest.mark.embedded
def test_nothing_outlives_a_run_that_is_killed(folder: Path) -> None:
    """Broker, memory, services and reader end with it, even by SIGKILL."""
    run = Run(folder, "--seed", "6")
    run.until(r"ready after")
    commands = " ".join(run.left_over())
    for part in ("noida", "valkey", "services.router", "services.sentiment", "day.reader"):
        assert part in commands
    run.process.kill()
    run.end()
    deadline = time.monotonic() + 10
    while run.left_over() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert run.left_over() == []


@pytest.mark.timeout(300)
@pytest.mark.embedded
def test_a_service_that_dies_ends_the_day_with_its_last_words(folder: Path) -> None:
    """A run whose router is gone does not wait for ever and does not exit with 0."""
    run = Run(folder, "--seed", "7")
    run.until(r"[1-9]\d* route")
    (router,) = [child for child, command in run.children.items() if "services.router" in command]
    os.kill(router.pid, signal.SIGKILL)
    assert run.end() == 1
    assert "router ended" in run.text
    assert run.left_over() == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.kafka
def test_the_same_day_on_apache_kafka(folder: Path) -> None:
    """`--broker kafka` changes the broker and nothing else."""
    run = Run(folder, "--for", "6", "--seed", "4", "--broker", "kafka")
    assert run.end() == 0, run.text
    assert "Starting Apache Kafka" in run.text
    assert "Everything fits." in run.text
    assert run.left_over() == []


@pytest.mark.parametrize("words", [["--for", "0"], ["--for", "soon"], ["--speed", "-1"], ["now"]])
def test_wrong_use_is_said_before_anything_is_started(words: list[str]) -> None:
    """Exit 2, as argparse does it."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


def test_a_bad_rule_file_is_shown_with_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The router would refuse it; the run says so at once."""
    rules = folder / "mine.yaml"
    rules.write_text("route:\n  channel: pigeon\n", encoding="utf-8")
    assert main(["--for", "1", "--rules", str(rules)]) == 2
    assert "mine.yaml:2:" in capsys.readouterr().err


# --------------------------------------------------------------------- what the summary finds
def board_with(decision: Decision | None, expected: Expected) -> Board:
    """A board on which one event was sent, and perhaps answered."""
    board = Board()
    entry = enter(
        expected,
        topic=EVENTS,
        partition=0,
        offset=0,
        event_id="e-1",
        source="s",
        customer_id="c",
        story="question",
    )
    board.note_sent(Sent(entry, 1), 0.0)
    board.note_event_read((0, 0))
    if decision is not None:
        board.note_decision(decision, now_s=1.0, now_ms=1.0)
    board.settle(untouched_since_s=10.0)
    return board


def decision(**changes: object) -> Decision:
    """The right answer to that event."""
    right = {
        "decision_id": "d-1",
        "type": DecisionType.MADE,
        "revision": 0,
        "event_id": "e-1",
        "source": "s",
        "position": Position(EVENTS, 0, 0),
        "customer_id": "c",
        "contact_id": "k",
        "action": Action.ROUTE,
        "from_channel": Channel.EMAIL,
        "channel": Channel.EMAIL,
        "executor": "mail-desk",
        "queue": "general",
        "priority": 5,
        "rule": "default",
        "rules_version": "v",
        "decided_at": "2026-11-22T10:00:00Z",
    }
    return msgspec.convert({**right, **changes}, Decision)


def ending(board: Board, readers: Counts | str, trouble: str = "") -> Ending:
    """The end of a run with this board."""
    return Ending(
        board=board,
        trouble=trouble,
        readers=readers,
        router={"decided": 1},
        sent_s=1.0,
        first_decision_s=1.0,
        compared=True,
        ignored=0,
    )


READER = Counts(events=1, decisions=1, decision_ids=1, actions={"route": 1})
WANTED = kept(Channel.EMAIL)


def test_a_run_in_which_everything_fits_has_no_faults() -> None:
    """The faultless case, so that the faults below are found for their own reason."""
    end = ending(board_with(decision(), WANTED), READER)
    assert find_faults(end) == []
    assert "Everything fits." in write_summary(end, [])


@pytest.mark.parametrize(
    ("board", "readers", "said"),
    [
        (board_with(decision(), WANTED), "the reader failed", "the reader failed"),
        (
            board_with(decision(), WANTED),
            Counts(events=2, decisions=1, decision_ids=1, actions={"route": 1}),
            "events: we counted 1, the reader 2",
        ),
        (
            board_with(decision(), WANTED),
            Counts(events=1, decisions=1, decision_ids=1, actions={"move": 1}),
            "first decision: move: we counted 0, the reader 1",
        ),
        (board_with(None, WANTED), Counts(events=1), "found no decision"),
        (board_with(decision(action="callback"), WANTED), READER, "found callback"),
        (board_with(decision(channel="chat"), WANTED), READER, "expected email, found chat"),
        (
            board_with(decision(), Expected(outcome=Outcome.REMEMBERED)),
            READER,
            "expected no decision",
        ),
    ],
)
def test_what_does_not_fit_is_said(board: Board, readers: Counts | str, said: str) -> None:
    """Each way in which a run can be wrong has its sentence, and the exit code follows from it."""
    end = ending(board, readers)
    faults = find_faults(end)
    assert any(said in fault for fault in faults), faults
    assert "do not fit" in write_summary(end, faults)


@pytest.mark.parametrize(("counts", "said"), [([4, 4, 5], 5), ([5], 5), ([4] * 50, 4)])
def test_a_router_that_counts_late_is_asked_again(counts: list[int], said: int) -> None:
    """Law: asked until it has counted all events, and no longer than it may take."""
    left = iter(counts)

    class Page(BaseHTTPRequestHandler):
        """Says another number each time."""

        def do_GET(self) -> None:
            """Answer a scrape."""
            labels = '{input="contact.events",outcome="decided"}'
            name = "omniroute_router_records_total"
            self.send_response(200)
            self.end_headers()
            text = f"# TYPE {name} counter\n{name}{labels} {next(left)}\n"
            self.wfile.write(text.encode())

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        assert ask_router(url, 5, within_s=1.0) == {"decided": said}
        server.shutdown()


def test_a_decision_that_came_twice_is_a_fault() -> None:
    """No outcome twice: the same decision id on two records is told."""
    board = board_with(decision(), WANTED)
    board.note_decision(decision(), now_s=1.0, now_ms=1.0)
    readers = Counts(events=1, decisions=2, decision_ids=1, actions={"route": 2})
    assert any("came twice" in fault for fault in find_faults(ending(board, readers)))
