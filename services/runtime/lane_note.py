"""The note of a lane: a few words that Kafka keeps beside one of its committed offsets.

It moves with the offsets, in the same transaction, and belongs to the lane: whoever owns it next
reads it first. So a lane knows, without anything else that is stored, how many records were
refused lately and whether the process before this one died while it worked on something.

It stands at the first input's first partition. Kafka calls it the offset's metadata and keeps at
most 4,096 characters of it; a tool that moves the offset by hand wipes it out, which is a fresh
start.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

MOST_CHARACTERS = 4_096


class Stood(msgspec.Struct, frozen=True):
    """What a group has committed for one partition."""

    offset: int | None
    """None: nothing yet."""
    note: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in the note; an empty one says nothing."""

    by: str = ""
    """The process that wrote it: a word that is new at each start."""
    row: int = 0
    """Records refused one after the other, up to here."""
    recent: str = ""
    """The last records, newest last: the bits of a hexadecimal number, 1 for each refused one."""
    braked: str = ""
    """Why the lane stands still; empty: it goes on."""
    braked_at: int = 0
    """Since when, ms since the epoch."""
    deaths: int = 0
    """Processes that died, one after the other, while they worked on `spans`."""
    spans: Mapping[str, int] = {}
    """What is suspected of killing the process: `input/partition` -> the offset behind it."""
    size: int = 0
    """Records of the batch that `spans` describes; 1: one record alone."""
    working: bool = False
    """A process began to work on `spans` and has not said yet that it lives."""


EMPTY = Note()


def read_note(text: str) -> Note:
    """The note in an offset's metadata; what is none of ours counts as none."""
    try:
        return msgspec.json.decode(text, type=Note)
    except (msgspec.DecodeError, ValueError):
        return EMPTY


def write_note(note: Note) -> str:
    """The text that Kafka keeps; empty where there is nothing to say."""
    return "" if note == EMPTY else msgspec.json.encode(note).decode()
