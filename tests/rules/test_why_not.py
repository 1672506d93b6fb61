"""Why not this channel: what is said would have to differ does make the tree choose that rule."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.contact.decision import Action, Decision, DecisionType, Fact, Skip
from services.contact.event import Channel
from services.router.core.table import Facts, Plan, Table
from services.router.rules.detours import Detour, find_detours
from services.router.rules.reaching import space_of
from services.router.rules.tree import Rules
from services.router.rules.why_not import Because, WhyNot, why_not
from tests.rules.test_explaining import loaded, tree_of
from tests.rules.test_lint import facts_for
from tests.rules.test_matching import crowds, routes

CHANNELS = ["chosen", "same", "phone", "chat", "email"]


def leads(plan: Plan, facts: Facts) -> bool:
    """The plan asks for the phone itself."""
    del facts
    return plan.channel == "phone"


def applied(facts: Facts, detour: Detour) -> Facts:
    """The facts with the changes that were named."""
    return {**facts, **{change.fact: change.then for change in detour.changes}}


def with_channels(rules: list[dict[str, Any]], draw: st.DrawFn) -> list[dict[str, Any]]:
    """The same rules, some with a channel of their own."""
    for rule in rules:
        if draw(st.booleans()):
            rule["channel"] = draw(st.sampled_from(CHANNELS))
        rule["routes"] = with_channels(rule.get("routes", []), draw)
    return rules


@st.composite
def trees(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rules that lead to channels, side by side and below each other."""
    return with_channels(draw(routes() | crowds()), draw)


def reaches_phone(table: Table, facts: Facts, rule: str) -> bool:
    """Does the tree answer with the rule, or a refinement of it that asks for the phone?"""
    match = table.match(facts)
    return rule in match.path and match.plan.channel == "phone"


@pytest.mark.timeout(400)
@settings(max_examples=60, deadline=None)
@given(trees(), st.data())
def test_the_named_changes_make_the_tree_choose_the_rule(
    tree: list[dict[str, Any]], data: st.DataObject
) -> None:
    """For any tree and facts: with the changes the rule answers, and without one of them it does not."""
    rules, table = loaded(tree_of(tree))
    facts = data.draw(facts_for(table.reads))
    assume(table.match(facts).plan.channel != "phone")
    detours = find_detours(rules, table, facts, leads)
    for one in detours.found:
        assert reaches_phone(table, applied(facts, one), one.rule), one
        assert table.match(applied(facts, one)).path == one.path
        assert all(change.now == facts.get(change.fact) for change in one.changes)
        assert one.changes
        for left_out in one.changes:
            rest = {**applied(facts, one), left_out.fact: facts.get(left_out.fact)}
            assert not reaches_phone(table, rest, one.rule), (one, left_out)
    sizes = [len(one.changes) for one in detours.found]
    assert sizes == sorted(sizes)


@pytest.mark.timeout(400)
@settings(max_examples=60, deadline=None)
@given(trees(), st.data())
def test_no_fewer_facts_would_do_and_dead_means_none(
    tree: list[dict[str, Any]], data: st.DataObject
) -> None:
    """No other value of one fact, nor of two, does what is said to take more."""
    rules, table = loaded(tree_of(tree))
    facts = data.draw(facts_for(table.reads))
    assume(table.match(facts).plan.channel != "phone")
    detours = find_detours(rules, table, facts, leads)
    near = list(changed_facts(rules, facts, 1))
    near += itertools.islice(changed_facts(rules, facts, 2), 3_000)
    for number, other in near:
        for one in detours.found:
            fewer = number < len(one.changes)
            assert not (fewer and reaches_phone(table, other, one.rule)), (one, other)
        for rule in detours.dead:
            assert not reaches_phone(table, other, rule)


def changed_facts(rules: Rules, facts: Facts, number: int) -> Any:
    """The facts with so many of them changed, to a value of every cell."""
    cells = space_of(rules).cells
    for names in itertools.combinations(sorted(cells), number):
        for values in itertools.product(*(cells[name] for name in names)):
            changed = {name: cell.value for name, cell in zip(names, values, strict=True)}
            yield number, {**facts, **changed}


# ------------------------------------------------------------------------------ one decision at a time
TREE = [
    {"id": "vip", "when": {"customer.segment": "key"}, "queue": "calls"},
    {
        "id": "call",
        "when": {"channel": "email", "thread.exchanges": {"gte": 2}, "message.closing": False},
        "channel": "phone",
        "once_per": "thread",
    },
    {"id": "asked", "when": {"kind": "callback.requested"}, "channel": "phone"},
]
FACTS: dict[str, Fact] = {
    "customer.segment": "",
    "channel": "email",
    "thread.exchanges": 1,
    "message.closing": False,
    "once.call": False,
    "kind": "message",
}


def decision(facts: dict[str, Fact], **fields: Any) -> Decision:
    """What was decided on these facts."""
    _, table = loaded(tree_of(TREE))
    match = table.match(facts)
    said: dict[str, Any] = {
        "decision_id": "d",
        "type": DecisionType.MADE,
        "revision": 0,
        "event_id": "e",
        "source": "s",
        "customer_id": "c",
        "contact_id": "k",
        "action": Action.ROUTE,
        "from_channel": Channel.EMAIL,
        "channel": Channel.EMAIL,
        "executor": "x",
        "queue": match.plan.queue,
        "priority": match.plan.priority,
        "rule": match.plan.rule,
        "path": match.path,
        "facts": facts,
        "rules_version": table.version,
        "decided_at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    return Decision(**{**said, **fields})


def asked(made: Decision, channel: Channel = Channel.PHONE) -> WhyNot:
    """Why not that channel."""
    return why_not(*loaded(tree_of(TREE)), made, channel)


def test_the_nearest_rule_comes_first_with_the_question_that_failed() -> None:
    """One more exchange would have done; another kind of event would have, too."""
    found = asked(decision(FACTS))
    assert found.because is Because.RULES
    call, callback = found.detours.found
    assert (call.rule, [(c.fact, c.now, c.then) for c in call.changes]) == (
        "call",
        [("thread.exchanges", 1, 2)],
    )
    assert [one.said for one in call.failed] == ["thread.exchanges >= 2"]
    assert [(c.fact, c.then) for c in callback.changes] == [("kind", "callback.requested")]
    assert found.choice == "Without another rule: the customer would have to choose phone."
    assert any("not recorded" in one for one in found.unknown)


def test_the_rule_above_that_took_it_is_named() -> None:
    """All that the rule asks for holds, but another stands above it."""
    found = asked(decision({**FACTS, "customer.segment": "key", "thread.exchanges": 3}))
    call = found.detours.found[0]
    assert (call.rule, call.behind, call.failed) == ("call", "vip", ())
    assert [(c.fact, c.now) for c in call.changes] == [("customer.segment", "key")]


def test_a_channel_that_was_skipped_is_a_matter_of_reach() -> None:
    """The rules asked for it; what would have to differ is the customer's consent."""
    facts = {**FACTS, "thread.exchanges": 2}
    found = asked(decision(facts, skips=(Skip(Channel.PHONE, "consent_refused"),)))
    assert found.because is Because.REACH
    assert "does not consent" in found.said
    assert "would have to consent" in found.remedy
    assert not found.detours.found


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": Action.ATTACH}, "escalation of this matter is open"),
        ({"action": Action.RECORD}, "only filed"),
        ({"cause": "sentiment", "revision": 1}, "A mood changes"),
        ({"type": DecisionType.CANCELLED, "revision": 1}, "takes an earlier decision back"),
    ],
)
def test_what_bound_the_contact_is_said_instead_of_rules(fields: dict[str, Any], said: str) -> None:
    """Where no rule could have led there, no rule is named."""
    found = asked(decision(FACTS, **fields))
    assert found.because is Because.BOUND
    assert said in found.said
    assert not found.detours.found


def test_a_call_that_rings_is_never_moved() -> None:
    """A rule that asks for chat would not have helped."""
    ringing = {**FACTS, "channel": "phone", "kind": "call.offered"}
    made = decision(ringing, from_channel=Channel.PHONE, channel=Channel.PHONE)
    assert asked(made).because is Because.TAKEN
    found = asked(made, Channel.CHAT)
    assert (found.because, "never moved" in found.said) == (Because.BOUND, True)


def test_a_channel_that_no_rule_asks_for_has_no_detours() -> None:
    """There is nothing to name but the customer's choice."""
    found = asked(decision(FACTS), Channel.SOCIAL)
    assert found.detours.found == ()
    assert "choose social" in found.choice


def test_a_fallback_says_that_it_is_one() -> None:
    """It comes once what stands before it has failed."""
    found = asked(decision(FACTS, fallbacks=(Channel.CHAT, Channel.PHONE)))
    assert "fallback 2" in found.choice
