"""Row 1: the router is killed at random and at each named crash point; Redis is damaged meanwhile."""

from __future__ import annotations

from services.runtime.crash import POINTS
from tests.fault.nemeses.damage import Damage
from tests.fault.nemeses.kills import AT_RANDOM, KILLS, killed_at
from tests.fault.scene import EVENTS, Row, Scene, Topology

LONE = Topology(workers=0, settings={"OMNIROUTE_BATCH_RECORDS": "250"})
"""The nemesis brings the only worker, life after life. Where three lives end at the same records,
the next one takes those one by one: a larger batch would have the round wait for that."""


def _kill(name: str, *, each: int, at_random: int, rate: float) -> Scene:
    at_random_too, *at_points = KILLS
    counts = {at_random_too: at_random, **dict.fromkeys(at_points, each)}
    return Scene(
        name=name, topology=LONE, strands=(counts,), throughout=(Damage,), rate=rate, lead_s=0.0
    )  # fmt: skip


ROW = Row(
    number=1,
    title="kills at random and at each named crash point",
    scenes=(_kill("kills", each=10, at_random=48, rate=400),),
    short=(_kill("ten kills at each point", each=10, at_random=10, rate=200),),
    targets={EVENTS: 500_000, AT_RANDOM: 120, **{killed_at(point): 25 for point in POINTS}},
)
