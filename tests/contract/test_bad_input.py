"""What is wrong is data: each kind of bad record has one code and a reason without its content."""

from __future__ import annotations

import pytest

from services.contact.codec import decode_decision, decode_event, decode_sentiment, encode_reject
from services.contact.decision import Decision, Position
from services.contact.event import ContactEvent
from services.contact.partition import partition_of
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored
from tests.contract.bad_input import BAD_INPUT, CANARY, GOOD, BadInput, _json, crc32_key

NOT_FROM_BYTES = {
    RejectCode.WRONG_PARTITION,
    RejectCode.STATE_TOO_LARGE,
    RejectCode.OUTPUT_TOO_LARGE,
    RejectCode.DECIDE_FAILED,
    RejectCode.SCORE_FAILED,
    RejectCode.PROCESS_KILLED,
}
"""Codes that follow from the place of a record, or from what came of it."""


@pytest.mark.parametrize("bad", BAD_INPUT, ids=lambda bad: bad.name)
def test_bad_input_ends_with_its_code(bad: BadInput) -> None:
    """Law: the same bad record always gets the same code, and a reason that a person can read."""
    found = decode_event(bad.key, bad.value, bad.headers)
    assert isinstance(found, Reject)
    assert found.code == bad.code
    assert 10 < len(found.why) < 700
    assert CANARY not in found.why


def test_the_good_event_beside_them_is_accepted() -> None:
    """Law: what each bad record was made from is good."""
    assert isinstance(decode_event(b"c-1", _json(GOOD), ()), ContactEvent)


def test_the_table_is_wide_and_its_names_are_unique() -> None:
    """Law: at least 40 kinds of bad input, and every code that bytes can have."""
    assert len({bad.name for bad in BAD_INPUT}) == len(BAD_INPUT) >= 40
    assert {bad.code for bad in BAD_INPUT} | NOT_FROM_BYTES == set(RejectCode)


@pytest.mark.parametrize("bad", BAD_INPUT, ids=lambda bad: bad.name)
def test_bad_input_is_refused_or_read_elsewhere_but_never_raises(bad: BadInput) -> None:
    """Law: the decoders of the other topics meet the same records without an exception."""
    scored = decode_sentiment(bad.key, bad.value, bad.headers)
    assert isinstance(scored, Reject | SentimentScored)
    assert isinstance(decode_decision(bad.value, bad.headers), Reject | Decision)


def test_a_record_on_the_wrong_partition_is_told_the_producer_setting() -> None:
    """Law: librdkafka's default partitioner is refused, with the remedy in the reason."""
    key, partition = crc32_key(8)
    value = _json({**GOOD, "customer_id": key.decode()})
    found = decode_event(key, value, (), partition=partition, partitions=8)
    assert isinstance(found, Reject)
    assert found.code is RejectCode.WRONG_PARTITION
    assert "partitioner=murmur2_random" in found.why
    right = partition_of(key, 8)
    assert isinstance(decode_event(key, value, (), partition=right, partitions=8), ContactEvent)


@pytest.mark.parametrize("bad", BAD_INPUT, ids=lambda bad: bad.name)
def test_a_dead_letter_keeps_the_record_as_it_came(bad: BadInput) -> None:
    """Law: key, value and headers are unchanged; ours stand behind them, in printable ASCII."""
    reject = Reject(bad.code, "naïve: 你好\r\n\0" + "x" * 5_000)
    position = Position("contact.events", 3, 2**40)
    dead = encode_reject(
        reject,
        key=bad.key,
        value=bad.value,
        headers=bad.headers,
        position=position,
        by="router",
    )
    assert (dead.key, dead.value) == (bad.key, bad.value)
    assert dead.headers[: len(bad.headers)] == bad.headers
    ours = dict(dead.headers[len(bad.headers) :])
    assert ours["omniroute-reject-code"] == bad.code.encode()
    assert ours["omniroute-reject-topic"] == b"contact.events"
    assert ours["omniroute-reject-partition"] == b"3"
    assert ours["omniroute-reject-offset"] == b"1099511627776"
    assert ours["omniroute-reject-by"] == b"router"
    why = ours["omniroute-reject-why"]
    assert why.startswith(b"na\\xefve: \\u4f60\\u597d\\r\\n\\x00x")
    assert len(why) == 500
    assert why.decode("ascii").isprintable()
