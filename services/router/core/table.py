"""The rule tree, compiled: `Table.match(facts)` finds the first branch that fits.

Rule: a node whose children do not match is itself the answer, so nothing is ever unrouted.
This file knows no file format; `services/router/rules/` builds a `Table` from a rule file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from services.contact.decision import Effect, Fact
from services.contact.event import Channel

ROOT = "default"
"""The id of the tree's root."""
CHOSEN = "chosen"
"""A node's channel: what the customer chose."""
SAME = "same"
"""A node's channel: the one the contact came on."""

Facts = Mapping[str, Fact]
Test = Callable[[Facts], bool]
Keep = Callable[[Facts], int]
"""Which of some children can still match, as bits, the first child's the lowest."""


class Span(msgspec.Struct, frozen=True):
    """Open from `start` to `end`, minutes after local midnight, 0 to 1440, start < end."""

    start: int
    end: int


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Where people wait for contacts: its hours and the platform that runs it."""

    name: str
    week: tuple[tuple[Span, ...], ...] | None = None
    """Spans of Monday to Sunday; None means always open."""
    holidays: dict[int, tuple[Span, ...]] = {}
    """Spans of single days in place of the week's, by local days since 1970-01-01."""
    timezone: str = ""
    """IANA name; `customer` for the customer's own; empty for the centre's."""
    executor: str = ""
    at_most: int = 0
    """So many contacts are given to it within `window_ms`, live ones apart; 0: without end."""
    window_ms: int = 0


class TableSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every rule. Times in milliseconds."""

    timezone: str = "UTC"
    """The centre's IANA zone, used where the customer's is unknown."""
    ours: tuple[str, ...] = ()
    """Our own addresses and domains, lower case."""
    executors: dict[str, str] = {}
    """The platform that owns a channel, by channel."""
    stale_after_ms: int = 60_000
    reopen_within_ms: int = 72 * 3_600_000
    idle_window_ms: int = 30 * 86_400_000
    revise_within_ms: int = 60_000
    revise_at_most: int = 2
    unknown_consent: bool = True
    """Does unknown consent count as granted for service, on an address the customer gave?"""
    address_in_clear: bool = True


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a node of the tree says, inherited values included."""

    rule: str
    channel: str = CHOSEN
    """`chosen`, `same` or a channel."""
    queue: str = "general"
    priority: int = 5
    skills: tuple[str, ...] = ()
    respond_within_ms: dict[str, int] = {}
    """By channel, and by `callback`."""
    fallback: tuple[str, ...] = (CHOSEN, SAME)
    """At most three of `chosen`, `same` and channels."""
    once_per: str = ""
    """Empty, `thread`, `contact` or `customer`: the node matches only once for each."""
    expires_after_ms: int = 24 * 3_600_000
    max_wait_ms: int = 72 * 3_600_000
    """How long a callback may wait for opening hours before its channel is skipped."""
    reason: str = ""
    reroute: bool = False
    """May it route a contact again that is already routed or owned?"""
    effect: Effect = Effect.LIVE

    @property
    def explicit(self) -> Channel | None:
        """The channel the node itself demands; None for `chosen` and `same`."""
        return None if self.channel in {CHOSEN, SAME} else Channel(self.channel)


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One node: its plan, its test, its children in the order of the file."""

    plan: Plan
    test: Test | None = None
    """None for the root."""
    children: tuple[Node, ...] = ()
    switch: Switch | None = None
    """A quicker way to the same child; None asks the children one by one."""

    def choose(self, facts: Facts) -> Node | None:
        """The first child that matches."""
        if self.switch is None:
            for child in self.children:
                if child.test is None or child.test(facts):
                    return child
            return None
        return self.switch.of(facts).choose(facts)


class Choices(msgspec.Struct, frozen=True):
    """Children that can still match, in the order of the file, and what is left to ask of each."""

    children: tuple[tuple[Test | None, Node], ...]
    """None: nothing is left."""
    sieves: tuple[Keep, ...] = ()
    """For many children: each leaves out some that cannot match."""

    def choose(self, facts: Facts) -> Node | None:
        """The first child that matches."""
        if not self.sieves:
            for test, child in self.children:
                if test is None or test(facts):
                    return child
            return None
        left = -1
        for keep in self.sieves:
            left &= keep(facts)
        while left:
            first = left & -left
            test, child = self.children[first.bit_length() - 1]
            if test is None or test(facts):
                return child
            left ^= first
        return None


class Switch(msgspec.Struct, frozen=True):
    """The children of a node by the value of one fact that most of them ask for."""

    fact: str
    by_value: dict[Fact, Choices]
    """What is left to ask of a child when the fact has that value."""
    others: Choices
    """The children that do not ask for the fact; for every other value and for none."""

    def of(self, facts: Facts) -> Choices:
        """The children that can still match."""
        return self.by_value.get(facts.get(self.fact), self.others)


class Match(msgspec.Struct, frozen=True, gc=False):
    """The way an event took through the tree."""

    plan: Plan
    path: tuple[str, ...]
    """Rule ids from the root to the answer."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A whole rule file, ready to decide."""

    version: str
    """First 12 hex digits of the SHA-256 of the file's bytes."""
    settings: TableSettings
    root: Node
    queues: dict[str, Queue] = {}
    reads: tuple[str, ...] = ()
    """Every fact that the file reads, `once.<rule>` included, sorted."""
    effect: Effect = Effect.LIVE
    """`none`: nothing is carried out, whatever a rule says; not set by the file but by the service."""
    full: frozenset[str] = frozenset()
    """Accounts (`capacity.py`) that are given no more work at this moment; set by the service."""

    def match(self, facts: Facts) -> Match:
        """Walk down: the first child that matches wins and refines its parent."""
        node = self.root
        path = [node.plan.rule]
        while (child := node.choose(facts)) is not None:
            node = child
            path.append(node.plan.rule)
        return Match(node.plan, tuple(path))

    def plans(self, path: tuple[str, ...]) -> tuple[Plan, ...]:
        """The plans along a path that `match` gave, the root's first."""
        node, plans = self.root, [self.root.plan]
        for rule in path[1:]:
            node = next(child for child in node.children if child.plan.rule == rule)
            plans.append(node.plan)
        return tuple(plans)
