"""What the six topics must be like, and what to do about one that is not. No I/O here.

Why each setting is what it is:

* one partition count for all: a decision lies on the same partition number as its event, and
  the memory of a customer on the partition of the customer's events;
* `LogAppendTime`: the broker's clock orders what platforms with wrong clocks report;
* `contact.memory` is compacted and nothing else: with `compact,delete` it would forget
  customers. Tombstones stay `delete.retention.ms`, so that a Redis that was away for less than
  half of it can be repaired instead of rebuilt; an hour of `min.compaction.lag.ms` keeps the
  markers of the newest transactions;
* a dead letter holds the whole event and our headers, so it must be allowed to be larger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.contact import topics as names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
KIB = 1024
EVENT_BYTES = 1024 * KIB + 64 * KIB
"""Largest record batch on `contact.events`: 1 MiB of value, and room for key and headers."""
OUTPUT_BYTES = 2 * 1024 * KIB
"""Largest record batch on the topics that we write; a producer needs `max_request_size` of this."""
DEADLETTER_ROOM_BYTES = 64 * KIB
"""How much larger than an event a dead letter may be: our headers with code, reason, position."""
DEFAULT_PARTITIONS = 8
MOST_REPLICAS = 3

CLEANUP = "cleanup.policy"
TIMESTAMP = "message.timestamp.type"
MAX_BYTES = "max.message.bytes"
RETENTION = "retention.ms"
DELETE_RETENTION = "delete.retention.ms"
COMPACTION_LAG = "min.compaction.lag.ms"
IN_SYNC = "min.insync.replicas"
CHECKED = (CLEANUP, TIMESTAMP, MAX_BYTES, DELETE_RETENTION, COMPACTION_LAG)

RETENTION_DAYS: Mapping[str, int] = {
    names.EVENTS: 7,
    names.DECISIONS: 7,
    names.SENTIMENT: 7,
    names.DEADLETTER: 14,
    names.SHADOW: 3,
}
"""Days kept, by topic. Not checked: how long to keep is the operator's choice."""


class TopicSpec(msgspec.Struct, frozen=True):
    """One topic as it is to be created; `least` are the settings that may also be larger."""

    topic: str
    """The logical name, without the prefix."""
    exact: Mapping[str, str]
    least: Mapping[str, int]
    free: Mapping[str, str]
    """Set on creation and never checked."""

    def create_configs(self, replicas: int) -> dict[str, str]:
        """The settings with which the topic is created; two of three replicas must answer."""
        configs = {**self.exact, **{k: str(v) for k, v in self.least.items()}, **self.free}
        if replicas >= MOST_REPLICAS:
            configs[IN_SYNC] = "2"
        return configs


class TopicFound(msgspec.Struct, frozen=True):
    """One topic as the broker describes it; `configs` is None where it would not tell."""

    partitions: int
    configs: Mapping[str, str] | None
    why_unknown: str = ""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one topic, and the command or the procedure that mends it."""

    topic: str
    """The deployed name."""
    what: str
    remedy: str

    def __str__(self) -> str:
        """Two lines: what is wrong, and what mends it."""
        return f"{self.topic}: {self.what}\n    to mend it: {self.remedy}"


class Place(msgspec.Struct, frozen=True):
    """Which deployment on which brokers: what a remedy must spell out."""

    brokers: str
    prefix: str = ""


def list_specs() -> tuple[TopicSpec, ...]:
    """The six topics of a deployment, as `omniroute topics apply` creates them."""
    return tuple(_build_spec(topic) for topic in names.ALL)


def _build_spec(topic: str) -> TopicSpec:
    exact = {TIMESTAMP: "LogAppendTime", CLEANUP: "delete"}
    size = EVENT_BYTES if topic == names.EVENTS else OUTPUT_BYTES
    if topic != names.MEMORY:
        free = {RETENTION: str(RETENTION_DAYS[topic] * DAY_MS)}
        return TopicSpec(topic=topic, exact=exact, least={MAX_BYTES: size}, free=free)
    least = {MAX_BYTES: size, COMPACTION_LAG: HOUR_MS, DELETE_RETENTION: DAY_MS}
    # One day is the least with which a repair makes sense; seven days are what we create.
    free = {DELETE_RETENTION: str(7 * DAY_MS)}
    return TopicSpec(topic=topic, exact={**exact, CLEANUP: "compact"}, least=least, free=free)


def find_problems(
    found: Mapping[str, TopicFound], place: Place, partitions: int | None
) -> tuple[Problem, ...]:
    """Everything that keeps a service from starting; `found` is keyed by logical name.

    `partitions` is the count that is wanted; None takes the count of `contact.events`.
    """
    problems: list[Problem] = []
    wanted = partitions if partitions is not None else _count_events(found)
    for spec in list_specs():
        topic = found.get(spec.topic)
        if topic is None:
            problems.append(_report_missing(spec.topic, place, wanted))
            continue
        if wanted is not None and topic.partitions != wanted:
            problems.append(_report_partitions(spec.topic, topic.partitions, wanted, place))
        problems.extend(_find_wrong_configs(spec, topic, place))
    problems.extend(_find_narrow_deadletter(found, place))
    return tuple(problems)


def list_unchecked(found: Mapping[str, TopicFound], place: Place) -> tuple[str, ...]:
    """What the broker would not tell, one sentence a topic; not a reason to refuse."""
    return tuple(
        f"{place.prefix}{topic}: settings not checked ({has.why_unknown}); expected "
        + ", ".join(f"{k}={v}" for k, v in _state_expected(topic).items())
        for topic, has in found.items()
        if has.configs is None
    )


def _state_expected(topic: str) -> dict[str, str]:
    spec = _build_spec(topic)
    return {**spec.exact, **{key: f"{least} or more" for key, least in spec.least.items()}}


def _count_events(found: Mapping[str, TopicFound]) -> int | None:
    events = found.get(names.EVENTS)
    return None if events is None else events.partitions


def _report_missing(topic: str, place: Place, partitions: int | None) -> Problem:
    return Problem(
        topic=f"{place.prefix}{topic}",
        what="does not exist",
        remedy=_spell_apply(place, partitions or DEFAULT_PARTITIONS),
    )


def _spell_apply(place: Place, partitions: int) -> str:
    prefix = f" --prefix {place.prefix}" if place.prefix else ""
    return f"omniroute topics apply --brokers {place.brokers}{prefix} --partitions {partitions}"


def _report_partitions(topic: str, has: int, wanted: int, place: Place) -> Problem:
    name = f"{place.prefix}{topic}"
    grow = (
        f"kafka-topics.sh --bootstrap-server {place.brokers} --alter --topic {name}"
        f" --partitions {wanted}"
    )
    # We write outputs to a named partition, so they may grow; events and memory may not,
    # because the keys of customers would move away from what is remembered of them.
    if has < wanted and topic not in (names.EVENTS, names.MEMORY):
        remedy = grow
    else:
        remedy = (
            f"start with the {has} that are there. A count cannot be changed in place without"
            " tearing customers from their memory; for another one make a new deployment,"
            f" `{_spell_apply(Place(place.brokers, 'new-'), wanted)}`, point the platforms at it"
            " and let the old one drain"
        )
    return Problem(topic=name, what=f"has {has} partitions, expected {wanted}", remedy=remedy)


def _find_wrong_configs(spec: TopicSpec, topic: TopicFound, place: Place) -> list[Problem]:
    if topic.configs is None:
        return []
    wrong: list[Problem] = []
    for key, value in spec.exact.items():
        has = topic.configs.get(key)
        if has is not None and has != value:
            wrong.append(_report_config(spec.topic, (key, has), value, place))
    for key, least in spec.least.items():
        has = topic.configs.get(key)
        if has is not None and int(has) < least:
            value = spec.free.get(key, str(least))
            wrong.append(_report_config(spec.topic, (key, has), value, place))
    return wrong


def _report_config(topic: str, has: tuple[str, str], value: str, place: Place) -> Problem:
    key, current = has
    name = f"{place.prefix}{topic}"
    # Brackets keep kafka-configs.sh from splitting a value at its comma; ours have none.
    remedy = (
        f"kafka-configs.sh --bootstrap-server {place.brokers} --alter --entity-type topics"
        f" --entity-name {name} --add-config {key}={value}"
    )
    return Problem(topic=name, what=f"{key} is {current}, expected {value}", remedy=remedy)


def _find_narrow_deadletter(found: Mapping[str, TopicFound], place: Place) -> Sequence[Problem]:
    events, dead = found.get(names.EVENTS), found.get(names.DEADLETTER)
    if events is None or dead is None or events.configs is None or dead.configs is None:
        return ()
    widest = events.configs.get(MAX_BYTES)
    has = dead.configs.get(MAX_BYTES)
    if widest is None or has is None:
        return ()
    need = int(widest) + DEADLETTER_ROOM_BYTES
    # Below our own least it is reported already.
    if int(has) >= need or int(has) < OUTPUT_BYTES:
        return ()
    return (_report_config(names.DEADLETTER, (MAX_BYTES, has), str(need), place),)
