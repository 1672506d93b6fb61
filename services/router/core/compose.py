"""Turn the rules' answer into one decision: which channel in the end, by when, and why.

The same code makes a first decision and a revision; a `Case` is what both start from.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

import msgspec

from services.contact import topics
from services.contact.decision import Action, Decision, DecisionType, Effect, Fact, Position, Skip
from services.contact.event import Channel, Kind
from services.router.core.capacity import CAPACITY, account_of, gives_work
from services.router.core.choice import Wish, resolve
from services.router.core.customer import Customer, Gist, Standing, StoredHandle
from services.router.core.hours import Window
from services.router.core.ledger import Count
from services.router.core.reach import (
    ADDRESS_FAILED,
    CONSENT_REFUSED,
    CUSTOMER_REFUSES,
    NO_ADDRESS,
    TRIED,
    Refused,
    address,
    reach,
    zone,
)
from services.router.core.scene import Scene, gather
from services.router.core.table import CHOSEN, SAME, Match, Plan, Table
from services.router.core.thread import WEAK

NAMESPACE = uuid.UUID("6f9a2d0e-8d1c-5b7e-9f43-0a6f1c2b7d58")
"""The UUIDv5 namespace of decision ids; fixed for ever."""
LAPSED = "escalation_lapsed"
STALE = "stale"
MOST_URGENT = 1
FULL = "The queue {queue} has been given all it takes for now."


class Case(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is decided: one event on one contact, first or again."""

    event_id: str
    source: str
    partition: int
    offset: int
    contact_id: str
    thread: str
    received_at: int
    message: bytes
    gist: Gist


class Target(msgspec.Struct, frozen=True, gc=False):
    """The channel that is taken in the end, and what was passed over."""

    channel: Channel
    handle: StoredHandle | None
    window: Window | None
    skips: tuple[Skip, ...]
    fallbacks: tuple[Channel, ...]


class Answer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the rules and the customer's reach say about a case."""

    match: Match
    wish: Wish
    target: Target
    facts: dict[str, Fact]
    zone: str

    @property
    def escalates(self) -> bool:
        """Does the rule demand a channel, and is it the one that is taken?"""
        return self.match.plan.explicit is self.target.channel


def case_of(standing: Standing) -> Case:
    """The case a standing decision was made on."""
    return Case(
        event_id=standing.event_id,
        source=standing.source,
        partition=standing.partition,
        offset=standing.offset,
        contact_id=standing.contact_id,
        thread=standing.thread,
        received_at=standing.received_at,
        message=standing.message,
        gist=msgspec.structs.replace(standing.gist, source=standing.source),
    )


def decision_id(source: str, event_id: str, revision: int) -> str:
    """UUIDv5 of (source, event_id, revision)."""
    # uuid.uuid5 says the same in three times the time; a test compares them.
    name = f"{source}\n{event_id}\n{revision}".encode()
    digest = hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def answer(  # noqa: PLR0913 - all of it is what a decision rests on
    table: Table,
    customer: Customer,
    case: Case,
    *,
    count: Count,
    summarised: bool,
    once: frozenset[str],
    at: int,
    now: int,
    tried: tuple[Channel, ...] = (),
) -> Answer:
    """Ask the rules about a case, and find the first channel that may and can be used.

    `at` is the moment in the customer's story (receipt time), `now` the clock.
    """
    gist = case.gist
    wish = resolve(
        customer, came_on=gist.channel, asked=gist.asked, live=gist.live, topic=gist.topic, now=at
    )
    where = zone(table, customer)
    facts = gather(
        Scene(
            customer=customer,
            gist=gist,
            count=count,
            wish=wish,
            summarised=summarised,
            once=once,
            zone=where,
            now=now,
        ),
        table.reads,
    )
    if gist.link == WEAK:
        # The evidence behind the thread key, whether a rule reads it or not.
        facts |= {"thread.link": gist.link, "thread.related": gist.related}
    match = table.match(facts)
    passed = tuple(Skip(channel, TRIED) for channel in tried)
    target = _target(table, customer, gist, match.plan, wish=wish, now=now, passed=passed)
    return Answer(match=match, wish=wish, target=target, facts=facts, zone=where)


def _target(
    table: Table,
    customer: Customer,
    gist: Gist,
    plan: Plan,
    *,
    wish: Wish,
    now: int,
    passed: tuple[Skip, ...],
) -> Target:
    came_on = gist.channel
    calls_back = gist.kind is Kind.CALLBACK_REQUESTED
    if gist.live and not calls_back:
        return Target(came_on, None, None, (), ())  # a live contact is never moved
    order = _order(plan, wish, came_on)
    skips = list(passed)
    tried = [skip.channel for skip in passed]
    for place, channel in enumerate(order):
        if channel in tried:
            continue
        rest = tuple(one for one in order[place + 1 :] if one not in tried)
        if channel is came_on and not (calls_back and channel is Channel.PHONE):
            return Target(channel, None, None, tuple(skips), rest)
        found = reach(table, customer, channel, wish=wish, plan=plan, now=now)
        if isinstance(found, Refused):
            skips.append(Skip(channel, found.why))
            continue
        return Target(channel, found.handle, found.window, tuple(skips), rest)
    # The last resort is the channel on which the customer came, tried or not.
    return Target(came_on, None, None, tuple(skips), ())


def make_room(
    table: Table,
    customer: Customer,
    case: Case,
    found: Answer,
    *,
    action: Action,
    now: int,
    held: str = "",
) -> Answer:
    """The answer as it is; or, if its queue is given no more work, that of a node above it.

    The nearest node whose queue has room says what is done instead, and the channel of the full
    queue is passed over. The root's queue has no limit, so nothing is left without an answer.
    `held`: the account that the decision which is decided again was counted under.
    """
    plan = found.match.plan
    account = account_of(plan.queue, effect_of(table, plan))
    is_work = gives_work(action, live=case.gist.live)
    if account not in table.full or account == held or not is_work:
        return found
    plans = table.plans(found.match.path)
    roomy = (
        one
        for one in reversed(plans)
        if account_of(one.queue, effect_of(table, plan)) not in table.full
    )
    above = next(roomy, plans[0])
    reason = f"{FULL.format(queue=plan.queue)} {above.reason}".strip()
    instead = msgspec.structs.replace(above, rule=plan.rule, effect=plan.effect, reason=reason)
    passed = tuple(skip for skip in found.target.skips if skip.why == TRIED)
    if action is not Action.ROUTE:
        passed += (Skip(found.target.channel, CAPACITY),)
    target = _target(table, customer, case.gist, instead, wish=found.wish, now=now, passed=passed)
    match = msgspec.structs.replace(found.match, plan=instead)
    return msgspec.structs.replace(found, match=match, target=target)


def _order(plan: Plan, wish: Wish, came_on: Channel) -> list[Channel]:
    words = {CHOSEN: wish.channel, SAME: came_on}
    wanted = [
        words[word] if word in words else Channel(word)
        for word in (plan.channel, *plan.fallback, SAME)
    ]
    return list(dict.fromkeys(wanted))


def action_of(case: Case, target: Target) -> Action:
    """What reaching the customer there means for a contact that came on that channel or another."""
    came_on, channel = case.gist.channel, target.channel
    if case.gist.kind is Kind.CALLBACK_REQUESTED and came_on is channel is Channel.PHONE:
        if target.handle is not None:
            return Action.CALLBACK
        # The call that was asked for cannot be made, and there is no other channel to answer on.
        refused = any(skip.why in {CONSENT_REFUSED, CUSTOMER_REFUSES} for skip in target.skips)
        return Action.RECORD if refused else Action.ROUTE
    if channel is Channel.PHONE and (
        came_on is not Channel.PHONE or case.gist.kind is Kind.CALLBACK_REQUESTED
    ):
        return Action.CALLBACK
    return Action.ROUTE if channel is came_on else Action.MOVE


class Issue(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How a decision comes about: the first of its case, or a revision."""

    action: Action
    revision: int = 0
    cause: str = ""
    type: DecisionType = DecisionType.MADE
    refers_to: str = ""
    reason: str = ""
    """Takes the place of the rule's own reason."""


def compose(
    table: Table, customer: Customer, case: Case, found: Answer, *, issue: Issue, now: int
) -> Decision:
    """The decision in full."""
    plan, target = found.match.plan, found.target
    handle = target.handle
    clear = table.settings.address_in_clear
    times = _times(case, plan, target, action=issue.action, now=now)
    first = issue.revision == 0
    return Decision(
        decision_id=decision_id(case.source, case.event_id, issue.revision),
        type=issue.type,
        revision=issue.revision,
        revises="" if first else decision_id(case.source, case.event_id, issue.revision - 1),
        cause=issue.cause,
        event_id=case.event_id,
        source=case.source,
        position=Position(topics.EVENTS, case.partition, case.offset) if case.offset >= 0 else None,
        customer_id=customer.id,
        contact_id=case.contact_id,
        thread_key=case.thread,
        action=issue.action,
        refers_to=issue.refers_to,
        from_channel=case.gist.channel,
        channel=target.channel,
        sub_channel=handle.sub_channel if handle else "",
        address_ref=handle.ref if handle else "",
        address=handle.value if handle and clear else "",
        executor=_executor(table, case, plan, target.channel),
        queue=plan.queue,
        priority=priority_of(case, plan),
        skills=plan.skills,
        respond_by=times.respond_by,
        not_before=times.not_before,
        not_after=times.not_after,
        timezone=found.zone if issue.action is Action.CALLBACK else "",
        expires_at=times.expires_at,
        fallbacks=target.fallbacks,
        ask_for=_ask_for(customer, target),
        rule=plan.rule,
        path=found.match.path,
        reason=issue.reason or _reason(case, plan, times),
        skips=target.skips,
        choice_source=found.wish.source,
        facts=found.facts,
        rules_version=table.version,
        effect=effect_of(table, plan),
        decided_at=_moment(now),
    )


def effect_of(table: Table, plan: Plan) -> Effect:
    """Is what this plan says to be carried out?"""
    return Effect.NONE if Effect.NONE in {table.effect, plan.effect} else Effect.LIVE


def standing_of(case: Case, decision: Decision, *, escalation: bool, expires_at: int) -> Standing:
    """What must be remembered of a decision so that it can be revised."""
    return Standing(
        event_id=case.event_id,
        source=case.source,
        partition=case.partition,
        offset=case.offset,
        revision=decision.revision,
        contact_id=case.contact_id,
        thread=case.thread,
        received_at=case.received_at,
        decided_at=round(decision.decided_at.timestamp() * 1000),
        message=case.message,
        action=decision.action,
        channel=decision.channel,
        queue=decision.queue,
        priority=decision.priority,
        skills=decision.skills,
        rule=decision.rule,
        escalation=escalation,
        expires_at=expires_at,
        fallbacks=decision.fallbacks,
        skips=decision.skips,
        gist=msgspec.structs.replace(case.gist, source=""),
    )


def priority_of(case: Case, plan: Plan) -> int:
    """The rule's priority, one better after an escalation that came to nothing."""
    better = 1 if case.gist.lapsed and not case.gist.closing else 0
    return max(MOST_URGENT, plan.priority - better)


class _Times(msgspec.Struct, frozen=True, gc=False):
    respond_by: datetime | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    expires_at: datetime | None = None


def _times(case: Case, plan: Plan, target: Target, *, action: Action, now: int) -> _Times:
    if action in {Action.ATTACH, Action.DUPLICATE, Action.RECORD}:
        return _Times()
    held = 0
    not_before = not_after = None
    if action is Action.CALLBACK and target.window is not None:
        if target.window.not_before > now:
            held = target.window.not_before
            not_before = _moment(held)
        if target.window.not_after:
            not_after = _moment(target.window.not_after)
    starts = max(case.received_at, held)
    within = plan.respond_within_ms.get(
        "callback" if action is Action.CALLBACK else target.channel.value
    )
    ends = action in {Action.CALLBACK, Action.MOVE}
    return _Times(
        respond_by=_moment(starts + within) if within else None,
        not_before=not_before,
        not_after=not_after,
        expires_at=_moment(starts + plan.expires_after_ms) if ends else None,
    )


def _reason(case: Case, plan: Plan, times: _Times) -> str:
    reason = plan.reason
    if case.gist.lapsed and not case.gist.closing:
        reason = f"{LAPSED}: {reason}" if reason else LAPSED
    if times.not_before is not None:
        reason += " Closed now: acknowledge the message and hold it open until then."
    return reason.strip()


def _ask_for(customer: Customer, target: Target) -> tuple[str, ...]:
    missing = [
        skip.channel.value for skip in target.skips if skip.why in {NO_ADDRESS, ADDRESS_FAILED}
    ]
    if target.channel is Channel.PHONE and target.handle is not None:
        known = address(customer, Channel.PHONE)
        if isinstance(known, StoredHandle) and known.verified is False:
            missing.append(Channel.PHONE.value)
    return tuple(dict.fromkeys(missing))


def _executor(table: Table, case: Case, plan: Plan, channel: Channel) -> str:
    queue = table.queues.get(plan.queue)
    if queue is not None and queue.executor:
        return queue.executor
    return table.settings.executors.get(channel.value) or case.source


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, tz=UTC)
