"""Keep a customer's state within 32 KB: what is oldest is cut first, and that is counted."""

from __future__ import annotations

import msgspec

from services.router.core.customer import (
    HASH_BYTES,
    MAX_STATE_BYTES,
    Customer,
    Thread,
    pack,
)

KEPT_ENTRIES = 4
KEPT_IDS = 16
_ENTRY_BYTES = 24
_BYTES_PER_CHARACTER = 4
SMALL_THREADS, SMALL_HANDLES, SMALL_OTHERS = 1, 3, 6
"""A thread is at most 2 KB of ids and 3 KB of ledger, an address 3 KB, all others 600 bytes."""
_OTHER_BYTES = 1200
"""No standing decision or contact packs into more, apart from hostile ids; a rough upper bound."""


def fit(customer: Customer) -> Customer | None:
    """The customer in a state that packs into 32 KB; None if even the least does not.

    A summarised thread keeps its key and its newest ids, so later mails still find it, but it
    never escalates. Then contacts and decisions make room, the oldest first.
    """
    if _is_small(customer) or _rough_size(customer) <= MAX_STATE_BYTES or _fits(customer):
        return customer
    for thread in sorted(customer.threads, key=lambda one: one.last_at):
        customer = _summarise(customer, thread)
        if _fits(customer):
            return customer
    while customer.contacts or customer.standings:
        contacts = sorted(customer.contacts, key=lambda one: one.last_at)
        standings = sorted(customer.standings, key=lambda one: (one.escalation, one.received_at))
        customer = msgspec.structs.replace(
            customer, contacts=tuple(contacts[1:]), standings=tuple(standings[1:])
        )
        if _fits(customer):
            return customer
    customer = msgspec.structs.replace(customer, threads=())
    return customer if _fits(customer) else None


def _is_small(customer: Customer) -> bool:
    """Most customers: few of everything, so that even the largest of each would fit."""
    return (
        len(customer.threads) <= SMALL_THREADS
        and len(customer.handles) <= SMALL_HANDLES
        and len(customer.contacts) + len(customer.standings) <= SMALL_OTHERS
        and len(customer.choices) + len(customer.consents) + len(customer.fired) <= SMALL_OTHERS
    )


def _fits(customer: Customer) -> bool:
    return len(pack(customer)) <= MAX_STATE_BYTES


def _rough_size(customer: Customer) -> int:
    """An upper bound that costs nothing; most states are far below the limit."""
    threads = sum(len(one.ids) + len(one.ledger) * _ENTRY_BYTES + 100 for one in customer.threads)
    others = len(customer.contacts) + len(customer.standings) + len(customer.handles)
    choices = len(customer.choices) + len(customer.consents) + len(customer.fired)
    texts = sum(len(one.value) + len(one.ref) + len(one.sub_channel) for one in customer.handles)
    texts += len(customer.segment) + len(customer.language) + len(customer.id)
    return (
        threads
        + (others + choices) * _OTHER_BYTES // 2
        + texts * _BYTES_PER_CHARACTER
        + len(customer.seen)
    )


def _summarise(customer: Customer, thread: Thread) -> Customer:
    if thread.summarised and len(thread.ledger) <= KEPT_ENTRIES:
        return customer
    short = msgspec.structs.replace(
        thread,
        aliases=thread.aliases[-1:],
        ids=thread.ids[-KEPT_IDS * HASH_BYTES :],
        ledger=thread.ledger[-KEPT_ENTRIES:],
        summarised=True,
    )
    return msgspec.structs.replace(
        customer,
        threads=tuple(short if one is thread else one for one in customer.threads),
        summarised=customer.summarised + 1,
    )
