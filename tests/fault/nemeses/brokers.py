"""Kills, restarts and freezes brokers."""

from __future__ import annotations

import math
import random
from typing import ClassVar

from services.runtime.embedded import ApacheKafka
from tests.fault.cluster import Brokers
from tests.fault.nemesis import Blow, Nemesis
from tests.fault.stage import Stage

KILLED, RESTARTED, PAUSED = "brokers killed", "brokers restarted", "brokers paused"
RESUME = "resumes after a broker is back"
PAUSE_S = (1.0, 60.0)


class OfBrokers(Nemesis):
    """Strikes one broker at a time, when all are up and every replica is in sync."""

    resume: ClassVar[str] = RESUME
    rest_s: ClassVar[tuple[float, float]] = (1.0, 3.0)

    @staticmethod
    def node(stage: Stage, blow: Blow) -> ApacheKafka:
        """The broker that was drawn."""
        kafka = stage.kafka
        if isinstance(kafka, ApacheKafka):
            return kafka
        return kafka.nodes[int(blow.words["node"]) % len(kafka.nodes)]

    def prepare(self, stage: Stage, blow: Blow) -> None:
        """A broker that is lost while another one still catches up is another fault than this."""
        del blow
        if isinstance(stage.kafka, Brokers):
            stage.kafka.await_whole()


class KillBroker(OfBrokers):
    """SIGKILL; it is away for a while and starts again on its folder."""

    name: ClassVar[str] = "kill a broker"

    def plan(self, chance: random.Random) -> Blow:
        """Draw which one, and for how long."""
        hold = round(chance.uniform(0.5, 8.0), 1)
        return Blow(what=KILLED, hold_s=hold, words={"node": chance.randrange(60)})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """End it at once."""
        self.node(stage, blow).kill()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Start it."""
        self.node(stage, blow).start()


class RestartBroker(OfBrokers):
    """SIGTERM, as for an upgrade: it hands its partitions over first."""

    name: ClassVar[str] = "restart a broker"

    def plan(self, chance: random.Random) -> Blow:
        """Draw which one."""
        return Blow(what=RESTARTED, hold_s=0.5, words={"node": chance.randrange(60)})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Ask it to end."""
        self.node(stage, blow).stop()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Start it."""
        self.node(stage, blow).start()


class PauseBroker(OfBrokers):
    """SIGSTOP: connections stay open and nothing answers; most pauses are short, some a minute."""

    name: ClassVar[str] = "pause a broker"
    longest_s: ClassVar[float] = PAUSE_S[1]

    def plan(self, chance: random.Random) -> Blow:
        """Draw which one, and for how long: as many pauses of 1 to 8 s as of 8 to 60."""
        least, most = math.log(PAUSE_S[0]), math.log(self.longest_s)
        hold = round(math.exp(chance.uniform(least, most)), 1)
        return Blow(what=PAUSED, hold_s=hold, words={"node": chance.randrange(60)})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Freeze it."""
        self.node(stage, blow).pause()

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Thaw it."""
        self.node(stage, blow).resume()


class PauseBrokerShortly(PauseBroker):
    """The same, of seconds."""

    longest_s: ClassVar[float] = 8.0
