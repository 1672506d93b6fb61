"""How a story is written down: who says what, when, and what must become of it.

A story function gets a `Cast` and returns a `Story`; `Script` collects its steps. `Mail` and
`Talk` (talk.py) keep the ids of one thread, so that the stories read like what people do.
"""

from __future__ import annotations

from random import Random

import msgspec

from services.cli.day.expect import REMEMBERED, Expected, ThreadExpected
from services.cli.day.people import Person
from services.cli.day.words import Case, Words
from services.contact.event import Channel, ContactEvent, Kind, Profile

CRM = "crm/acme"
"""The platform account that knows the customers."""


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """A record that no platform should have sent."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    astray: bool = False
    """Put on another partition than its key belongs to."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a story."""

    at_ms: int
    """After the story's start, before the day's pace is applied."""
    record: ContactEvent | Raw
    expected: Expected
    received_after: str = ""
    """Received just after this earlier event, though it reaches Kafka only now."""
    ago_ms: int = 0
    """Received so long before it is sent: a story that began yesterday."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the desk reports on a decision."""

    kind: Kind
    outcome: str = ""
    cause: str = ""
    expected: Expected = REMEMBERED


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk does with the decision on one event, once the story's steps are sent."""

    event_id: str
    acts: tuple[Act, ...]
    then: tuple[Step, ...] = ()
    """What the customer does afterwards."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's day, ready to be sent."""

    name: str
    person: Person
    steps: tuple[Step, ...]
    threads: tuple[ThreadExpected, ...] = ()
    reactions: tuple[Reaction, ...] = ()


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """What a story is made of."""

    person: Person
    words: Words
    case: Case
    rng: Random
    serial: str
    """Unique in the run; the root of every id in the story."""


class Script:
    """Collects the steps of one story; time only moves forward."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.person = cast.person
        self.rng = cast.rng
        self._clock_ms = 0
        self._ago_ms = 0
        self._count = 0
        self._steps: list[Step] = []
        self._into = self._steps
        self._threads: list[ThreadExpected] = []
        self._acts: dict[str, tuple[Act, ...]] = {}
        self._then: dict[str, list[Step]] = {}

    def hours_ago(self, hours: int) -> None:
        """What follows was received so long ago; 0 for now."""
        self._ago_ms = hours * 3_600_000

    def next_id(self) -> str:
        """An event id that this story has not used yet."""
        self._count += 1
        return f"{self.cast.serial}.{self._count}"

    def put(self, record: ContactEvent | Raw, expected: Expected, received_after: str = "") -> None:
        """Add a step a few tenths of a second after the one before."""
        self._clock_ms += self.rng.randint(120, 700)
        step = Step(
            at_ms=self._clock_ms,
            record=record,
            expected=expected,
            received_after=received_after,
            ago_ms=self._ago_ms,
        )
        self._into.append(step)

    def tell(self, kind: Kind, source: str, expected: Expected, **fields: object) -> ContactEvent:
        """Add an event about this story's customer and hand it back."""
        event = ContactEvent(
            event_id=self.next_id(),
            source=source,
            kind=kind,
            customer_id=self.person.id,
            **fields,  # type: ignore[arg-type] # the fields are named where the story is told
        )
        self.put(event, expected)
        return event

    def introduce(self, *channels: Channel) -> None:
        """The customer's profile becomes known, with the addresses of these channels."""
        person = self.person
        self.tell(
            Kind.PROFILE_UPDATED,
            CRM,
            REMEMBERED,
            profile=Profile(
                handles=person.handles(*channels),
                language=person.language,
                timezone=person.timezone,
            ),
        )

    def thread(self, *events: str, call: str = "") -> None:
        """Say what must stand for a thread in the end."""
        self._threads.append(ThreadExpected(events=events, call=call))

    def react(self, event_id: str, *acts: Act) -> None:
        """Say what the desk does with the decision on this event.

        What is put from now on happens after it, and only where there is a desk.
        """
        self._acts[event_id] = acts
        self._into = self._then[event_id] = []
        self._clock_ms = 0

    def end(self, name: str) -> Story:
        """The finished story."""
        return Story(
            name=name,
            person=self.person,
            steps=tuple(self._steps),
            threads=tuple(self._threads),
            reactions=tuple(
                Reaction(event_id=e, acts=acts, then=tuple(self._then[e]))
                for e, acts in self._acts.items()
            ),
        )
