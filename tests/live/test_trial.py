"""A candidate beside the live rules: what is compared, who is decided by whom, when it stops."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.contact.decision import Decision, Position
from services.contact.event import ContactEvent
from services.contact.topics import EVENTS, LIVE_DECISION, SHADOW
from services.router.core.customer import Customer
from services.router.core.edition import Edition, in_canary
from services.router.core.table import Table
from services.router.live.beside import Beside, Trials
from services.router.live.directory import Limits
from services.router.live.guardrails import Arm, find_breach
from services.router.rules.file import load_table
from tests.live.rule_texts import write_rules
from tests.scenarios.story import HOUR, Story

NOW = 1_763_985_600_000


def load(exchanges: int, queue: str = "general") -> Table:
    """A table."""
    table = load_table(write_rules(exchanges, queue))
    assert isinstance(table, Table)
    return table


LIVE, LATER, MOVED = load(2), load(3), load(2, "other")


def told(name: str) -> list[ContactEvent]:
    """Two exchanges, then one more mail."""
    story = Story(name, NOW)
    story.knows_phone()
    story.two_exchanges()
    story.c(-HOUR)
    return [one for one in story.inputs if isinstance(one, ContactEvent)]


def fold(edition: Edition, names: list[str]) -> tuple[list[Decision], Trials]:
    """Decide these customers' stories in one batch."""
    beside = Beside(edition, NOW)
    made: list[Decision] = []
    offset = 0
    for name in names:
        held: Customer | None = None
        for event in told(name):
            verdict = beside.judge(held, event, Position(EVENTS, 3, offset))
            held, offset = verdict.customer, offset + 1
            made += verdict.decisions
    trials = beside.tell()
    assert trials is not None
    return made, trials


def test_a_shadow_is_compared_and_published_and_decides_nothing() -> None:
    """Law: what is decided is what the live rules say; each difference names the live decision."""
    made, trials = fold(Edition(table=LIVE, candidate=LATER, generation=7), ["anna"])
    assert {one.rules_version for one in made} == {LIVE.version}
    (one,) = trials.disagreements
    assert (one.differs, one.live) == ("action", made[-1])
    assert one.other is not None
    assert one.other.rules_version == LATER.version
    (record,) = trials.list_outgoing()
    assert (record.topic, record.partition, record.key) == (SHADOW, 3, b"anna")
    assert dict(record.headers)[LIVE_DECISION] == made[-1].decision_id.encode()
    assert (trials.generation, trials.failed) == (7, 0)
    assert trials.compared == len(told("anna"))


def test_an_equal_candidate_disagrees_about_nothing() -> None:
    """Law: no difference in the rules, none in the decisions."""
    same = msgspec.structs.replace(LIVE, version="another")
    assert fold(Edition(table=LIVE, candidate=same), ["anna"])[1].disagreements == ()


def test_a_canary_decides_its_share_and_nobody_else() -> None:
    """Law: each customer's decisions are of one table, the one that the id says."""
    names = [f"c{number}" for number in range(40)]
    edition = Edition(table=LIVE, candidate=MOVED, percent=30)
    made, trials = fold(edition, names)
    for one in made:
        own = MOVED if in_canary(one.customer_id, 30) else LIVE
        assert one.rules_version == own.version
    assert trials.canary.decisions == sum(one.rules_version == MOVED.version for one in made)
    assert trials.live.decisions == len(made) - trials.canary.decisions
    assert trials.canary.escalations > 0


def test_a_candidate_that_fails_costs_the_live_rules_nothing() -> None:
    """Law: a defect in a shadow is counted; in a canary it is that arm's error."""

    def fail(_: object) -> bool:
        raise RuntimeError

    node = msgspec.structs.replace(LIVE.root.children[0], test=fail)
    root = msgspec.structs.replace(LIVE.root, children=(node,), switch=None)
    bad = msgspec.structs.replace(LIVE, version="bad", root=root)
    made, trials = fold(Edition(table=LIVE, candidate=bad), ["anna"])
    assert made
    assert trials.failed > 0
    assert trials.disagreements == ()


def arm(decisions: int, **more: int) -> Arm:
    """An arm with these counts."""
    return Arm(decisions=decisions, records=decisions, **more)


def test_nothing_is_judged_before_both_arms_have_decided_enough() -> None:
    """Law: 199 decisions stop nothing, however bad."""
    worst = arm(199, escalations=199)
    assert find_breach(arm(5000), worst, Limits()) == ""
    assert "escalations" in find_breach(arm(5000), arm(200, escalations=200), Limits())
    assert find_breach(arm(199), arm(5000, escalations=5000), Limits()) == ""


def test_each_guardrail_says_why_it_stops() -> None:
    """Law: escalations, unreachable, errors and latency are told with figures and limit."""
    base = arm(1000, escalations=50, unreachable=20, nanoseconds=1000 * 100_000)
    for what, canary in (
        ("escalations 30.0%", arm(1000, escalations=300, unreachable=20)),
        ("unreachable 20.0%", arm(1000, escalations=50, unreachable=200)),
        ("errors 5.0%", arm(1000, escalations=50, unreachable=20, errors=50)),
        ("latency 500 µs", arm(1000, nanoseconds=1000 * 500_000)),
    ):
        assert what in find_breach(base, canary, Limits())
    good = arm(1000, escalations=60, unreachable=25, nanoseconds=1000 * 120_000)
    assert find_breach(base, good, Limits()) == ""


@given(st.integers(200, 3000), st.integers(200, 3000), st.floats(0, 1))
def test_equal_shares_never_stop_a_canary(live: int, canary: int, share: float) -> None:
    """Law: an arm that does as the other is left alone."""
    pair = [
        arm(n, escalations=round(n * share), unreachable=round(n * share)) for n in (live, canary)
    ]
    assert find_breach(pair[0], pair[1], Limits()) == ""
