"""Two states that turn out to be one person: a pure, commutative, idempotent `merge`.

Not called by the flow of this version (`customer.linked` is reserved); it is here because a
state that cannot be merged cannot learn it later. What it keeps is a union; of two words on one
matter the later stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from services.router.core.customer import (
    HASH_BYTES,
    MAX_SEEN,
    Contact,
    Customer,
    Mood,
    Standing,
    StoredChoice,
    StoredConsent,
    StoredHandle,
    Thread,
)
from services.router.core.ledger import join

T = TypeVar("T")


def merge(a: Customer, b: Customer) -> Customer:
    """The customer that `a` and `b` are together; the same for `merge(b, a)`."""
    if a == b:
        return a
    later = max(a, b, key=lambda one: (one.profile_at, one.id, one.timezone, one.segment))
    earlier = b if later is a else a
    return Customer(
        id=min(a.id, b.id),
        seen=_hashes(a.seen, b.seen),
        choices=_latest((*a.choices, *b.choices), lambda one: one.topic, _choice_age),
        consents=_latest(
            (*a.consents, *b.consents), lambda one: (one.channel or "", one.purpose), _consent_age
        ),
        handles=_latest(
            (*a.handles, *b.handles), lambda one: (one.channel, one.value), _handle_age
        ),
        language=later.language or earlier.language,
        timezone=later.timezone or earlier.timezone,
        segment=later.segment or earlier.segment,
        hours=later.hours or earlier.hours,
        habit=max(a.habit, b.habit, key=lambda one: (len(one), one)),
        threads=_threads((*a.threads, *b.threads)),
        contacts=_latest((*a.contacts, *b.contacts), lambda one: one.id, _contact_age),
        standings=_latest(
            (*a.standings, *b.standings), lambda one: (one.source, one.event_id), _standing_age
        ),
        fired=tuple(sorted({*a.fired, *b.fired}, key=lambda one: (one.at, one.rule, one.scope))),
        mood=max((one for one in (a.mood, b.mood) if one), key=_mood_age, default=None),
        erased_at=max(a.erased_at, b.erased_at),
        profile_at=later.profile_at,
        summarised=max(a.summarised, b.summarised),
    )


def _hashes(a: bytes, b: bytes) -> bytes:
    ones = {
        packed[at : at + HASH_BYTES]
        for packed in (a, b)
        for at in range(0, len(packed), HASH_BYTES)
    }
    return b"".join(sorted(ones)[-MAX_SEEN:])


def _latest(ones: Iterable[T], key: Callable[[T], Any], age: Callable[[T], Any]) -> tuple[T, ...]:
    kept: dict[Any, T] = {}
    for one in sorted(ones, key=age):
        kept[key(one)] = one
    return tuple(kept[name] for name in sorted(kept))


def _choice_age(one: StoredChoice) -> tuple[int, int, bytes]:
    return (one.at, one.never_at, msgspec.msgpack.encode(one))


def _consent_age(one: StoredConsent) -> tuple[int, bytes]:
    return (one.at, msgspec.msgpack.encode(one))


def _handle_age(one: StoredHandle) -> tuple[int, bytes]:
    return (one.failed_at, msgspec.msgpack.encode(one))


def _contact_age(one: Contact) -> tuple[int, bytes]:
    return (one.last_at, msgspec.msgpack.encode(one))


def _standing_age(one: Standing) -> tuple[int, bytes]:
    return (one.revision, msgspec.msgpack.encode(one))


def _mood_age(one: Mood) -> tuple[int, int, int]:
    return (one.at, one.count, one.score)


def _threads(threads: Iterable[Thread]) -> tuple[Thread, ...]:
    """The threads as connected components of shared ids; the older by receipt keeps its key."""
    groups: list[tuple[set[bytes], list[Thread]]] = []
    for thread in threads:
        ids = {thread.ids[at : at + HASH_BYTES] for at in range(0, len(thread.ids), HASH_BYTES)} | {
            thread.key.encode()
        }
        touching = [group for group in groups if group[0] & ids]
        groups = [group for group in groups if not group[0] & ids]
        members = [one for _, group in touching for one in group]
        groups.append((ids.union(*(group[0] for group in touching)), [*members, thread]))
    united = [_one(members) for _, members in groups]
    return tuple(sorted(united, key=lambda one: (_begun(one), one.key)))


def _begun(thread: Thread) -> int:
    return thread.ledger[0].at if thread.ledger else thread.last_at


def _one(members: list[Thread]) -> Thread:
    members = sorted(members, key=lambda one: (_begun(one), one.key))
    first = members[0]
    ids: set[bytes] = set()
    ledger = first.ledger
    for one in members:
        ids |= {one.ids[at : at + HASH_BYTES] for at in range(0, len(one.ids), HASH_BYTES)}
        ledger = join(ledger, one.ledger)
    names = {name for one in members for name in (one.key, *one.aliases)}
    return Thread(
        key=first.key,
        aliases=tuple(sorted(names - {first.key})),
        ids=b"".join(sorted(ids)),
        ledger=ledger,
        subject=max(members, key=lambda one: (one.last_at, one.subject)).subject,
        last_at=max(one.last_at for one in members),
        summarised=any(one.summarised for one in members),
    )
