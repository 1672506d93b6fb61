"""A customer asks for something: decide what is to be done with the contact."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from services.contact.decision import Action, Decision, Effect, Position
from services.contact.event import Channel, ContactEvent, Kind, Origin, Side
from services.router.core import choice, contacts, life
from services.router.core.capacity import CAPACITY
from services.router.core.compose import (
    LAPSED,
    STALE,
    Answer,
    Case,
    Issue,
    Target,
    action_of,
    answer,
    compose,
    decision_id,
    make_room,
    standing_of,
)
from services.router.core.customer import (
    OBSERVED,
    Contact,
    Customer,
    Gist,
    Standing,
    Thread,
)
from services.router.core.facts import ATTRIBUTE_PREFIX
from services.router.core.scene import MAX_TEXT
from services.router.core.table import Table

STAYS = "The contact stays with its owner."
_TAKEN = frozenset({contacts.ROUTED, contacts.OWNED})


class Asked(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One input on its way through the core: the event and what was found out about it."""

    event: ContactEvent
    at: int
    """Receipt time, ms."""
    now: int
    side: Side
    position: Position | None
    known: bool
    """Was anything remembered of the customer before?"""
    origin: Origin = Origin.HUMAN
    human: bool = True
    closing: bool = False
    message: bytes = b""
    link: str = "new"
    related: str = ""


def ask(
    table: Table, customer: Customer, asked: Asked, where: Thread | None = None
) -> tuple[Customer, tuple[Decision, ...]]:
    """Decide a contact that asks for it; `where` is the thread of an e-mail."""
    event, at = asked.event, asked.at
    channel = event.channel or Channel.PHONE
    key = where.key if where else ""
    contact_id = contacts.contact_id_of(event, key)
    contact = contacts.find(customer, contact_id) or Contact(id=contact_id, channel=channel)
    idle = table.settings.idle_window_ms
    state = contacts.state_at(contact, at, idle) if contact.last_at else contacts.NEW
    lapsed = False
    if where is not None and not asked.closing:
        customer, lapsed = life.lapse(customer, key, at)
    if lapsed or _ran_out(life.of_contact(customer, contact_id), contact, at):
        state = contacts.NEW
    case = _case(table, asked, contact_id, key, state=state, lapsed=lapsed)
    escalation = (
        life.open_escalation(customer, key, at)
        if where is not None
        else _open_callback(customer, event, contact_id, at)
    )
    count = life.count_before(table, where, case)
    found = answer(
        table,
        customer,
        case,
        count=count,
        summarised=where is not None and where.summarised,
        once=life.fired(customer, thread_key=key, contact_id=contact_id, since=count.since),
        at=at,
        now=asked.now,
    )
    if escalation is not None:
        customer = _with_contact(customer, contact, case)
        return _attach(table, customer, case, found, escalation=escalation, now=asked.now)
    if state == contacts.NEW and contact.state != contacts.CLOSED:
        customer = msgspec.structs.replace(customer, habit=choice.observe(customer.habit, channel))
    if case.gist.live and _is_stale(table, asked, state):
        issue = Issue(action=Action.RECORD, cause=STALE, reason=STALE)
        return customer, (compose(table, customer, case, found, issue=issue, now=asked.now),)
    return _issue(table, customer, case, found, contact=contact, asked=asked)


def _issue(
    table: Table,
    customer: Customer,
    case: Case,
    found: Answer,
    *,
    contact: Contact,
    asked: Asked,
) -> tuple[Customer, tuple[Decision, ...]]:
    """Route, move, call back or leave it, and remember what was decided."""
    standing = life.of_contact(customer, contact.id)
    action = _action(case, found, standing)
    cause = LAPSED if case.gist.lapsed else ""
    roomy = make_room(table, customer, case, found, action=action, now=asked.now)
    if roomy is not found:
        found, cause = roomy, CAPACITY
        action = _action(case, found, standing)
    if action is Action.STAY and standing is not None:
        channel = standing.channel
        found = msgspec.structs.replace(
            found, target=Target(channel, None, None, found.target.skips, found.target.fallbacks)
        )
    reason = STAYS if action is Action.STAY and not found.match.plan.reason else ""
    issue = Issue(action=action, reason=reason, cause=cause)
    decision = compose(table, customer, case, found, issue=issue, now=asked.now)
    plan = found.match.plan
    escalation = bool(case.thread) and found.escalates and action in {Action.CALLBACK, Action.MOVE}
    expires_at = round(decision.expires_at.timestamp() * 1000) if decision.expires_at else 0
    customer = life.put(
        customer, standing_of(case, decision, escalation=escalation, expires_at=expires_at)
    )
    if plan.explicit is None or found.escalates:
        customer = life.mark(customer, table, found.match, case)
    owned = contact.state == contacts.OWNED
    routed = msgspec.structs.replace(
        contact,
        channel=case.gist.channel,
        state=contacts.OWNED if owned else contacts.ROUTED,
        last_at=max(contact.last_at, asked.at),
        thread=case.thread or contact.thread,
    )
    return contacts.put(customer, routed), (decision,)


def _ran_out(standing: Standing | None, contact: Contact, at: int) -> bool:
    """Was the contact given to somebody who never began?"""
    if standing is None or contact.state == contacts.OWNED or not standing.revisable:
        return False
    return 0 < standing.expires_at < at


def _with_contact(customer: Customer, contact: Contact, case: Case) -> Customer:
    """The contact of a message that was attached is taken care of, and known from now on."""
    state = contacts.ROUTED if contact.state == contacts.NEW else contact.state
    last_at = max(contact.last_at, case.received_at)
    key = case.thread or contact.thread
    known = msgspec.structs.replace(contact, state=state, last_at=last_at, thread=key)
    return contacts.put(customer, known)


def _action(case: Case, found: Answer, standing: Standing | None) -> Action:
    plan, gist = found.match.plan, case.gist
    taken = gist.contact_state in _TAKEN
    wanted = plan.explicit is not None and plan.explicit is not gist.channel
    asks_otherwise = (
        gist.asked is not None and standing is not None and gist.asked is not standing.channel
    )
    anew = gist.kind in {Kind.HANDOFF_REQUESTED, Kind.CALLBACK_REQUESTED}
    if taken and not (wanted or plan.reroute or anew or asks_otherwise):
        return Action.STAY
    if taken and wanted and not found.escalates and standing is not None:
        # The escalation cannot have its channel. Raise the contact once, then leave it be.
        same = (standing.queue, standing.channel) == (plan.queue, found.target.channel)
        if same and standing.action in {Action.ROUTE, Action.STAY}:
            return Action.STAY
    return action_of(case, found.target)


def _attach(
    table: Table,
    customer: Customer,
    case: Case,
    found: Answer,
    *,
    escalation: Standing,
    now: int,
) -> tuple[Customer, tuple[Decision, ...]]:
    """While an escalation is open, what else the customer writes belongs to it."""
    target = Target(escalation.channel, None, None, (), ())
    plan = msgspec.structs.replace(
        found.match.plan,
        queue=escalation.queue,
        priority=escalation.priority,
        skills=escalation.skills,
        effect=Effect.NONE if escalation.life == OBSERVED else Effect.LIVE,
    )
    match = msgspec.structs.replace(found.match, plan=plan)
    found = msgspec.structs.replace(found, target=target, match=match)
    refers_to = decision_id(escalation.source, escalation.event_id, escalation.revision)
    issue = Issue(
        action=Action.ATTACH,
        refers_to=refers_to,
        reason="An escalation of this matter is open; this belongs to it.",
    )
    return customer, (compose(table, customer, case, found, issue=issue, now=now),)


def _open_callback(
    customer: Customer, event: ContactEvent, contact_id: str, at: int
) -> Standing | None:
    if event.kind is not Kind.CALLBACK_REQUESTED:
        return None
    return life.open_callback(customer, contact_id, at)


def _is_stale(table: Table, asked: Asked, state: str) -> bool:
    if state == contacts.CLOSED:
        return True
    return state == contacts.NEW and asked.now - asked.at > table.settings.stale_after_ms


@lru_cache(maxsize=64)
def _list_attributes(reads: tuple[str, ...]) -> tuple[str, ...]:
    """The free attributes among the facts that a table reads."""
    return tuple(
        name.removeprefix(ATTRIBUTE_PREFIX) for name in reads if name.startswith(ATTRIBUTE_PREFIX)
    )


def _case(
    table: Table, asked: Asked, contact_id: str, key: str, *, state: str, lapsed: bool
) -> Case:
    event, position = asked.event, asked.position
    wanted = Channel.PHONE if event.kind is Kind.CALLBACK_REQUESTED else event.requested_channel
    read = _list_attributes(table.reads)
    gist = Gist(
        channel=event.channel or Channel.PHONE,
        kind=event.kind,
        source=event.source,
        sub_channel=event.sub_channel[:MAX_TEXT],
        topic=event.topic[:MAX_TEXT],
        queue=event.queue[:MAX_TEXT],
        live=contacts.is_live(event),
        asked=wanted,
        closing=asked.closing,
        origin=asked.origin,
        language=event.language[:MAX_TEXT],
        attachments=event.attachments_count,
        link=asked.link,
        related=asked.related,
        contact_state=state,
        lapsed=lapsed,
        known=asked.known,
        attributes={
            name: event.attributes[name][:MAX_TEXT] for name in read if name in event.attributes
        }
        if read and event.attributes
        else {},
    )
    return Case(
        event_id=event.event_id,
        source=event.source,
        partition=position.partition if position else -1,
        offset=position.offset if position else -1,
        contact_id=contact_id,
        thread=key,
        received_at=asked.at,
        message=asked.message,
        gist=gist,
    )
