"""An e-mail arrives: its thread, its line in the ledger, and what it changes for others."""

from __future__ import annotations

import msgspec

from services.contact.decision import Action, Decision
from services.contact.event import ContactEvent, Kind, Side
from services.router.core import contacts, ledger, life, thread
from services.router.core.ask import Asked, ask
from services.router.core.compose import Issue, answer, case_of, compose, decision_id
from services.router.core.customer import Contact, Customer, Entry, Standing, Thread
from services.router.core.table import Table

Received = tuple[Customer, tuple[Decision, ...], bool]
"""The customer, the decisions, and whether the message was a duplicate."""


def receive(table: Table, customer: Customer, asked: Asked) -> Received:
    """Put an e-mail into its thread and decide what it asks for.

    A late message may change the decision on a newer one: that is revised too.
    """
    event = asked.event
    placed = thread.place(customer, event, asked.at)
    known = ledger.find(placed.thread.ledger, asked.message)
    if known is not None and known.side in {ledger.CUSTOMER, ledger.AGENT} and not asked.human:
        return _reclassify(table, customer, asked, placed.thread, known=known)
    if known is not None:
        return _duplicate(table, customer, asked, placed.thread)
    asked = msgspec.structs.replace(asked, link=placed.link, related=placed.related)
    counted = asked.human and not event.is_forward
    side = ledger.OTHER
    if counted:
        side = ledger.CUSTOMER if asked.side is Side.CUSTOMER else ledger.AGENT
    entry = Entry(at=asked.at, id=asked.message, side=side)
    where = _with_entry(placed.thread, asked, entry)
    customer = msgspec.structs.replace(customer, threads=placed.threads)
    customer = _with_closes(thread.put(customer, where), event, where)
    where = thread.find(customer, where.key) or where
    decisions: tuple[Decision, ...] = ()
    if placed.absorbed:
        customer = life.rename(customer, placed.absorbed, where.key)
        customer, decisions = _keep_one_escalation(table, customer, where.key, asked)
    if asked.human and asked.side is Side.CUSTOMER:
        customer, made = ask(table, customer, asked, where)
        decisions = (*decisions, *made)
    elif asked.human:
        customer = contacts.answered(customer, event, where.key, asked.at)
    if counted or placed.absorbed:
        customer, late = _revise_newer(table, customer, where, asked, merged=bool(placed.absorbed))
        decisions = (*decisions, *late)
    return customer, decisions, False


def note_close(customer: Customer, event: ContactEvent, at: int) -> Customer:
    """Write a desk's close into the ledger of the contact's thread, where it has one."""
    if event.kind is not Kind.CONTACT_CLOSED:
        return customer
    contact = contacts.find(customer, contacts.contact_id_of(event, ""))
    where = thread.find(customer, contact.thread or contact.id) if contact else None
    if where is None:
        return customer
    return thread.put(customer, _closed(where, at))


def _closed(where: Thread, at: int) -> Thread:
    entry = Entry(at=at, id=b"", side=ledger.CLOSED)
    return msgspec.structs.replace(where, ledger=ledger.add(where.ledger, entry))


def _with_closes(customer: Customer, event: ContactEvent, where: Thread) -> Customer:
    """A close that came before the thread was known is written down now."""
    contact = contacts.find(customer, event.contact_id) if event.contact_id else None
    if contact is None or contact.thread or not contact.closed_at:
        return customer
    return thread.put(customer, _closed(where, contact.closed_at))


def _with_entry(where: Thread, asked: Asked, entry: Entry) -> Thread:
    subject = where.subject
    if entry.side == ledger.CUSTOMER:
        subject = thread.subject_hash(asked.event) or subject
    return thread.cut(
        msgspec.structs.replace(where, ledger=ledger.add(where.ledger, entry), subject=subject)
    )


def _revise_newer(
    table: Table, customer: Customer, where: Thread, asked: Asked, *, merged: bool
) -> tuple[Customer, tuple[Decision, ...]]:
    """What this late message changes for the thread's newest open customer message."""
    standing = life.newest(customer, where.key)
    if standing is None or not standing.revisable or standing.message == asked.message:
        return customer, ()
    if not merged and (asked.at, asked.message) > (standing.received_at, standing.message):
        return customer, ()
    if life.open_escalation(customer, where.key, standing.received_at) is not None:
        return customer, ()
    contact = contacts.find(customer, standing.contact_id)
    if contact is not None and contact.state == contacts.CLOSED:
        return customer, ()
    customer, decision = life.reconsider(
        table,
        customer,
        standing,
        cause=life.LATE_EVENT,
        at=standing.received_at,
        now=asked.now,
    )
    return customer, (decision,) if decision is not None else ()


def _keep_one_escalation(
    table: Table, customer: Customer, key: str, asked: Asked
) -> tuple[Customer, tuple[Decision, ...]]:
    """Two threads that turn out to be one keep the escalation that came first."""
    open_ones = [
        one
        for one in customer.standings
        if one.escalation and one.thread == key and asked.at <= one.expires_at
    ]
    made = []
    # One that somebody started stays, whatever its age; else the first decided.
    open_ones.sort(key=lambda one: (one.revisable, one.decided_at, one.received_at))
    for surplus in open_ones[1:]:
        if surplus.revisable:
            customer, decision = life.cancel(
                table, customer, surplus, cause=life.LATE_EVENT, now=asked.now
            )
            made.append(decision)
    return customer, tuple(made)


def _reclassify(
    table: Table, customer: Customer, asked: Asked, where: Thread, *, known: Entry
) -> Received:
    """A message that was taken for a human's was not: it counts no longer.

    An escalation that it led to is taken back, unless somebody has started.
    """
    other = msgspec.structs.replace(known, side=ledger.OTHER)
    entries = tuple(other if one is known else one for one in where.ledger)
    where = msgspec.structs.replace(where, ledger=entries)
    customer = thread.put(customer, where)
    escalation = life.open_escalation(customer, where.key, asked.at)
    if escalation is None or not escalation.revisable:
        return customer, (), False
    if escalation.message == known.id:
        customer, cancelled = life.cancel(
            table, customer, escalation, cause=life.LATE_EVENT, now=asked.now
        )
        return life.unmark(customer, escalation), (cancelled,), False
    customer, revised = life.reconsider(
        table,
        customer,
        escalation,
        cause=life.LATE_EVENT,
        at=escalation.received_at,
        now=asked.now,
    )
    if revised is None:
        return customer, (), False
    return life.unmark(customer, escalation), (revised,), False


def _duplicate(table: Table, customer: Customer, asked: Asked, where: Thread) -> Received:
    """The same mail again: under another contact id the platform must be told."""
    event = asked.event
    first = _first(customer, asked, where)
    contact_id = contacts.contact_id_of(event, where.key)
    mine = asked.human and asked.side is Side.CUSTOMER
    if not mine or first is None or contacts.find(customer, contact_id) is not None:
        return customer, (), True
    case = msgspec.structs.replace(
        case_of(first),
        event_id=event.event_id,
        source=event.source,
        partition=asked.position.partition if asked.position else -1,
        offset=asked.position.offset if asked.position else -1,
        contact_id=contact_id,
        received_at=asked.at,
    )
    found = answer(
        table,
        customer,
        case,
        count=life.count_before(table, where, case_of(first)),
        summarised=where.summarised,
        once=frozenset(),
        at=asked.at,
        now=asked.now,
    )
    issue = Issue(
        action=Action.DUPLICATE,
        refers_to=decision_id(first.source, first.event_id, first.revision),
        reason="The same message came under another contact; that one is worked on.",
    )
    copy = Contact(
        id=contact_id,
        channel=event.channel,
        state=contacts.ROUTED,
        last_at=asked.at,
        thread=where.key,
    )
    decision = compose(table, customer, case, found, issue=issue, now=asked.now)
    return contacts.put(customer, copy), (decision,), False


def _first(customer: Customer, asked: Asked, where: Thread) -> Standing | None:
    here = [one for one in customer.standings if one.thread == where.key]
    return next((one for one in here if one.message == asked.message), here[-1] if here else None)
