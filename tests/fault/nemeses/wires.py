"""Faults of the connections from the workers to Kafka and to Redis, by the TCP proxies."""

from __future__ import annotations

import random
from typing import ClassVar

from tests.fault.nemesis import Blow, Missed, Nemesis
from tests.fault.proxy import Proxy
from tests.fault.stage import Stage
from tests.fault.traps import PLACES, Trap

RESUME = "resumes after a fault of a connection"
SPRING_S = 20.0
"""A trap that meets no such request within so long is taken away and not counted."""
REQUESTS = {
    "Produce": 0,
    "Fetch": 1,
    "Heartbeat": 12,
    "AddPartitionsToTxn": 24,
    "AddOffsetsToTxn": 25,
    "EndTxn": 26,
    "TxnOffsetCommit": 28,
}
"""Requests of a running lane and their keys; EndTxn and Produce are where a commit hangs on it."""
OFTEN = ("Produce", "EndTxn", "EndTxn", "TxnOffsetCommit", "AddPartitionsToTxn", "AddOffsetsToTxn")
COMMANDS = (b"EVALSHA", b"evalsha", b"EVAL", b"FCALL", b"HMGET", b"HGET")


class _OfWires(Nemesis):
    resume: ClassVar[str] = RESUME
    rest_s: ClassVar[tuple[float, float]] = (0.3, 1.5)

    def heal(self, stage: Stage, blow: Blow) -> None:
        """Let everything pass again."""
        del blow
        for proxy in (*stage.links.kafka, *stage.links.redis):
            proxy.disarm()
            proxy.delay_s = 0.0
            proxy.refusing = proxy.deaf = False


class CutKafka(_OfWires):
    """Ends the connection at one place of one kind of request to Kafka."""

    name: ClassVar[str] = "cut to Kafka"

    def plan(self, chance: random.Random) -> Blow:
        """Draw the request, the place, and how it ends."""
        request = chance.choice((*REQUESTS, *OFTEN))
        place = chance.choice(PLACES)
        reset = chance.random() < 0.5
        words: dict[str, str | int | float] = {"request": request, "place": place}
        words["reset"] = int(reset)
        return Blow(what=f"proxy: {'reset' if reset else 'cut'} {place} to Kafka", words=words)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """At the next such request on any broker's proxy."""
        words = blow.words
        trap = Trap(
            str(words["place"]),
            apis=(REQUESTS[str(words["request"])],),
            reset=bool(words["reset"]),
        )
        for proxy in stage.links.kafka:
            proxy.arm(trap)
        _await(trap, blow)


class CutRedis(_OfWires):
    """Ends the connection at one place of a command to Redis."""

    name: ClassVar[str] = "cut to Redis"

    def plan(self, chance: random.Random) -> Blow:
        """Draw the place, and how it ends."""
        place, reset = chance.choice(PLACES), chance.random() < 0.5
        what = f"proxy: {'reset' if reset else 'cut'} {place} to Redis"
        return Blow(what=what, words={"place": place, "reset": int(reset)})

    def strike(self, stage: Stage, blow: Blow) -> None:
        """At the next command."""
        trap = Trap(str(blow.words["place"]), words=COMMANDS, reset=bool(blow.words["reset"]))
        for proxy in stage.links.redis:
            proxy.arm(trap)
        _await(trap, blow)


class CutAll(_OfWires):
    """Ends every connection to one server at once, or all of them."""

    name: ClassVar[str] = "cut all"

    def plan(self, chance: random.Random) -> Blow:
        """Draw where, how, and for how long nobody gets through."""
        hold = round(chance.choice((0.0, 0.0, chance.uniform(0.5, 4.0))), 1)
        reset = chance.random() < 0.5
        words = {"which": chance.randrange(60), "reset": int(reset)}
        what = "proxy: link down" if hold else f"proxy: all {'reset' if reset else 'cut'}"
        return Blow(what=what, hold_s=hold, words=words)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """While it is held, new connections are refused."""
        proxy = _pick(stage, blow)
        proxy.refusing = blow.hold_s > 0
        proxy.cut_all(reset=bool(blow.words["reset"]))


class Slow(_OfWires):
    """Every chunk comes later, each way."""

    name: ClassVar[str] = "latency"

    def plan(self, chance: random.Random) -> Blow:
        """Draw where, how much and for how long."""
        words = {"which": chance.randrange(60), "delay_s": round(chance.uniform(0.02, 0.6), 3)}
        hold = round(chance.uniform(1.0, 4.0), 1)
        return Blow(what="proxy: latency", hold_s=hold, words=words)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Slow it down."""
        _pick(stage, blow).delay_s = float(blow.words["delay_s"])


class HalfOpen(_OfWires):
    """What is open stays open and carries nothing more; for a while new connections are so, too."""

    name: ClassVar[str] = "half-open"
    rest_s: ClassVar[tuple[float, float]] = (1.0, 2.0)

    def plan(self, chance: random.Random) -> Blow:
        """Draw where, and for how long new ones are taken and never answered."""
        hold = round(chance.choice((0.0, chance.uniform(0.5, 3.0))), 1)
        words = {"which": chance.randrange(60)}
        return Blow(what="proxy: half-open", hold_s=hold, words=words)

    def strike(self, stage: Stage, blow: Blow) -> None:
        """Nobody is told: only a time-out finds out."""
        proxy = _pick(stage, blow)
        proxy.deaf = blow.hold_s > 0
        proxy.half_open_all()


WIRES: tuple[type[Nemesis], ...] = (CutKafka, CutRedis, CutAll, Slow, HalfOpen)
"""Every kind."""


def _pick(stage: Stage, blow: Blow) -> Proxy:
    proxies = (*stage.links.kafka, *stage.links.redis)
    return proxies[int(blow.words["which"]) % len(proxies)]


def _await(trap: Trap, blow: Blow) -> None:
    if not trap.sprung.wait(SPRING_S):
        raise Missed(f"no such request within {SPRING_S:.0f} s: {dict(blow.words)}")
