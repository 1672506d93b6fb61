"""The life of a decision: what stands, what has fired, what is revised or withdrawn.

A decision is issued, then accepted, started, and completed, failed or cancelled; an escalation
that nobody completes lapses at `expires_at`. Whatever has started is never revised.
"""

from __future__ import annotations

import msgspec

from services.contact.decision import Action, Decision, DecisionType, Effect
from services.contact.event import Channel, ConsentState, ContactEvent, Kind
from services.router.core import contacts, ledger, thread
from services.router.core.capacity import held_by
from services.router.core.choice import resolve
from services.router.core.compose import (
    Answer,
    Case,
    Issue,
    Target,
    action_of,
    answer,
    case_of,
    compose,
    decision_id,
    make_room,
    standing_of,
)
from services.router.core.customer import (
    OBSERVED,
    STARTED,
    Customer,
    Entry,
    Fired,
    Standing,
    Thread,
)
from services.router.core.facts import ONCE_PREFIX
from services.router.core.reach import TRIED, Refused, address, consent
from services.router.core.table import Match, Table

MAX_STANDINGS = 16
MAX_FIRED = 32
LATE_EVENT = "late_event"
SENTIMENT = "sentiment"
RULES_CHANGED = "rules_changed"
_ENDED = frozenset({"completed", "failed", "cancelled"})
_BY_REVISION = Kind.ROUTING_FAILED, Kind.DELIVERY_FAILED


def open_escalation(customer: Customer, key: str, at: int) -> Standing | None:
    """The escalation of a thread that is open at `at`."""
    for one in customer.standings:
        if one.escalation and one.thread == key and one.life not in _ENDED and at <= one.expires_at:
            return one
    return None


def open_callback(customer: Customer, contact_id: str, at: int) -> Standing | None:
    """The callback of a contact that is open at `at`."""
    for one in customer.standings:
        mine = one.contact_id == contact_id and one.action is Action.CALLBACK
        if mine and one.life not in _ENDED and at <= one.expires_at:
            return one
    return None


def lapse(customer: Customer, key: str, at: int) -> tuple[Customer, bool]:
    """Drop the escalation of a thread that ran out before `at`; its rule may fire again."""
    gone = [
        one
        for one in customer.standings
        if one.escalation and one.thread == key and one.life not in _ENDED and at > one.expires_at
    ]
    if not gone:
        return customer, False
    rules = {one.rule for one in gone} | {
        mark.rule for mark in customer.fired for one in gone if mark.at == one.received_at
    }
    return msgspec.structs.replace(
        customer,
        standings=tuple(one for one in customer.standings if one not in gone),
        fired=tuple(m for m in customer.fired if not (m.scope == key and m.rule in rules)),
    ), True


def newest(customer: Customer, key: str) -> Standing | None:
    """The standing decision of a thread that is no escalation."""
    mine = [
        one
        for one in customer.standings
        if one.thread == key and not one.escalation and one.life not in _ENDED
    ]
    return max(
        mine, key=lambda one: (not one.gist.closing, one.received_at, one.message), default=None
    )


def of_contact(customer: Customer, contact_id: str) -> Standing | None:
    """The latest decision on a contact."""
    for one in reversed(customer.standings):
        if one.contact_id == contact_id and one.life not in _ENDED:
            return one
    return None


def put(customer: Customer, new: Standing) -> Customer:
    """The customer with a new or revised standing decision.

    A contact keeps the decision that gave somebody work, for reports on it, and beside it the
    newest one that left it there. A thread keeps its escalations, and of the latter the one on its
    newest message that is not a mere thank-you: that is the one a late event may revise.
    """
    kept = []
    for old in customer.standings:
        if (old.source, old.event_id) == (new.source, new.event_id):
            continue
        same_place = old.thread == new.thread if new.thread else old.contact_id == new.contact_id
        if not same_place or old.escalation:
            kept.append(old)
            continue
        stays = (old.action is Action.STAY, new.action is Action.STAY)
        if stays == (False, True) or (stays == (True, False) and _outranks(old, new)):
            kept.append(old)
        elif new.thread and not new.escalation and stays[0] == stays[1] and _outranks(old, new):
            return customer
    if len(kept) >= MAX_STANDINGS:
        kept.remove(min(kept, key=lambda one: (one.escalation, one.received_at)))
    return msgspec.structs.replace(customer, standings=(*kept, new))


def _outranks(old: Standing, new: Standing) -> bool:
    if old.gist.closing != new.gist.closing:
        return new.gist.closing
    return (old.received_at, old.message) > (new.received_at, new.message)


def replace(customer: Customer, old: Standing, new: Standing | None) -> Customer:
    """The customer with `new` (None: nothing) in the place of `old`."""
    standings = tuple(
        one for one in (new if one is old else one for one in customer.standings) if one is not None
    )
    return msgspec.structs.replace(customer, standings=standings)


def by_decision(customer: Customer, wanted: str) -> tuple[Standing, int] | None:
    """The standing decision with this id, and which of its revisions the id names."""
    for one in customer.standings:
        for revision in range(one.revision, -1, -1):
            if decision_id(one.source, one.event_id, revision) == wanted:
                return one, revision
    return None


def is_open(customer: Customer, standing: Standing, at: int) -> bool:
    """Is it live, not started, not run out, and about nobody on the line; and is it not closed?"""
    if standing.life == OBSERVED or not standing.revisable or standing.gist.live:
        return False
    contact = contacts.find(customer, standing.contact_id)
    closed = contact is not None and contact.state == contacts.CLOSED
    return not closed and not 0 < standing.expires_at < at


def fired(customer: Customer, *, thread_key: str, contact_id: str, since: int) -> frozenset[str]:
    """The rules with `once_per` that have fired for this thread, contact or customer.

    Marks of a thread from before its last reset (`since`) are void.
    """
    if not customer.fired:
        return frozenset()
    others = {f"contact {contact_id}", "customer"}
    return frozenset(
        mark.rule
        for mark in customer.fired
        if mark.scope in others or (thread_key and mark.scope == thread_key and mark.at >= since)
    )


def mark(customer: Customer, table: Table, match: Match, case: Case) -> Customer:
    """The customer with every `once_per` node of the path taken marked as fired."""
    if not match.plan.once_per:
        return customer
    scopes = {
        "thread": case.thread or f"contact {case.contact_id}",
        "contact": f"contact {case.contact_id}",
        "customer": "customer",
    }
    scope = scopes.get(match.plan.once_per)
    rules = [rule for rule in match.path if f"{ONCE_PREFIX}{rule}" in table.reads]
    if scope is None or not rules:
        return customer
    new = tuple(Fired(rule, scope, case.received_at) for rule in rules)
    old = tuple(one for one in customer.fired if one not in new)
    return msgspec.structs.replace(customer, fired=(*old, *new)[-MAX_FIRED:])


def unmark(customer: Customer, standing: Standing) -> Customer:
    """The customer as if no rule had fired on the message of this decision."""
    fired = tuple(
        one
        for one in customer.fired
        if one.scope != standing.thread or one.at != standing.received_at
    )
    return msgspec.structs.replace(customer, fired=fired)


def reconsider(
    table: Table,
    customer: Customer,
    standing: Standing,
    *,
    cause: str,
    at: int,
    now: int,
    tried: tuple[Channel, ...] = (),
) -> tuple[Customer, Decision | None]:
    """Decide a standing decision again; if anything changes for the executor, revise it."""
    case = case_of(standing)
    # What was tried in vain is not tried again, whatever it is that is decided anew.
    failed = (skip.channel for skip in standing.skips if skip.why == TRIED)
    tried = tuple(dict.fromkeys((*failed, *tried)))
    where = thread.find(customer, standing.thread) if standing.thread else None
    # Its own marks must not stand in its way.
    others = msgspec.structs.replace(
        customer, fired=tuple(m for m in customer.fired if m.at != standing.received_at)
    )
    count = count_before(table, where, case)
    found = answer(
        table,
        customer,
        case,
        count=count,
        summarised=where is not None and where.summarised,
        once=fired(others, thread_key=case.thread, contact_id=case.contact_id, since=count.since),
        at=at,
        now=now,
        tried=tried,
    )
    if standing.life != OBSERVED and found.match.plan.effect is Effect.NONE:
        if cause in {LATE_EVENT, SENTIMENT, RULES_CHANGED}:
            return customer, None  # what only observes does not revise what is live
        found = _made_live(found)
    if cause == SENTIMENT:
        found = _on_same_channel(customer, standing, found)
    action = _revised_action(standing, case, found, cause)
    held = held_by(standing)
    roomy = make_room(table, customer, case, found, action=action, now=now, held=held)
    if roomy is not found:
        if cause in {SENTIMENT, RULES_CHANGED}:
            return customer, None  # neither takes anything away from the queue that has it
        found = roomy
        action = _revised_action(standing, case, found, cause)
    if action is Action.STAY:
        found = _on_same_channel(customer, standing, found)
    new_life = standing.life if cause == SENTIMENT else "issued"
    decision = compose(
        table,
        customer,
        case,
        found,
        issue=Issue(
            action=action,
            revision=standing.revision + 1,
            cause=cause,
            type=DecisionType.REVISED,
        ),
        now=now,
    )
    if _same_work(standing, decision):
        return customer, None
    escalation = found.escalates and action in {Action.CALLBACK, Action.MOVE}
    new = standing_of(
        case,
        decision,
        escalation=escalation,
        expires_at=round(decision.expires_at.timestamp() * 1000) if decision.expires_at else 0,
    )
    new = msgspec.structs.replace(
        new,
        life=new_life,
        mood_revisions=standing.mood_revisions + (cause == SENTIMENT),
        since=standing.since if _same_way(standing, decision) else decision.revision,
    )
    customer = replace(customer, standing, new)
    if escalation:
        customer = mark(customer, table, found.match, case)
    return customer, decision


def _made_live(found: Answer) -> Answer:
    """A live decision is taken back, or its failure answered, whatever rule is found now."""
    plan = msgspec.structs.replace(found.match.plan, effect=Effect.LIVE)
    return msgspec.structs.replace(found, match=msgspec.structs.replace(found.match, plan=plan))


def _revised_action(standing: Standing, case: Case, found: Answer, cause: str) -> Action:
    if cause == SENTIMENT:
        return standing.action
    if standing.action is Action.STAY and not found.escalates:
        return Action.STAY
    return action_of(case, found.target)


def _on_same_channel(customer: Customer, standing: Standing, found: Answer) -> Answer:
    """A mood changes priority, queue and skills, never the channel."""
    if found.target.channel is standing.channel:
        return found
    handle = address(customer, standing.channel)
    target = Target(
        channel=standing.channel,
        handle=None if isinstance(handle, Refused) else handle,
        window=None,
        skips=standing.skips,
        fallbacks=standing.fallbacks,
    )
    return msgspec.structs.replace(found, target=target)


def _same_way(standing: Standing, decision: Decision) -> bool:
    return (standing.action, standing.channel) == (decision.action, decision.channel)


def _same_work(standing: Standing, decision: Decision) -> bool:
    return (
        _same_way(standing, decision)
        and standing.queue == decision.queue
        and (standing.priority, standing.skills) == (decision.priority, decision.skills)
    )


def count_before(table: Table, where: Thread | None, case: Case) -> ledger.Count:
    """The exchanges of a thread before the message of a case."""
    if where is None:
        return ledger.Count(0, 0, 0)
    return ledger.count(
        where.ledger,
        before=Entry(at=case.received_at, id=case.message, side=ledger.CUSTOMER),
        reopen_within_ms=table.settings.reopen_within_ms,
        idle_window_ms=table.settings.idle_window_ms,
    )


def cancel(
    table: Table, customer: Customer, standing: Standing, *, cause: str, now: int
) -> tuple[Customer, Decision]:
    """Take a standing decision back: nobody is to act on it any more."""
    case = case_of(standing)
    where = thread.find(customer, standing.thread) if standing.thread else None
    count = count_before(table, where, case)
    found = answer(
        table,
        customer,
        case,
        count=count,
        summarised=where is not None and where.summarised,
        once=frozenset(),
        at=standing.received_at,
        now=now,
    )
    issue = Issue(
        action=standing.action,
        revision=standing.revision + 1,
        cause=cause,
        type=DecisionType.CANCELLED,
    )
    found = _on_same_channel(customer, standing, found)
    if standing.life != OBSERVED:
        found = _made_live(found)
    decision = compose(table, customer, case, found, issue=issue, now=now)
    return replace(customer, standing, None), decision


def report(
    table: Table, customer: Customer, event: ContactEvent, *, at: int, now: int
) -> tuple[Customer, tuple[Decision, ...]]:
    """What an executor says of a decision (`routing.*`, `delivery.failed`)."""
    found = by_decision(customer, event.decision_id)
    if found is None:
        return customer, ()
    standing, revision = found
    if event.kind in _BY_REVISION:
        # Who has started ignores a revision that crossed the start: what failed is what stands.
        ignored = standing.life == STARTED and revision >= standing.since
        if revision != standing.revision and not ignored:
            return customer, ()  # it failed at what was revised already
        return fail(table, customer, standing, cause=event.kind.value, at=at, now=now)
    if event.kind is Kind.ROUTING_COMPLETED:
        return _complete(customer, standing, at), ()
    life = STARTED if event.kind is Kind.ROUTING_STARTED else "accepted"
    if standing.life == STARTED:
        return customer, ()
    customer = replace(customer, standing, msgspec.structs.replace(standing, life=life))
    contact = contacts.find(customer, standing.contact_id)
    if life == STARTED and contact is not None and contact.state != contacts.CLOSED:
        owned = msgspec.structs.replace(contact, state=contacts.OWNED)
        customer = contacts.put(customer, owned)
    return customer, ()


def fail(
    table: Table, customer: Customer, standing: Standing, *, cause: str, at: int, now: int
) -> tuple[Customer, tuple[Decision, ...]]:
    """The next fallback after a failure; without one the decision has failed for good."""
    tried = tuple(
        dict.fromkeys((*(s.channel for s in standing.skips if s.why == TRIED), standing.channel))
    )
    if not any(channel not in tried for channel in standing.fallbacks):
        return replace(customer, standing, None), ()
    customer, decision = reconsider(
        table, customer, standing, cause=cause, at=at, now=now, tried=tried
    )
    return customer, (decision,) if decision is not None else ()


def _complete(customer: Customer, standing: Standing, at: int) -> Customer:
    customer = replace(customer, standing, None)
    contact = contacts.find(customer, standing.contact_id)
    key = standing.thread or (contact.thread if contact else "")
    where = thread.find(customer, key) if key else None
    if where is None or standing.channel is not Channel.PHONE:
        return customer
    done = Entry(at=at, id=standing.message, side=ledger.CALL_DONE)
    where = msgspec.structs.replace(where, ledger=ledger.add(where.ledger, done))
    customer = thread.put(customer, where)
    return msgspec.structs.replace(
        customer, fired=tuple(m for m in customer.fired if m.scope != where.key)
    )


def withdraw(
    table: Table, customer: Customer, *, cause: str, at: int, now: int
) -> tuple[Customer, tuple[Decision, ...]]:
    """Revise every decision that nobody started and that the customer's new word forbids."""
    made = []
    for standing in customer.standings:
        if not standing.revisable or not _forbidden(customer, standing, at):
            continue
        customer, decision = reconsider(table, customer, standing, cause=cause, at=at, now=now)
        if decision is not None:
            made.append(decision)
    return customer, tuple(made)


def _forbidden(customer: Customer, standing: Standing, at: int) -> bool:
    gist = standing.gist
    stays = standing.channel is gist.channel and standing.action is not Action.CALLBACK
    if stays or at > standing.expires_at:
        return False
    wish = resolve(
        customer, came_on=gist.channel, asked=gist.asked, live=gist.live, topic=gist.topic, now=at
    )
    denied = consent(customer, standing.channel, at) is ConsentState.DENIED
    return denied or wish.refuses(standing.channel)


def rename(customer: Customer, old_keys: tuple[str, ...], key: str) -> Customer:
    """Follow a merge of threads: what named a younger key names the older one now."""
    gone = set(old_keys)
    return msgspec.structs.replace(
        customer,
        contacts=tuple(
            msgspec.structs.replace(one, id=key if one.id in gone else one.id, thread=key)
            if one.thread in gone
            else one
            for one in customer.contacts
            if not (one.id in gone and contacts.find(customer, key))
        ),
        standings=tuple(
            msgspec.structs.replace(
                one, thread=key, contact_id=key if one.contact_id in gone else one.contact_id
            )
            if one.thread in gone
            else one
            for one in customer.standings
        ),
        fired=tuple(
            msgspec.structs.replace(one, scope=key) if one.scope in gone else one
            for one in customer.fired
        ),
    )
