"""Laws of the remembered state: it packs, it stays small, two of them can be united."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contact.decision import Outcome
from services.contact.event import Channel, Handle, Kind, Profile
from services.router.core.customer import (
    MAX_STATE_BYTES,
    Customer,
    FormatUnknownError,
    pack,
    unpack,
)
from services.router.core.decide import decide
from services.router.core.unite import merge
from tests.laws.rules import TABLE
from tests.laws.test_exchanges import begun, fold, told, turns
from tests.scenarios.story import HOUR, MINUTE, Story

NOW = 1_763_985_600_000


def _lived(name: str, turns: str) -> Customer:
    story = Story(name, NOW)
    customer = begun(story)
    return fold(customer, told(turns, story))[0]


@settings(max_examples=60, deadline=None)
@given(one=turns, other=turns, same=st.booleans())
def test_merge_is_commutative_and_idempotent(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    """merge(a, b) = merge(b, a); merge(a, a) = a; merging b again changes nothing."""
    a = _lived("anna", one)
    b = _lived("anna" if same else "ana", other)
    both = merge(a, b)
    assert both == merge(b, a)
    assert merge(a, a) == a
    assert merge(both, b) == both
    assert unpack(pack(both)) == both


def test_a_packed_state_of_another_kind_is_refused() -> None:
    """Bytes that are no state, or a later format, never turn into a customer."""
    with pytest.raises(FormatUnknownError):
        unpack(b"not a state")
    with pytest.raises(FormatUnknownError, match="state format 2"):
        unpack(b"\x92\x02" + pack(Customer(id="x"))[2:])


def test_a_customer_of_a_thousand_threads_stays_within_the_limit() -> None:
    """Old threads are cut and counted, none of the events is refused, a cut thread is silent."""
    story = Story("busy", NOW)
    customer = begun(story)
    for number in range(600):
        start = -(600 - number) * HOUR
        fields: dict[str, Any] = {
            "message_id": f"{number}-{'x' * 200}@mail.example",
            "in_reply_to": (),
            "references": tuple(f"{number}-{ref}@old.example" for ref in range(60)),
            "contact_id": f"contact-{number}-{'y' * 200}",
            "event_id": f"event-{number}-{'z' * 200}",
        }
        customer, _ = fold(customer, [story.c(start, **fields)])
        assert len(pack(customer)) <= MAX_STATE_BYTES
    assert customer.summarised > 0
    assert customer.threads[-1].summarised is False


def test_a_state_that_cannot_be_made_small_refuses_the_event() -> None:
    """What would not fit is refused with its code, and what was remembered stays."""
    story = Story("vast", NOW)
    handles = tuple(Handle(kind=Channel.SOCIAL, value=f"{n}{'h' * 4000}") for n in range(16))
    event = story.tell(Kind.PROFILE_UPDATED, -MINUTE, profile=Profile(handles=handles))
    verdict = decide(TABLE, None, event, NOW)
    assert verdict.outcome is Outcome.REJECTED
    assert verdict.reject is not None
    assert verdict.reject.code == "state_too_large"
    assert verdict.customer is None


def test_an_ordinary_customer_is_small() -> None:
    """A customer with one thread of two exchanges packs into a few hundred bytes."""
    assert len(pack(_lived("anna", "CACA"))) <= 700
