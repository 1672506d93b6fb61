"""Fills the disk under a broker: Kafka then takes the broker out of service by itself."""

from __future__ import annotations

import random
from typing import ClassVar

from tests.fault.cluster import Brokers, Node
from tests.fault.nemeses.brokers import OfBrokers
from tests.fault.nemesis import Blow
from tests.fault.stage import Stage

FILLED = "disks filled"


class FillDisk(OfBrokers):
    """Not a byte is left on the file system of one of three brokers; then there is room again."""

    name: ClassVar[str] = "fill a disk"

    def plan(self, chance: random.Random) -> Blow:
        """Draw for how long."""
        return Blow(what=FILLED, hold_s=round(chance.uniform(4.0, 12.0), 1))

    @staticmethod
    def small(stage: Stage) -> Node:
        """The one with a file system of its own."""
        assert isinstance(stage.kafka, Brokers), "only a cluster has such a broker"
        return next(node for node in stage.kafka.nodes if node.disk is not None)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Write until nothing fits."""
        del blow
        disk = self.small(stage).disk
        assert disk is not None
        disk.fill()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Make room, and start what ended over it."""
        del blow
        node = self.small(stage)
        assert node.disk is not None
        node.disk.free()
        node.restart()
