"""Tell a story of one customer as the events a platform would send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.contact.event import (
    Channel,
    Choice,
    Consent,
    ConsentState,
    ContactEvent,
    Handle,
    Kind,
    Participants,
    Profile,
    Side,
    Strength,
)
from services.contact.sentiment import Label, SentimentScored

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SOURCE = "desk/acme"
AGENT = "support@our-company.example"


def moment(at: int) -> datetime:
    """An instant in ms as the wire has it."""
    return datetime.fromtimestamp(at / 1000, tz=UTC)


def zone_at(now: int, hour: int) -> str:
    """A time zone in which the clock shows about `hour` at `now`."""
    utc = (now // HOUR) % 24
    ahead = (hour - utc + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


class Story:
    """Events of one customer, told in order of receipt; `now` is the end of the story."""

    def __init__(self, name: str, now: int) -> None:
        self.customer = name
        self.now = now
        self.inputs: list[ContactEvent | SentimentScored] = []
        self._mails: list[str] = []
        self._told = 0
        self.contact = f"{name}-k1"

    def tell(self, kind: Kind, at: int, **fields: Any) -> ContactEvent:
        """Any event, `at` ms after the end of the story (mostly negative)."""
        fields.setdefault("event_id", f"{self.customer}-{self._told}")
        self._told += 1
        fields.setdefault("source", SOURCE)
        fields.setdefault("received_at", moment(self.now + at))
        event = ContactEvent(kind=kind, customer_id=self.customer, **fields)
        self.inputs.append(event)
        return event

    def mail(self, who: Side, at: int, text: str, **fields: Any) -> ContactEvent:
        """One e-mail of the thread, answering the one before."""
        number = len(self._mails)
        message_id = str(fields.pop("message_id", f"{self.customer}-m{number}@mail.example"))
        sender = f"{self.customer}@client.example" if who is Side.CUSTOMER else AGENT
        before = [one for one in self._mails if one]
        fields.setdefault("in_reply_to", tuple(before[-1:]))
        fields.setdefault("references", tuple(before))
        fields.setdefault("subject", "My order" if not number else "Re: My order")
        fields.setdefault("contact_id", self.contact)
        fields.setdefault("participants", Participants(sender=sender))
        fields.setdefault("side", who)
        self._mails.append(message_id)
        return self.tell(
            Kind.MESSAGE, at, channel=Channel.EMAIL, message_id=message_id, text=text, **fields
        )

    def c(
        self, at: int, text: str = "It is still broken, what now?", **fields: Any
    ) -> ContactEvent:
        """The customer writes an e-mail."""
        return self.mail(Side.CUSTOMER, at, text, **fields)

    def a(self, at: int, text: str = "Please try again.", **fields: Any) -> ContactEvent:
        """An agent replies."""
        return self.mail(Side.AGENT, at, text, **fields)

    def knows_phone(self, hour: int = 12, at: int = -60 * DAY) -> None:
        """The customer gave a number; it is about `hour` o'clock where they live."""
        handle = Handle(kind=Channel.PHONE, value="+359 2 555 0142", ref=f"tel-{self.customer}")
        profile = Profile(handles=(handle,), timezone=zone_at(self.now, hour))
        self.tell(Kind.PROFILE_UPDATED, at, profile=profile)

    def chooses(
        self, channel: Channel | None, at: int = -50 * DAY, *, only: bool = False, **fields: Any
    ) -> None:
        """The customer chooses a channel."""
        strength = Strength.ONLY if only else Strength.PREFER
        choice = Choice(channel=channel, strength=strength, **fields)
        self.tell(Kind.PREFERENCE_UPDATED, at, choice=choice)

    def consents(self, channel: Channel, state: ConsentState, at: int = -50 * DAY) -> None:
        """The customer grants or refuses a channel for service."""
        self.tell(Kind.CONSENT_UPDATED, at, consents=(Consent(channel=channel, state=state),))

    def two_exchanges(self, start: int = -4 * HOUR) -> None:
        """C · A · C · A by e-mail, within two hours from `start`."""
        self.c(start, "My order has not come, where is it?")
        self.a(start + 30 * MINUTE)
        self.c(start + HOUR)
        self.a(start + 90 * MINUTE)

    def scored(self, event: ContactEvent, score: float, at: int) -> SentimentScored:
        """The sentiment service scores a message, `at` ms after the end of the story."""
        label = Label.NEGATIVE if score < 0 else Label.POSITIVE
        scored = SentimentScored(
            event_id=event.event_id,
            source=event.source,
            customer_id=self.customer,
            contact_id=event.contact_id,
            channel=event.channel,
            label=label,
            score=score,
            p_neg=max(0.0, -score),
            p_pos=max(0.0, score),
            scored_at=moment(self.now + at),
        )
        self.inputs.append(scored)
        return scored
