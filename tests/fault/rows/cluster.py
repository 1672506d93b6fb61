"""Row 3: three brokers, killed, restarted and frozen, behind a network that fails."""

from __future__ import annotations

import msgspec

from tests.fault.disk import can_mount
from tests.fault.nemeses import brokers, wires
from tests.fault.nemeses.brokers import KillBroker, PauseBroker, PauseBrokerShortly, RestartBroker
from tests.fault.nemeses.clocks import ShiftClock
from tests.fault.nemeses.disks import FillDisk
from tests.fault.nemeses.wires import CutAll, CutKafka, CutRedis, HalfOpen, Slow
from tests.fault.scene import Limit, Row, Scene, Topology

THREE = Topology(brokers=3, proxied=True, partitions=6, lanes=3, workers=2)
ONE = Topology(brokers=1, proxied=True, partitions=6, lanes=3, workers=2)
RESUME_S = 30.0
SMALL_DISK = msgspec.structs.replace(THREE, disk_mib=512)
FULL_DISK = (
    (Scene(name="a full disk", topology=SMALL_DISK, strands=({FillDisk: 3},), rate=80),)
    if can_mount()
    else ()
)
LACKING = () if can_mount() else ("a full disk under one broker: only root can mount a small one",)

ROW = Row(
    number=3,
    title="brokers killed, restarted and frozen, and faults of every connection",
    scenes=(
        Scene(
            name="brokers and connections",
            topology=THREE,
            strands=(
                {KillBroker: 8, RestartBroker: 2, PauseBroker: 8, ShiftClock: 3},
                {CutKafka: 80, CutRedis: 36, CutAll: 22, Slow: 10, HalfOpen: 4},
            ),
            rate=60,
        ),
        *FULL_DISK,
    ),
    short=(
        Scene(
            name="one broker and its connections",
            topology=ONE,
            strands=(
                {
                    KillBroker: 2,
                    PauseBrokerShortly: 2,
                    CutKafka: 10,
                    CutRedis: 4,
                    CutAll: 3,
                    Slow: 2,
                    HalfOpen: 1,
                },
            ),
            rate=80,
        ),
    ),
    targets={brokers.KILLED: 15, brokers.PAUSED: 15, "proxy: *": 300},
    limits={
        brokers.RESUME: Limit(seconds=RESUME_S),
        wires.RESUME: Limit(seconds=RESUME_S),
    },
    lacking=LACKING,
)
