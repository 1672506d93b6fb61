"""The default rule file: what it answers, and that it explains itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.contact.decision import Fact
from services.router.core.table import CHOSEN, SAME, Match, Span, Table
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default, read_text
from services.router.rules.schema import RuleFile
from services.router.rules.structure import model_at

HOUR = 3_600_000


@pytest.fixture(scope="module")
def text() -> str:
    """The text of the default file."""
    return read_text()[1]


@pytest.fixture(scope="module")
def table(text: str) -> Table:
    """The default file, compiled."""
    loaded = load_table(text)
    assert isinstance(loaded, Table), [str(problem) for problem in loaded]
    return loaded


def match_with(table: Table, **changes: Fact) -> Match:
    """The answer to a customer's first e-mail, with some facts changed (`__` stands for a dot)."""
    facts: dict[str, Fact] = {
        "kind": "message",
        "channel": "email",
        "thread.exchanges": 0,
        "message.closing": False,
        "mood.count": 0,
    }
    facts.update({name.replace("__", "."): value for name, value in changes.items()})
    return table.match(facts)


def test_the_root_has_the_defaults_of_the_design(table: Table) -> None:
    """Chosen channel, queue general, priority 5, the five targets, fallback chosen then same."""
    plan = table.root.plan
    assert (plan.channel, plan.queue, plan.priority) == (CHOSEN, "general", 5)
    assert plan.fallback == (CHOSEN, SAME)
    assert plan.respond_within_ms == {
        "phone": 20_000,
        "chat": 45_000,
        "social": HOUR,
        "email": 4 * HOUR,
        "callback": 2 * HOUR,
    }


def test_a_first_email_gets_the_defaults(table: Table) -> None:
    """Scenario 2: nothing special, the root answers."""
    assert match_with(table).path == ("default",)


def test_two_exchanges_by_email_lead_to_a_call_once_in_a_thread(table: Table) -> None:
    """Scenario 3, and not again after it has fired."""
    found = match_with(table, thread__exchanges=2)
    assert found.path == ("default", "email-to-phone")
    plan = found.plan
    assert (plan.channel, plan.queue, plan.priority) == ("phone", "callbacks", 2)
    assert (plan.once_per, plan.expires_after_ms) == ("thread", 24 * HOUR)
    again = match_with(table, thread__exchanges=2, **{"once.email-to-phone": True})
    assert again.path == ("default",)


@pytest.mark.parametrize(
    "changes",
    [{"thread__exchanges": 1}, {"message__closing": True}, {"channel": "chat"}],
    ids=["one exchange", "a thank-you", "another channel"],
)
def test_no_call_without_two_exchanges_an_open_question_and_email(
    table: Table, changes: dict[str, Any]
) -> None:
    """Scenarios 4, 6 and 7: each of the three conditions is needed."""
    found = match_with(table, **{"thread__exchanges": 2, **changes})
    assert found.path == ("default",)


def test_an_upset_customer_goes_to_care_on_the_same_channel(table: Table) -> None:
    """Scenario 23: priority and queue change, the channel does not."""
    found = match_with(table, message__sentiment=-0.9)
    assert found.path == ("default", "upset-customer")
    assert (found.plan.channel, found.plan.queue, found.plan.priority) == (CHOSEN, "care", 2)
    assert match_with(table, mood__score=-0.6, mood__count=3).path[-1] == "upset-customer"
    assert match_with(table, mood__score=-0.6, mood__count=2).path == ("default",)


def test_an_upset_customer_with_two_exchanges_is_still_called_and_sooner(table: Table) -> None:
    """Scenarios 3 and 23 together: the call stays, with a better priority."""
    found = match_with(table, thread__exchanges=2, message__sentiment=-0.9)
    assert found.path == ("default", "email-to-phone", "email-to-phone-upset")
    assert (found.plan.channel, found.plan.queue, found.plan.priority) == ("phone", "callbacks", 1)


def test_requests_for_a_call_and_for_a_person_are_kept(table: Table) -> None:
    """A requested callback goes to the phone; a bot's handover stays where the talk is."""
    call = match_with(table, kind="callback.requested", channel="chat")
    assert (call.plan.rule, call.plan.channel, call.plan.queue) == (
        "callback-requested",
        "phone",
        "callbacks",
    )
    person = match_with(table, kind="handoff.requested", channel="chat")
    assert (person.plan.rule, person.plan.channel, person.plan.reroute) == (
        "bot-to-human",
        SAME,
        True,
    )


def test_the_language_leads_to_a_queue(table: Table) -> None:
    """Bg and bg-BG are Bulgarian; bgc, another language, is not."""
    queues = [
        match_with(table, customer__language=tag).plan.queue for tag in ("bg", "bg-BG", "bgc")
    ]
    assert queues == ["bulgarian", "bulgarian", "general"]


def test_callbacks_are_open_from_eight_to_twenty_where_the_customer_is(table: Table) -> None:
    """Scenario 13 rests on this; general is always open."""
    queue = table.queues["callbacks"]
    assert queue.week == ((Span(480, 1200),),) * 7
    assert queue.timezone == "customer"
    assert table.queues["general"].week is None


def test_every_key_of_the_language_stands_in_the_file_under_a_comment(text: str) -> None:
    """The file is a tutorial: each key is used, and a comment explains its first use."""
    lines = text.splitlines()
    keys = keys_of(RuleFile)
    assert keys >= {"settings", "stale_after", "hours", "once_per", "fallback", "when"}
    for key in keys:
        uses = [n for n, line in enumerate(lines) if re.match(rf"\s*(- )?{key}:", line)]
        assert uses, f"the key {key} is not shown"
        above = uses[0]
        while above > 0 and not lines[above - 1].strip().startswith("#"):
            above -= 1
            assert lines[above].strip(), f"no comment above {key}"


def keys_of(model: Any, seen: frozenset[Any] = frozenset()) -> set[str]:
    """All keys below a model, but channels and targets, which explain themselves."""
    found = set(model.model_fields) - {"phone", "chat", "email", "social", "callback"}
    for key in set(found):
        below = model_at(model, (key,))
        below = below if hasattr(below, "model_fields") else model_at(model, (key, "any"))
        if hasattr(below, "model_fields") and below not in seen:
            found |= keys_of(below, seen | {below})
    return found


def test_the_default_file_is_found_in_a_clone() -> None:
    """Without a name the file is `deploy/rules/routing.yaml` of the clone."""
    assert find_default().name == "routing.yaml"
    assert find_default().parent.name == "rules"
