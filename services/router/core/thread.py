"""Which thread a message belongs to: a graph of message ids inside one customer.

Strong links: Message-ID, In-Reply-To, References, aliases, and the platform's conversation id.
Ids that are only referenced count too, so two mails that share an ancestor we never saw join
(JWZ threading). A subject is a weak link: it is evidence, it never joins anything and so never
leads to a call. When threads merge, the key that was given first stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from services.contact.event import ContactEvent
from services.router.core.customer import HASH_BYTES, Customer, Thread, hash_of, holds
from services.router.core.ledger import MAX_ENTRIES, join

MAX_THREADS = 64
"""Threads kept of one customer; the one that is silent for longest makes room."""
MAX_IDS = 256
"""Ids kept of one thread; beyond it the oldest referenced ones are dropped."""
WEAK_WINDOW_MS = 30 * 86_400_000

NEW = "new"
REFERENCES = "references"
CONVERSATION = "conversation"
WEAK = "weak"

_PREFIX = re.compile(
    r"^\s*(?:(?:re|fwd?|aw|wg|sv|vs|antw|tr|rv|res|enc|rif|r|i|odp|ha|ответ|отв|отг|отговор"
    r"|回复|答复|转发|رد)\s*(?:\[\d+\]|\(\d+\))?\s*[:\uff1a]\s*)+",
    re.IGNORECASE,
)
_TICKET = re.compile(r"[\[(]#?[\w.-]*#?\s*\d+[\])]")
_SPACE = re.compile(r"\s+")


class Placed(msgspec.Struct, frozen=True, gc=False):
    """Where a message was put."""

    threads: tuple[Thread, ...]
    index: int
    link: str
    """new, references, conversation or weak."""
    related: str
    """With `weak`: the key of the thread with the same subject and sender."""
    absorbed: tuple[str, ...] = ()
    """Keys that became aliases of this thread now."""

    @property
    def thread(self) -> Thread:
        """The thread the message belongs to."""
        return self.threads[self.index]


def normalise_id(message_id: str) -> str:
    """A Message-ID as it is compared: no brackets, no white space, lower case.

    Amazon SES rewrites the domain on the wire and reports the bare local part, so its domain
    is dropped (email-exchanges 5c.7).
    """
    bare = "".join(message_id.split()).strip("<>").lower()
    return bare.partition("@")[0] if bare.endswith("amazonses.com") else bare


@lru_cache(maxsize=4096)  # the mails of a thread share their subject
def normalise_subject(subject: str) -> str:
    """A subject without reply and forward prefixes, ticket numbers and extra spaces."""
    bare = _PREFIX.sub("", _TICKET.sub("", subject))
    return _SPACE.sub(" ", bare).strip().casefold()


def message_hash(event: ContactEvent) -> bytes:
    """What makes a message the same message: (Message-ID, sender, content), else its event id."""
    if not event.message_id:
        return hash_of("e", event.source, event.event_id)
    content = event.content_hash or f"{event.subject}\x1e{event.text}"
    sender = event.participants.sender if event.participants else ""
    return hash_of("m", normalise_id(event.message_id), sender.lower(), content)


def place(
    customer: Customer, event: ContactEvent, received_at: int, *, limit: int = MAX_THREADS
) -> Placed:
    """Put a message into its thread, merging the threads it connects."""
    owned = _hashes((event.message_id, *event.message_id_aliases))
    # A forward starts a matter of its own (5c.5): its ancestors belong to another conversation.
    named = () if event.is_forward else _hashes((*event.in_reply_to, *event.references))
    spoken = (
        (hash_of("c", event.source, event.conversation_id),)
        if event.conversation_id and not event.is_forward
        else ()
    )
    links = (*owned, *named, *spoken)
    found = _touching(customer.threads, links)
    if not found:
        related = _related(customer, event, received_at) if not named and not spoken else ""
        thread = Thread(
            key=_first_key(customer, event), ids=b"".join(dict.fromkeys(links)), last_at=received_at
        )
        threads = _make_room(customer.threads, limit)
        return Placed((*threads, thread), len(threads), WEAK if related else NEW, related)
    merged = _merge([customer.threads[index] for index in found])
    thread = msgspec.structs.replace(
        merged,
        ids=_with_ids(merged.ids, links),
        last_at=max(merged.last_at, received_at),
    )
    rest = [
        thread if index == found[0] else old
        for index, old in enumerate(customer.threads)
        if index == found[0] or index not in found
    ]
    known = customer.threads[found[0]].ids
    by_id = not spoken or any(holds(known, one) for one in (*owned, *named))
    return Placed(
        threads=tuple(rest),
        index=found[0],
        link=REFERENCES if by_id or len(found) > 1 else CONVERSATION,
        related="",
        absorbed=tuple(customer.threads[index].key for index in found[1:]),
    )


def subject_hash(event: ContactEvent) -> bytes:
    """The weak link: normalised subject and sender; empty without a subject."""
    subject = normalise_subject(event.subject)
    sender = event.participants.sender.lower() if event.participants else ""
    return hash_of("s", subject, sender) if subject else b""


def find(customer: Customer, key: str) -> Thread | None:
    """The thread that has this key now, or had it before a merge."""
    for thread in customer.threads:
        if thread.key == key or key in thread.aliases:
            return thread
    return None


def put(customer: Customer, thread: Thread) -> Customer:
    """The customer with this thread in the place of the one with its key."""
    threads = tuple(thread if old.key == thread.key else old for old in customer.threads)
    return msgspec.structs.replace(customer, threads=threads)


def cut(thread: Thread) -> Thread:
    """The thread, with its ledger and ids cut to their limits if they are over them."""
    over = len(thread.ledger) > MAX_ENTRIES
    if not over and len(thread.ids) <= MAX_IDS * HASH_BYTES:
        return thread
    return msgspec.structs.replace(
        thread,
        ledger=thread.ledger[-MAX_ENTRIES:],
        ids=thread.ids[-MAX_IDS * HASH_BYTES :],
        summarised=thread.summarised or over,
    )


def group(events: Sequence[ContactEvent]) -> list[str]:
    """The thread key of each event after the last one, in the order given.

    The same code that routes: events of other channels get an empty key.
    """
    customers: dict[str, Customer] = {}
    keys: list[tuple[str, str]] = []
    for event in events:
        customer = customers.get(event.customer_id, Customer(id=event.customer_id))
        if event.channel != "email":
            keys.append((event.customer_id, ""))
            continue
        at = int(event.received_at.timestamp() * 1000) if event.received_at else 0
        placed = place(customer, event, at, limit=len(events))
        customers[event.customer_id] = msgspec.structs.replace(customer, threads=placed.threads)
        keys.append((event.customer_id, placed.thread.key))
    return [_now_called(customers.get(who), key) for who, key in keys]


def _touching(threads: tuple[Thread, ...], links: tuple[bytes, ...]) -> list[int]:
    found = []
    for index, thread in enumerate(threads):
        for one in links:
            if one in thread.ids and holds(thread.ids, one):
                found.append(index)
                break
    return found


def _now_called(customer: Customer | None, key: str) -> str:
    thread = find(customer, key) if customer and key else None
    return thread.key if thread else key


def _hashes(ids: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(_hash_id(bare) for one in ids if (bare := normalise_id(one)))


@lru_cache(maxsize=16_384)  # each mail of a thread names those before it again
def _hash_id(bare: str) -> bytes:
    return hash_of("i", bare)


def _first_key(customer: Customer, event: ContactEvent) -> str:
    first = normalise_id(event.message_id) or f"{event.source}\x1e{event.event_id}"
    return f"t-{hash_of('k', customer.id, first).hex()}"


def _merge(threads: list[Thread]) -> Thread:
    oldest = threads[0]
    for other in threads[1:]:
        oldest = msgspec.structs.replace(
            oldest,
            aliases=(*oldest.aliases, other.key, *other.aliases),
            ids=oldest.ids + other.ids,
            ledger=join(oldest.ledger, other.ledger),
            subject=oldest.subject or other.subject,
            last_at=max(oldest.last_at, other.last_at),
            summarised=oldest.summarised or other.summarised,
        )
    return oldest


def _with_ids(ids: bytes, links: tuple[bytes, ...]) -> bytes:
    fresh = [one for one in dict.fromkeys(links) if not holds(ids, one)]
    return ids + b"".join(fresh)


def _related(customer: Customer, event: ContactEvent, received_at: int) -> str:
    wanted = subject_hash(event)
    for thread in reversed(customer.threads):
        near = abs(received_at - thread.last_at) <= WEAK_WINDOW_MS
        if wanted and near and thread.subject == wanted:
            return thread.key
    return ""


def _make_room(threads: tuple[Thread, ...], limit: int) -> tuple[Thread, ...]:
    if len(threads) < limit:
        return threads
    stalest = min(threads, key=lambda thread: thread.last_at)
    return tuple(thread for thread in threads if thread is not stalest)
