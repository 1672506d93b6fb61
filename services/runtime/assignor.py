"""Hands out whole lanes: all partitions of a lane, of all input topics, to one member.

The stock assignors tear `contact.events` 3 and `contact.sentiment` 3 apart, and with them the
customers whose memory lies on partition 3. Lane of partition p = p mod lanes, always.

Every member says in its metadata how many lanes and partitions it counts with and what it
reads. The group's leader gives lanes only to members that agree with it; the others get none,
and a reason, with which they stop (`Stop`) instead of waiting for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)

NAME = "omniroute-lanes"
_VERSION = 0


class LanePlan(msgspec.Struct, frozen=True):
    """What all members of a group must agree on."""

    lanes: int
    partitions: int
    inputs: tuple[str, ...]
    """Deployed topic names, sorted."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a member got no lane: a stop code and a sentence."""

    code: str
    why: str


def lane_of(partition: int, lanes: int) -> int:
    """The lane that a partition number belongs to."""
    return partition % lanes


def partitions_of(lane: int, plan: LanePlan) -> tuple[int, ...]:
    """The partition numbers of a lane, ascending."""
    return tuple(range(lane, plan.partitions, plan.lanes))


def share_lanes(members: Iterable[str], lanes: int) -> dict[str, tuple[int, ...]]:
    """Which member gets which lanes: evenly, and the same for every order of the members."""
    ordered = sorted(members)
    return {
        member: tuple(range(place, lanes, len(ordered))) for place, member in enumerate(ordered)
    }


def find_refusal(ours: LanePlan, theirs: bytes | None) -> Refusal | None:
    """Why a member with this metadata may not have a lane; None if it may."""
    try:
        plan = msgspec.json.decode(theirs or b"", type=LanePlan)
    except msgspec.DecodeError:
        return Refusal("lanes_changed", "this member does not say how many lanes it counts with.")
    if plan.lanes != ours.lanes:
        return Refusal(
            "lanes_changed",
            f"this member counts {plan.lanes} lanes, the group {ours.lanes}. Start it with "
            f"--lanes {ours.lanes}; a change of the number of lanes is a procedure with all "
            "members stopped.",
        )
    if plan.partitions != ours.partitions:
        return Refusal(
            "partitions_changed",
            f"this member sees {plan.partitions} partitions, the group {ours.partitions}. "
            "The number of partitions of a deployment must not change.",
        )
    if plan.inputs != ours.inputs:
        return Refusal(
            "topics_wrong",
            f"this member reads {', '.join(plan.inputs)}, the group {', '.join(ours.inputs)}.",
        )
    return None


def find_count_refusal(ours: LanePlan, counts: Mapping[str, int]) -> Refusal | None:
    """Why nobody may have a lane: the topics no longer have the agreed number of partitions."""
    wrong = {topic: count for topic, count in counts.items() if count != ours.partitions}
    if not wrong:
        return None
    told = ", ".join(f"{topic} has {count}" for topic, count in sorted(wrong.items()))
    return Refusal(
        "partitions_changed",
        f"{told} partitions, but the group was started with {ours.partitions}. Customers would "
        "move away from what is remembered of them.",
    )


Given = Callable[[tuple[int, ...], Refusal | None], None]
"""Told in the same tick as the assignment: our lanes, or why we got none."""


def make_assignor(plan: LanePlan, given: Given) -> type[AbstractPartitionAssignor]:
    """An assignor class for one member; the client library wants a class, not an object."""

    class LaneAssignor(AbstractPartitionAssignor):  # type: ignore[misc] # the base has no types
        name = NAME

        @classmethod
        def metadata(cls, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
            return ConsumerProtocolMemberMetadata(
                _VERSION, sorted(topics), msgspec.json.encode(plan)
            )

        @classmethod
        def assign(
            cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
        ) -> dict[str, ConsumerProtocolMemberAssignment]:
            counts = {t: len(cluster.partitions_for_topic(t) or ()) for t in plan.inputs}
            return assign_lanes(plan, counts, {m: md.user_data for m, md in members.items()})

        @classmethod
        def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
            refusal = None
            if assignment.user_data:
                refusal = msgspec.json.decode(assignment.user_data, type=Refusal)
            lanes = {lane_of(tp.partition, plan.lanes) for tp in assignment.partitions()}
            given(tuple(sorted(lanes)), refusal)

    return LaneAssignor


def assign_lanes(
    plan: LanePlan, counts: Mapping[str, int], members: Mapping[str, bytes | None]
) -> dict[str, ConsumerProtocolMemberAssignment]:
    """The leader's answer: whole lanes to those who agree, a refusal to the others."""
    for_all = find_count_refusal(plan, counts)
    refusals = {
        member: for_all or find_refusal(plan, user_data) for member, user_data in members.items()
    }
    shares = share_lanes([m for m, refusal in refusals.items() if refusal is None], plan.lanes)
    answer = {}
    for member, refusal in refusals.items():
        numbers = sorted(p for lane in shares.get(member, ()) for p in partitions_of(lane, plan))
        answer[member] = ConsumerProtocolMemberAssignment(
            _VERSION,
            [(topic, numbers) for topic in plan.inputs] if numbers else [],
            msgspec.json.encode(refusal) if refusal is not None else b"",
        )
    return answer
