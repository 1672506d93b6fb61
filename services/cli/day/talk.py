"""One conversation of a story: an e-mail thread, or a talk on another channel.

Keeps the ids that real platforms keep (Message-ID, References, contact id), so that a story
only says who writes what.
"""

from __future__ import annotations

from typing import Any

import msgspec

from services.cli.day.expect import REMEMBERED, Expected
from services.cli.day.script import Script
from services.contact.event import (
    Actor,
    Channel,
    ContactEvent,
    Kind,
    MailHeaders,
    Participants,
    Side,
)

DESK = "support@our-company.example"
"""Where our contact centre receives e-mail, as in the default rule file."""
_SOURCES = {
    Channel.EMAIL: "mail/acme",
    Channel.CHAT: "chat/acme",
    Channel.SOCIAL: "social/acme",
    Channel.PHONE: "phone/acme",
}
_REPLY = {"de": "AW: ", "pt": "RES: ", "zh": "回复：", "fr": "RE : "}
_REFERENCES_KEPT = 10
_QUOTING = 0.5
"""The share of people who leave the message they answer below their own."""


class Mail:
    """One e-mail thread between the customer and the desk."""

    def __init__(self, script: Script, subject: str = "", contact_id: str | None = None) -> None:
        cast = script.cast
        self.script = script
        self.subject = subject or cast.case.subject
        self.contact_id = f"ticket-{script.next_id()}" if contact_id is None else contact_id
        self.ids: list[str] = []
        """Message-IDs of the thread so far."""
        self.events: list[str] = []
        """Event ids of the customer's counted messages."""
        self.last: ContactEvent | None = None
        """The newest message, whoever wrote it."""

    def customer(self, text: str, expected: Expected, **more: Any) -> str:
        """The customer writes; returns the event id."""
        event = self._write(Side.CUSTOMER, text, expected, **more)
        self.events.append(event.event_id)
        return event.event_id

    def agent(self, text: str, expected: Expected = REMEMBERED, **more: Any) -> str:
        """The desk answers; returns the event id."""
        return self._write(Side.AGENT, text, expected, **more).event_id

    def machine(self, subject: str, text: str, headers: MailHeaders, sender: str = "") -> None:
        """Something that no human wrote arrives in the thread, from the customer's side."""
        self._write(
            Side.CUSTOMER, text, REMEMBERED, subject=subject, headers=headers, sender=sender
        )

    def again(self, expected: Expected, **changes: Any) -> str:
        """The newest message reaches us once more, with these fields changed."""
        if self.last is None:
            raise ValueError("nothing has been written in this thread yet")
        copy = msgspec.structs.replace(self.last, **changes)
        self.script.put(copy, expected)
        return copy.event_id

    def close(self) -> None:
        """The desk sets the ticket to closed."""
        self.script.tell(
            Kind.CONTACT_CLOSED,
            _SOURCES[Channel.EMAIL],
            REMEMBERED,
            channel=Channel.EMAIL,
            contact_id=self.contact_id,
        )

    def stands(self, call: str = "") -> None:
        """Say what must stand for the thread in the end."""
        self.script.thread(*self.events, call=call)

    def _write(
        self, side: Side, text: str, expected: Expected, *, received_after: str = "", **more: Any
    ) -> ContactEvent:
        event = self._message(side, text, more)
        if event.message_id not in self.ids:
            self.ids.append(event.message_id)
        self.last = event
        self.script.put(event, expected, received_after)
        return event

    def _message(self, side: Side, text: str, more: dict[str, Any]) -> ContactEvent:
        script = self.script
        event_id = script.next_id()
        from_customer = side is Side.CUSTOMER
        address = more.pop("sender", "") or script.person.email
        quoted = self.last is not None and script.rng.random() < _QUOTING
        quote = f"\n\n> {self.last.text_stripped}" if self.last and quoted else ""
        prefix = _REPLY.get(script.person.language, "Re: ") if self.ids else ""
        host = "mail.example" if from_customer else "our-company.example"
        fields: dict[str, Any] = {
            "contact_id": self.contact_id,
            "message_id": f"{event_id}@{host}",
            "in_reply_to": tuple(self.ids[-1:]),
            "references": tuple(self.ids[-_REFERENCES_KEPT:]),
            "subject": prefix + self.subject,
            "text": text + quote,
            "text_stripped": text,
            "topic": script.cast.case.topic,
            "language": script.person.language,
            "participants": Participants(
                sender=address if from_customer else DESK,
                to=(DESK if from_customer else script.person.email,),
            ),
            "actor": Actor(type=side),
        }
        return ContactEvent(
            event_id=event_id,
            source=_SOURCES[Channel.EMAIL],
            kind=Kind.MESSAGE,
            customer_id=script.person.id,
            channel=Channel.EMAIL,
            **{**fields, **more},
        )


class Talk:
    """A chat, a social conversation or a call: one contact, without e-mail's headers."""

    def __init__(self, script: Script, channel: Channel, sub_channel: str = "") -> None:
        self.script = script
        self.channel = channel
        self.sub_channel = sub_channel
        self.contact_id = f"{channel}-{script.next_id()}"

    def happen(self, kind: Kind, expected: Expected, **more: Any) -> str:
        """Something happens to the contact; returns the event id."""
        event = self.script.tell(
            kind,
            _SOURCES[self.channel],
            expected,
            channel=self.channel,
            sub_channel=self.sub_channel,
            contact_id=self.contact_id,
            **more,
        )
        return event.event_id

    def customer(self, text: str, expected: Expected, **more: Any) -> str:
        """The customer says something; returns the event id."""
        return self._say(Side.CUSTOMER, text, expected, **more)

    def agent(self, text: str) -> str:
        """The desk answers; returns the event id."""
        return self._say(Side.AGENT, text, REMEMBERED)

    def bot(self, text: str) -> str:
        """The bot answers; returns the event id."""
        return self._say(Side.BOT, text, REMEMBERED)

    def _say(self, side: Side, text: str, expected: Expected, **more: Any) -> str:
        return self.happen(
            Kind.MESSAGE,
            expected,
            text=text,
            actor=Actor(type=side),
            language=self.script.person.language,
            **more,
        )
