"""The 22 pitfalls through the pure core: threads, origins, exchanges, decisions."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from services.contact.decision import Decision, Position
from services.contact.event import ContactEvent, Kind
from services.contact.origin import judge_origin
from services.router.core.customer import Customer
from services.router.core.decide import Verdict, decide
from services.router.core.ledger import count
from services.router.core.table import Table
from services.router.core.thread import find, group
from services.router.rules.file import load_table
from tests.golden.cases import Expected, Golden, load_all

RULES = Path(__file__).parents[2] / "deploy" / "rules" / "routing.yaml"
GOLDEN = load_all()
BY_NAME = pytest.mark.parametrize("golden", GOLDEN, ids=[golden.name for golden in GOLDEN])


class Played(msgspec.Struct):
    """What came of one event, and the state after it."""

    event: ContactEvent
    verdict: Verdict
    expected: Expected

    @property
    def decision(self) -> Decision | None:
        """The one decision, if there is one."""
        assert len(self.verdict.decisions) <= 1, self.verdict.decisions
        return self.verdict.decisions[0] if self.verdict.decisions else None


@pytest.fixture(scope="module")
def table() -> Table:
    """The default rules."""
    loaded = load_table(RULES.read_text("utf-8"), RULES.name)
    assert isinstance(loaded, Table), loaded
    return loaded


def play(table: Table, golden: Golden) -> list[Played]:
    """Fold the events in order of arrival; the latest receipt time so far is the clock."""
    customers: dict[str, Customer | None] = {}
    played = []
    now = 0
    for offset, (event, expected) in enumerate(
        zip(golden.events, golden.pitfall.messages, strict=True)
    ):
        assert event.received_at is not None
        now = max(now, round(event.received_at.timestamp() * 1000))
        before = customers.get(event.customer_id)
        position = Position("contact.events", 0, offset)
        verdict = decide(table, before, event, now, position)
        assert verdict.reject is None
        customers[event.customer_id] = verdict.customer
        played.append(Played(event, verdict, expected))
    return played


def test_every_pitfall_has_its_folder() -> None:
    """Numbers 1 to 22, each once."""
    assert [golden.pitfall.pitfall for golden in GOLDEN] == list(range(1, 23))


@BY_NAME
def test_threads_are_as_expected(golden: Golden) -> None:
    """Files with one label end in one thread, files with two in two."""
    keys = group(golden.events)
    labels: dict[tuple[str, str], str] = {}
    for event, expected, key in zip(golden.events, golden.pitfall.messages, keys, strict=True):
        if event.kind is Kind.MESSAGE:
            assert labels.setdefault((event.customer_id, key), expected.thread) == expected.thread
    assert len(set(labels.values())) == len(labels)


@BY_NAME
def test_origins_are_as_expected(golden: Golden) -> None:
    """Who really wrote each message."""
    for event, expected in zip(golden.events, golden.pitfall.messages, strict=True):
        if expected.origin is None:
            continue
        found = judge_origin(event, golden.pitfall.ours)
        if found.origin == "unknown":  # a platform's event without headers: it counts as human
            assert expected.origin == "human", expected.file
        else:
            assert found.origin is expected.origin, (expected.file, found.evidence)


@BY_NAME
def test_exchanges_are_as_expected(golden: Golden, table: Table) -> None:
    """Completed exchanges after each message, and the fact in each decision."""
    last_key: dict[int, str] = dict(enumerate(group(golden.events)))
    for index, played in enumerate(play(table, golden)):
        expected = played.expected
        if expected.exchanges is None:
            continue
        assert played.verdict.customer is not None
        key = group(golden.events[: index + 1])[-1]
        where = find(played.verdict.customer, key)
        assert where is not None, (expected.file, key, last_key[index])
        counted = count(
            where.ledger,
            before=None,
            reopen_within_ms=table.settings.reopen_within_ms,
            idle_window_ms=table.settings.idle_window_ms,
        )
        assert counted.exchanges == expected.exchanges, expected.file
        if played.decision is not None and "thread.exchanges" in played.decision.facts:
            wanted = expected.decision_exchanges
            wanted = expected.exchanges if wanted is None else wanted
            assert played.decision.facts["thread.exchanges"] == wanted, expected.file


@BY_NAME
def test_decisions_are_as_expected(golden: Golden, table: Table) -> None:
    """The outcome of each event, and of each decision what it says and why."""
    made: dict[str, Decision] = {}
    labels: dict[str, str] = {}
    for played in play(table, golden):
        expected, decision = played.expected, played.decision
        assert played.verdict.outcome is expected.outcome, expected.file
        assert (decision is None) == (expected.action is None), (expected.file, decision)
        if decision is None:
            continue
        made[expected.file] = decision
        labels.setdefault(decision.thread_key, expected.thread)
        assert decision.action is expected.action, (expected.file, decision)
        assert decision.channel is expected.channel, expected.file
        assert decision.type is expected.type, expected.file
        assert decision.cause == expected.cause, expected.file
        if expected.rule is not None:
            assert decision.rule == expected.rule, expected.file
        if expected.closing is not None:
            assert decision.facts["message.closing"] is expected.closing, expected.file
        if expected.refers_to_file:
            assert decision.refers_to == made[expected.refers_to_file].decision_id


@BY_NAME
def test_what_else_is_expected_holds(golden: Golden, table: Table) -> None:
    """Attachments of signed mail; the thread that a weak link points to."""
    keys = dict(zip((m.thread for m in golden.pitfall.messages), group(golden.events), strict=True))
    for played in play(table, golden):
        if played.expected.attachments is not None:
            assert played.event.attachments_count == played.expected.attachments
        if played.expected.related:
            assert played.decision is not None
            related = played.decision.facts.get("thread.related", keys[played.expected.related])
            assert related == keys[played.expected.related]
