"""Recorded decisions under two rule files, where the history of a customer is gone. Pure.

Both tables are asked with the facts that the decision carries. What only the customer's state could
tell stays as it was recorded: whether a channel can be reached, and hours. Times are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from services.contact.decision import Action, Decision, Fact
from services.contact.event import Channel
from services.router.core.compose import LAPSED, MOST_URGENT, effect_of
from services.router.core.facts import ONCE_PREFIX, SPLIT_PREFIX
from services.router.core.scene import share_of
from services.router.core.table import CHOSEN, SAME, Match, Plan, Table
from services.router.rules.replay import Change, Place, compare_pair

BOUND = frozenset({Action.ATTACH, Action.DUPLICATE, Action.RECORD})
"""What is decided so whatever a rule says."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded decision under both tables."""

    place: Place
    recorded: Decision
    said: tuple[Decision, Decision] | None
    """None: a table reads a fact that was not recorded."""
    change: Change | None = None


def compare_recorded(
    current: Table, candidate: Table, decisions: Iterable[tuple[Place, Decision]]
) -> Iterator[Compared]:
    """Ask both tables about a customer's decisions, in their order."""
    sides = (_Side(current), _Side(candidate))
    for place, made in decisions:
        before, after = (side.say(made) for side in sides)
        if before is None or after is None:
            yield Compared(place=place, recorded=made, said=None)
            continue
        change = compare_pair(place, before, after)
        yield Compared(place=place, recorded=made, said=(before, after), change=change)


class _Side:
    """One table, and the `once_per` rules that it has fired here without their being recorded."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._fired: set[tuple[str, str]] = set()

    def say(self, made: Decision) -> Decision | None:
        """What the table says of the facts; None if it reads one that was not recorded."""
        facts = self._complete(made)
        if facts is None:
            return None
        if made.action in BOUND:
            return made
        match = self._table.match(facts)
        self._mark(made, match)
        return _apply(self._table, made, match, facts)

    def _complete(self, made: Decision) -> dict[str, Fact] | None:
        """The facts, with those that follow from the decision itself."""
        facts = dict(made.facts)
        scopes = self._scopes(made).values()
        for name in self._table.reads:
            if name in facts:
                continue
            if name.startswith(ONCE_PREFIX):
                rule = name.removeprefix(ONCE_PREFIX)
                facts[name] = any((rule, scope) in self._fired for scope in scopes)
            elif name.startswith(SPLIT_PREFIX):
                facts[name] = share_of(name.removeprefix(SPLIT_PREFIX), made.customer_id)
            elif name == "channel":
                facts[name] = made.from_channel.value
            elif name == "source":
                facts[name] = made.source
            else:
                return None
        return facts

    def _scopes(self, made: Decision) -> dict[str, str]:
        contact = f"contact {made.contact_id}"
        return {"thread": made.thread_key or contact, "contact": contact, "customer": "customer"}

    def _mark(self, made: Decision, match: Match) -> None:
        scope = self._scopes(made).get(match.plan.once_per)
        if scope is not None:
            self._fired.update((rule, scope) for rule in match.path)


def _apply(table: Table, made: Decision, match: Match, facts: dict[str, Fact]) -> Decision:
    """The recorded decision as far as it follows from the plan."""
    plan = match.plan
    channel = _channel(made, plan, facts)
    better = made.cause == LAPSED or made.reason.startswith(LAPSED)
    return msgspec.structs.replace(
        made,
        action=_action(made, plan, channel),
        channel=channel,
        queue=plan.queue,
        priority=max(MOST_URGENT, plan.priority - better),
        skills=plan.skills,
        rule=plan.rule,
        path=match.path,
        reason=plan.reason,
        effect=effect_of(table, plan),
        respond_by=None,
        not_before=None,
        not_after=None,
        expires_at=None,
        executor="",
    )


def _channel(made: Decision, plan: Plan, facts: dict[str, Fact]) -> Channel:
    """Where the plan leads, as far as the decision tells."""
    if made.action is Action.STAY and plan.explicit is None:
        return made.channel
    if plan.channel == SAME:
        return made.from_channel
    if plan.channel == CHOSEN:
        known = facts.get("choice.channel")
        return Channel(str(known)) if known else made.from_channel
    wanted = Channel(plan.channel)
    refused = any(skip.channel is wanted for skip in made.skips)
    return made.channel if refused else wanted


def _action(made: Decision, plan: Plan, channel: Channel) -> Action:
    if channel is made.channel:
        return made.action
    if made.action is Action.STAY and plan.explicit is None:
        return Action.STAY
    if channel is made.from_channel:
        return Action.ROUTE
    return Action.CALLBACK if channel is Channel.PHONE else Action.MOVE
