"""A case's events in full: what the short form leaves out is what a platform would say."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import msgspec

from services.contact.decision import Decision
from services.contact.event import (
    ABOUT_DECISION,
    Channel,
    Choice,
    Consent,
    ConsentState,
    ContactEvent,
    Handle,
    Hours,
    Kind,
    Origin,
    Profile,
    Side,
    Strength,
)
from services.contact.sentiment import Label, SentimentScored, Want, Wanted
from services.router.core.customer import Customer, Mood
from services.router.rules.cases import CaseKeys, CustomerKeys, EventKeys
from services.router.rules.values import parse_span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000
_NEUTRAL = 0.2
_SOURCE = "desk/test"


class Told(msgspec.Struct, frozen=True):
    """One event, and when the router reads it."""

    event: ContactEvent | SentimentScored
    now: int


class Teller:
    """Tells one case, event by event; reports name the decision that was made last."""

    def __init__(self, case: CaseKeys, customer: CustomerKeys, at: int) -> None:
        self.case = case
        self.customer = customer
        events = [*case.before, case.when]
        self.clock = at - sum(event.gap_ms for event in events[1:])
        self.channel = Channel.EMAIL
        self.last: ContactEvent | None = None
        """The customer's last message."""
        self._count = 0
        self._mails: dict[str, list[str]] = defaultdict(list)

    def introduce(self) -> ContactEvent | None:
        """What the platform told of the customer a day before; None if nothing is known."""
        who = self.customer
        if not who.model_fields_set - {"id"}:
            return None
        choice = who.choice and Choice(
            channel=who.choice.channel and Channel(who.choice.channel),
            topic=who.choice.topic,
            strength=Strength(who.choice.strength),
            never=tuple(map(Channel, who.choice.never)),
        )
        return ContactEvent(
            event_id="known",
            source=_SOURCE,
            kind=Kind.PROFILE_UPDATED,
            customer_id=who.id,
            received_at=_moment(self.clock - _DAY_MS),
            choice=choice or None,
            consents=tuple(
                Consent(channel=Channel(channel), state=ConsentState(state))
                for channel, state in who.consents.items()
            ),
            profile=Profile(
                handles=tuple(
                    Handle(kind=Channel(channel), value=value)
                    for channel, value in who.handles.items()
                ),
                language=who.language,
                timezone=who.timezone or "",
                segment=who.segment,
                hours=_hours(who.hours) if who.hours else None,
            ),
        )

    def feel(self, customer: Customer | None) -> Customer | None:
        """The customer in the mood that is given."""
        mood = self.customer.mood
        if mood is None or customer is None:
            return customer
        score = round(mood.score * 1000)
        felt = Mood(score, mood.count, self.clock, score + round(mood.trend * 1000))
        return msgspec.structs.replace(customer, mood=felt)

    def tell(self, keys: EventKeys, last: Decision | None) -> Told:
        """The next event; `last` is the decision that was made last."""
        self._count += 1
        if self._count > 1:
            self.clock += keys.gap_ms
        now = self.clock + keys.read_after
        if keys.sentiment is not None:
            return Told(self._score(keys, keys.sentiment), now)
        event = self._fact(keys, keys.event, last) if keys.event else self._message(keys)
        if event.kind is Kind.MESSAGE and event.side is Side.CUSTOMER:
            self.last = event
        return Told(event, now)

    def _message(self, keys: EventKeys) -> ContactEvent:
        event = self._plain(keys, Kind.MESSAGE, self._channel(keys, Kind.MESSAGE))
        changes: dict[str, object] = {
            "side": Side(keys.teller),
            "text": getattr(keys, keys.teller),
        }
        if event.channel is Channel.EMAIL:
            mails = self._mails[keys.contact]
            changes |= {"references": tuple(mails), "subject": f"About {keys.contact}"}
            mails.append(f"<{event.event_id}@test.example>")
            changes["message_id"] = mails[-1]
        return msgspec.structs.replace(event, **changes)

    def _fact(self, keys: EventKeys, word: str, last: Decision | None) -> ContactEvent:
        kind = Kind(word)
        event = self._plain(keys, kind, self._channel(keys, kind))
        if kind in ABOUT_DECISION and last is not None:
            event = msgspec.structs.replace(
                event, decision_id=last.decision_id, contact_id=last.contact_id
            )
        return event

    def _channel(self, keys: EventKeys, kind: Kind) -> Channel:
        if keys.channel is not None:
            self.channel = Channel(keys.channel)
        elif kind.value.startswith("call."):
            self.channel = Channel.PHONE
        return self.channel

    def _plain(self, keys: EventKeys, kind: Kind, channel: Channel) -> ContactEvent:
        return ContactEvent(
            event_id=f"e{self._count}",
            source=keys.source,
            kind=kind,
            customer_id=self.customer.id,
            channel=channel,
            sub_channel=keys.sub_channel,
            contact_id=keys.contact,
            received_at=_moment(self.clock),
            requested_channel=Channel(keys.asks_for) if keys.asks_for else None,
            topic=keys.topic,
            language=keys.language,
            queue=keys.queue,
            origin=Origin(keys.origin) if keys.origin else None,
            attachments_count=keys.attachments,
            attributes=keys.attributes,
            outcome=keys.outcome,
            cause=keys.cause,
        )

    def _score(self, keys: EventKeys, score: float) -> SentimentScored:
        of = self.last
        label = Label.NEUTRAL
        if abs(score) > _NEUTRAL:
            label = Label.NEGATIVE if score < 0 else Label.POSITIVE
        return SentimentScored(
            event_id=of.event_id if of else "e0",
            source=of.source if of else _SOURCE,
            customer_id=self.customer.id,
            contact_id=of.contact_id if of else "",
            label=label,
            score=score,
            confidence=keys.confidence,
            wants=tuple(
                Wanted(want=Want(word), confidence=sure) for word, sure in keys.wants.items()
            ),
            scored_at=_moment(self.clock),
        )


def _hours(span: str) -> Hours:
    start, end = parse_span(span)
    return Hours(start=start, end=end)


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)
