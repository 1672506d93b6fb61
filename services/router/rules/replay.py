"""The same inputs under two rule files, side by side: which decisions change, and which only follow.

Two folds that know nothing of each other: each has customers of its own, so a decision that changes
also changes what is decided later. A change *follows* if the candidate, asked with the customer as
the current rules left it, would have said the same as they did. Pure.

What each customer's fold comes to depends on the customer's own inputs alone. That is why limits
(`at_most`) are not folded: they depend on all customers at once. What was given to queues that have
one is counted (`Step.given`), so that it can be held against the limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TypeAlias

import msgspec

from services.contact.decision import Decision, Outcome, Position
from services.contact.event import ContactEvent
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import SentimentScored, SentimentSummary
from services.router.core.capacity import count_given, list_accounts
from services.router.core.customer import Customer
from services.router.core.decide import Verdict, decide
from services.router.core.edition import observe
from services.router.core.table import Table

Word: TypeAlias = ContactEvent | SentimentScored | SentimentSummary
Place: TypeAlias = tuple[int, int]
"""Where an input stands in its source: partition and offset, or 0 and the line."""

NOT_COMPARED = frozenset({"decision_id", "rules_version", "facts"})
"""The id is what pairs are found by; another file has another version and may read other facts."""
FIELDS = tuple(name for name in Decision.__struct_fields__ if name not in NOT_COMPARED)
WORDS = frozenset({"rule", "path", "reason"})
"""Fields that say why; nobody does anything else because of them."""
_values = attrgetter(*FIELDS)


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One record, as the router would fold it."""

    place: Place
    word: Word
    now: int
    """The clock, ms since the epoch."""
    position: Position | None = None
    counted: bool = True
    """Does it lie in the range that is asked about? Else it only makes the state."""
    observed: bool = False
    """Did the whole service only observe?"""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One decision that is another under the candidate."""

    place: Place
    decision_id: str
    customer_id: str
    segment: str
    before: Decision | None
    """None: the current rules do not make it."""
    after: Decision | None
    """None: the candidate does not make it."""
    fields: tuple[str, ...] = ()
    """What differs, where both make it."""
    follows: bool = False
    """Only because an earlier decision of this customer was another."""
    recorded: bool = False
    """Told from the recorded facts: the history of the customer is not kept any more."""

    @property
    def only_words(self) -> bool:
        """Does nobody do anything else because of it?"""
        return bool(self.fields) and WORDS.issuperset(self.fields)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one input came to under both files."""

    place: Place
    customer_id: str
    segment: str
    now: int
    counted: bool
    outcomes: tuple[Outcome, Outcome]
    made: tuple[tuple[Decision, ...], tuple[Decision, ...]]
    given: tuple[Mapping[str, int], Mapping[str, int]]
    """Work given to queues with a limit, by account."""
    changes: tuple[Change, ...] = ()


class _Side:
    """One of the two folds."""

    def __init__(self, table: Table) -> None:
        self._tables = {False: table, True: observe(table)}
        limited = [queue.name for queue in table.queues.values() if queue.at_most]
        self._accounts = frozenset(one for name in limited for one in list_accounts(name))
        self.customers: dict[str, Customer | None] = {}

    def take(self, one: Input) -> tuple[Verdict, Mapping[str, int]]:
        """Decide an input and remember what it left; and what work it gave."""
        customer = self.customers.get(one.word.customer_id)
        verdict = self.try_on(customer, one)
        self.customers[one.word.customer_id] = verdict.customer
        if not self._accounts or not verdict.decisions:
            return verdict, {}
        given = count_given(customer, one.word, verdict.decisions)
        return verdict, {account: n for account, n in given.items() if account in self._accounts}

    def try_on(self, customer: Customer | None, one: Input) -> Verdict:
        """Decide an input for some state; a defect costs one record, as in the router."""
        try:
            return decide(self._tables[one.observed], customer, one.word, one.now, one.position)
        except Exception:  # noqa: BLE001 - whatever it is, the record would be a dead letter
            reject = Reject(RejectCode.DECIDE_FAILED, "")
            return Verdict(customer, changed=False, outcome=Outcome.REJECTED, reject=reject)


class Replay:
    """Two folds over the same inputs; the inputs of a customer come in their order."""

    def __init__(self, current: Table, candidate: Table) -> None:
        self._before, self._after = _Side(current), _Side(candidate)
        self._left: dict[str, dict[str, Change]] = defaultdict(dict)
        """By customer and id: decisions that one side has made and the other has not yet."""

    def take(self, one: Input) -> Step:
        """Fold one input on both sides."""
        customer_id = one.word.customer_id
        state = self._before.customers.get(customer_id), self._after.customers.get(customer_id)
        before, given_before = self._before.take(one)
        after, given_after = self._after.take(one)
        changes: tuple[Change, ...] = ()
        if before.decisions or after.decisions:
            changes = tuple(self._compare(one, state, before, after))
        return Step(
            place=one.place,
            customer_id=customer_id,
            segment=_segment(before, after),
            now=one.now,
            counted=one.counted,
            outcomes=(before.outcome, after.outcome),
            made=(before.decisions, after.decisions),
            given=(given_before, given_after),
            changes=changes,
        )

    def close(self) -> Iterator[Change]:
        """After the last input: the decisions that only one side made."""
        for left in self._left.values():
            yield from left.values()

    def _compare(
        self,
        one: Input,
        state: tuple[Customer | None, Customer | None],
        before: Verdict,
        after: Verdict,
    ) -> Iterator[Change]:
        others = {made.decision_id: made for made in after.decisions}
        pairs = [(made, others.pop(made.decision_id, None)) for made in before.decisions]
        both: list[tuple[Decision | None, Decision | None]] = [
            *pairs,
            *((None, made) for made in others.values()),
        ]
        different = [pair for pair in both if not _is_same(*pair)]
        if not different:
            return
        at_once = self._list_at_once(one, state, before)
        for first, second in different:
            known = (first or second).decision_id  # type: ignore[union-attr]  # one of them is there
            change = Change(
                place=one.place,
                decision_id=known,
                customer_id=one.word.customer_id,
                segment=_segment(before, after),
                before=first,
                after=second,
                fields=_list_fields(first, second),
                follows=known not in at_once,
            )
            if first is not None and second is not None:
                yield change
            elif one.counted:
                yield from self._match_left(change)

    def _list_at_once(
        self, one: Input, state: tuple[Customer | None, Customer | None], before: Verdict
    ) -> frozenset[str]:
        """The decisions that are others though the customer is the same."""
        tried = self._after.try_on(state[0], one)
        mine = {made.decision_id: made for made in before.decisions}
        theirs = {made.decision_id: made for made in tried.decisions}
        ids = mine.keys() | theirs.keys()
        return frozenset(i for i in ids if not _is_same(mine.get(i), theirs.get(i)))

    def _match_left(self, change: Change) -> Iterator[Change]:
        """A decision of one side only: the other may have made it on an earlier input."""
        left = self._left[change.customer_id]
        other = left.pop(change.decision_id, None)
        if other is None:
            left[change.decision_id] = change
            return
        before, after = other.before or change.before, other.after or change.after
        if not _is_same(before, after):
            yield msgspec.structs.replace(
                other, before=before, after=after, fields=_list_fields(before, after)
            )


def compare_pair(place: Place, before: Decision, after: Decision) -> Change | None:
    """What differs between two answers from recorded facts; None where nothing does."""
    if _is_same(before, after):
        return None
    segment = before.facts.get("customer.segment")
    return Change(
        place=place,
        decision_id=before.decision_id,
        customer_id=before.customer_id,
        segment=segment if isinstance(segment, str) else "",
        before=before,
        after=after,
        fields=_list_fields(before, after),
        recorded=True,
    )


def _segment(before: Verdict, after: Verdict) -> str:
    customer = before.customer or after.customer
    return customer.segment if customer is not None else ""


def _is_same(one: Decision | None, other: Decision | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool(_values(one) == _values(other))


def _list_fields(one: Decision | None, other: Decision | None) -> tuple[str, ...]:
    if one is None or other is None:
        return ()
    return tuple(name for name in FIELDS if getattr(one, name) != getattr(other, name))


def list_peaks(given: Sequence[tuple[int, int]], window_ms: int) -> tuple[int, int]:
    """Of work given at some moments: the most in any window, and the moment at which that ends."""
    best, best_at, total, first = 0, 0, 0, 0
    moments = sorted(given)
    for at, number in moments:
        total += number
        while moments[first][0] <= at - window_ms:
            total -= moments[first][1]
            first += 1
        if total > best:
            best, best_at = total, at
    return best, best_at
