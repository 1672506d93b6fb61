"""Decisions out of files: decisions themselves, what `omniroute decide` prints, or events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from services.cli.decide import Fold
from services.cli.event_lines import Word, join_one, open_lines
from services.contact.decision import Decision
from services.contact.line import read_line
from services.contact.reject import Reject


class BadFileError(Exception):
    """A file holds no decision to explain; the text says why."""


class Told(msgspec.Struct, frozen=True):
    """One decision of a file."""

    line: int
    made: Decision
    word: Word | None = None
    """The event that it was decided on, where the file holds events."""


class _Glance(msgspec.Struct):
    decision_id: str = ""
    rules_version: str = ""
    decisions: tuple[msgspec.Raw, ...] = ()


_GLANCE = msgspec.json.Decoder(_Glance)


class FileOfDecisions:
    """A file read line by line; events are decided by the pure core as they come."""

    def __init__(self, name: str, fold: Fold) -> None:
        self.name = name
        self.fold = fold
        self.last = "it is empty"
        """What became of the last line that gave no decision."""

    def __iter__(self) -> Iterator[Told]:
        """Every decision, in order. Raises OSError and BadFileError."""
        with open_lines(self.name) as lines:
            for number, line in enumerate(join_one(lines), 1):
                if line.strip():
                    yield from self._read(number, line.strip())

    def _read(self, number: int, line: bytes) -> Iterator[Told]:
        try:
            glance = _GLANCE.decode(line)
        except (ValueError, RecursionError):
            glance = _Glance()
        if glance.decision_id and glance.rules_version:
            yield Told(number, self._convert(number, line))
        elif glance.decisions:
            yield from (Told(number, self._convert(number, one)) for one in glance.decisions)
        else:
            yield from self._decide(number, line)

    def _convert(self, number: int, data: bytes | msgspec.Raw) -> Decision:
        try:
            return msgspec.json.decode(data, type=Decision)
        except (msgspec.ValidationError, msgspec.DecodeError) as why:
            raise BadFileError(f"{self.name}:{number}: not a decision: {why}") from why

    def _decide(self, number: int, line: bytes) -> Iterator[Told]:
        word = read_line(line)
        if isinstance(word, Reject):
            self.last = f"line {number} is rejected: {word.code} {word.why}"
            return
        word, verdict = self.fold.decide(word)
        why = f": {verdict.reject.code} {verdict.reject.why}" if verdict.reject else ""
        self.last = f"line {number} is {verdict.outcome}{why}"
        yield from (Told(number, made, word) for made in verdict.decisions)


def hide_address(made: Decision) -> dict[str, Any]:
    """A decision as JSON data, without the address in clear."""
    data: dict[str, Any] = orjson.loads(msgspec.json.encode(made))
    if data.pop("address", None):
        data["address_known"] = True
    return data
