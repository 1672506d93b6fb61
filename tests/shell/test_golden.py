"""The 22 pitfalls through Kafka: the same decisions as in the pure core."""

from __future__ import annotations

import msgspec

from services.contact.codec import encode_event
from services.contact.decision import Decision
from services.runtime.embedded import Broker
from tests.golden.cases import Golden, load_all
from tests.golden.test_pitfalls import play
from tests.laws.rules import TABLE
from tests.servers import ValkeyUnderTest
from tests.shell.test_scenarios import comparable
from tests.shell.through_kafka import Deployment


def _apart(golden: Golden) -> Golden:
    """The pitfall with customers of its own, so that all can share the topics."""
    mark = f"p{golden.pitfall.pitfall}-"
    events = tuple(
        msgspec.structs.replace(one, customer_id=mark + one.customer_id) for one in golden.events
    )
    return msgspec.structs.replace(golden, events=events)


def _timeless(decision: Decision) -> Decision:
    """The stories lie in the past: whether a queue is open now is not theirs to say."""
    reason = decision.reason.partition(" Closed now")[0]
    return msgspec.structs.replace(comparable(decision), reason=reason)


def test_the_pitfalls_end_alike_through_kafka(
    broker: Broker, valkey: ValkeyUnderTest, prefix: str
) -> None:
    """Times and positions aside, each decision equals that of the pure core."""
    deployment = Deployment(broker.bootstrap, valkey.url, prefix)
    pitfalls = [_apart(golden) for golden in load_all()]
    expected = [
        _timeless(decision)
        for golden in pitfalls
        for played in play(TABLE, golden)
        for decision in played.verdict.decisions
    ]
    with deployment.router():
        deployment.send_raw([encode_event(one) for golden in pitfalls for one in golden.events])
        deployment.await_all()
    made = {one.decision_id: _timeless(one) for one in deployment.decisions()}
    assert len(expected) > 22
    assert made == {one.decision_id: one for one in expected}
