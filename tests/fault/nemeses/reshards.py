"""Slots of a Cluster that are moved under load, and nodes that are lost."""

from __future__ import annotations

import random
from typing import ClassVar

from tests.fault.nemeses.memory import RESUME
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.slots import Node, ThreeNodes
from tests.fault.stage import Stage

MOVED = "Cluster slots moved under load"
BY_KEY, AT_ONCE = "key by key", "at once"
NODE_KILLED, NODE_PAUSED = "Cluster nodes killed, back empty", "Cluster nodes paused"


class _OfNodes(Nemesis):
    """Strikes the node that has a partition's hash, so that it is always one in use."""

    resume: ClassVar[str] = RESUME
    rest_s: ClassVar[tuple[float, float]] = (0.5, 2.0)

    @staticmethod
    def cluster(stage: Stage) -> ThreeNodes:
        """All three."""
        assert isinstance(stage.redis, ThreeNodes), "this topology has another Redis"
        return stage.redis

    @staticmethod
    def key(stage: Stage, blow: Blow) -> str:
        """The hash that was drawn."""
        keys = stage.arena.keys
        return keys[int(blow.words["key"]) % len(keys)]

    def node(self, stage: Stage, blow: Blow) -> Node:
        """Where it lies."""
        return self.cluster(stage).owner(self.key(stage, blow))


class MoveSlot(_OfNodes):
    """The slot of a partition's hash goes to the next node."""

    name: ClassVar[str] = "move a slot"

    def plan(self, chance: random.Random) -> Blow:
        """Draw which, in which way, and how long it has two nodes."""
        pause, key = round(chance.uniform(0.1, 1.5), 1), chance.randrange(60)
        how = chance.choice((BY_KEY, BY_KEY, AT_ONCE))
        return Blow(what=f"{MOVED}, {how}", words={"key": key, "how": how, "pause_s": pause})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Do all of it."""
        cluster, key = self.cluster(stage), self.key(stage, blow)
        nodes = cluster.nodes
        target = nodes[(nodes.index(cluster.owner(key)) + 1) % len(nodes)]
        if blow.words["how"] == BY_KEY:
            cluster.move(key, target, float(blow.words["pause_s"]))
        else:
            cluster.move_at_once(key, target)

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Nothing to undo."""


class KillNode(_OfNodes):
    """SIGKILL; it comes back without a customer, and with its slots."""

    name: ClassVar[str] = "kill a node"

    def plan(self, chance: random.Random) -> Blow:
        """Draw which, and for how long."""
        hold, key = round(chance.uniform(0.2, 6.0), 1), chance.randrange(60)
        return Blow(what=NODE_KILLED, hold_s=hold, words={"key": key})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """End it at once."""
        self.node(stage, blow).kill()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Start it."""
        self.node(stage, blow).start()
        self.cluster(stage).await_whole()


class PauseNode(_OfNodes):
    """SIGSTOP, shorter and longer than the others wait for it."""

    name: ClassVar[str] = "pause a node"

    def plan(self, chance: random.Random) -> Blow:
        """Draw which, and for how long."""
        hold, key = round(chance.uniform(0.5, 8.0), 1), chance.randrange(60)
        return Blow(what=NODE_PAUSED, hold_s=hold, words={"key": key})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Freeze it."""
        self.node(stage, blow).pause()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Thaw it."""
        self.node(stage, blow).resume()
        self.cluster(stage).await_whole()
