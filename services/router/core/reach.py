"""Whether we may and can use a channel for this customer (DESIGN 4.5).

Refused consent, the customer's own `only` and `never`, or no address *skip* a channel; hours
only *postpone* a callback. Nothing here ever leads to a worse intrusion.
"""

from __future__ import annotations

import re

import msgspec

from services.contact.event import Channel, ConsentState, Purpose
from services.router.core.choice import Wish
from services.router.core.customer import Customer, StoredHandle
from services.router.core.hours import (
    OPEN_WEEK,
    Calendar,
    Week,
    Window,
    known_zone,
    next_window,
    week_of,
)
from services.router.core.table import Plan, Table

CONSENT_REFUSED = "consent_refused"
CONSENT_UNKNOWN = "consent_unknown"
CUSTOMER_REFUSES = "customer_refuses"
NO_ADDRESS = "no_address"
ADDRESS_FAILED = "address_failed"
CLOSED = "closed"
TRIED = "tried"

_PHONE = re.compile(r"^\+?[\d\s().\-/]{5,24}$")
_DIGITS = 5


class Refused(msgspec.Struct, frozen=True, gc=False):
    """A channel that cannot be taken, and why."""

    why: str


class Reached(msgspec.Struct, frozen=True, gc=False):
    """A channel that can be taken: the address, and for a callback the window."""

    handle: StoredHandle | None = None
    window: Window | None = None


def usable(channel: Channel, value: str) -> bool:
    """Could this value be an address of this channel? A shape check, no proof."""
    if channel is Channel.PHONE:
        return bool(_PHONE.match(value)) and sum(c.isdigit() for c in value) >= _DIGITS
    if channel is Channel.EMAIL:
        name, at, domain = value.rpartition("@")
        return bool(name and at and domain) and not any(c.isspace() for c in value)
    return bool(value.strip())


def address(customer: Customer, channel: Channel) -> StoredHandle | Refused | None:
    """The best address for a channel: verified first, then the newest.

    None for chat without one: a customer is met there in the platform's own app or site.
    """
    mine = [one for one in customer.handles if one.channel is channel]
    good = [one for one in mine if not one.failed_at and usable(channel, one.value)]
    if good:
        verified = [one for one in good if one.verified]
        return (verified or good)[-1]
    if channel is Channel.CHAT:
        return None
    return Refused(ADDRESS_FAILED if any(one.failed_at for one in mine) else NO_ADDRESS)


def consent(customer: Customer, channel: Channel, now: int) -> ConsentState:
    """The latest word on contacting this customer for service on a channel."""
    words = [
        one
        for one in customer.consents
        if one.purpose is Purpose.SERVICE
        and one.channel in {channel, None}
        and (not one.until or now < one.until)
    ]
    if not words:
        return ConsentState.UNKNOWN
    # Of two words of one moment the refusal counts.
    return max(words, key=lambda one: (one.at, one.state is ConsentState.DENIED)).state


def reach(
    table: Table, customer: Customer, channel: Channel, *, wish: Wish, plan: Plan, now: int
) -> Reached | Refused:
    """May and can we use `channel`, which is not the one the customer came on?"""
    if wish.refuses(channel):
        return Refused(CUSTOMER_REFUSES)
    state = consent(customer, channel, now)
    if state is ConsentState.DENIED:
        return Refused(CONSENT_REFUSED)
    if state is ConsentState.UNKNOWN and not table.settings.unknown_consent:
        return Refused(CONSENT_UNKNOWN)
    found = address(customer, channel)
    if isinstance(found, Refused):
        return found
    if channel is not Channel.PHONE:
        return Reached(found)
    window = opening(table, customer, plan, now)
    return Reached(found, window) if window is not None else Refused(CLOSED)


def zone(table: Table, customer: Customer) -> str:
    """The customer's time zone, else the centre's."""
    if customer.timezone and known_zone(customer.timezone):
        return customer.timezone
    return table.settings.timezone


def opening(table: Table, customer: Customer, plan: Plan, now: int) -> Window | None:
    """When a callback may be made: the queue's hours and the customer's.

    None if that is further away than `max_wait`; an end of 0 means that nothing bounds it.
    """
    weeks: list[tuple[Week | Calendar, str]] = []
    queue = table.queues.get(plan.queue)
    theirs = zone(table, customer)
    if queue is not None and (queue.week is not None or queue.holidays):
        calendar = Calendar(queue.week or OPEN_WEEK, queue.holidays)
        where = theirs if queue.timezone == "customer" else queue.timezone
        weeks.append((calendar, where or table.settings.timezone))
    if customer.hours is not None:
        weeks.append((week_of(customer.hours), theirs))
    if not weeks:
        return Window(now, 0)
    return next_window(weeks, now, plan.max_wait_ms)
