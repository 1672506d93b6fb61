"""What stands when the rules change: which decisions are open, and what other rules make of them.

Pure. Whoever asks for revisions and whoever only counts them lists and decides alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import msgspec

from services.contact.decision import Decision
from services.contact.event import ContactEvent, Kind
from services.router.core import life
from services.router.core.capacity import Room
from services.router.core.compose import decision_id
from services.router.core.customer import Customer, Standing
from services.router.core.decide import decide
from services.router.core.table import Table
from services.router.core.verdict import Verdict

SOURCE = "omniroute"
"""The source of the requests."""


class Change(msgspec.Struct, frozen=True):
    """One decision that other rules would revise."""

    before: Standing
    after: Decision


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions are asked about, and how the requests are named."""

    run: str
    """Makes the event ids of one run of the command its own: asking twice does no harm."""
    now: int
    """ms since the epoch."""
    since: int
    """Decisions made before this are left alone, ms since the epoch."""


def list_open(customer: Customer, asking: Asking) -> Iterator[Standing]:
    """The decisions that a request would be heard about, oldest first."""
    for one in sorted(customer.standings, key=lambda standing: standing.decided_at):
        if one.decided_at >= asking.since and life.is_open(customer, one, asking.now):
            yield one


def request(customer: Customer, standing: Standing, asking: Asking) -> ContactEvent:
    """The event that asks for a decision to be decided anew."""
    wanted = decision_id(standing.source, standing.event_id, standing.revision)
    return ContactEvent(
        event_id=f"revision-{asking.run}-{wanted}",
        source=SOURCE,
        kind=Kind.REVISION_REQUESTED,
        customer_id=customer.id,
        contact_id=standing.contact_id,
        decision_id=wanted,
    )


def try_rules(table: Table, customer: Customer, asking: Asking, room: Room) -> list[Change]:
    """What these rules would revise, within what its queues may still be given."""
    held: Customer | None = customer
    changes = []
    for standing in list_open(customer, asking):
        event = msgspec.structs.replace(
            request(customer, standing, asking),
            received_at=datetime.fromtimestamp(asking.now / 1000, UTC),
        )
        judge = partial(_judge, table, held, event, asking.now)
        verdict, given = room.decide(held, event, judge)
        room.take(given)
        held = verdict.customer
        changes += [Change(standing, one) for one in verdict.decisions]
    return changes


def _judge(  # noqa: PLR0917 - bound by `partial`, in the order of `decide`
    table: Table, customer: Customer | None, event: ContactEvent, now: int, full: frozenset[str]
) -> Verdict:
    return decide(msgspec.structs.replace(table, full=full), customer, event, now)
