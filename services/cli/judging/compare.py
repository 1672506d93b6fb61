"""What ought to be on the topics against what is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from services.cli.judging.chain import Chain
from services.cli.judging.decoding import ROUTER, Decoded, Made
from services.cli.judging.evidence import Evidence, Finding, Promise, Record
from services.cli.judging.fold import Expected, Fold, Place, TableMissingError, Tables
from services.contact.decision import Decision, Outcome
from services.contact.topics import CUSTOMER_KEY_PREFIX, DEADLETTER, DECISIONS, MEMORY
from services.router.core.capacity import Usage

SHOWN = 3
"""How many differing fields of a decision are told."""


class Compared(msgspec.Struct, frozen=True):
    """The outcome of every input record, and what is not as the core would have it."""

    outcomes: Mapping[Place, Outcome]
    findings: tuple[Finding, ...]
    folded: bool
    """False when there was not enough evidence for a fold."""


def compare(evidence: Evidence, decoded: Decoded, chain: Chain, tables: Tables) -> Compared:
    """Fold the core over the chain of batches and compare all that it wrote."""
    if not chain.whole:
        return Compared({}, (), folded=False)
    comparison = _Comparison(evidence, decoded)
    fold = Fold(evidence, decoded, tables)
    try:
        for expected in fold.run(chain.batches):
            comparison.take(expected)
    except TableMissingError as why:
        what = f"rules version {why.version} decided here and is not at hand: pass it with --rules"
        missing = Finding(Promise.EVIDENCE, evidence.partition, what)
        return Compared(comparison.outcomes, (*comparison.findings, missing), folded=False)
    comparison.close(fold.states)
    return Compared(comparison.outcomes, tuple(comparison.findings), folded=True)


class _Comparison:
    """Takes the expected batches one by one and strikes off what is there."""

    def __init__(self, evidence: Evidence, decoded: Decoded) -> None:
        self._partition = evidence.partition
        self._memory = evidence.memory
        self._made: dict[str, Made] = {}
        for made in decoded.decisions:
            self._made.setdefault(made.decision.decision_id, made)
        self._letters = {
            (letter.position.topic, letter.position.offset): letter
            for letter in decoded.letters
            if letter.by == ROUTER
        }
        self._wrong: set[str] = set()
        self._expected_ids: set[str] = set()
        self._used: Mapping[str, Usage] = {}
        self.outcomes: dict[Place, Outcome] = {}
        self.findings: list[Finding] = []

    def take(self, expected: Expected) -> None:
        """One batch: its decisions, dead letters and customers."""
        self.outcomes.update(expected.outcomes)
        for decision in expected.decisions:
            self._take_decision(decision)
        for place, reject in expected.rejects.items():
            letter = self._letters.pop(place, None)
            at = f"{place[0]} offset {place[1]}"
            if letter is None:
                self._find(Promise.OUTCOME, f"{at} ({reject.code}) has no dead letter")
            elif letter.code != reject.code:
                what = f"{at} is a dead letter for {letter.code}, not for {reject.code}"
                self._find(Promise.DEADLETTER, what)
        for what in expected.doubts:
            self._find(Promise.DEADLETTER, what)
        self._take_states(expected)
        self._take_usage(expected)

    def close(self, states: Mapping[str, bytes]) -> None:
        """After the last batch: nothing may be left over, and the last value per key is the fold's."""
        for decision_id, made in self._made.items():
            if decision_id not in self._expected_ids:
                where = f"{DECISIONS} offset {made.record.offset} ({decision_id})"
                self._find(Promise.DECISION, f"{where}: the core decides no such thing")
        for place, letter in self._letters.items():
            where = f"{DEADLETTER} offset {letter.record.offset} ({letter.code})"
            what = f"{where}: {place[0]} offset {place[1]} needs no dead letter"
            self._find(Promise.DEADLETTER, what)
        actual = remembered(self._memory.records)
        told = {_key(customer) for customer in self._wrong}
        for key in sorted((actual.keys() | {_key(customer) for customer in states}) - told):
            want = states.get(key.removeprefix(CUSTOMER_KEY_PREFIX).decode("utf-8", "replace"))
            if actual.get(key) != want:
                self._find(Promise.STATE, f"{MEMORY} {_differ(key, actual.get(key), want)}")

    def _take_decision(self, decision: Decision) -> None:
        self._expected_ids.add(decision.decision_id)
        made = self._made.get(decision.decision_id)
        where = f"{decision.event_id} revision {decision.revision} ({decision.decision_id})"
        if made is None:
            self._find(Promise.OUTCOME, f"the decision on {where} is not on {DECISIONS}")
        elif made.decision != decision:
            what = "; ".join(_fields(made.decision, decision))
            at = f"{DECISIONS} offset {made.record.offset}"
            self._find(Promise.DECISION, f"{at}, {where}: {what}")

    def _take_states(self, expected: Expected) -> None:
        """What the batch wrote of customers; each customer is told once, where it first differs."""
        written = remembered(expected.batch.written)
        for customer, want in sorted(expected.states.items()):
            key = _key(customer)
            if written.get(key) != want and customer not in self._wrong:
                self._wrong.add(customer)
                batch = f"batch {expected.batch.marker.sequence}"
                what = f"{MEMORY} {_differ(key, written.get(key), want)} after {batch}"
                self._find(Promise.STATE, what)
        for key in sorted(written.keys() - {_key(customer) for customer in expected.states}):
            customer = key.removeprefix(CUSTOMER_KEY_PREFIX).decode("utf-8", "replace")
            if customer not in self._wrong:
                self._wrong.add(customer)
                what = f"{MEMORY} has {key!r} in batch {expected.batch.marker.sequence}, unchanged"
                self._find(Promise.STATE, f"{what} by the core")

    def _take_usage(self, expected: Expected) -> None:
        """The marker counts what the batch gave to queues with a limit, and nothing else."""
        marker = expected.batch.marker
        for account in sorted({*self._used, *marker.used, *expected.given}):
            said = marker.used.get(account, Usage(0))
            before = self._used.get(account, Usage(said.window_ms))
            if said.window_ms and before.window_ms != said.window_ms:
                before = Usage(said.window_ms)  # the rules count in another unit now
            want = before.add(marker.now, expected.given.get(account, 0)).counts
            if said.add(marker.now, 0).counts != want:
                what = f"`{account}` has {said.counts} in the marker, the core counts {want}"
                self._find(Promise.CAPACITY, f"batch {marker.sequence}: {what}")
        self._used = marker.used

    def _find(self, promise: Promise, what: str) -> None:
        self.findings.append(Finding(promise, self._partition, what))


def remembered(records: tuple[Record, ...]) -> dict[bytes, bytes | None]:
    """The last value of each customer key; None where the last one is a tombstone."""
    return {
        record.key: record.value
        for record in records
        if record.key is not None and record.key.startswith(CUSTOMER_KEY_PREFIX)
    }


def _key(customer: str) -> bytes:
    return CUSTOMER_KEY_PREFIX + customer.encode()


def _differ(key: bytes, actual: bytes | None, want: bytes | None) -> str:
    """How two states differ, without telling what they hold."""

    def size(state: bytes | None) -> str:
        return "absent" if state is None else f"{len(state)} bytes"

    return f"key {key!r}: {size(actual)}, the core keeps {size(want)}"


def _fields(actual: Decision, want: Decision) -> Iterator[str]:
    """The fields in which two decisions differ; addresses are not shown."""
    names = [n for n in actual.__struct_fields__ if getattr(actual, n) != getattr(want, n)]
    for name in names[:SHOWN]:
        if name == "address":
            yield "address differs"
        else:
            yield f"{name} is {getattr(actual, name)!r}, the core says {getattr(want, name)!r}"
    if len(names) > SHOWN:
        yield f"and {len(names) - SHOWN} more fields"
