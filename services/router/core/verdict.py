"""What deciding one input comes to."""

from __future__ import annotations

import msgspec

from services.contact.decision import Decision, Outcome
from services.contact.reject import Reject
from services.router.core.customer import Customer


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What became of one input."""

    customer: Customer | None
    """The state after it; None where nothing is remembered of this customer."""
    changed: bool
    """Must `customer` be written?"""
    outcome: Outcome
    decisions: tuple[Decision, ...] = ()
    reject: Reject | None = None
