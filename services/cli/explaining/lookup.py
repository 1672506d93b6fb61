"""Finds a decision on Kafka by its id, with its revisions."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from services.cli.explaining.index import DecisionIndex, Place, find_folder, name_index, read_id
from services.cli.judging.evidence import UnreadableError
from services.contact.codec import decode_decision
from services.contact.decision import Decision
from services.contact.topics import DECISIONS, Topics
from services.router.core.compose import decision_id

if TYPE_CHECKING:
    from services.cli.judging.reading import Reader


class NotFoundError(Exception):
    """No decision has the id, or several have; the text says what to do."""


class Lookup:
    """Finds decisions of one deployment."""

    def __init__(self, reader: Reader, brokers: str, prefix: str) -> None:
        self._reader = reader
        self._brokers = brokers
        self._prefix = prefix
        self._topic = Topics(prefix).name(DECISIONS)

    def find_file(self) -> Path:
        """The index of this deployment in the user's cache."""
        return find_folder() / name_index(self._reader.cluster(), self._brokers, self._prefix)

    def find(self, index: DecisionIndex, digits: str) -> Decision:
        """The one decision whose id begins so; raises NotFoundError and UnreadableError."""
        places = index.find(digits)
        if len(places) > 1:
            ids = ", ".join(place.id.hex() for place in places)
            raise NotFoundError(f"several ids begin with {digits}: {ids}; give more of it")
        if not places:
            raise NotFoundError(
                f"none of the {len(index):,} decisions on {self._topic} has an id that begins with "
                f"{digits}. Is --prefix right? If the topic was made anew: --reindex"
            )
        return self._read(places[0])

    def list_revisions(self, index: DecisionIndex, made: Decision) -> list[Decision]:
        """All revisions that are kept: their ids follow from the event."""
        found: list[Decision] = []
        revision = 0
        while True:
            digits = read_id(decision_id(made.source, made.event_id, revision)) or ""
            places = index.find(digits, 1)
            if not places and revision > made.revision:
                return found
            # Retention may have removed the first ones.
            with contextlib.suppress(UnreadableError):
                found += [self._read(place) for place in places]
            revision += 1

    def _read(self, place: Place) -> Decision:
        """Raises UnreadableError if it is not kept any more."""
        where = f"{self._topic} {place.partition}/{place.offset}"
        since = place.offset
        record = next(self._reader.stream(self._topic, place.partition, since, since + 1), None)
        if record is None:
            raise UnreadableError(
                f"the decision lay at {where}, which retention has removed. A consumer that keeps "
                "decisions can hand it over as a file: omniroute rules explain decision.json"
            )
        made = decode_decision(record.value, record.headers)
        if not isinstance(made, Decision):
            raise UnreadableError(f"{where} is no decision: {made.code} {made.why}")
        return made
