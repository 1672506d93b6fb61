"""Why a decision did not lead to a channel, and what would have had to differ. Pure.

It rests on the decision alone: its facts, its skips, and the rule file of its version. What the
decision does not record (could the customer have been called at all?) is said to be unknown.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from services.contact.decision import Action, Decision, DecisionType
from services.contact.event import Channel, ContactEvent, Kind
from services.router.core import contacts, life
from services.router.core.choice import resolve
from services.router.core.customer import Customer
from services.router.core.reach import Refused, reach
from services.router.core.table import CHOSEN, SAME, Facts, Plan, Table
from services.router.rules.detours import Detours, find_detours
from services.router.rules.tree import Rules
from services.router.rules.wording import REMEDIES, SKIPS


class Because(StrEnum):
    """What stood in the way of the channel."""

    TAKEN = "taken"
    """Nothing: it was taken."""
    REACH = "reach"
    """A rule asked for it, but it may not or cannot be used."""
    BOUND = "bound"
    """Whatever the rules say, the contact was bound to where it is."""
    RULES = "rules"
    """No rule that was hit asks for it."""


class WhyNot(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one channel."""

    channel: Channel
    because: Because
    said: str
    """In a sentence."""
    remedy: str = ""
    """What would have had to differ, where no rule is to blame."""
    choice: str = ""
    """What else would do: the customer's own choice, or a failure elsewhere."""
    detours: Detours = Detours()
    """The rules that would lead there."""
    unknown: tuple[str, ...] = ()
    """What the decision does not tell."""


def why_not(rules: Rules, table: Table, made: Decision, channel: Channel) -> WhyNot:
    """What would have had to differ; `table` must be that of the decision's version."""
    if made.channel is channel:
        return WhyNot(channel=channel, because=Because.TAKEN, said=f"It is on {channel}.")
    skip = next((one.why for one in made.skips if one.channel is channel), None)
    if skip is not None:
        said = f"It was to be {channel}, but {SKIPS.get(skip, skip)} ({skip})."
        remedy = f"For {channel} {REMEDIES.get(skip, 'that would have to differ')}."
        return WhyNot(channel=channel, because=Because.REACH, said=said, remedy=remedy)
    bound = _bound(table, made, channel)
    if bound:
        return WhyNot(channel=channel, because=Because.BOUND, said=bound)
    plan = table.match(made.facts).plan
    return WhyNot(
        channel=channel,
        because=Because.RULES,
        said=f"The rule `{made.rule}` asks for {_say_plan(plan, made)}, not for {channel}.",
        choice=_say_choice(table, made, plan, channel),
        detours=find_detours(
            rules, table, made.facts, lambda one, facts: _leads(one, facts, made, channel)
        ),
        unknown=_list_unknown(made, channel),
    )


class Seen(msgspec.Struct, frozen=True):
    """What was known when it was decided, beyond the decision."""

    customer: Customer
    event: ContactEvent
    now: int
    """Milliseconds since the epoch."""


def add_reach(found: WhyNot, table: Table, made: Decision, seen: Seen) -> WhyNot:
    """The answer with what the customer's state says: could the channel have been used?"""
    if found.because is not Because.RULES or found.channel is made.from_channel:
        return found
    nearest = found.detours.found[:1]
    plan = nearest[0].plan if nearest else table.match(made.facts).plan
    event = seen.event
    calls = event.kind is Kind.CALLBACK_REQUESTED
    wish = resolve(
        seen.customer,
        came_on=made.from_channel,
        asked=Channel.PHONE if calls else event.requested_channel,
        live=contacts.is_live(event),
        topic=event.topic,
        now=seen.now,
    )
    reached = reach(table, seen.customer, found.channel, wish=wish, plan=plan, now=seen.now)
    if isinstance(reached, Refused):
        why = reached.why
        said = f"And {found.channel} cannot be used: {SKIPS.get(why, why)} ({why})."
        remedy = f"For {found.channel} {REMEDIES.get(why, 'that would have to differ')}."
        return msgspec.structs.replace(found, remedy=remedy, unknown=(said,))
    said = f"{found.channel} could have been used: an address is known and nothing forbids it."
    return msgspec.structs.replace(found, unknown=(said[0].upper() + said[1:],))


def _bound(table: Table, made: Decision, channel: Channel) -> str:
    """Why no rule could have led there; empty if one could."""
    leads = _leads(table.match(made.facts).plan, made.facts, made, channel)
    stays = made.action is Action.STAY and (leads or made.from_channel is channel)
    filed = made.action in {Action.DUPLICATE, Action.RECORD}
    reasons = (
        (made.type is DecisionType.CANCELLED, _CANCELLED),
        (made.action is Action.ATTACH, _ATTACHED),
        (filed, _FILED),
        (made.cause == life.SENTIMENT, _BY_MOOD),
        (stays, _STAYS),
        (leads or _is_live(made), _LIVE),
    )
    return next((said for holds, said in reasons if holds), "")


_CANCELLED = "It takes an earlier decision back, and so names the channel of that one."
_ATTACHED = (
    "An escalation of this matter is open: until it is completed, has failed or expires, "
    "everything else belongs to it, whatever a rule says."
)
_FILED = "The contact is only filed: nobody answers it."
_BY_MOOD = "A mood changes priority, queue and skills of a decision, never its channel."
_STAYS = "The contact was given to somebody before and stays there."
_LIVE = "A call or a web chat that is going on is never moved, whatever a rule says."
_PERHAPS_LIVE = "If it was a web chat that was going on, no rule could have moved it."
_REACH_UNKNOWN = (
    "Whether {channel} could have been used (consent, address, hours) is not recorded: no rule "
    "asked for it."
)


def _is_live(made: Decision) -> bool:
    """Does the decision tell that the customer was waiting on the line?"""
    kind = made.facts.get("kind")
    rang = made.from_channel is Channel.PHONE and kind not in {None, Kind.CALLBACK_REQUESTED}
    return made.facts.get("live") is True or rang


def _leads(plan: Plan, facts: Facts, made: Decision, channel: Channel) -> bool:
    """Does a plan ask for the channel first? What the customer chose is known only from facts."""
    if plan.channel == SAME:
        return made.from_channel is channel
    if plan.channel == CHOSEN:
        return facts.get("choice.channel") == channel
    return plan.channel == channel


def _list_unknown(made: Decision, channel: Channel) -> tuple[str, ...]:
    chat = made.from_channel is Channel.CHAT and "live" not in made.facts
    perhaps = (_PERHAPS_LIVE,) if chat else ()
    reach_unknown = (
        () if channel is made.from_channel else (_REACH_UNKNOWN.format(channel=channel),)
    )
    return (*reach_unknown, *perhaps)


def _say_plan(plan: Plan, made: Decision) -> str:
    if plan.channel == CHOSEN:
        return "the channel that the customer chose"
    if plan.channel == SAME:
        return f"the channel that the customer used ({made.from_channel})"
    return str(plan.channel)


def _say_choice(table: Table, made: Decision, plan: Plan, channel: Channel) -> str:
    """What leads there without another rule; empty if nothing does."""
    if channel in made.fallbacks:
        place = made.fallbacks.index(channel) + 1
        return f"It is fallback {place} of this decision, taken once what stands before it failed."
    if plan.channel != CHOSEN or made.action is Action.STAY:
        return ""
    told = made.facts
    if "choice.channel" in told:
        told = {**told, "choice.channel": channel.value}
    if table.match(told).plan.channel != CHOSEN:
        return ""
    return f"Without another rule: the customer would have to choose {channel}."
