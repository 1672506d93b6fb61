"""Kafka's group coordinator: eager rebalances, generations, sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulation.transactions import Later

OK = 0
ILLEGAL_GENERATION = 22
UNKNOWN_MEMBER = 25
REBALANCE_IN_PROGRESS = 27
STEP_S = 0.25
"""How closely sessions are looked at."""

Reply = Callable[..., None]


class Member:
    """One consumer of a group."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.metadata = b""
        self.session_s = 10.0
        self.rebalance_s = 60.0
        self.heard = 0.0
        self.joining: Reply | None = None
        self.syncing: Reply | None = None


class Group:
    """One group. `stable` is where everybody knows what is theirs."""

    def __init__(self, name: str, later: Later, clock: Callable[[], float]) -> None:
        self.name = name
        self.generation = 0
        self._later = later
        self._clock = clock
        self._members: dict[str, Member] = {}
        self._count = 0
        self._state = "empty"
        self._leader = ""
        self._protocol = ""
        self._assignments: dict[str, bytes] = {}
        self._watching = False

    @property
    def members(self) -> int:
        """How many belong to it."""
        return len(self._members)

    def forget(self) -> None:
        """Every member is taken for dead, and hears of it at its next request."""
        for name in list(self._members):
            self._remove(name)

    # -- requests

    def join(self, request: Any, reply: Reply) -> None:
        """JoinGroup: answered when everybody has come, or the time for it is over."""
        name = request.member_id
        if name and name not in self._members:
            reply(UNKNOWN_MEMBER, -1, "", "", name, [])
            return
        if not name:
            self._count += 1
            name = f"member-{self._count}"
            self._members[name] = Member(name)
        member = self._members[name]
        self._protocol, member.metadata = request.group_protocols[0]
        member.session_s = request.session_timeout / 1000
        member.rebalance_s = request.rebalance_timeout / 1000
        member.heard = self._clock()
        member.joining = reply
        self._watch()
        self._prepare()
        self._complete_if_all()

    def sync(self, request: Any, reply: Reply) -> None:
        """SyncGroup: the leader brings the shares, everybody gets theirs."""
        member = self._members.get(request.member_id)
        error = self._check(member, request.generation_id)
        if error or member is None:
            reply(error, b"")
            return
        if self._state == "preparing":
            reply(REBALANCE_IN_PROGRESS, b"")
            return
        member.heard = self._clock()
        member.syncing = reply
        if self._state == "completing" and member.name == self._leader:
            self._assignments = dict(request.group_assignment)
            self._state = "stable"
        if self._state == "stable":
            for one in self._members.values():
                if one.syncing is not None:
                    one.syncing(OK, self._assignments.get(one.name, b""))
                    one.syncing = None

    def beat(self, request: Any) -> int:
        """Heartbeat."""
        member = self._members.get(request.member_id)
        error = self._check(member, request.generation_id)
        if error or member is None:
            return error
        member.heard = self._clock()
        return REBALANCE_IN_PROGRESS if self._state == "preparing" else OK

    def leave(self, request: Any) -> int:
        """LeaveGroup."""
        if request.member_id not in self._members:
            return UNKNOWN_MEMBER
        self._remove(request.member_id)
        return OK

    def _check(self, member: Member | None, generation: int) -> int:
        if member is None:
            return UNKNOWN_MEMBER
        return OK if generation == self.generation else ILLEGAL_GENERATION

    # -- rebalances

    def _prepare(self) -> None:
        if self._state == "preparing":
            return
        self._state = "preparing"
        for member in self._members.values():
            if member.syncing is not None:
                member.syncing(REBALANCE_IN_PROGRESS, b"")
                member.syncing = None
        longest = max(member.rebalance_s for member in self._members.values())
        self._later(longest, self._give_up, self.generation)

    def _give_up(self, generation: int) -> None:
        """Those who did not come back in time are no members any more."""
        if self._state == "preparing" and self.generation == generation:
            self._members = {n: m for n, m in self._members.items() if m.joining is not None}
            self._complete_if_all()

    def _complete_if_all(self) -> None:
        if self._state != "preparing":
            return
        if not self._members:
            self._state = "empty"
            return
        if any(member.joining is None for member in self._members.values()):
            return
        self.generation += 1
        self._state = "completing"
        if self._leader not in self._members:
            self._leader = next(iter(self._members))
        everybody = [(member.name, member.metadata) for member in self._members.values()]
        for member in self._members.values():
            assert member.joining is not None
            told = everybody if member.name == self._leader else []
            member.heard = self._clock()
            member.joining(OK, self.generation, self._protocol, self._leader, member.name, told)
            member.joining = None

    def _remove(self, name: str) -> None:
        del self._members[name]
        if not self._members:
            self._state = "empty"
            return
        self._prepare()
        self._complete_if_all()

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            self._later(STEP_S, self._look)

    def _look(self) -> None:
        now = self._clock()
        for member in list(self._members.values()):
            silent = now - member.heard > member.session_s
            if silent and member.joining is None and member.name in self._members:
                self._remove(member.name)
        if self._members:
            self._later(STEP_S, self._look)
        else:
            self._watching = False
