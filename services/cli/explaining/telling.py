"""The words of an explanation, for people; addresses are never shown in clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from services.contact.decision import Action, Decision, Effect
from services.router.rules.detours import Detour
from services.router.rules.drawing import LEGEND, draw_way
from services.router.rules.explaining import Way
from services.router.rules.verifying import Difference
from services.router.rules.why_not import Because, WhyNot
from services.router.rules.wording import ACTIONS, CHOICES, SKIPS, say_fact

SHOWN_DETOURS = 5
_ADDRESS = re.compile(r"[^\s@<>]+(@[^\s@<>]+)|\+?\d[\d\s().\-]{5,}\d")


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One decision with all that is known of it."""

    made: Decision
    way: Way
    rules: str
    """The rule file, as it was found."""
    differences: tuple[Difference, ...] = ()
    """Where it is not what the rules say; none for whatever the router decided."""
    history: tuple[Decision, ...] = ()
    """All revisions of it that were found, itself included, the first one first."""
    why_not: WhyNot | None = None


def tell(one: Explained) -> list[str]:
    """The whole explanation."""
    lines = [*_head(one), ""]
    lines += [f"The way through {one.rules} (version {one.way.version})", ""]
    lines += [*draw_way(one.way), "", LEGEND, ""]
    lines += _channels(one.made)
    lines += _times(one.made)
    if len(one.history) > 1 or one.made.revision:
        lines += ["", "Revisions", *_history(one)]
    if one.differences:
        lines += ["", "NOT WHAT THE RULES SAY", *_differ(one.differences)]
    if one.why_not is not None:
        lines += ["", *tell_why_not(one.why_not)]
    return lines


def mask(text: str) -> str:
    """An id that is itself an address, or holds one, without it."""
    return _ADDRESS.sub(lambda found: f"…{found[1]}" if found[1] else "…", text)


def _head(one: Explained) -> Iterator[str]:
    made = one.made
    show = "  (for show only: nobody acts on it)" if made.effect is Effect.NONE else ""
    on = (
        f"{made.channel}"
        if made.channel is made.from_channel
        else f"{made.channel}, not {made.from_channel}"
    )
    yield f"{made.action}: {ACTIONS[made.action]}{show}"
    yield f"  on {on} · queue {made.queue} · priority {made.priority} · rule {made.rule}"
    skills = f" · skills {', '.join(made.skills)}" if made.skills else ""
    yield f"  carried out by {made.executor}{skills}"
    if made.reason:
        yield f"  “{made.reason}”"
    yield f"for customer {mask(made.customer_id)}, contact {mask(made.contact_id)}"
    where = ""
    if made.position is not None:
        where = f" ({made.position.topic} {made.position.partition}/{made.position.offset})"
    yield f"on event {made.event_id} of {made.source}{where}"
    revision = f", revision {made.revision} ({made.cause})" if made.revision else ""
    yield f"decision {made.decision_id}{revision}, made {say_time(made.decided_at)}"
    if made.refers_to:
        yield f"belongs to {made.refers_to}"


def _channels(made: Decision) -> Iterator[str]:
    yield "Channels"
    source = CHOICES.get(made.choice_source, made.choice_source)
    if source:
        yield f"  choice      {source} ({made.choice_source})"
    for skip in made.skips:
        yield f"  not {skip.channel:<7} {SKIPS.get(skip.why, skip.why)} ({skip.why})"
    address = "" if not (made.address or made.address_ref) else ", at the address that is on file"
    yield f"  taken       {made.channel}{address}"
    if made.fallbacks:
        yield f"  if it fails {', then '.join(made.fallbacks)}"
    if made.ask_for:
        yield f"  to ask for  {', '.join(made.ask_for)}"


def _times(made: Decision) -> Iterator[str]:
    rows = (
        ("not before", made.not_before),
        ("not after", made.not_after),
        ("answer by", made.respond_by),
        ("expires", made.expires_at),
    )
    if any(at for _, at in rows):
        yield "Times"
    for name, at in rows:
        if at is not None:
            yield f"  {name:<11} {say_time(at, made.timezone)}"


def _history(one: Explained) -> Iterator[str]:
    known = {each.revision: each for each in (*one.history, one.made)}
    for revision in sorted(known):
        made = known[revision]
        cause = made.cause or "first"
        mark = "  <- this one" if revision == one.made.revision else ""
        what = (
            "withdrawn" if made.type == "decision.cancelled" else f"{made.action} on {made.channel}"
        )
        yield (
            f"  {revision}  {say_time(made.decided_at)}  {cause:<18} {what}, queue {made.queue}, "
            f"priority {made.priority}, rule {made.rule}{mark}"
        )
    if set(known) != set(range(max(known) + 1)):
        yield "  (others were not looked up or are not kept any more)"


def _differ(differences: tuple[Difference, ...]) -> Iterator[str]:
    for one in differences:
        yield f"  {one.field}: recorded {one.recorded!r}, the rules say {one.expected!r}"


def tell_why_not(found: WhyNot) -> Iterator[str]:
    """Why not a channel, and what would have had to differ."""
    yield f"Why not {found.channel}?" if found.because is not Because.TAKEN else f"{found.channel}"
    yield f"  {found.said}"
    if found.remedy:
        yield f"  {found.remedy}"
    if found.choice:
        yield f"  {found.choice}"
    detours = found.detours
    if detours.found:
        yield f"  Rules that ask for {found.channel}, nearest first:"
    for detour in detours.found[:SHOWN_DETOURS]:
        yield from _tell_detour(detour)
    if len(detours.found) > SHOWN_DETOURS:
        yield f"    and {len(detours.found) - SHOWN_DETOURS} more"
    if found.because is Because.RULES and not (detours.found or detours.undecided):
        yield f"  No rule of this file asks for {found.channel}."
    for rule in detours.undecided:
        yield f"    {rule}: too large to find out"
    for said in found.unknown:
        yield f"  {said}"


def _tell_detour(detour: Detour) -> Iterator[str]:
    behind = f": `{detour.behind}` above it took the contact" if detour.behind else ""
    yield f"    {detour.rule} (line {detour.line}){behind}"
    for asked in detour.failed:
        met = ", ".join(f"{name} is {say_fact(value)}" for name, value in asked.facts.items())
        yield f"      ✗ {asked.said} ({met})"
    changes = " and ".join(
        f"{one.fact} {say_fact(one.now)} -> {say_fact(one.then)}" for one in detour.changes
    )
    yield f"      with {changes} the way is {' > '.join(detour.path)}"


def say_time(at: datetime, zone: str = "") -> str:
    """A moment in UTC; in the zone of a callback too."""
    said = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    try:
        local = at.astimezone(ZoneInfo(zone)) if zone and zone != "UTC" else None
    except (ZoneInfoNotFoundError, ValueError):
        return said
    return said if local is None else f"{said}  ({local:%H:%M} in {zone})"


def tell_action(made: Decision) -> str:
    """A decision in a few words."""
    sign = " (not live)" if made.effect is Effect.NONE else ""
    on = "" if made.action is Action.RECORD else f" on {made.channel}"
    return (
        f"{made.action}{on}, queue {made.queue}, priority {made.priority}, rule {made.rule}{sign}"
    )
