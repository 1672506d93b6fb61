"""Real mail archives through Kafka: the same decisions as `omniroute decide` gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from services.contact.codec import decode_event, encode_event
from services.contact.decision import Decision
from services.contact.event import ContactEvent
from services.runtime.embedded import Broker
from tests.servers import ValkeyUnderTest
from tests.shell.test_scenarios import comparable
from tests.shell.through_kafka import Deployment

CLI = [sys.executable, "-m", "services.cli.main"]


def _run(*arguments: str | Path, given: bytes = b"") -> bytes:
    return subprocess.run(
        [*CLI, *arguments], input=given, capture_output=True, check=True, timeout=120
    ).stdout


@pytest.mark.data
def test_an_archive_is_decided_alike_from_a_file_and_through_kafka(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str, data_folder: Path
) -> None:
    """Times and positions aside, Kafka changes nothing."""
    deployment = Deployment(broker.bootstrap, valkey.url, prefix)
    expected: list[Decision] = []
    events: list[ContactEvent] = []
    for folder in ("default", "threading"):
        lines = _run(
            *("convert", "eml", data_folder / "mail" / folder, "--customer", folder),
            *("--ours", "cworth@cworth.org", "--ignore-list-headers"),
        )
        for line in _run("decide", "-", given=lines).splitlines():
            outcome = msgspec.json.decode(line)
            expected += [msgspec.convert(one, Decision) for one in outcome.get("decisions", ())]
        for line in lines.splitlines():
            event = decode_event(folder.encode(), line, ())
            assert isinstance(event, ContactEvent), event
            events.append(event)
    with deployment.router():
        deployment.send_raw([encode_event(one) for one in events])
        deployment.await_all()
    made = {one.decision_id: comparable(one) for one in deployment.decisions()}
    assert len(expected) > 20
    assert made == {one.decision_id: comparable(one) for one in expected}
