"""The heart: `decide(table, customer, event, now)` -> what is remembered, and what is to be done.

Read top to bottom: a duplicate ends here; the event teaches us about the customer; then it is a
message, a request, a report on a decision, or a fact about a contact. No I/O, no clock: `now`
serves hours, targets and time matchers only, threads and exchanges use the receipt times.
"""

from __future__ import annotations

import msgspec

from services.contact.decision import Action, Decision, Outcome, Position
from services.contact.event import (
    ABOUT_DECISION,
    ASKS,
    Channel,
    ContactEvent,
    Kind,
    Origin,
    Side,
)
from services.contact.origin import judge_origin, judge_side
from services.contact.reject import Reject, RejectCode
from services.contact.sentiment import Label, SentimentScored, SentimentSummary
from services.router.core import contacts, knowledge, life, mail, mood
from services.router.core.ask import Asked, ask
from services.router.core.closing import is_closing
from services.router.core.customer import (
    Contact,
    Customer,
    Standing,
    hash_of,
    holds,
    remember_seen,
)
from services.router.core.observed import decide_observing
from services.router.core.shrink import fit
from services.router.core.table import Table
from services.router.core.thread import message_hash
from services.router.core.verdict import Verdict

__all__ = ["Verdict", "decide"]

HUMAN = frozenset({Origin.HUMAN, Origin.UNKNOWN})
MOST_AHEAD_MS = 5 * 60_000
"""A receipt time further ahead of the clock is taken as this."""
_KNOWLEDGE = frozenset(
    {
        *(Kind.PREFERENCE_UPDATED, Kind.CONSENT_UPDATED, Kind.PROFILE_UPDATED),
        Kind.SURVEY_ANSWERED,  # its ratings are the sentiment service's; what comes with it is ours
    }
)


def decide(  # noqa: PLR0917 - the five things that a decision rests on, in every caller's order
    table: Table,
    customer: Customer | None,
    event: ContactEvent | SentimentScored | SentimentSummary,
    now: int,
    position: Position | None = None,
) -> Verdict:
    """Fold one input into what is remembered of its customer, and decide what it asks for.

    `now` is the batch's clock in ms since the epoch; the event must carry `received_at`.
    """
    return decide_observing(customer, lambda held: _decide(table, held, event, now, position))


def _decide(  # noqa: C901, PLR0911, PLR0917 - the page is the table of contents
    table: Table,
    customer: Customer | None,
    event: ContactEvent | SentimentScored | SentimentSummary,
    now: int,
    position: Position | None = None,
) -> Verdict:
    if not isinstance(event, ContactEvent):
        return _hear(table, customer, event, now)
    if event.received_at is None:
        return _reject(customer, RejectCode.FIELD_MISSING, "received_at is missing")
    # A platform whose clock is years ahead must not outrank every later word.
    at = min(knowledge.ms(event.received_at), now + MOST_AHEAD_MS)
    before = customer or Customer(id=event.customer_id)
    if before.erased_at and at <= before.erased_at:
        return Verdict(customer, changed=False, outcome=Outcome.REMEMBERED)
    this = hash_of("e", event.source, event.event_id)
    if holds(before.seen, this):
        return Verdict(customer, changed=False, outcome=Outcome.DUPLICATE)
    seen = msgspec.structs.replace(before, seen=remember_seen(before.seen, this))
    if event.kind is Kind.CUSTOMER_ERASED:
        return _erase(table, seen, at, now)
    side = judge_side(event, table.settings.ours)
    after = knowledge.learn(seen, event, at, side=side, ours=table.settings.ours)
    after, withdrawn = _withdraw(table, before, after, at=at, now=now)
    asked = Asked(
        event=event, at=at, now=now, side=side, position=position, known=customer is not None
    )
    if event.kind is Kind.MESSAGE:
        after, decisions, duplicate = _hear_message(table, after, asked)
        if duplicate:
            return Verdict(after, changed=True, outcome=Outcome.DUPLICATE)
    elif event.kind in ASKS:
        after, decisions = ask(table, after, asked)
    elif event.kind in ABOUT_DECISION:
        after, decisions = _hear_report(table, after, event, at=at, now=now)
    elif event.kind in _KNOWLEDGE:
        decisions = ()
    else:
        after, decisions = mail.note_close(contacts.advance(after, event, at), event, at), ()
    fitted = fit(after)
    if fitted is None:
        why = "what must be remembered of this customer is larger than 32 KB"
        return _reject(customer, RejectCode.STATE_TOO_LARGE, why)
    after = fitted
    made = (*withdrawn, *decisions)
    outcome = Outcome.DECIDED if made else Outcome.REMEMBERED
    return Verdict(after, changed=True, outcome=outcome, decisions=made)


def _hear_message(
    table: Table, customer: Customer, asked: Asked
) -> tuple[Customer, tuple[Decision, ...], bool]:
    """A message: who wrote it, where it belongs, whether it asks for anything."""
    event = asked.event
    found = judge_origin(event, table.settings.ours)
    spoken = not (event.is_private or event.is_echo) and found.origin in HUMAN
    asked = msgspec.structs.replace(
        asked,
        origin=found.origin,
        human=spoken and asked.side in {Side.CUSTOMER, Side.AGENT},
        closing=spoken
        and asked.side is Side.CUSTOMER
        and not event.attachments_count
        and is_closing(event.text_stripped or event.text, event.language),
        message=message_hash(event),
    )
    if found.origin is Origin.BOUNCE:
        customer = _note_bounce(customer, event, asked.at)
    if event.channel is Channel.EMAIL:
        return mail.receive(table, customer, asked)
    if event.message_id:
        if holds(customer.seen, asked.message):
            return customer, (), True
        customer = msgspec.structs.replace(
            customer, seen=remember_seen(customer.seen, asked.message)
        )
    if asked.human and asked.side is Side.CUSTOMER:
        customer, decisions = ask(table, customer, asked)
        return customer, decisions, False
    if asked.human:
        customer = contacts.answered(customer, event, "", asked.at)
    return customer, (), False


def _hear_report(
    table: Table, customer: Customer, event: ContactEvent, *, at: int, now: int
) -> tuple[Customer, tuple[Decision, ...]]:
    if event.kind is Kind.REVISION_REQUESTED:
        return _revise_by_rules(table, customer, event, at=at, now=now)
    if event.kind is Kind.DELIVERY_FAILED:
        named = tuple(handle.value for handle in event.customer_handles)
        channel = event.customer_handles[0].kind if event.customer_handles else event.channel
        if channel is not None:
            customer = knowledge.fail_address(customer, channel, named, at)
    return life.report(table, customer, event, at=at, now=now)


def _revise_by_rules(
    table: Table, customer: Customer, event: ContactEvent, *, at: int, now: int
) -> tuple[Customer, tuple[Decision, ...]]:
    """The rules have changed, and somebody wants what stands to be decided by them.

    Only what nobody has started on, and only the revision that was meant. The limits of
    `revise_within` and `revise_at_most` are for what nobody asked for.
    """
    found = life.by_decision(customer, event.decision_id)
    if found is None or found[1] != found[0].revision or not life.is_open(customer, found[0], at):
        return customer, ()
    standing = found[0]
    contact = contacts.find(customer, standing.contact_id)
    if contact is not None and _is_taken(contact, standing):
        return customer, ()
    after, decision = life.reconsider(
        table,
        life.unmark(customer, standing),
        standing,
        cause=life.RULES_CHANGED,
        at=at,
        now=now,
    )
    return (customer, ()) if decision is None else (after, (decision,))


def _note_bounce(customer: Customer, event: ContactEvent, at: int) -> Customer:
    failed = event.headers.x_failed_recipients if event.headers else None
    if not failed:
        return customer
    named = tuple(value.strip().strip("<>") for value in failed.split(","))
    return knowledge.fail_address(customer, Channel.EMAIL, named, at)


def _withdraw(
    table: Table, before: Customer, after: Customer, *, at: int, now: int
) -> tuple[Customer, tuple[Decision, ...]]:
    if after.choices == before.choices and after.consents == before.consents:
        return after, ()
    refused = after.consents != before.consents
    cause = Kind.CONSENT_UPDATED if refused else Kind.PREFERENCE_UPDATED
    return life.withdraw(table, after, cause=cause.value, at=at, now=now)


def _erase(table: Table, customer: Customer, at: int, now: int) -> Verdict:
    """Forget everything but the moment, and what the duplicate check needs."""
    made = []
    for standing in customer.standings:
        if standing.revisable and standing.action in {Action.CALLBACK, Action.MOVE}:
            customer, decision = life.cancel(
                table, customer, standing, cause=Kind.CUSTOMER_ERASED.value, now=now
            )
            # The address goes with the rest; the executor cancels by id.
            made.append(msgspec.structs.replace(decision, address="", address_ref=""))
    bare = Customer(id=customer.id, seen=customer.seen, erased_at=at)
    outcome = Outcome.DECIDED if made else Outcome.REMEMBERED
    return Verdict(bare, changed=True, outcome=outcome, decisions=tuple(made))


def _hear(
    table: Table, customer: Customer | None, scored: SentimentScored | SentimentSummary, now: int
) -> Verdict:
    """A score moves the mood; if a rule now decides otherwise, the latest decision is revised."""
    if isinstance(scored, SentimentSummary):
        # It repeats for people what the scores have said one by one.
        return Verdict(customer, changed=False, outcome=Outcome.REMEMBERED)
    written_at = knowledge.ms(scored.received_at or scored.scored_at)
    if customer is None or (customer.erased_at and customer.erased_at >= written_at):
        return Verdict(customer, changed=False, outcome=Outcome.REMEMBERED)
    this = hash_of("s", scored.source, scored.event_id)
    if holds(customer.seen, this):
        return Verdict(customer, changed=False, outcome=Outcome.DUPLICATE)
    customer = msgspec.structs.replace(customer, seen=remember_seen(customer.seen, this))
    if scored.label is Label.UNSCORED or scored.side is not Side.CUSTOMER:
        return Verdict(customer, changed=True, outcome=Outcome.REMEMBERED)
    at = knowledge.ms(scored.scored_at)
    score = round(scored.score * 1000)
    customer = msgspec.structs.replace(customer, mood=mood.feel(customer.mood, score, at))
    customer, decision = _revise_by_mood(table, customer, scored, score, now=now)
    if decision is None:
        return Verdict(customer, changed=True, outcome=Outcome.REMEMBERED)
    return Verdict(customer, changed=True, outcome=Outcome.DECIDED, decisions=(decision,))


def _revise_by_mood(
    table: Table, customer: Customer, scored: SentimentScored, score: int, *, now: int
) -> tuple[Customer, Decision | None]:
    mine = next(
        (
            one
            for one in customer.standings
            if (one.source, one.event_id) == (scored.source, scored.event_id)
        ),
        None,
    )
    standing = mine or (scored.contact_id and life.of_contact(customer, scored.contact_id)) or None
    if standing is None:
        return customer, None
    if mine is not None:
        gist = msgspec.structs.replace(
            mine.gist,
            sentiment=score,
            confidence=round(scored.confidence * 1000),
            wants={one.want: round(one.confidence * 1000) for one in scored.wants},
        )
        standing = msgspec.structs.replace(mine, gist=gist)
        customer = life.replace(customer, mine, standing)
    settings = table.settings
    contact = contacts.find(customer, standing.contact_id)
    late = max(now, knowledge.ms(scored.scored_at)) - standing.decided_at
    if (
        late > settings.revise_within_ms
        or standing.mood_revisions >= settings.revise_at_most
        or not standing.revisable
        or (contact is not None and _is_taken(contact, standing))
    ):
        return customer, None
    at = knowledge.ms(scored.scored_at)
    return life.reconsider(table, customer, standing, cause=life.SENTIMENT, at=at, now=now)


def _is_taken(contact: Contact, standing: Standing) -> bool:
    """Is the contact closed, or has somebody taken it since it was decided?"""
    if contact.state == contacts.CLOSED:
        return True
    return contact.state == contacts.OWNED and standing.gist.contact_state != contacts.OWNED


def _reject(customer: Customer | None, code: RejectCode, why: str) -> Verdict:
    return Verdict(customer, changed=False, outcome=Outcome.REJECTED, reject=Reject(code, why))
