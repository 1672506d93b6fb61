"""What the customer wants: which channel, how strongly, and which never.

Order of trust (DESIGN 4.4): asked for in this contact > stored > stored for this topic >
observed habit > default. The latest `at` wins, what has run out is absent, age says nothing.
"""

from __future__ import annotations

import msgspec

from services.contact.event import Channel, Choice, Strength
from services.router.core.customer import Customer, StoredChoice

ASKED = "asked"
STORED = "stored"
TOPIC = "topic"
OBSERVED = "observed"
DEFAULT = "default"
MAX_CHOICES = 16
HABIT_LENGTH = 8
HABIT_NEEDED = 5
"""A habit needs this many earlier contacts, at least four in five of them on one channel."""
_BY_LETTER = {"p": Channel.PHONE, "c": Channel.CHAT, "e": Channel.EMAIL, "s": Channel.SOCIAL}


class Wish(msgspec.Struct, frozen=True, gc=False):
    """What the customer wants for one contact."""

    channel: Channel
    source: str
    only: Channel | None = None
    """The one channel the customer wants to be met on, apart from what is asked for now."""
    never: tuple[Channel, ...] = ()

    @property
    def strength(self) -> Strength:
        """Is the chosen channel the only one?"""
        return Strength.ONLY if self.only is self.channel else Strength.PREFER

    def refuses(self, channel: Channel) -> bool:
        """Is this channel against the customer's word? `only` and `never` bind every rule.

        What the customer asks for in this very contact is the latest word and is not refused.
        """
        if self.source == ASKED and channel is self.channel:
            return False
        return channel in self.never or (self.only is not None and channel is not self.only)


def store(choices: tuple[StoredChoice, ...], choice: Choice, at: int) -> tuple[StoredChoice, ...]:
    """The stored choices after one more statement, made at `at`.

    A channel replaces an older channel; `never` stays until the customer chooses that very
    channel or gives another list; a statement with neither takes everything back.
    """
    old = next((one for one in choices if one.topic == choice.topic), None)
    new = _updated(old or StoredChoice(topic=choice.topic), choice, at)
    if old is not None:
        return tuple(new if one is old else one for one in choices)
    return (*choices, new)[-MAX_CHOICES:]


def _updated(old: StoredChoice, choice: Choice, at: int) -> StoredChoice:
    until = _ms(choice.until)
    if choice.channel is None and not choice.never:
        if at < max(old.at, old.never_at):
            return old
        return StoredChoice(topic=old.topic, at=at, never_at=at)
    if choice.channel is not None and at >= old.at:
        never = old.never
        if choice.channel in never and at >= old.never_at:
            never = tuple(one for one in never if one is not choice.channel)
        old = msgspec.structs.replace(
            old,
            channel=choice.channel,
            only=choice.strength is Strength.ONLY,
            valid_from=_ms(choice.from_),
            valid_until=until,
            at=at,
            never=never,
        )
    if choice.never and at >= old.never_at:
        old = msgspec.structs.replace(
            old,
            never=choice.never,
            never_from=_ms(choice.from_),
            never_until=until,
            never_at=at,
        )
    return old


def _ms(moment: object) -> int:
    return int(moment.timestamp() * 1000) if hasattr(moment, "timestamp") else 0


def resolve(
    customer: Customer, *, came_on: Channel, asked: Channel | None, live: bool, topic: str, now: int
) -> Wish:
    """What the customer wants for a contact that came on `came_on`.

    A live contact is itself "asked for in this contact". What is asked for now outranks an
    older `only` or `never`: it is the customer's latest word.
    """
    stored = [
        (choice, source)
        for choice, source in (
            (_valid(customer, "", now), STORED),
            (_valid(customer, topic, now) if topic else None, TOPIC),
        )
        if choice is not None and choice.channel is not None
    ]
    only = next((choice.channel for choice, _ in stored if choice.only), None)
    never = _nevers(customer, topic, now)
    explicit = asked or (came_on if live else None)
    if explicit is not None:
        return Wish(explicit, ASKED, only, never)
    if customer.id.startswith("anon:"):
        return Wish(came_on, DEFAULT, only, never)  # it keeps the channel it used
    for choice, source in stored:
        if choice.channel is not None:
            return Wish(choice.channel, source, only, never)
    habit = _habit(customer.habit)
    if habit is not None and habit is not Channel.PHONE and habit not in never:
        # A habit of ringing is no wish to be rung up: only a written habit moves a contact.
        return Wish(habit, OBSERVED, None, never)
    return Wish(came_on, DEFAULT, None, never)


def observe(habit: str, channel: Channel) -> str:
    """The habit after one more contact that the customer began."""
    return (habit + channel.value[0])[-HABIT_LENGTH:]


def _valid(customer: Customer, topic: str, now: int) -> StoredChoice | None:
    for stored in customer.choices:
        if stored.topic == topic and stored.channel is not None:
            begun = stored.valid_from <= now
            return (
                stored if begun and (not stored.valid_until or now < stored.valid_until) else None
            )
    return None


def _nevers(customer: Customer, topic: str, now: int) -> tuple[Channel, ...]:
    return tuple(
        channel
        for stored in customer.choices
        if stored.topic in {"", topic}
        and stored.never_from <= now
        and (not stored.never_until or now < stored.never_until)
        for channel in stored.never
    )


def _habit(habit: str) -> Channel | None:
    if len(habit) < HABIT_NEEDED:
        return None
    letter = max("pces", key=habit.count)
    return _BY_LETTER[letter] if habit.count(letter) * 5 >= len(habit) * 4 else None
