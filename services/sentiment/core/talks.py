"""What was scored of each open contact, so that its close can be summed up.

Pure and bounded. A batch works on a `Draft`; what it heard is taken over by `settle` when its
transaction stands, and never before. Everything here can be heard again from `contact.sentiment`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from datetime import datetime

import msgspec

from services.contact.event import Channel, ContactEvent, Side
from services.contact.sentiment import Label, SentimentScored, SentimentSummary
from services.sentiment.core.sides import (
    PACKED_BYTES,
    Point,
    holds_event,
    pack_point,
    sum_up,
    unpack_points,
)

MOST_CONTACTS = 10_000
"""Open contacts that a lane keeps; the one that was silent for longest makes room."""
MOST_POINTS = 50_000
"""Scored messages that it keeps of all of them."""
MOST_POINTS_EACH = 500
"""And of one: the first ones are kept, and the summary is not complete."""
MOST_CLOSES = 10_000
"""Closes that are known again: a repeated event is no second close."""
SILENCE_MS = 12 * 3_600_000
"""A contact that was not heard of for so long is taken to begin with its next message."""

Key = tuple[int, str, str]
"""Partition, customer, contact."""


class Talk(msgspec.Struct, frozen=True, gc=False):
    """The scored messages of one contact since it began or was closed last."""

    began: int
    """When the first was scored, ms."""
    heard: int
    """When the last was scored, ms."""
    channel: Channel | None
    queue: str
    topic: str
    packed: bytes
    """The messages, see `pack_point`."""
    cut: bool = False
    """There were more than are kept."""

    @property
    def count(self) -> int:
        """How many messages are kept."""
        return len(self.packed) // PACKED_BYTES


class Talks:
    """The open contacts of one lane."""

    def __init__(self) -> None:
        self.open: OrderedDict[Key, Talk] = OrderedDict()
        """The one that was silent for longest comes first."""
        self.closes: OrderedDict[int, None] = OrderedDict()
        self._since: dict[int, int] = {}
        self._points = 0

    def begin_at(self, partition: int, since: int) -> None:
        """Nothing that was scored on this partition before `since` (ms) is known."""
        self._since[partition] = max(since, self._since.get(partition, 0))

    def is_covered(self, partition: int, began: int) -> bool:
        """Is a contact whose first known message was scored then known from its beginning?"""
        return partition not in self._since or began - self._since[partition] >= SILENCE_MS

    def settle(self, draft: Draft) -> None:
        """What the draft heard stands."""
        for key, talk in draft.changed.items():
            old = self.open.pop(key, None)
            self._points -= old.count if old is not None else 0
            if talk is not None:
                self.open[key] = talk
                self._points += talk.count
        self.closes.update(dict.fromkeys(draft.closed))
        while len(self.closes) > MOST_CLOSES:
            self.closes.popitem(last=False)
        while len(self.open) > MOST_CONTACTS or self._points > MOST_POINTS:
            key, talk = self.open.popitem(last=False)
            self._points -= talk.count
            # Whoever speaks again after this may be the one that was let go.
            self.begin_at(key[0], talk.heard + 1)


class Draft:
    """The open contacts as they would be after a batch."""

    def __init__(self, talks: Talks) -> None:
        self._talks = talks
        self.changed: dict[Key, Talk | None] = {}
        self.closed: list[int] = []

    def hear(self, partition: int, scored: SentimentScored) -> None:
        """One more message of its contact, or one that came again and counts once.

        A message that names no contact belongs to none.
        """
        if not scored.contact_id or scored.received_at is None:
            return
        key = (partition, scored.customer_id, scored.contact_id)
        old = self._find(key)
        at = _ms(scored.scored_at)
        event = _digest(scored.source, scored.event_id)
        before = old.packed if old is not None else b""
        if holds_event(before, event):
            return
        full = old is not None and old.count >= MOST_POINTS_EACH
        point = Point(
            at=_ms(scored.received_at),
            label=scored.label,
            score=None if scored.label is Label.UNSCORED else round(scored.score * 10_000),
            agent=scored.side is Side.AGENT,
            event=event,
        )
        self.changed[key] = Talk(
            began=old.began if old is not None else at,
            heard=at,
            channel=scored.channel or (old.channel if old is not None else None),
            queue=scored.queue or (old.queue if old is not None else ""),
            topic=scored.topic or (old.topic if old is not None else ""),
            packed=before if full else before + pack_point(point),
            cut=full or (old is not None and old.cut),
        )

    def close(
        self, partition: int, event: ContactEvent, model: str, times: tuple[datetime, datetime]
    ) -> SentimentSummary | None:
        """The summary at this close, or None if it is no close of a contact, or a repeated one.

        `times` are the receipt of the close and now.
        """
        this = _digest(event.source, event.event_id)
        if not event.contact_id or this in self._talks.closes or this in self.closed:
            return None
        key = (partition, event.customer_id, event.contact_id)
        talk = self._find(key)
        self.changed[key] = None
        self.closed.append(this)
        began = talk.began if talk is not None else _ms(times[1])
        cut = talk is not None and talk.cut
        summary = SentimentSummary(
            event_id=event.event_id,
            source=event.source,
            customer_id=event.customer_id,
            contact_id=event.contact_id,
            channel=event.channel,
            queue=event.queue,
            topic=event.topic,
            complete=not cut and self._talks.is_covered(partition, began),
            closed_at=times[0],
            model=model,
            summarised_at=times[1],
        )
        return summary if talk is None else _fill(summary, talk)

    def note_summary(self, partition: int, summary: SentimentSummary) -> None:
        """A close that was summed up before: its contact begins anew."""
        self.changed[partition, summary.customer_id, summary.contact_id] = None
        self.closed.append(_digest(summary.source, summary.event_id))

    def _find(self, key: Key) -> Talk | None:
        return self.changed[key] if key in self.changed else self._talks.open.get(key)


def _fill(summary: SentimentSummary, talk: Talk) -> SentimentSummary:
    customer, agent, first, last = sum_up(tuple(unpack_points(talk.packed)))
    return msgspec.structs.replace(
        summary,
        channel=talk.channel or summary.channel,
        queue=summary.queue or talk.queue,
        topic=summary.topic or talk.topic,
        customer=customer,
        agent=agent,
        first_at=first,
        last_at=last,
    )


def _digest(source: str, event_id: str) -> int:
    """64 bits for source and event id: a fifth of what the words would take."""
    words = f"{len(source)} {source}{event_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest())


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
