"""The scenarios through Kafka: the same stories, the same ends, on both brokers."""

from __future__ import annotations

import time

import msgspec

from services.contact.decision import Decision
from services.runtime.embedded import Broker
from tests.laws.rules import TABLE
from tests.scenarios.cases import CASES, Result
from tests.scenarios.story import Story
from tests.scenarios.test_core import play
from tests.servers import ValkeyUnderTest
from tests.shell.through_kafka import Deployment

TIMES = ("decided_at", "position", "not_before", "not_after", "respond_by", "expires_at")


def comparable(decision: Decision) -> Decision:
    """A decision, times and positions aside."""
    blank = dict.fromkeys(TIMES[1:])
    return msgspec.structs.replace(decision, decided_at=msgspec.UNSET, **blank)


def test_the_scenarios_end_alike_through_kafka(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str
) -> None:
    """Every scenario holds on the topics, and each decision equals that of the pure core."""
    deployment = Deployment(broker.bootstrap, valkey.url, prefix)
    now = round(time.time() * 1000)
    stories = []
    for case in CASES:
        story = Story(f"s{case.number}", now)
        case.tell(story)
        stories.append(story)
    with deployment.router():
        deployment.send([one for story in stories for one in story.inputs])
        deployment.await_all()
    made: dict[str, list[Decision]] = {}
    for decision in deployment.decisions():
        made.setdefault(decision.customer_id, []).append(decision)
    for case, story in zip(CASES, stories, strict=True):
        pure = play(TABLE, story)
        results = []
        for event, expected in zip(story.inputs, pure, strict=True):
            mine = made.get(event.customer_id, [])
            taken = tuple(mine[: len(expected.decisions)])
            del mine[: len(expected.decisions)]
            results.append(Result(expected.outcome, taken))
            assert [comparable(one) for one in taken] == [
                comparable(one) for one in expected.decisions
            ], case.law
        case.check(results, story)
    assert not any(made.values())
