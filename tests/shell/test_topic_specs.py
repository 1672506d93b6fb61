"""Laws of the topics' specification: what is refused, and that each refusal names its remedy."""

from __future__ import annotations

import msgspec
import pytest

from services.contact import topics as names
from services.runtime.topic_specs import (
    CLEANUP,
    COMPACTION_LAG,
    DEADLETTER_ROOM_BYTES,
    DELETE_RETENTION,
    MAX_BYTES,
    TIMESTAMP,
    Place,
    TopicFound,
    find_problems,
    list_specs,
    list_unchecked,
)

PLACE = Place(brokers="kafka:9092", prefix="acme-")


def make_found(partitions: int = 8) -> dict[str, TopicFound]:
    """What a broker says right after `omniroute topics apply`."""
    return {
        spec.topic: TopicFound(partitions=partitions, configs=spec.create_configs(replicas=3))
        for spec in list_specs()
    }


def change_config(found: dict[str, TopicFound], topic: str, key: str, value: str) -> None:
    """Let the broker say something else about one setting of one topic."""
    has = found[topic]
    assert has.configs is not None
    found[topic] = msgspec.structs.replace(has, configs={**has.configs, key: value})


def test_what_apply_creates_has_no_problems() -> None:
    """Law: apply followed by check is good, for any partition count."""
    for partitions in (1, 8, 333):
        assert find_problems(make_found(partitions), PLACE, None) == ()


def test_each_missing_topic_is_named_with_the_command_that_creates_it() -> None:
    """Law: a missing topic is a problem, and its remedy carries brokers, prefix and count."""
    for topic in names.ALL:
        found = make_found(12)
        del found[topic]
        problems = find_problems(found, PLACE, 12)
        assert [p.topic for p in problems] == [f"acme-{topic}"]
        assert problems[0].remedy == (
            "omniroute topics apply --brokers kafka:9092 --prefix acme- --partitions 12"
        )


@pytest.mark.parametrize(
    ("topic", "key", "value"),
    [
        (names.EVENTS, TIMESTAMP, "CreateTime"),
        (names.EVENTS, CLEANUP, "compact"),
        (names.DECISIONS, MAX_BYTES, "1048588"),
        (names.MEMORY, CLEANUP, "delete"),
        (names.MEMORY, CLEANUP, "compact,delete"),
        (names.MEMORY, COMPACTION_LAG, "0"),
        (names.MEMORY, DELETE_RETENTION, "3600000"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_command_that_mends_it(
    topic: str, key: str, value: str
) -> None:
    """Law: the remedy, carried out, leaves no problem."""
    found = make_found()
    change_config(found, topic, key, value)
    (problem,) = find_problems(found, PLACE, None)
    assert value in problem.what
    assert f"--entity-name acme-{topic} --add-config {key}=" in problem.remedy
    change_config(found, topic, key, problem.remedy.rpartition("=")[2])
    assert find_problems(found, PLACE, None) == ()


def test_larger_limits_than_ours_are_welcome() -> None:
    """Law: limits are lower bounds; an operator may give more room and keep tombstones longer."""
    found = make_found()
    change_config(found, names.MEMORY, MAX_BYTES, "10485760")
    change_config(found, names.MEMORY, DELETE_RETENTION, str(30 * 86_400_000))
    assert find_problems(found, PLACE, None) == ()


def test_a_dead_letter_must_have_room_for_the_largest_event() -> None:
    """Law: who widens contact.events must widen contact.deadletter, by the room for our headers."""
    found = make_found()
    change_config(found, names.EVENTS, MAX_BYTES, "10485760")
    (problem,) = find_problems(found, PLACE, None)
    assert problem.topic == "acme-contact.deadletter"
    assert problem.remedy.endswith(f"{MAX_BYTES}={10485760 + DEADLETTER_ROOM_BYTES}")


def test_outputs_may_grow_but_events_and_memory_may_not() -> None:
    """Law: no remedy ever alters the partition count of a topic that is partitioned by key."""
    for topic in names.ALL:
        found = make_found(8)
        found[topic] = msgspec.structs.replace(found[topic], partitions=4)
        remedies = {p.topic: p.remedy for p in find_problems(found, PLACE, 8)}
        assert set(remedies) == {f"acme-{topic}"}
        keyed = topic in (names.EVENTS, names.MEMORY)
        assert ("--alter" in remedies[f"acme-{topic}"]) is not keyed


def test_settings_that_the_broker_hides_are_said_to_be_unchecked() -> None:
    """Law: what cannot be checked is neither a problem nor silently good."""
    found = make_found()
    found[names.MEMORY] = TopicFound(partitions=8, configs=None, why_unknown="no right to ask")
    assert find_problems(found, PLACE, None) == ()
    (sentence,) = list_unchecked(found, PLACE)
    assert "acme-contact.memory" in sentence
    assert "no right to ask" in sentence
    assert "cleanup.policy=compact" in sentence


def test_two_of_three_replicas_must_answer_but_one_broker_is_enough_to_try_it() -> None:
    """Law: min.insync.replicas is set only where three copies make it possible."""
    spec = list_specs()[0]
    assert spec.create_configs(replicas=3)["min.insync.replicas"] == "2"
    assert "min.insync.replicas" not in spec.create_configs(replicas=1)
