"""The contacts of a customer: which one an event belongs to, and where it stands.

A contact is routed once; once it is routed or owned, its further messages stay where they are.
"""

from __future__ import annotations

import msgspec

from services.contact.event import ASKS, Channel, ContactEvent, Kind
from services.router.core.customer import Contact, Customer

NEW = "new"
ROUTED = "routed"
OWNED = "owned"
CLOSED = "closed"
MAX_CONTACTS = 24
IDLE_MS = 24 * 3_600_000
"""A contact other than an e-mail that is silent for so long begins anew."""
LIVE_CHATS = frozenset({"", "web", "web_chat", "webchat"})
"""Sub-channels of chat on which the customer sits and waits; the others wait for nobody."""

_STATE_AFTER = {
    Kind.CALL_ANSWERED: OWNED,
    Kind.CALL_HELD: OWNED,
    Kind.CALL_RESUMED: OWNED,
    Kind.CONTACT_ASSIGNED: OWNED,
    Kind.CONTACT_TRANSFERRED: OWNED,
    Kind.CONTACT_QUEUED: ROUTED,
    Kind.CONTACT_REOPENED: ROUTED,
    Kind.CALL_ENDED: CLOSED,
    Kind.CALL_ABANDONED: CLOSED,
    Kind.CONTACT_CLOSED: CLOSED,
}
"""Where a contact stands after an event about it; wrap-up changes nothing."""


def contact_id_of(event: ContactEvent, thread: str) -> str:
    """The platform's contact id, else what stands for it: conversation, thread, call."""
    if event.contact_id or event.conversation_id or thread:
        return event.contact_id or event.conversation_id or thread
    if event.kind in ASKS or event.channel is None:
        return event.event_id
    return f"{event.source}/{event.channel.value}"


def find(customer: Customer, contact_id: str) -> Contact | None:
    """The contact with this id, if it is remembered."""
    for contact in customer.contacts:
        if contact.id == contact_id:
            return contact
    return None


def put(customer: Customer, contact: Contact) -> Customer:
    """The customer with this contact new or in the place of the old one; the stalest makes room."""
    others = [one for one in customer.contacts if one.id != contact.id]
    if len(others) >= MAX_CONTACTS:
        others.remove(min(others, key=lambda one: one.last_at))
    return msgspec.structs.replace(customer, contacts=(*others, contact))


def state_at(contact: Contact, at: int, idle_window_ms: int) -> str:
    """Where the contact stands for a customer who acts on it at `at` (receipt time).

    After so much silence it begins anew: an e-mail after the idle window of its thread.
    """
    if contact.state == CLOSED:
        return NEW if at >= contact.closed_at else CLOSED
    if contact.channel is Channel.EMAIL:
        return NEW if at - contact.last_at >= idle_window_ms else contact.state
    if contact.state != OWNED and at - contact.last_at >= IDLE_MS:
        return NEW
    return contact.state


def advance(customer: Customer, event: ContactEvent, at: int) -> Customer:
    """The customer after an event about one of their contacts (call.*, contact.*)."""
    after = _STATE_AFTER.get(event.kind)
    contact_id = contact_id_of(event, "")
    old = find(customer, contact_id) or Contact(id=contact_id, channel=event.channel)
    if after is None or (at < old.last_at and after != CLOSED):
        return customer
    if after == ROUTED and old.state == NEW:
        return customer  # it waits in the platform's own queue; nobody has decided on it yet
    late_close = after == CLOSED and at < old.last_at
    return put(
        customer,
        msgspec.structs.replace(
            old,
            # A close that is older than the last message closes nothing; the ledger knows it.
            state=old.state if late_close else after,
            last_at=max(at, old.last_at),
            closed_at=max(at, old.closed_at) if after == CLOSED else old.closed_at,
        ),
    )


def answered(customer: Customer, event: ContactEvent, thread: str, at: int) -> Customer:
    """The customer after one of our people wrote: the contact has an owner now."""
    contact_id = contact_id_of(event, thread)
    old = find(customer, contact_id) or Contact(id=contact_id, channel=event.channel, thread=thread)
    if old.state == CLOSED and at >= old.closed_at:
        # A reply that is sent with the close, or after it, does not open the contact again.
        return put(customer, msgspec.structs.replace(old, last_at=max(at, old.last_at)))
    state = OWNED if old.state != CLOSED else CLOSED
    return put(
        customer,
        msgspec.structs.replace(
            old, state=state, last_at=max(at, old.last_at), thread=old.thread or thread
        ),
    )


def is_live(event: ContactEvent) -> bool:
    """Is the customer waiting on the line or in an open web chat?"""
    if event.kind is Kind.CALL_OFFERED or event.channel is Channel.PHONE:
        return event.kind is not Kind.CALLBACK_REQUESTED
    return (
        event.channel is Channel.CHAT
        and event.sub_channel.lower() in LIVE_CHATS
        and event.kind in {Kind.MESSAGE, Kind.HANDOFF_REQUESTED}
    )
