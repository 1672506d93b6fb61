"""What platforms really put on the topic: four encodings, forty kinds of bad records, kcat."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

import msgspec
import orjson
import pytest

from services.contact.codec import Encoded, encode_event
from services.contact.decision import Action, Decision
from services.contact.event import Channel, Kind
from services.contact.partition import partition_of
from services.contact.reject import RejectCode
from services.contact.topics import DECISIONS, REJECT_CODE, REJECT_WHY
from services.runtime.embedded import Broker, EmbeddedBroker
from tests.contract.bad_input import BAD_INPUT, CANARY, GOOD, crc32_key
from tests.scenarios.story import HOUR, Story
from tests.servers import ValkeyUnderTest
from tests.shell.test_scenarios import comparable
from tests.shell.through_kafka import PARTITIONS, Deployment

ENCODINGS = [
    ("json", "binary"),
    ("json", "structured"),
    ("protobuf", "binary"),
    ("protobuf", "structured"),
]


def test_one_event_in_four_encodings_has_one_decision(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str
) -> None:
    """Each against a fresh memory: the customers differ by name only, the decisions by nothing."""
    deployment = Deployment(broker.bootstrap, valkey.url, prefix)
    now = round(time.time() * 1000)
    records: list[Encoded] = []
    for content, mode in ENCODINGS:
        story = Story(f"{content}-{mode}", now)
        story.knows_phone()
        story.chooses(Channel.CHAT, at=-HOUR)
        story.c(0, "Where is my order? Где мой заказ? 我的订单在哪里？", language="ru")
        records += [
            encode_event(one, content=content, mode=mode)  # type: ignore[arg-type]  # no scores told
            for one in story.inputs
        ]
    with deployment.router():
        deployment.send_raw(records)
        deployment.await_all()
    made = {one.customer_id: comparable(one) for one in deployment.decisions()}
    assert len(made) == len(ENCODINGS)
    assert {one.action for one in made.values()} == {Action.MOVE}
    alike = {
        orjson.dumps(_nameless(msgspec.to_builtins(one), customer))
        for customer, one in made.items()
    }
    assert len(alike) == 1


def _nameless(plain: dict[str, object], customer: str) -> dict[str, object]:
    """A decision as plain data, with what follows from the customer's name taken out."""
    named = ("decision_id", "thread_key")
    text = orjson.dumps({key: value for key, value in plain.items() if key not in named})
    blank: dict[str, object] = orjson.loads(text.replace(customer.encode(), b"NAME"))
    return blank


def test_forty_kinds_of_bad_records_die_alone(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str
) -> None:
    """Each is one dead letter with its code and its bytes; the neighbours are routed."""
    deployment = Deployment(broker.bootstrap, valkey.url, prefix)
    bad = [one for one in BAD_INPUT if len(one.value or b"") < 1_000_000]
    if isinstance(broker, EmbeddedBroker):
        # It keeps one header of a name, so what the router gets there is a good record.
        bad = [one for one in bad if one.code is not RejectCode.HEADER_DUPLICATE]
    assert len({one.name for one in bad}) >= 40
    records: list[Encoded] = []
    for number, one in enumerate(bad):
        records.append(_good(number))
        records.append(Encoded(key=one.key, value=one.value, headers=one.headers))
    records.append(_good(len(bad)))
    with deployment.router():
        deployment.send_raw(records)
        deployment.await_all()
    routed = {one.event_id for one in deployment.decisions()}
    assert routed == {f"good-{number}" for number in range(len(bad) + 1)}
    letters = deployment.dead_letters()
    assert len(letters) == len(bad)
    expected = sorted((one.code.value, one.key or b"", one.value or b"") for one in bad)
    found = sorted(
        (headers[REJECT_CODE].decode(), key or b"", value or b"") for key, value, headers in letters
    )
    assert found == expected
    for _, _, headers in letters:
        why = headers[REJECT_WHY].decode("ascii")
        assert len(why) > 10
        assert CANARY not in why


def _good(number: int) -> Encoded:
    event = GOOD | {"event_id": f"good-{number}", "contact_id": f"good-{number}"}
    return Encoded(key=b"c-1", value=orjson.dumps(event), headers=())


@pytest.mark.needs("kcat")
def test_kcat_with_murmur2_feeds_and_reads(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str
) -> None:
    """Kcat is understood with the right partitioner; with its default the remedy is named."""
    deployment = Deployment(broker.bootstrap, valkey.url, prefix)
    key, _ = crc32_key(PARTITIONS)
    event = GOOD | {"customer_id": key.decode(), "kind": Kind.MESSAGE.value}
    with deployment.router():
        _kcat(deployment, key, event | {"event_id": "right"}, ["-X", "partitioner=murmur2_random"])
        _kcat(deployment, key, event | {"event_id": "wrong"}, [])
        deployment.await_all()
    read = subprocess.run(
        [
            *("kcat", "-C", "-b", broker.bootstrap, "-t", deployment.topics.name(DECISIONS)),
            *("-p", str(partition_of(key, PARTITIONS)), "-o", "beginning", "-e", "-q"),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    decisions = [msgspec.json.decode(line, type=Decision) for line in read.stdout.splitlines()]
    assert [one.event_id for one in decisions] == ["right"]
    ((_, value, headers),) = deployment.dead_letters()
    assert headers[REJECT_CODE] == b"wrong_partition"
    assert b"partitioner=murmur2_random" in headers[REJECT_WHY]
    assert orjson.loads(value or b"")["event_id"] == "wrong"


@pytest.mark.needs("kcat")
def test_a_header_name_that_is_no_text_stops_nobody(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str
) -> None:
    """The client library cannot read such a record; the lane reads it all the same, and goes on."""
    deployment = Deployment(broker.bootstrap, valkey.url, prefix)
    options = ["-X", "partitioner=murmur2_random"]
    key = str(GOOD["customer_id"]).encode()
    with deployment.router():
        for number, name in enumerate([b"plain", b"na\xffme", b"plain"]):
            event = GOOD | {"event_id": f"h{number}", "contact_id": f"h{number}"}
            _kcat(deployment, key, event, [*options, "-H", name + b"=1"])
        deployment.await_all()
    assert [one.event_id for one in deployment.decisions()] == ["h0", "h1", "h2"]


def _kcat(
    deployment: Deployment, key: bytes, event: dict[str, object], options: Sequence[str | bytes]
) -> None:
    subprocess.run(
        [
            *("kcat", "-P", "-b", deployment.bootstrap, "-t", deployment.topics.events),
            *("-k", key.decode(), *options),
        ],
        input=orjson.dumps(event),
        check=True,
        capture_output=True,
        timeout=60,
    )
