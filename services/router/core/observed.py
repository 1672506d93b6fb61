"""What was only observed is remembered apart, so that it never stands in the way of what is live.

A decision with `effect: none` is carried out by nobody. So it routes no contact, its escalation
stands open for nobody, its `once_per` mark holds no live rule back, and it supersedes no live
decision. Yet observing must count as living would ("would have called 37 customers", not every
further mail of the same 37): so both are kept under marks of their own, and what is to be observed
is decided as if they had been carried out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from services.contact.decision import Decision, Effect, Outcome
from services.router.core import contacts
from services.router.core.customer import OBSERVED, Contact, Customer, Fired, Standing
from services.router.core.life import MAX_FIRED, MAX_STANDINGS
from services.router.core.verdict import Verdict

_APART = "observed "
"""Before the scope of a mark that was only observed."""

Decide: TypeAlias = Callable[[Customer | None], Verdict]
"""One input, decided for whatever state of its customer."""


def decide_observing(customer: Customer | None, decide: Decide) -> Verdict:
    """Decide so that what is observed changes nothing for what is live."""
    if customer is None or not _has_observed(customer):
        verdict = decide(customer)
        if all(one.effect is Effect.LIVE for one in verdict.decisions):
            return verdict
        return _set_apart(customer, verdict)
    return _decide_beside(customer, decide)


def _decide_beside(customer: Customer, decide: Decide) -> Verdict:
    """With something observed before: first as if it had not been, then as if it were done."""
    real = _without_observed(customer)
    live = _set_apart(real, decide(real))
    if not live.changed:
        return msgspec.structs.replace(live, customer=customer)
    if live.customer is None or live.customer.erased_at:
        return live
    if any(one.effect is Effect.LIVE for one in live.decisions):
        return _join(live, live, customer)
    ghost = _as_if_done(customer)
    other = _set_apart(ghost, decide(ghost))
    if other.decisions and all(one.effect is Effect.NONE for one in other.decisions):
        return _join(live, other, customer, newer=True)
    if live.decisions:
        # The observed rule has had its say in this matter: what would be decided without it?
        marked = msgspec.structs.replace(real, fired=ghost.fired)
        third = _set_apart(marked, decide(marked))
        return _join(third, third, customer)
    return _join(live, live, customer)


def _has_observed(customer: Customer) -> bool:
    for standing in customer.standings:
        if standing.life == OBSERVED:
            return True
    return any(mark.scope.startswith(_APART) for mark in customer.fired)


def _without_observed(customer: Customer) -> Customer:
    return msgspec.structs.replace(
        customer,
        standings=tuple(one for one in customer.standings if one.life != OBSERVED),
        fired=tuple(one for one in customer.fired if not one.scope.startswith(_APART)),
    )


def _as_if_done(customer: Customer) -> Customer:
    """What was observed counts: its marks hold, its escalations are open, its contacts routed."""
    fired = tuple(
        msgspec.structs.replace(one, scope=one.scope.removeprefix(_APART)) for one in customer.fired
    )
    ghost = msgspec.structs.replace(customer, fired=tuple(dict.fromkeys(fired)))
    for one in customer.standings:
        if one.life == OBSERVED and contacts.find(customer, one.contact_id) is None:
            routed = Contact(
                id=one.contact_id,
                channel=one.gist.channel,
                state=contacts.ROUTED,
                last_at=one.received_at,
                thread=one.thread,
            )
            ghost = contacts.put(ghost, routed)
    return ghost


def _set_apart(before: Customer | None, verdict: Verdict) -> Verdict:
    """The verdict with every trace of an observed decision kept apart from what is live."""
    after = verdict.customer
    if after is None or all(one.effect is Effect.LIVE for one in verdict.decisions):
        return verdict
    kept: list[Decision] = []
    for decision in verdict.decisions:
        if decision.effect is Effect.LIVE:
            kept.append(decision)
            continue
        old = _find(before, decision)
        if old is not None and old.life != OBSERVED:
            # Nobody would act on this revision of a live decision: the decision stays as it is.
            after = _put_back(after, old)
            continue
        kept.append(decision)
        after = _undo(before, after, decision)
    outcome = verdict.outcome
    if outcome is Outcome.DECIDED and not kept:
        outcome = Outcome.REMEMBERED
    return msgspec.structs.replace(verdict, customer=after, decisions=tuple(kept), outcome=outcome)


def _find(customer: Customer | None, decision: Decision) -> Standing | None:
    """The standing decision that this one revises."""
    if customer is None or not decision.revision:
        return None
    for one in customer.standings:
        if (one.source, one.event_id) == (decision.source, decision.event_id):
            return one
    return None


def _put_back(after: Customer, old: Standing) -> Customer:
    others = [
        one for one in after.standings if (one.source, one.event_id) != (old.source, old.event_id)
    ]
    return msgspec.structs.replace(after, standings=(old, *others))


def _undo(before: Customer | None, after: Customer, decision: Decision) -> Customer:
    """`after` as it is when nobody carries the decision out."""
    standings = []
    for one in after.standings:
        mine = (one.source, one.event_id) == (decision.source, decision.event_id)
        standings.append(msgspec.structs.replace(one, life=OBSERVED) if mine else one)
    present = {(one.source, one.event_id) for one in standings}
    lost = [
        one
        for one in (before.standings if before is not None else ())
        if one.life != OBSERVED
        and not one.escalation
        and (one.source, one.event_id) not in present
        and _same_place(one, decision)
    ]
    marks = frozenset(before.fired) if before is not None else frozenset[Fired]()
    fired = tuple(
        one if one in marks or one.rule not in decision.path else _apart(one) for one in after.fired
    )
    changed = msgspec.structs.replace(after, standings=(*lost, *standings), fired=fired)
    was = contacts.find(before, decision.contact_id) if before is not None else None
    others = tuple(one for one in after.contacts if one.id != decision.contact_id)
    return msgspec.structs.replace(changed, contacts=others if was is None else (*others, was))


def _apart(mark: Fired) -> Fired:
    if mark.scope.startswith(_APART):
        return mark
    return msgspec.structs.replace(mark, scope=f"{_APART}{mark.scope}")


def _same_place(standing: Standing, decision: Decision) -> bool:
    if decision.thread_key:
        return standing.thread == decision.thread_key
    return standing.contact_id == decision.contact_id


def _join(live: Verdict, told: Verdict, before: Customer, *, newer: bool = False) -> Verdict:
    """What is live as `live` has it, what was observed beside it, and the decisions of `told`.

    `newer`: what was observed is in `told`, this input included; else it is what `before` held.
    """
    real, other = live.customer, told.customer
    if real is None or other is None:  # pragma: no cover - nothing forgets but an erasure
        return told
    own = _without_observed(real)
    observed = list(_list_observed(other))
    if not newer:
        known = {(one.source, one.event_id) for one in observed}
        old = [
            one
            for one in _list_observed(before)
            if (one.source, one.event_id) not in known
            and not any(_same_place(one, decision) for decision in told.decisions)
        ]
        observed = [*old, *observed]
    lived = frozenset(own.fired)
    woken = {
        msgspec.structs.replace(one, scope=one.scope.removeprefix(_APART))
        for one in before.fired
        if one.scope.startswith(_APART)
    }
    now_live = tuple(one for one in own.fired if one not in woken)
    marks = dict.fromkeys(
        _apart(one)
        for one in (other.fired if newer else (*before.fired, *other.fired))
        if one.scope.startswith(_APART) or (one not in lived and one in woken)
    )
    fired = (*marks, *now_live)[-MAX_FIRED:]
    room = max(0, MAX_STANDINGS - len(own.standings))
    kept = observed[len(observed) - room :] if room < len(observed) else observed
    joined = msgspec.structs.replace(own, standings=(*own.standings, *kept), fired=fired)
    return msgspec.structs.replace(told, customer=joined, changed=True)


def _list_observed(customer: Customer) -> tuple[Standing, ...]:
    return tuple(one for one in customer.standings if one.life == OBSERVED)
