"""Row 4: Redis is killed, rolled back, flushed, failed over, moved about, and away for a minute."""

from __future__ import annotations

from tests.fault.lasting import LastingValkey
from tests.fault.nemeses import failovers, memory, outages, reshards
from tests.fault.nemeses.failovers import FailOver
from tests.fault.nemeses.memory import KillRedis, PauseRedis, QuickDamage
from tests.fault.nemeses.outages import KafkaAway, Outage, ShortOutage
from tests.fault.nemeses.reshards import KillNode, MoveSlot, PauseNode
from tests.fault.scene import Limit, Row, Scene, Topology
from tests.fault.sentinels import SentinelSet
from tests.fault.slots import ThreeNodes

# A worker that remembers nothing itself asks Redis for every customer, and sees all that it lost.
NO_CACHE = {"OMNIROUTE_CACHE_CUSTOMERS": "0"}
ONE = Topology(redis=LastingValkey, settings=NO_CACHE)
SENTINELS = Topology(redis=SentinelSet, settings=NO_CACHE)
CLUSTER = Topology(redis=ThreeNodes, partitions=6, lanes=3, settings=NO_CACHE)
RESUME_S = 30.0

ROW = Row(
    number=4,
    title="Redis killed, rolled back, flushed, failed over with lost writes, resharded, away",
    scenes=(
        Scene(
            name="one Redis",
            topology=ONE,
            strands=({KillRedis: 13, PauseRedis: 5, Outage: 2},),
            throughout=(QuickDamage,),
        ),
        Scene(name="Sentinel", topology=SENTINELS, strands=({FailOver: 5},)),
        Scene(
            name="Cluster",
            topology=CLUSTER,
            strands=({MoveSlot: 24, KillNode: 4, PauseNode: 4},),
        ),
        Scene(name="no Kafka", topology=ONE, strands=({KafkaAway: 1},)),
    ),
    short=(
        Scene(
            name="one Redis, shortly",
            topology=ONE,
            strands=({KillRedis: 2, ShortOutage: 1},),
            throughout=(QuickDamage,),
            lead_s=1.0,
        ),
        Scene(
            name="Sentinel, shortly",
            topology=SENTINELS,
            strands=({FailOver: 1},),
            lead_s=1.0,
        ),
        Scene(
            name="Cluster, shortly",
            topology=CLUSTER,
            strands=({MoveSlot: 4, KillNode: 1},),
            lead_s=1.0,
        ),
    ),
    targets={
        "Redis killed*": 25,
        "Redis: roll-backs*": 60,
        "Redis: flushes*": 40,
        failovers.LOST: 8,
        f"{reshards.MOVED}*": 1,
        "Redis away for 60 s": 3,
        "Kafka away for 180 s": 1,
    },
    limits={
        memory.RESUME: Limit(seconds=RESUME_S),
        outages.RESUME_KAFKA: Limit(seconds=RESUME_S),
    },
)
