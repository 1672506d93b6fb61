"""The core, folded over the inputs batch by batch: what ought to be on the topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from services.cli.judging.chain import Batch, Marker
from services.cli.judging.decoding import Decoded
from services.cli.judging.doubts import BY_THE_SHELL, doubt
from services.cli.judging.evidence import Evidence
from services.contact.decision import Decision, Effect, Outcome, Position
from services.contact.event import ContactEvent
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.contact.topics import EVENTS, SENTIMENT
from services.router.core.capacity import Room
from services.router.core.customer import Customer, pack
from services.router.core.decide import Verdict, decide
from services.router.core.edition import Edition, observe
from services.router.core.table import Table

Place = tuple[str, int]
"""Logical topic and offset of an input record."""
Word = ContactEvent | SentimentScored | SentimentSummary
"""What an input record says."""
Tables = Mapping[str, Table]
"""Rule tables by version."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch ought to have written."""

    batch: Batch
    decisions: tuple[Decision, ...]
    rejects: Mapping[Place, Reject]
    states: Mapping[str, bytes | None]
    """The changed customers after the batch; None where nothing is remembered any more."""
    outcomes: Mapping[Place, Outcome]
    given: Mapping[str, int]
    """The work that accounts with a limit were given."""
    doubts: tuple[str, ...]
    """Dead letters of the router that the core sees no grounds for."""


class TableMissingError(Exception):
    """A batch was decided under a rule file that is not at hand."""

    def __init__(self, version: str) -> None:
        """Name the version that the marker recorded."""
        super().__init__(version)
        self.version = version


class Fold:
    """The memory of one partition as the core alone would keep it."""

    def __init__(self, evidence: Evidence, decoded: Decoded, tables: Tables) -> None:
        """Begin with nothing remembered, as before the first record."""
        self._evidence = evidence
        self._decoded = decoded
        self._tables = tables
        self._customers: dict[str, Customer] = {}
        self._given = {
            (letter.position.topic, letter.position.offset): RejectCode(letter.code)
            for letter in decoded.letters
            if letter.code in BY_THE_SHELL
        }
        self.states: dict[str, bytes] = {}
        """What is remembered after the batches taken so far, packed."""

    def run(self, batches: tuple[Batch, ...]) -> Iterator[Expected]:
        """What each batch ought to have written, in order; raises TableMissingError."""
        for batch in batches:
            yield self._take(batch)

    def _take(self, batch: Batch) -> Expected:
        edition = self._find_edition(batch.marker)
        decisions: list[Decision] = []
        rejects: dict[Place, Reject] = {}
        outcomes: dict[Place, Outcome] = {}
        changed: set[str] = set()
        doubts: list[str] = []
        room = Room(batch.marker.allowed)
        for place, word in self._inputs(batch):
            if isinstance(word, Reject):
                rejects[place] = word
                outcomes[place] = Outcome.REJECTED
                continue
            table = edition.table_of(word.customer_id)
            verdict, work = self._decide(table, place, word, now=batch.marker.now, room=room)
            given = self._given.get(place)
            if given is not None:
                why = doubt(given, verdict, self._evidence.limit)
                doubts += [f"{place[0]} offset {place[1]} ({given}): {why}"] if why else []
                verdict = refuse(given)
            outcomes[place] = verdict.outcome
            if verdict.reject is not None:
                rejects[place] = verdict.reject
                continue
            decisions += verdict.decisions
            room.take(work)
            if verdict.changed:
                self._remember(word.customer_id, verdict.customer)
                changed.add(word.customer_id)
        return Expected(
            batch=batch,
            decisions=tuple(decisions),
            rejects=rejects,
            states=self._pack(changed),
            outcomes=outcomes,
            given=dict(room.given),
            doubts=tuple(doubts),
        )

    def _find_edition(self, marker: Marker) -> Edition:
        """The rules that the marker names; a candidate that only watched is not needed."""
        wanted = [marker.rules_version, *([marker.candidate] if marker.percent else [])]
        tables = []
        for version in wanted:
            table = self._tables.get(version)
            if table is None:
                raise TableMissingError(version)
            tables.append(observe(table) if marker.effect is Effect.NONE else table)
        candidate = tables[1] if marker.percent else None
        return Edition(table=tables[0], candidate=candidate, percent=marker.percent)

    def _decide(
        self, table: Table, place: Place, word: Word, *, now: int, room: Room
    ) -> tuple[Verdict, Counter[str]]:
        """The core's word; where it fails, the record is to be a dead letter."""
        position = Position(place[0], self._evidence.partition, place[1])
        customer = self._customers.get(word.customer_id)

        def decided(full: frozenset[str]) -> Verdict:
            limited = msgspec.structs.replace(table, full=full)
            return decide(limited, customer, word, now, position)

        try:
            return room.decide(customer, word, decided)
        except Exception:  # noqa: BLE001 - a defect of the core costs one record, as in the router
            return refuse(RejectCode.DECIDE_FAILED), Counter()

    def _inputs(self, batch: Batch) -> Iterator[tuple[Place, Word | Reject]]:
        """The records of a batch: all events in offset order, then all sentiment."""
        for record in self._evidence.events.between(*_span(batch, EVENTS)):
            place = (EVENTS, record.offset)
            yield place, self._decoded.events[record.offset]
        for record in self._evidence.sentiment.between(*_span(batch, SENTIMENT)):
            place = (SENTIMENT, record.offset)
            yield place, self._decoded.sentiment[record.offset]

    def _remember(self, customer_id: str, customer: Customer | None) -> None:
        if customer is None:
            self._customers.pop(customer_id, None)
        else:
            self._customers[customer_id] = customer

    def _pack(self, changed: set[str]) -> dict[str, bytes | None]:
        packed: dict[str, bytes | None] = {}
        for customer_id in changed:
            customer = self._customers.get(customer_id)
            packed[customer_id] = None if customer is None else pack(customer)
            if customer is None:
                self.states.pop(customer_id, None)
            else:
                self.states[customer_id] = packed[customer_id] or b""
        return packed


def _span(batch: Batch, topic: str) -> tuple[int, int]:
    """What a batch took of one input: from, and up to but without."""
    return batch.since.get(topic, 0), batch.marker.inputs.get(topic, 0)


def refuse(code: RejectCode) -> Verdict:
    """The verdict on a record that becomes a dead letter: nothing is remembered of it."""
    reject = Reject(code, "")
    return Verdict(None, changed=False, outcome=Outcome.REJECTED, reject=reject)
