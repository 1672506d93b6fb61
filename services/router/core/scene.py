"""Gather the facts of one contact: the values of every input that the rule file reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from services.contact.decision import Fact
from services.contact.sentiment import Want
from services.router.core.choice import Wish
from services.router.core.customer import Customer, Gist, Mood, hash_of
from services.router.core.facts import (
    ASKED_FOR,
    ATTRIBUTE_PREFIX,
    CATALOGUE,
    ONCE_PREFIX,
    SPLIT_PREFIX,
)
from services.router.core.hours import local_parts
from services.router.core.ledger import Count
from services.router.core.mood import read_score, read_trend

MAX_TEXT = 80
"""Longer texts are cut, so that a decision stays under 2 KB."""

SHARES = 100
"""The parts that `split.<name>` cuts the customers into."""


class Scene(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything the facts are read from."""

    customer: Customer
    gist: Gist
    count: Count
    wish: Wish
    summarised: bool
    once: frozenset[str]
    """Ids of the rules that have fired before for this thread, contact or customer."""
    zone: str
    now: int


Reader = Callable[[Scene], Fact]


def gather(scene: Scene, reads: tuple[str, ...]) -> dict[str, Fact]:
    """The value of each fact in `reads`, by name."""
    return {name: read(scene) for name, read in _readers(reads)}


@lru_cache(maxsize=64)
def _readers(reads: tuple[str, ...]) -> tuple[tuple[str, Reader], ...]:
    return tuple((name, _reader(name)) for name in reads)


def _reader(name: str) -> Reader:
    if name.startswith(ATTRIBUTE_PREFIX):
        key = name.removeprefix(ATTRIBUTE_PREFIX)
        return lambda scene: scene.gist.attributes.get(key, "")[:MAX_TEXT]
    if name.startswith(ONCE_PREFIX):
        rule = name.removeprefix(ONCE_PREFIX)
        return lambda scene: rule in scene.once
    if name.startswith(SPLIT_PREFIX):
        split = name.removeprefix(SPLIT_PREFIX)
        return lambda scene: share_of(split, scene.customer.id)
    return _READERS[name]


def share_of(split: str, customer_id: str) -> int:
    """Where a customer falls in a split, 0 to 99: the same for ever, and independent of others."""
    return int.from_bytes(hash_of("split", split, customer_id)) % SHARES


def _asked_for(gist: Gist) -> str | None:
    if gist.sentiment is None:
        return None
    return next((want for want in ASKED_FOR if want in gist.wants), "none")


def _sureness(gist: Gist, want: Want) -> float | None:
    return None if gist.sentiment is None else gist.wants.get(want, 0) / 1000


def _read_mood(scene: Scene, read: Callable[[Mood, int], int]) -> float | None:
    mood = scene.customer.mood
    return None if mood is None else read(mood, scene.now) / 1000


def _thousandth(value: int | None) -> float | None:
    return value / 1000 if value is not None else None


_READERS: dict[str, Reader] = {
    "channel": lambda s: s.gist.channel.value,
    "sub_channel": lambda s: s.gist.sub_channel[:MAX_TEXT],
    "kind": lambda s: s.gist.kind.value,
    "topic": lambda s: s.gist.topic[:MAX_TEXT],
    "queue": lambda s: s.gist.queue[:MAX_TEXT],
    "source": lambda s: s.gist.source[:MAX_TEXT],
    "live": lambda s: s.gist.live,
    "asked.channel": lambda s: s.gist.asked.value if s.gist.asked else "none",
    "message.closing": lambda s: s.gist.closing,
    "message.origin": lambda s: s.gist.origin.value,
    "message.language": lambda s: s.gist.language[:MAX_TEXT],
    "message.attachments": lambda s: s.gist.attachments,
    "message.sentiment": lambda s: _thousandth(s.gist.sentiment),
    "message.confidence": lambda s: _thousandth(s.gist.confidence),
    "message.asks_for": lambda s: _asked_for(s.gist),
    "message.asks_confidence": lambda s: _thousandth(s.gist.wants.get(_asked_for(s.gist) or "")),
    "message.leaving": lambda s: _sureness(s.gist, Want.LEAVING),
    # A summarised thread no longer knows its exchanges, so it never escalates.
    "thread.exchanges": lambda s: 0 if s.summarised else s.count.exchanges,
    "thread.messages": lambda s: s.count.messages + 1,
    "thread.link": lambda s: s.gist.link,
    "thread.related": lambda s: s.gist.related,
    "thread.summarised": lambda s: s.summarised,
    "contact.state": lambda s: s.gist.contact_state,
    "customer.known": lambda s: s.gist.known,
    "customer.anonymous": lambda s: s.customer.id.startswith("anon:"),
    "customer.segment": lambda s: s.customer.segment[:MAX_TEXT],
    "customer.language": lambda s: (s.gist.language or s.customer.language)[:MAX_TEXT],
    "choice.channel": lambda s: s.wish.channel.value,
    "choice.source": lambda s: s.wish.source,
    "choice.strength": lambda s: s.wish.strength.value,
    "mood.score": lambda s: _read_mood(s, read_score),
    "mood.trend": lambda s: _read_mood(s, read_trend),
    "mood.count": lambda s: s.customer.mood.count if s.customer.mood else 0,
    "escalation.lapsed": lambda s: s.gist.lapsed,
    "time.hour": lambda s: local_parts(s.zone, s.now)[0],
    "time.weekday": lambda s: local_parts(s.zone, s.now)[1],
    "time.date": lambda s: local_parts(s.zone, s.now)[2],
}

if set(_READERS) != set(CATALOGUE):  # pragma: no cover - a slip of ours, caught at import
    raise AssertionError(set(_READERS) ^ set(CATALOGUE))
