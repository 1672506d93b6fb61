"""Lanes are handed out whole, and only to members that count alike."""

from __future__ import annotations

import msgspec
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.assignor import LanePlan, Refusal, assign_lanes, make_assignor

TOPICS = ("a.contact.events", "a.contact.sentiment")


def plan(lanes: int = 3, partitions: int = 8) -> LanePlan:
    """A plan over two topics."""
    return LanePlan(lanes, partitions, TOPICS)


def say(one: LanePlan) -> bytes:
    """What a member with this plan tells the group."""
    return msgspec.json.encode(one)


def given_to(
    answer: dict[str, ConsumerProtocolMemberAssignment], member: str
) -> dict[str, set[int]]:
    """Topic -> partitions of a member."""
    return {topic: set(numbers) for topic, numbers in answer[member].assignment}


def refusal_of(answer: dict[str, ConsumerProtocolMemberAssignment], member: str) -> Refusal | None:
    """Why a member got nothing."""
    told = answer[member].user_data
    return msgspec.json.decode(told, type=Refusal) if told else None


@given(lanes=st.integers(1, 12), extra=st.integers(0, 20), members=st.integers(1, 9))
def test_a_lane_goes_whole_to_one_member_for_all_topics(
    lanes: int, extra: int, members: int
) -> None:
    """Law: partitions of one lane, of every input, are never on two members; nothing is left out."""
    ours = plan(lanes, lanes + extra)
    names = {f"m{i}": say(ours) for i in range(members)}
    answer = assign_lanes(ours, dict.fromkeys(TOPICS, ours.partitions), names)
    owner: dict[int, str] = {}
    seen: list[int] = []
    for member in names:
        found = given_to(answer, member)
        assert found.get(TOPICS[0], set()) == found.get(TOPICS[1], set())
        for partition in found.get(TOPICS[0], set()):
            assert owner.setdefault(partition % lanes, member) == member
            seen.append(partition)
    assert sorted(seen) == list(range(ours.partitions))


@given(lanes=st.integers(1, 12), members=st.integers(1, 9))
def test_members_get_as_many_lanes_as_the_others_give_or_take_one(lanes: int, members: int) -> None:
    """Law: the load is spread evenly."""
    ours = plan(lanes, 24)
    names = {f"m{i}": say(ours) for i in range(members)}
    answer = assign_lanes(ours, dict.fromkeys(TOPICS, 24), names)
    counts = [len({p % lanes for p in given_to(answer, m).get(TOPICS[0], ())}) for m in names]
    assert max(counts) - min(counts) <= 1


def test_a_member_with_another_number_of_lanes_gets_none_and_is_told_why() -> None:
    """Law: members that cut the partitions differently never work side by side."""
    ours = plan()
    answer = assign_lanes(
        ours, dict.fromkeys(TOPICS, 8), {"old": say(ours), "new": say(plan(lanes=4))}
    )
    refusal = refusal_of(answer, "new")
    assert given_to(answer, "new") == {}
    assert refusal is not None
    assert refusal.code == "lanes_changed"
    assert "--lanes 3" in refusal.why
    assert given_to(answer, "old")[TOPICS[0]] == set(range(8))


def test_a_member_with_another_number_of_partitions_or_other_inputs_is_refused() -> None:
    """Law: whoever sees other topics than the group may not have a lane."""
    ours = plan()
    others = {
        "p": say(plan(partitions=16)),
        "t": say(LanePlan(3, 8, ("a.contact.events",))),
        "x": b"",
        "y": b"\x00junk",
    }
    answer = assign_lanes(ours, dict.fromkeys(TOPICS, 8), {**others, "ok": say(ours)})
    refusals = {member: refusal_of(answer, member) for member in others}
    codes = {member: refusal.code for member, refusal in refusals.items() if refusal}
    assert codes == {
        "p": "partitions_changed",
        "t": "topics_wrong",
        "x": "lanes_changed",
        "y": "lanes_changed",
    }
    assert refusal_of(answer, "ok") is None


def test_nobody_gets_a_lane_when_the_topics_have_grown() -> None:
    """Law: a changed partition count stops everybody before a customer moves."""
    ours = plan()
    answer = assign_lanes(ours, {TOPICS[0]: 16, TOPICS[1]: 8}, {"a": say(ours), "b": say(ours)})
    refusals = [refusal_of(answer, member) for member in ("a", "b")]
    assert [refusal.code for refusal in refusals if refusal] == ["partitions_changed"] * 2
    assert given_to(answer, "a") == {}


def test_a_member_hears_its_lanes_and_its_refusal_in_the_tick_of_the_assignment() -> None:
    """Law: the assignor passes both on at once, before anything can be fetched."""
    heard: list[tuple[tuple[int, ...], Refusal | None]] = []
    ours = plan()
    assignor = make_assignor(ours, lambda lanes, refusal: heard.append((lanes, refusal)))
    answer = assign_lanes(ours, dict.fromkeys(TOPICS, 8), {"a": say(ours), "z": say(plan(lanes=5))})
    for member in ("a", "z"):
        coded = answer[member].encode()
        assignor.on_assignment(ConsumerProtocolMemberAssignment.decode(coded))
    assert heard[0] == ((0, 1, 2), None)
    assert heard[1][0] == ()
    assert heard[1][1] is not None
    assert heard[1][1].code == "lanes_changed"
