"""Laws of `omniroute topics` on real brokers: created once, refused when wrong, altered never."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from services.cli import topics as command
from services.contact import topics as names
from services.runtime.admin import apply_topics, check_topics
from services.runtime.connection import KafkaAccess, make_admin
from services.runtime.embedded import Broker
from services.runtime.topic_specs import DAY_MS, list_specs


@pytest.fixture
def access(broker: Broker) -> KafkaAccess:
    """How to reach the broker under test."""
    return KafkaAccess(brokers=broker.bootstrap)


async def alter(access: KafkaAccess, name: str, configs: dict[str, str]) -> None:
    """Do what an operator might: replace the settings of one topic, and wait until they hold."""
    admin = make_admin(access)
    await admin.start()
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, name, configs=configs)
        (answer,) = await admin.alter_configs([resource])
        assert answer.resources[0][0] == 0
        for _ in range(200):
            (answer,) = await admin.describe_configs([resource])
            if {entry[0]: entry[1] for entry in answer.resources[0][4]} == configs:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(name)
    finally:
        await admin.close()


async def delete(access: KafkaAccess, name: str) -> None:
    """Delete one topic and wait until the broker lists it no more."""
    admin = make_admin(access)
    await admin.start()
    try:
        await admin.delete_topics([name])
        for _ in range(200):
            if name not in await admin.list_topics():
                return
            await asyncio.sleep(0.1)
        raise AssertionError(name)
    finally:
        await admin.close()


async def test_applied_topics_are_good_and_a_second_apply_creates_nothing(
    access: KafkaAccess, prefix: str
) -> None:
    """Law: apply is idempotent, and check agrees with what it made."""
    first = await apply_topics(access, prefix, partitions=3)
    assert sorted(first.created) == sorted(prefix + topic for topic in names.ALL)
    assert first.is_good, first.describe()
    again = await apply_topics(access, prefix)
    assert (again.created, again.partitions, again.is_good) == ((), 3, True)
    checked = await check_topics(access, prefix, partitions=3)
    assert checked.is_good
    assert checked.unchecked == ()
    assert checked.delete_retention_ms == 7 * DAY_MS


async def test_a_dry_run_creates_nothing(access: KafkaAccess, prefix: str) -> None:
    """Law: --dry-run names what would be created, and the topics are still missing."""
    report = await apply_topics(access, prefix, partitions=3, dry_run=True)
    assert len(report.created) == len(names.ALL)
    checked = await check_topics(access, prefix)
    assert [p.what for p in checked.problems] == ["does not exist"] * len(names.ALL)


async def test_what_is_missing_is_added_with_the_count_that_is_there(
    access: KafkaAccess, prefix: str
) -> None:
    """Law: a half-made deployment is completed, never torn: events rule the partition count."""
    await apply_topics(access, prefix, partitions=3)
    await delete(access, prefix + names.SHADOW)
    report = await apply_topics(access, prefix)
    assert (report.created, report.is_good) == ((prefix + names.SHADOW,), True)
    assert report.partitions == 3


async def test_a_wrong_topic_is_refused_with_its_remedy_and_left_as_it_is(
    access: KafkaAccess, prefix: str
) -> None:
    """Law: a setting that differs is a problem for apply and check; neither alters it."""
    await apply_topics(access, prefix, partitions=3)
    name = prefix + names.MEMORY
    await alter(access, name, {"cleanup.policy": "delete"})
    for report in (await apply_topics(access, prefix), await check_topics(access, prefix)):
        assert not report.is_good
        remedies = [p.remedy for p in report.problems if "cleanup.policy" in p.what]
        assert remedies == [
            (
                f"kafka-configs.sh --bootstrap-server {access.brokers} --alter --entity-type topics"
                f" --entity-name {name} --add-config cleanup.policy=compact"
            )
        ]
    memory = next(spec for spec in list_specs() if spec.topic == names.MEMORY)
    await alter(access, name, memory.create_configs(replicas=1))
    assert (await check_topics(access, prefix)).is_good


async def test_another_partition_count_is_refused(access: KafkaAccess, prefix: str) -> None:
    """Law: the count of an existing deployment cannot be changed by apply."""
    await apply_topics(access, prefix, partitions=3)
    report = await apply_topics(access, prefix, partitions=4)
    assert {p.what for p in report.problems} == {"has 3 partitions, expected 4"}
    assert report.created == ()


def test_the_command_says_what_is_wrong_and_exits_with_one(
    access: KafkaAccess, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: 1 while something is wrong, 0 when it is good; what to do stands on the terminal."""
    words = ["--brokers", access.brokers, "--prefix", prefix]
    assert command.main(["check", *words]) == 1
    said = capsys.readouterr().err
    assert f"omniroute topics apply --brokers {access.brokers} --prefix {prefix}" in said
    assert command.main(["apply", *words, "--partitions", "2"]) == 0
    assert f"created {prefix}contact.events: 2 partitions" in capsys.readouterr().out
    assert command.main(["check", *words]) == 0
    assert "topics are good: 6 topics of 2 partitions" in capsys.readouterr().out


def test_brokers_that_do_not_answer_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Law: no stack trace and no waiting for ever when Kafka is away."""
    assert command.main(["check", "--brokers", "127.0.0.1:1"]) == 1
    assert "Kafka at 127.0.0.1:1:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--partitions", "0"], ["--partitions", "x"], ["--prefix", "a/b"]]
)
def test_a_word_that_cannot_be_is_a_usage_error(words: list[str]) -> None:
    """Law: 2 for a usage error, before any broker is asked."""
    with pytest.raises(SystemExit) as ended:
        command.main(["check", *words])
    assert ended.value.code == 2
