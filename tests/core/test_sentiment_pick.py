"""Laws of what is scored: customers, in their own words, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from services.contact.event import Actor, Channel, ContactEvent, Kind, Origin, Participants, Side
from services.sentiment.core.parts import MOST_CHARACTERS, MOST_PARTS
from services.sentiment.core.pick import Picked, Skipped, pick_text

OURS = ("help@shop.example", "desk.example")


def make_event(**fields: Any) -> ContactEvent:
    """A customer's message, with other fields."""
    given = {
        "event_id": "e1",
        "source": "test",
        "kind": Kind.MESSAGE,
        "customer_id": "c1",
        "channel": Channel.EMAIL,
        "text": "Where is my parcel?",
        **fields,
    }
    return ContactEvent(**given)


@pytest.mark.parametrize(
    ("fields", "skipped"),
    [
        ({"kind": Kind.CALL_OFFERED}, Skipped.NOT_A_MESSAGE),
        ({"side": Side.AGENT}, Skipped.NOT_THE_CUSTOMER),
        ({"actor": Actor(type=Side.AGENT)}, Skipped.NOT_THE_CUSTOMER),
        ({"participants": Participants(sender="help@shop.example")}, Skipped.NOT_THE_CUSTOMER),
        ({"participants": Participants(sender="ana@desk.example")}, Skipped.NOT_THE_CUSTOMER),
        ({"side": Side.BOT}, Skipped.MACHINE),
        ({"side": Side.CUSTOMER, "actor": Actor(type=Side.BOT)}, Skipped.MACHINE),
        ({"side": Side.SYSTEM}, Skipped.MACHINE),
        ({"origin": Origin.AUTO_REPLY}, Skipped.MACHINE),
        ({"origin": Origin.BOUNCE}, Skipped.MACHINE),
        ({"origin": Origin.LIST}, Skipped.MACHINE),
        ({"origin": Origin.SYSTEM}, Skipped.MACHINE),
        ({"is_private": True}, Skipped.PRIVATE),
        ({"is_echo": True}, Skipped.ECHO),
    ],
)
def test_what_no_customer_said_is_not_scored(fields: dict[str, Any], skipped: Skipped) -> None:
    """Law: agents, bots, machines, private notes and echoes are counted by reason, never scored."""
    assert pick_text(make_event(**fields), OURS) is skipped


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"side": Side.CUSTOMER},
        {"actor": Actor(type=Side.CUSTOMER)},
        {"origin": Origin.HUMAN},
        {"origin": Origin.UNKNOWN},
        {"participants": Participants(sender="ana@home.example")},
        # The platform's own word beats the address: a customer may write from our own domain.
        {"side": Side.CUSTOMER, "participants": Participants(sender="ana@desk.example")},
        {"channel": Channel.PHONE, "sub_channel": "transcript"},
    ],
)
def test_what_a_customer_said_is_scored(fields: dict[str, Any]) -> None:
    """Law: a message of origin human or unknown that is not ours is the customer's."""
    found = pick_text(make_event(**fields), OURS)
    assert isinstance(found, Picked)
    assert found.parts == ("Where is my parcel?",)


def test_the_text_without_quotes_is_taken_first() -> None:
    """Law: what others wrote in the quoted part does not count as the customer's mood."""
    found = pick_text(make_event(text="Thanks!\n> You are all useless.", text_stripped="Thanks!"))
    assert isinstance(found, Picked)
    assert found.parts == ("Thanks!",)


def test_a_long_text_is_cut_and_an_empty_one_stays_a_message() -> None:
    """Law: parts and their length are bounded; a message without words is still one."""
    long = pick_text(make_event(text="wo rd " * 10_000))
    empty = pick_text(make_event(text=" \n\t"))
    assert isinstance(long, Picked)
    assert isinstance(empty, Picked)
    assert len(long.parts) == MOST_PARTS
    assert max(map(len, long.parts)) <= MOST_CHARACTERS
    assert empty.parts == ()


def test_agents_are_scored_only_where_that_is_switched_on() -> None:
    """Law: off, an agent's message is skipped; on, it is the agent's; machines are never scored."""
    agent = make_event(side=Side.AGENT)
    assert pick_text(agent, OURS) is Skipped.NOT_THE_CUSTOMER
    found = pick_text(agent, OURS, agents=True)
    assert isinstance(found, Picked)
    assert found.side is Side.AGENT
    assert pick_text(make_event(side=Side.BOT), OURS, agents=True) is Skipped.MACHINE
