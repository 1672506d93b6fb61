"""The executor of the played day keeps the rules that every executor must keep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from services.cli.day.desk import Desk
from services.cli.day.expect import REMEMBERED, Expected
from services.cli.day.people import Person
from services.cli.day.script import Act, Reaction, Story
from services.contact.decision import Decision
from services.contact.event import ContactEvent, Kind

PERSON = Person(id="c", name="Ana", language="en", timezone="UTC", phone="", email="", chat="")
DONE = [Kind.ROUTING_ACCEPTED, Kind.ROUTING_STARTED, Kind.ROUTING_COMPLETED]


def decision(revision: int = 0, **changes: object) -> Decision:
    """A callback for event e-1, or a revision of it."""
    fields = {
        "decision_id": f"d-{revision}",
        "type": "decision.revised" if revision else "decision.made",
        "revision": revision,
        "event_id": "e-1",
        "source": "mail",
        "customer_id": "c",
        "contact_id": "k",
        "action": "callback",
        "from_channel": "email",
        "channel": "phone",
        "executor": "telephony",
        "queue": "callbacks",
        "priority": 2,
        "rule": "email-to-phone",
        "rules_version": "v",
        "decided_at": "2026-11-22T10:00:00Z",
    }
    return msgspec.convert({**fields, **changes}, Decision)


class Heard:
    """What the desk has reported."""

    def __init__(self) -> None:
        self.events: list[ContactEvent] = []

    async def __call__(self, event: ContactEvent, expected: Expected, story: Story | None) -> None:
        """Take a report, which must say what is expected of it."""
        assert isinstance(expected, Expected)
        assert story is None or story.person is PERSON
        self.events.append(event)

    @property
    def kinds(self) -> list[Kind]:
        """In order."""
        return [event.kind for event in self.events]


async def until(condition: Callable[[], bool]) -> None:
    """Wait, within a bound."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the desk tells nobody that it rests
            await asyncio.sleep(0.001)


async def at_rest(desk: Desk) -> None:
    """Wait until the desk has nothing more to do."""
    await asyncio.sleep(0.005)
    await until(lambda: desk.busy == 0)
    assert desk.failure == ""


@pytest.fixture
def heard() -> Heard:
    """Where reports go."""
    return Heard()


@pytest.fixture
def desk(heard: Heard) -> Desk:
    """A desk that takes no time."""
    post: Callable[[ContactEvent, Expected, Story | None], Awaitable[None]] = heard
    return Desk(["telephony", "chat-desk"], post, pace_s=0.002)


async def test_a_callback_is_accepted_started_and_completed_once(desk: Desk, heard: Heard) -> None:
    """A decision that is read twice is carried out once."""
    desk.take(decision())
    desk.take(decision())
    await at_rest(desk)
    desk.take(decision())
    await at_rest(desk)
    assert heard.kinds == DONE
    assert {event.decision_id for event in heard.events} == {"d-0"}


@pytest.mark.parametrize(
    "changes",
    [{"effect": "none"}, {"executor": "somebody-else"}, {"type": "decision.cancelled"}],
)
async def test_what_is_not_for_us_is_left_alone(
    desk: Desk, heard: Heard, changes: dict[str, Any]
) -> None:
    """Only a live decision that names us is acted on."""
    desk.take(decision(**changes))
    await at_rest(desk)
    assert heard.events == []


async def test_the_highest_revision_wins_while_nobody_has_started(desk: Desk, heard: Heard) -> None:
    """A revision takes the place of what was decided before; one that comes late changes nothing."""
    desk.take(decision())
    desk.take(decision(2, priority=1))
    desk.take(decision(1))
    await at_rest(desk)
    assert heard.kinds == DONE
    assert {event.decision_id for event in heard.events} == {"d-2"}


@pytest.mark.parametrize(
    "changes", [{"action": "route", "channel": "email"}, {"effect": "none"}, {"executor": "other"}]
)
async def test_a_revision_that_takes_the_work_away_stops_it(
    desk: Desk, heard: Heard, changes: dict[str, Any]
) -> None:
    """Nobody is called after the decision to call has been replaced."""
    desk.take(decision())
    desk.take(decision(1, **changes))
    await at_rest(desk)
    assert heard.events == []


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "route", "channel": "email"},
        {"type": "decision.cancelled"},
        {"executor": "somebody-else"},
    ],
)
async def test_what_has_started_ignores_a_revision(
    desk: Desk, heard: Heard, changes: dict[str, Any]
) -> None:
    """A call that is going on is not broken off; the router is told that its revision did not count."""
    desk.take(decision())
    await until(lambda: Kind.ROUTING_STARTED in heard.kinds)
    desk.take(decision(1, **changes))
    await at_rest(desk)
    assert sorted(heard.kinds) == sorted([*DONE, Kind.ROUTING_STARTED])
    starts = [event for event in heard.events if event.kind is Kind.ROUTING_STARTED]
    assert [(one.cause, one.decision_id) for one in starts] == [
        ("", "d-0"), ("revision_ignored", "d-0"),
    ]  # fmt: skip
    assert {event.source for event in heard.events} == {"telephony"}
    assert desk.ignored == 1
    desk.take(decision(2, **changes))
    await at_rest(desk)
    assert len(heard.events) == len(DONE) + 1, "what is over has nothing to ignore"


async def test_a_planned_decision_waits_for_its_story_and_follows_its_plan(
    desk: Desk, heard: Heard
) -> None:
    """The desk does not call while the customer is still to write what the story tells."""
    refused = Act(kind=Kind.ROUTING_FAILED, cause="refused", expected=REMEMBERED)
    reaction = Reaction(event_id="e-1", acts=(Act(kind=Kind.ROUTING_ACCEPTED), refused))
    story = Story(name="call_refused", person=PERSON, steps=(), reactions=(reaction,))
    desk.plan(story)
    desk.take(decision())
    await asyncio.sleep(0.02)
    assert heard.events == []
    desk.tell(story)
    await at_rest(desk)
    assert heard.kinds == [Kind.ROUTING_ACCEPTED, Kind.ROUTING_FAILED]
    assert heard.events[-1].cause == "refused"


async def test_a_callback_of_the_morning_is_only_accepted(desk: Desk, heard: Heard) -> None:
    """Before `not_before` nobody rings."""
    desk.take(decision(not_before="2999-01-01T08:00:00Z"))
    await at_rest(desk)
    assert heard.kinds == [Kind.ROUTING_ACCEPTED]
