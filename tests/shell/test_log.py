"""Laws of the log: nothing personal gets into a line, whatever the caller hands over."""

from __future__ import annotations

import ast
import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
import structlog
from aiokafka.errors import KafkaConnectionError

from services.runtime.lane import Stop
from services.runtime.log import LogSettings, configure_log, get_log

SERVICES = Path(__file__).parents[2] / "services"
CANARY = "CANARY-ana.petrova@example.org"
METHODS = {"debug", "info", "warning", "error", "critical", "exception"}


def fall_over(error: Exception) -> Exception:
    """Raise an error and hand it back with its traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The log of the process is as before when a test ends."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def out() -> io.BytesIO:
    """Where the log goes."""
    return io.BytesIO()


@pytest.fixture
def lines(out: io.BytesIO) -> Lines:
    """A JSON log with a fixed key, and what it has written so far."""
    configure_log(LogSettings(service="test", level="debug", key="k1"), out)
    return lambda: [orjson.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_service_and_what_was_said(lines: Lines) -> None:
    """Law: a machine can read every line, and finds the allowed keys in it."""
    get_log("a.b").info("lane opened", lane=3, partitions=[3, 7], seconds=0.25)
    (line,) = lines()
    assert line.pop("ts") is not None
    assert line == {
        "level": "info", "service": "test", "event": "lane opened", "module": "a.b",
        "lane": 3, "partitions": [3, 7], "seconds": 0.25,
    }  # fmt: skip


def test_a_key_that_is_not_allowed_is_withheld_and_named(lines: Lines) -> None:
    """Law: an unknown key costs its value, never the line, and the line says so."""
    get_log("x").warning("record refused", text=CANARY, address=CANARY, offset=7)
    (line,) = lines()
    assert line["withheld"] == ["address", "text"]
    assert line["offset"] == 7


def test_no_canary_gets_through_by_any_way_in(lines: Lines, out: io.BytesIO) -> None:
    """Law: ids, texts, objects, nested values, exceptions and libraries leak nothing."""
    log = get_log("x")

    class Holder:
        def __repr__(self) -> str:
            return CANARY

    log.info("by a key", text=CANARY)
    log.info("by the customer", customer_id=CANARY)
    log.info("by the hash itself", customer=CANARY)
    log.info("by an object", what=Holder(), state={"a": Holder()}, records=[CANARY.encode()])
    for error in (KeyError(CANARY), ValueError(CANARY), UnicodeError(CANARY), RuntimeError(CANARY)):
        caught = fall_over(error)
        log.error("by an exception", exc_info=caught)
        logging.getLogger("asyncio").error("by a library's exception", exc_info=caught)
    broken = ConnectionError("socket closed")
    broken.__cause__ = KeyError(CANARY)
    log.error("by the cause of an exception", exc_info=fall_over(broken))
    logging.getLogger("somewhere").error("by a library's argument: %s", CANARY)
    logging.getLogger("services.x").error(
        "by an error as argument: %s", fall_over(KeyError(CANARY))
    )
    logging.getLogger("aiokafka").error("by bytes as argument: %s", CANARY.encode())
    assert b"CANARY" not in out.getvalue()
    assert b"socket closed" in out.getvalue()
    assert len(lines()) == 16


def test_one_customer_has_one_hash_that_depends_on_the_key(out: io.BytesIO) -> None:
    """Law: lines about a customer can be joined, and without the key the hash says nothing."""
    hashes = []
    for key in ("k1", "k1", "k2", "", ""):
        configure_log(LogSettings(service="test", key=key), out)
        get_log("x").info("seen", customer_id="c1")
        hashes.append(orjson.loads(out.getvalue().splitlines()[-1])["customer"])
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def test_errors_of_the_machines_keep_their_text_and_their_place(lines: Lines) -> None:
    """Law: what an operator needs to mend a connection is there, without machine folders."""
    refused = fall_over(KafkaConnectionError("broker kafka-1:9092 refuses"))
    get_log("x").error("cannot connect", exc_info=refused)
    get_log("x").error("stopped", exc_info=Stop("stuck", "lane 3 stands still"))
    first, second = lines()
    assert "kafka-1:9092 refuses" in str(first["error"])
    assert str(first["frames"]).startswith("['test_log.py:")
    assert "lane 3 stands still" in str(second["error"])


def test_a_text_cannot_forge_a_second_line_or_turn_the_writing_round(lines: Lines) -> None:
    """Law: control and bidi characters are escaped, and long texts are cut."""
    get_log("x").info("refused", why='a\n{"level":"error"}\u202egnp.exe\x1b[2J', what="x" * 5000)
    (line,) = lines()
    assert line["why"] == 'a\\u000a{"level":"error"}\\u202egnp.exe\\u001b[2J'
    assert len(str(line["what"])) == 2001


def test_libraries_are_heard_from_warnings_on(lines: Lines) -> None:
    """Law: the Kafka client's warnings are formatted into the same JSON, its chatter is not."""
    logging.getLogger("aiokafka.cluster").info("chatter")
    logging.getLogger("aiokafka.cluster").warning("topic %s is gone", "contact.events")
    (line,) = lines()
    assert line["event"] == "topic contact.events is gone"
    assert line["module"] == "aiokafka.cluster"


def test_lanes_are_heard_at_the_level_of_the_service(lines: Lines) -> None:
    """Law: our own modules' lines are formatted, at the level that was asked for."""
    logging.getLogger("services.runtime.keeper").info(
        "lane %d waits: %s", 3, Stop("stuck", "it is")
    )
    (line,) = lines()
    assert line["event"] == "lane 3 waits: services.runtime.lane.Stop: stuck: it is"


def test_on_a_terminal_a_person_reads_it(out: io.BytesIO) -> None:
    """Law: the text format says the same through the same guards."""
    configure_log(LogSettings(service="test", format="text"), out)
    get_log("x").info("lane opened", lane=3, text=CANARY)
    line = out.getvalue().decode()
    assert "info    lane opened  lane=3" in line
    assert "withheld=['text']" in line
    assert "CANARY" not in line


def test_debug_is_silent_unless_it_was_asked_for(out: io.BytesIO) -> None:
    """Law: the level is kept."""
    configure_log(LogSettings(service="test"), out)
    get_log("x").debug("chatter")
    assert out.getvalue() == b""


def test_every_event_in_the_code_is_a_literal_sentence() -> None:
    """Law: no call of a logger in `services/` builds its first argument from data."""
    seen, wrong = 0, []
    for path in SERVICES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if node.func.attr in METHODS and name in {"log", "_log", "LOG"}:
                seen += 1
                first = node.args[0] if node.args else None
                if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                    wrong.append(f"{path.relative_to(SERVICES)}:{node.lineno}")
    assert wrong == []
    assert seen > 10
