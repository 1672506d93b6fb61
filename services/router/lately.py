"""What this process decided lately, for its page: how often each rule was hit, the last decisions.

It is counted when a transaction stands, like every figure. What is kept is kept in memory only, holds
no more than the process held already, and is gone with it.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque

import msgspec

from services.contact.decision import Decision, Position
from services.contact.event import ContactEvent
from services.contact.sentiment import SentimentScored
from services.router.committing import Memo
from services.router.core.customer import Customer
from services.router.folding import Result, Word

MOST_VERSIONS = 4
"""Rule files whose hits are counted; the one that was hit least recently makes room."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One input that led to a decision, with what it was decided on."""

    number: int
    """Counts the decisions of this process."""
    word: Word
    before: Customer | None
    """The customer as remembered before it."""
    position: Position
    now: int
    """The batch's clock, ms since the epoch."""
    decision: Decision


class Lately:
    """The hits and the last decisions of one process; all its lanes share it."""

    def __init__(self, keep: int) -> None:
        self.since = int(time.time() * 1000)
        """When counting began, ms since the epoch."""
        self._hits: OrderedDict[str, Counter[str]] = OrderedDict()
        self._last: deque[Seen] = deque(maxlen=keep)
        self._number = 0

    def note(self, memo: Memo) -> None:
        """Take in a batch whose transaction stands."""
        for part in memo.folded:
            now = memo.markers[part.partition].now
            for result in part.results:
                for decision in result.decisions:
                    self._number += 1
                    self._hit(decision.rules_version, decision.path)
                    self._keep(result, decision, now)
        if memo.trials is not None:
            for version, path in memo.trials.shadow_paths:
                self._hit(version, path)

    def hits(self, version: str) -> dict[str, int]:
        """How often each rule of a file was on the way of a decision."""
        return dict(self._hits.get(version, {}))

    def last(self) -> list[Seen]:
        """The last inputs that led to a decision, newest first."""
        return list(reversed(self._last))

    def find(self, number: int) -> Seen | None:
        """One of them; None where it has made room."""
        return next((one for one in self._last if one.number == number), None)

    def _hit(self, version: str, path: tuple[str, ...]) -> None:
        counts = self._hits.get(version)
        if counts is None:
            counts = self._hits[version] = Counter()
            if len(self._hits) > MOST_VERSIONS:
                self._hits.popitem(last=False)
        for rule in path:
            counts[rule] += 1

    def _keep(self, result: Result, decision: Decision, now: int) -> None:
        word = result.heard.word
        if self._last.maxlen and isinstance(word, ContactEvent | SentimentScored):
            self._last.append(
                Seen(
                    number=self._number,
                    word=word,
                    before=result.before,
                    position=result.heard.position,
                    now=now,
                    decision=decision,
                )
            )
