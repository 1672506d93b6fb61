"""One batch under an edition: each record decided by its table, the candidate beside it for show.

What the candidate says of the live arm is compared, counted and published on `contact.shadow`; it
changes nothing. Both see the same customer, the same record and the same clock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec

from services.contact.codec import encode_decision
from services.contact.decision import Decision, Position
from services.contact.topics import LIVE_DECISION, SHADOW
from services.router.core.capacity import NONE_FULL
from services.router.core.customer import Customer
from services.router.core.decide import Verdict, decide
from services.router.core.edition import Edition
from services.router.core.table import Table
from services.router.folding import Judge, Word, judge_with, limit
from services.router.live.guardrails import Arm
from services.runtime.lane import Outgoing

NOTHING = "none"
COMPARED = (
    "action", "channel", "executor", "queue", "priority", "skills", "respond_by", "not_before",
    "not_after", "expires_at", "effect", "rule",
)  # fmt: skip
"""In this order; the first that differs names the disagreement."""


class Disagreement(msgspec.Struct, frozen=True, gc=False):
    """The two tables say different things of one record."""

    partition: int
    differs: str
    live: Decision | None
    other: Decision | None
    """What the candidate would have decided."""


class Trials(msgspec.Struct, frozen=True, gc=False):
    """What a batch told about the candidate."""

    generation: int
    live: Arm
    canary: Arm
    disagreements: tuple[Disagreement, ...]
    compared: int
    """Records that were decided by both."""
    failed: int
    """Of these, those that the candidate could not decide for a defect."""
    shadow_paths: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Version and path of what the candidate would have decided beside the live rules."""

    def list_outgoing(self) -> Iterator[Outgoing]:
        """What goes to `contact.shadow`."""
        for one in self.disagreements:
            if one.other is not None:
                encoded = encode_decision(one.other)
                named = one.live.decision_id if one.live is not None else ""
                headers = (*encoded.headers, (LIVE_DECISION, named.encode()))
                yield Outgoing(SHADOW, one.partition, encoded.key, encoded.value, headers)


class _Try(msgspec.Struct, frozen=True, gc=False):
    """What was found out about one record."""

    by_candidate: bool
    verdict: Verdict | None
    """None: a defect."""
    nanoseconds: int
    other: Verdict | None = None
    compared: bool = False


class Beside:
    """Decides a batch under an edition."""

    def __init__(self, edition: Edition, now: int) -> None:
        self._edition = edition
        self._now = now
        self._tries: dict[Position, _Try] = {}  # a part may be folded twice: the last one counts
        self.judge: Judge = (
            judge_with(edition.table, now) if edition.candidate is None else self._judge
        )

    def tell(self) -> Trials | None:
        """What was found out; None without a candidate."""
        if self._edition.candidate is None:
            return None
        arms = Arm(), Arm()
        disagreements: list[Disagreement] = []
        compared = failed = 0
        paths: list[tuple[str, tuple[str, ...]]] = []
        for position, tried in self._tries.items():
            arm = arms[tried.by_candidate]
            if tried.verdict is None:
                arm.fail()
                continue
            arm.take(tried.verdict.decisions, tried.nanoseconds)
            compared += tried.compared
            if tried.compared and tried.other is None:
                failed += 1
            elif tried.other is not None:
                pair = tried.verdict.decisions, tried.other.decisions
                disagreements += compare(position.partition, *pair)
                paths += ((one.rules_version, one.path) for one in tried.other.decisions)
        generation = self._edition.generation
        return Trials(
            generation, *arms, tuple(disagreements), compared, failed, shadow_paths=tuple(paths)
        )

    def _judge(
        self,
        customer: Customer | None,
        word: Word,
        position: Position,
        full: frozenset[str] = NONE_FULL,
    ) -> Verdict:
        table = self._edition.table_of(word.customer_id)
        candidate = self._edition.candidate
        began = time.perf_counter_ns()
        try:
            verdict = decide(limit(table, full), customer, word, self._now, position)
        except Exception:
            self._tries[position] = _Try(
                by_candidate=table is candidate, verdict=None, nanoseconds=0
            )
            raise
        took = time.perf_counter_ns() - began
        if table is candidate or candidate is None:
            self._tries[position] = _Try(by_candidate=True, verdict=verdict, nanoseconds=took)
        else:
            other = self._try_candidate(limit(candidate, full), customer, word, position)
            self._tries[position] = _Try(
                by_candidate=False,
                verdict=verdict,
                nanoseconds=took,
                other=other,
                compared=True,
            )
        return verdict

    def _try_candidate(
        self, candidate: Table, customer: Customer | None, word: Word, position: Position
    ) -> Verdict | None:
        try:
            return decide(candidate, customer, word, self._now, position)
        except Exception:  # noqa: BLE001 - a candidate's defect is counted, it never costs a record
            return None


def compare(
    partition: int, live: tuple[Decision, ...], other: tuple[Decision, ...]
) -> Iterator[Disagreement]:
    """Where two answers to one record differ in what somebody would do or be told."""
    others = {one.decision_id: one for one in other}
    for one in live:
        match = others.pop(one.decision_id, None)
        if match is None:
            yield Disagreement(partition, "decided", one, None)
            continue
        for name in COMPARED:
            if getattr(one, name) != getattr(match, name):
                yield Disagreement(partition, name, one, match)
                break
    for left in others.values():
        yield Disagreement(partition, "decided", None, left)
