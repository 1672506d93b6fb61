"""What would happen to a letter's record if it came again: where it would lie, and whether it is read.

Pure. The checks are those of the services, so they say what the present code would say.
"""

from __future__ import annotations

import msgspec

from services.cli.explain_reject import Lying, explain_event, printable
from services.contact.codec import decode_event, decode_sentiment
from services.contact.deadletter import Letter
from services.contact.event import ContactEvent
from services.contact.partition import partition_of
from services.contact.reject import Reject, RejectCode
from services.contact.remedies import REMEDIES
from services.contact.topics import EVENTS, SENTIMENT

INPUTS = (EVENTS, SENTIMENT)
NOTHING = "neither key nor value: there is nothing to send"
LATER = frozenset(
    {RejectCode.STATE_TOO_LARGE, RejectCode.OUTPUT_TOO_LARGE, RejectCode.DECIDE_FAILED}
)
"""Causes that do not lie in the record: only deciding it again tells."""


class Prospect(msgspec.Struct, frozen=True):
    """What would happen."""

    partition: int
    """Where the record would lie, on the topic that it came from."""
    refused: str = ""
    """Why it would be refused, or must not be tried; empty: it would be read."""
    note: str = ""
    """What else to know."""


def foresee(letter: Letter, partitions: int) -> Prospect:
    """What would become of the record today."""
    position = letter.position
    if position.topic not in INPUTS:
        return Prospect(position.partition, f"{printable(position.topic)} is not an input")
    partition = position.partition
    if letter.code == RejectCode.PROCESS_KILLED:
        return Prospect(partition, "it killed the service; is that mended?")
    if letter.key is None and letter.value is None:
        return Prospect(partition, NOTHING)
    if letter.code == RejectCode.WRONG_PARTITION and letter.key:
        partition = partition_of(letter.key, partitions)
    reject = check(letter, partition, partitions)
    if reject is not None:
        return Prospect(partition, f"{reject.code.value}: {reject.why}")
    return Prospect(partition, note=_note(letter, partition))


def check(letter: Letter, partition: int, partitions: int) -> Reject | None:
    """Why the services would refuse the record on this partition; None if they would read it."""
    decode = decode_event if letter.position.topic == EVENTS else decode_sentiment
    said = decode(
        letter.key, letter.value, letter.headers, partition=partition, partitions=partitions
    )
    return said if isinstance(said, Reject) else None


def _note(letter: Letter, partition: int) -> str:
    if letter.by != "router":
        return "the router decided it long ago: there it is a duplicate"
    if letter.code in LATER:
        return "it can be read; whether it can be decided shows only then"
    if partition != letter.position.partition:
        return f"its key belongs there, not on {letter.position.partition}"
    return ""


def explain(letter: Letter, partitions: int) -> list[str]:
    """The cause in lines for a person, as `omniroute explain-reject` explains it."""
    if letter.code == RejectCode.PROCESS_KILLED or letter.position.topic != EVENTS:
        return [f"  {letter.why}", f"  remedy: {REMEDIES.get(letter.code, 'none is known')}"]
    place = Lying(letter.key, letter.position.partition, partitions)
    lines = explain_event(letter.value or b"", list(letter.headers), place, "the record")
    said = decode_event(
        letter.key,
        letter.value,
        letter.headers,
        partition=letter.position.partition,
        partitions=partitions,
    )
    if isinstance(said, ContactEvent):
        lines.insert(1, f"  remedy of {letter.code}: {REMEDIES.get(letter.code, 'none is known')}")
    return lines
