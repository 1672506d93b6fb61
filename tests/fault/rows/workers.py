"""Row 2: workers that stand still and wake, join, leave, and are lost."""

from __future__ import annotations

from tests.fault.arena import SESSION_S
from tests.fault.nemeses.joins import JOINS, LEAVE_GAP, LEAVES, LOST_GAP, Join, Leave, Lose
from tests.fault.nemeses.zombies import EXIT, ZOMBIES, Zombie
from tests.fault.scene import Limit, Row, Scene, Topology

THREE = Topology(partitions=12, lanes=6, workers=3)

ROW = Row(
    number=2,
    title="zombies, joins and leaves of three workers over twelve partitions",
    scenes=(
        Scene(
            name="workers",
            topology=THREE,
            strands=({Zombie: 10, Join: 15, Leave: 15, Lose: 1},),
            rate=80,
        ),
    ),
    short=(
        Scene(
            name="workers, shortly",
            topology=THREE,
            strands=({Zombie: 2, Join: 2, Leave: 2, Lose: 1},),
            rate=80,
        ),
    ),
    targets={ZOMBIES: 40, JOINS: 40, LEAVES: 40},
    # From commit a3a5ac0 on a member hears of a rebalance within one second instead of three; all
    # interruptions by a clean leave that were longer than 5 s are of rounds before it.
    since="2026-11-26T03:10Z",
    limits={
        EXIT: Limit(seconds=5),
        LEAVE_GAP: Limit(seconds=5, quantile=0.99),
        LOST_GAP: Limit(seconds=SESSION_S + 5),
    },
)
