"""Creates the six topics of a deployment and checks them; both services call it at start.

Only what is missing is created, nothing that exists is altered: a setting that differs is
reported with the command that mends it. (Of Kafka's two requests for altering, the client
library has the older one, which silently resets every setting that it does not name.)
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IncompatibleBrokerVersion, KafkaError, for_code

from services.contact import topics as names
from services.runtime.connection import KafkaAccess, make_admin
from services.runtime.lane import Stop
from services.runtime.topic_specs import (
    CHECKED,
    DEFAULT_PARTITIONS,
    DELETE_RETENTION,
    MOST_REPLICAS,
    Place,
    Problem,
    TopicFound,
    find_problems,
    list_specs,
    list_unchecked,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

REQUEST_TIMEOUT_MS = 10_000
WHOLE_TIMEOUT_S = 40.0
ALREADY_EXISTS = 36
CREATION_POLLS = 50
CREATION_POLL_S = 0.1
START_WITHIN_S = 60.0
START_POLL_S = 1.0


class TopicsReport(msgspec.Struct, frozen=True):
    """What was found, what is wrong, what the broker would not tell, what was created."""

    place: Place
    partitions: int
    """Partition count of `contact.events`; 0 where it does not exist."""
    delete_retention_ms: int | None
    """Of `contact.memory`; None where the broker would not tell."""
    problems: tuple[Problem, ...] = ()
    unchecked: tuple[str, ...] = ()
    created: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """May a service start on these topics?"""
        return not self.problems

    def describe(self) -> str:
        """The report for a person: each problem with its remedy, then what was not checked."""
        lines = [str(problem) for problem in _join_alike(self.problems)]
        lines += [f"note: {sentence}" for sentence in self.unchecked]
        if self.is_good:
            lines.append(f"topics are good: 6 topics of {self.partitions} partitions")
        return "\n".join(lines)


def _join_alike(problems: Sequence[Problem]) -> list[Problem]:
    """Six topics with the same fault and the same remedy are one thing to read."""
    topics: dict[tuple[str, str], list[str]] = {}
    for problem in problems:
        topics.setdefault((problem.what, problem.remedy), []).append(problem.topic)
    return [
        Problem(topic=", ".join(alike), what=what, remedy=remedy)
        for (what, remedy), alike in topics.items()
    ]


class TopicsUnreachableError(ConnectionError):
    """The brokers could not be asked; the text says which and why, without credentials."""


async def check_topics(
    access: KafkaAccess, prefix: str = "", *, partitions: int | None = None
) -> TopicsReport:
    """Compare the topics on the broker with what the services need; changes nothing.

    `partitions` None takes the count of `contact.events`. Raises `TopicsUnreachableError`
    within 40 s.
    """
    place = Place(access.brokers, prefix)
    async with _open_admin(access) as admin:
        return _judge(await _find_topics(admin, place), place, partitions)


async def demand_topics(access: KafkaAccess, prefix: str = "") -> TopicsReport:
    """Wait for Kafka and check the topics, at the start of a service.

    Raises `Stop("topics_wrong")`, which names each remedy, and `TopicsUnreachableError` when no
    broker has answered within a minute.
    """
    ends = asyncio.get_running_loop().time() + START_WITHIN_S
    while True:
        try:
            report = await check_topics(access, prefix)
        except TopicsUnreachableError:
            if asyncio.get_running_loop().time() > ends:
                raise
            await asyncio.sleep(START_POLL_S)
            continue
        if not report.is_good:
            raise Stop("topics_wrong", report.describe())
        return report


async def apply_topics(
    access: KafkaAccess,
    prefix: str = "",
    *,
    partitions: int | None = None,
    replicas: int | None = None,
    dry_run: bool = False,
) -> TopicsReport:
    """Create the missing topics, then check all six. Twice is the same as once.

    `partitions` None: the count of `contact.events` where it exists, else 8. `replicas` None:
    as many as there are brokers, at most three. With `dry_run` the broker only validates, and
    `created` are the names that would be. Nothing is created while an existing topic is wrong.
    Raises `TopicsUnreachableError` when the brokers cannot be asked or refuse to create.
    """
    place = Place(access.brokers, prefix)
    async with _open_admin(access) as admin:
        found = await _find_topics(admin, place)
        count = partitions or (found[names.EVENTS].partitions if names.EVENTS in found else None)
        count = count or DEFAULT_PARTITIONS
        missing = tuple(spec.topic for spec in list_specs() if spec.topic not in found)
        wrong = [
            p for p in find_problems(found, place, count) if not _is_missing(p, place, missing)
        ]
        if wrong:
            return _judge(found, place, count)
        copies = replicas or await _count_replicas(admin)
        await _create_topics(admin, _plan_topics(place, missing, (count, copies)), dry_run=dry_run)
        created = tuple(f"{place.prefix}{topic}" for topic in missing)
        if dry_run:
            return msgspec.structs.replace(
                _judge(found, place, count), problems=(), created=created, partitions=count
            )
        report = _judge(await _await_topics(admin, place), place, count)
        return msgspec.structs.replace(report, created=created)


def _is_missing(problem: Problem, place: Place, missing: Sequence[str]) -> bool:
    return problem.topic.removeprefix(place.prefix) in missing


def _judge(found: Mapping[str, TopicFound], place: Place, partitions: int | None) -> TopicsReport:
    events, memory = found.get(names.EVENTS), found.get(names.MEMORY)
    kept = (memory.configs or {}).get(DELETE_RETENTION) if memory else None
    return TopicsReport(
        place=place,
        partitions=events.partitions if events else 0,
        delete_retention_ms=int(kept) if kept is not None else None,
        problems=find_problems(found, place, partitions),
        unchecked=list_unchecked(found, place),
    )


@asynccontextmanager
async def _open_admin(access: KafkaAccess) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = make_admin(access)
    try:
        async with asyncio.timeout(WHOLE_TIMEOUT_S):
            await admin.start()
            yield admin
    except (KafkaError, OSError, TimeoutError) as broken:
        why = str(broken) or type(broken).__name__
        raise TopicsUnreachableError(f"Kafka at {access.brokers}: {why}") from broken
    finally:
        await admin.close()


async def _find_topics(admin: AIOKafkaAdminClient, place: Place) -> dict[str, TopicFound]:
    # All topics are listed: asking for names would create them where auto-creation is on.
    counts = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics()}
    present = [topic for topic in names.ALL if f"{place.prefix}{topic}" in counts]
    found = {}
    for topic in present:
        name = f"{place.prefix}{topic}"
        configs, why = await _describe_configs(admin, name)
        found[topic] = TopicFound(partitions=counts[name], configs=configs, why_unknown=why)
    return found


async def _describe_configs(
    admin: AIOKafkaAdminClient, name: str
) -> tuple[dict[str, str] | None, str]:
    asked = ConfigResource(ConfigResourceType.TOPIC, name, configs=dict.fromkeys(CHECKED, ""))
    try:
        answers = await admin.describe_configs([asked])
    except (IncompatibleBrokerVersion, NotImplementedError):
        return None, "the broker has no DescribeConfigs"
    resource = answers[0].resources[0]
    if resource[0]:
        return None, f"the broker refused: {for_code(resource[0]).__name__}"
    return {entry[0]: entry[1] for entry in resource[4] if entry[1] is not None}, ""


async def _count_replicas(admin: AIOKafkaAdminClient) -> int:
    cluster = await admin.describe_cluster()
    return max(1, min(MOST_REPLICAS, len(cluster["brokers"])))


def _plan_topics(place: Place, missing: Sequence[str], size: tuple[int, int]) -> list[NewTopic]:
    partitions, replicas = size
    return [
        NewTopic(
            f"{place.prefix}{spec.topic}",
            partitions,
            replicas,
            topic_configs=spec.create_configs(replicas),
        )
        for spec in list_specs()
        if spec.topic in missing
    ]


async def _create_topics(
    admin: AIOKafkaAdminClient, planned: list[NewTopic], *, dry_run: bool
) -> None:
    if not planned:
        return
    answer = await admin.create_topics(
        planned, timeout_ms=REQUEST_TIMEOUT_MS, validate_only=dry_run
    )
    # Two services may start together: a topic that the other one made is as good as ours.
    refused = [
        f"{name}: {message or for_code(code).__name__}"
        for name, code, message in answer.topic_errors
        if code not in (0, ALREADY_EXISTS)
    ]
    if refused:
        raise TopicsUnreachableError("the broker would not create " + "; ".join(refused))


async def _await_topics(admin: AIOKafkaAdminClient, place: Place) -> dict[str, TopicFound]:
    """A created topic takes a moment to reach every broker's metadata."""
    found = await _find_topics(admin, place)
    for _ in range(CREATION_POLLS):
        if len(found) == len(names.ALL):
            break
        await asyncio.sleep(CREATION_POLL_S)
        found = await _find_topics(admin, place)
    return found
