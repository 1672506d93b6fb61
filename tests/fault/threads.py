"""E-mail threads that pass two exchanges, some of them repeated and out of order, with a ledger.

What must become of each record follows from how the thread was made, not from the core: the third
message of a customer, with two answers before it, is a call; a record that came before is a
duplicate; whatever the order of arrival, one call stands in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from services.cli.day.expect import REMEMBERED, TWICE, Expected, escalated, kept
from services.contact.codec import encode_event
from services.contact.decision import Action, Decision, DecisionType
from services.contact.event import (
    Actor,
    Channel,
    ContactEvent,
    Handle,
    Kind,
    Participants,
    Side,
)

STEP = 1_000
"""Places in the stream between two messages of a thread."""
LATE = 2_000
"""A repeated record comes so many places later, at most."""
SIDES = (Side.CUSTOMER, Side.AGENT, Side.CUSTOMER, Side.AGENT, Side.CUSTOMER)
TEXTS = ("The pump is broken.", "Did you clean it?", "Yes, twice.", "Turn it off and on.", "Still.")


class Sent(msgspec.Struct, frozen=True):
    """One record of the stream."""

    event: ContactEvent
    expected: Expected | None
    """None: only the end of the thread is fixed, for it came out of order."""

    @property
    def key(self) -> bytes:
        """The customer."""
        return self.event.customer_id.encode()

    @property
    def value(self) -> bytes:
        """The event as bytes."""
        return encode_event(self.event).value or b""


def tell_threads(seed: int, threads: int, share: float) -> Iterator[Sent]:
    """The stream: of all threads `share` is out of order, of all records `share` comes twice."""
    chance = Random(seed)
    begin = datetime.now(UTC) - timedelta(milliseconds=len(SIDES) * (threads + STEP) + 60_000)
    placed: list[tuple[float, int, Sent]] = []
    for number in range(threads):
        places = [number * len(SIDES) + turn * STEP for turn in range(len(SIDES))]
        events = write_thread(f"{seed}-{number}", begin, places)
        moved = chance.random() < share
        if moved:
            chance.shuffle(places)
        for turn, (place, event) in enumerate(zip(places, events, strict=True)):
            expected = None if moved else _expect(turn)
            placed.append((place, len(placed), Sent(event, expected)))
            if chance.random() < share:
                later = place + chance.randint(1, LATE)
                placed.append((later, len(placed), Sent(event, TWICE)))
    placed.sort(key=lambda one: one[:2])
    return (sent for *_, sent in placed)


def write_thread(name: str, begin: datetime, places: list[int]) -> list[ContactEvent]:
    """Three messages of a customer and two answers between them."""
    ids = [f"{name}.{turn}@mail.example" for turn in range(len(SIDES))]
    mine, ours = f"{name}@mail.example", "support@our-company.example"
    return [
        ContactEvent(
            event_id=f"thread-{name}.{turn}",
            source="mail/threads",
            kind=Kind.MESSAGE,
            customer_id=f"thread-{name}",
            channel=Channel.EMAIL,
            contact_id=f"ticket-{name}",
            message_id=ids[turn],
            in_reply_to=tuple(ids[turn - 1 : turn]),
            references=tuple(ids[:turn]),
            subject="Pump" if turn == 0 else "Re: Pump",
            text=text,
            actor=Actor(type=side),
            participants=Participants(
                sender=mine if side is Side.CUSTOMER else ours,
                to=(ours if side is Side.CUSTOMER else mine,),
            ),
            customer_handles=(Handle(kind=Channel.PHONE, value="+359888123456"),),
            received_at=begin + timedelta(milliseconds=place),
        )
        for turn, (side, text, place) in enumerate(zip(SIDES, TEXTS, places, strict=True))
    ]


def _expect(turn: int) -> Expected:
    if SIDES[turn] is Side.AGENT:
        return REMEMBERED
    return escalated() if turn == len(SIDES) - 1 else kept(Channel.EMAIL)


class Standing:
    """Which calls stand, by thread, as whoever reads the decisions would keep it."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[int, str, bool]] = {}

    def take(self, decision: Decision) -> None:
        """One decision; of an event the highest revision counts."""
        before = self._latest.get(decision.event_id)
        if before is None or decision.revision > before[0]:
            called = (
                decision.action is Action.CALLBACK and decision.type is not DecisionType.CANCELLED
            )
            self._latest[decision.event_id] = (decision.revision, decision.customer_id, called)

    def count(self) -> Mapping[str, int]:
        """Calls that stand, by customer; customers without a decision are not in it."""
        calls: dict[str, int] = {}
        for _, customer, called in self._latest.values():
            calls[customer] = calls.get(customer, 0) + called
        return calls
