"""How much work a queue is given: `at_most` of a queue, and which decisions count against it.

Work is what somebody must begin with: a route, a move, a callback. What waits on the line or in a
web chat is never refused and so not counted, nor is what stays with its owner or is attached.
Live and observed work are counted apart, each under an account of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from services.contact.decision import Action, Decision, DecisionType, Effect
from services.contact.event import ContactEvent
from services.router.core.contacts import is_live
from services.router.core.customer import OBSERVED, Customer, Standing, hash_of
from services.router.core.verdict import Verdict

CAPACITY = "capacity"
"""Why a channel is skipped, and the cause of a first decision: its queue is given no more now."""
PARTS = 24
"""A window is counted in so many parts; a part that has begun to leave it counts in full."""
NONE_FULL: frozenset[str] = frozenset()

_APART = "observed "
"""Before the account of what is only observed; no queue has a space in its name."""
_WORK = frozenset({Action.ROUTE, Action.MOVE, Action.CALLBACK})


class Usage(msgspec.Struct, frozen=True):
    """The work that one account was given within its window, as far as one partition goes."""

    window_ms: int
    counts: dict[int, int] = {}
    """Work given, by the number of the part of a window since the epoch."""

    def spent(self, now: int) -> int:
        """The work given in (now - window, now], and in the rest of the part that this cuts."""
        since = (now - self.window_ms) // self._part
        return sum(given for at, given in self.counts.items() if at >= since)

    def add(self, now: int, given: int) -> Usage:
        """With so much more given at `now`; what has left the window is dropped."""
        since, here = (now - self.window_ms) // self._part, now // self._part
        counts = {at: n for at, n in self.counts.items() if at >= since}
        if given:
            counts[here] = counts.get(here, 0) + given
        return Usage(self.window_ms, counts)

    @property
    def _part(self) -> int:
        return max(1, self.window_ms // PARTS)


def account_of(queue: str, effect: Effect) -> str:
    """The account that work for a queue is counted under."""
    return queue if effect is Effect.LIVE else _APART + queue


def tell_account(account: str) -> tuple[str, str]:
    """The queue and the effect that an account is of."""
    effect = Effect.NONE if account.startswith(_APART) else Effect.LIVE
    return account.removeprefix(_APART), effect.value


def list_accounts(queue: str) -> tuple[str, str]:
    """Both accounts of a queue: what is live, and what is only observed."""
    return queue, _APART + queue


def gives_work(action: Action, *, live: bool) -> bool:
    """Does this give somebody work? `live`: the customer waits on the line or in a web chat."""
    return action in _WORK and not (live and action is Action.ROUTE)


def held_by(standing: Standing) -> str:
    """The account that a standing decision was counted under; empty if it gave no work."""
    if not gives_work(standing.action, live=standing.gist.live):
        return ""
    return account_of(standing.queue, Effect.NONE if standing.life == OBSERVED else Effect.LIVE)


def count_given(
    before: Customer | None, word: object, decisions: Sequence[Decision]
) -> Counter[str]:
    """How much work these decisions on `word` give, by account.

    A revision that keeps the account of what it revises gives nothing new. `before` is the
    customer as the decisions found it.
    """
    standings = before.standings if before is not None else ()
    held = {(one.source, one.event_id): held_by(one) for one in standings}
    lives = {(one.source, one.event_id): one.gist.live for one in standings}
    given: Counter[str] = Counter()
    for one in decisions:
        key = one.source, one.event_id
        live = lives.get(key, False)
        if not one.revision and isinstance(word, ContactEvent):
            live = is_live(word)
        account = ""
        if one.type is not DecisionType.CANCELLED and gives_work(one.action, live=live):
            account = account_of(one.queue, one.effect)
        if account and held.get(key) != account:
            given[account] += 1
        held[key], lives[key] = account, live
    return given


class Room:
    """What may still be given, while one slice of a batch is folded."""

    def __init__(self, allowed: Mapping[str, int]) -> None:
        """By account; an account that is not named has no limit."""
        self._left = dict(allowed)
        self._queues = {tell_account(account)[0] for account in allowed}
        self._full = self._find_full()
        self.given: Counter[str] = Counter()
        """What the accounts with a limit were given so far."""

    def decide(
        self, before: Customer | None, word: object, decide: Callable[[frozenset[str]], Verdict]
    ) -> tuple[Verdict, Counter[str]]:
        """Decide one input within what is left, and say what it gives; nothing is taken yet."""
        full = self._full
        while True:
            verdict = decide(full)
            if not any(one.queue in self._queues for one in verdict.decisions):
                return verdict, Counter()
            given = count_given(before, word, verdict.decisions)
            # One input may give more than one piece of work, and so more than what is left.
            over = {one for one, n in given.items() if n > max(0, self._left.get(one, n))} - full
            if not over:
                return verdict, given
            full |= over

    def take(self, given: Counter[str]) -> None:
        """The decisions of one input are made."""
        for account, number in given.items():
            if account in self._left:
                self._left[account] -= number
                self.given[account] += number
                self._full = self._find_full()

    def _find_full(self) -> frozenset[str]:
        return frozenset(one for one, left in self._left.items() if left <= 0)


def share_of_lane(at_most: int, *, queue: str, lane: int, lanes: int, partitions: int) -> int:
    """A lane's part of a limit, by its share of the partitions; all parts sum up to the limit.

    What does not divide goes to other lanes for other queues, always the same ones: parts that
    changed hands could be used up twice within one window.
    """
    first = int.from_bytes(hash_of("capacity", queue)) % lanes
    place = (lane - first) % lanes
    sizes = [len(range(one, partitions, lanes)) for one in range(lanes)]
    before = sum(sizes[(first + n) % lanes] for n in range(place))
    return at_most * (before + sizes[lane]) // partitions - at_most * before // partitions
