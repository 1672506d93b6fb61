"""How lanes run, and how they say that they are doing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class LaneSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How lanes run. Times in seconds."""

    service: str
    """`router` or `sentiment`: part of the group's and the transactions' names."""
    prefix: str = ""
    lanes: int = 4
    batch_records: int = 500
    batch_bytes: int = 4 * 1024 * 1024
    """Most bytes of input in a batch; one larger record is a batch of its own."""
    poll_ms: int = 200
    """How long a lane waits for a record before it looks around (stop requests)."""
    batch_within: float = 20.0
    """Time limit of one transaction; must be below the transaction timeout of the broker."""
    open_within: float = 30.0
    """Time limit of each step of an opening."""
    stop_within: float = 4.0
    """How long a running batch may still take when the lane is to stop."""
    stuck_after: float = 60.0
    """A lane that has records waiting and does not move for so long ends the process."""
    backoff_first: float = 0.2
    backoff_most: float = 5.0
    session_timeout: float = 10.0
    """After so long without a sign of life the group gives our lanes to others."""

    brake_row: int = 100
    """The lane stops after so many dead letters in a row; 0: never."""
    brake_recent: int = 500
    """The lane stops when so many of its last 1,000 records became dead letters; 0: never."""
    isolate_after: int = 3
    """After so many deaths of the process at one record this becomes a dead letter; 0: never."""

    @property
    def group(self) -> str:
        """The consumer group."""
        return f"{self.prefix}omniroute-{self.service}"

    def transactional_id(self, lane: int) -> str:
        """The identity of a lane at the broker; it fences former owners."""
        return f"{self.prefix}{self.service}-lane-{lane}"


class LaneStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a lane is doing, for probes and metrics."""

    lane: int
    open: bool
    """It has been opened and reads."""
    why: str
    """What it waits for, other than Kafka, as a sentence without personal data; empty: nothing."""
    braked: str
    """Why the brake holds it until an operator lets go; empty: it does not."""
    lag: int
    """Records that wait, over all inputs: as the last fetch told; where nothing is fetched, as
    Kafka said a few seconds ago, or when it last answered."""
    lives: int
    """How often it was built in this process."""
    quiet_s: float
    """Seconds since it last moved."""
    still_s: float
    """The same, but waiting for a dependency counts as moving: for whom a hang is to be told."""

    @property
    def paused(self) -> bool:
        """It waits for a dependency other than Kafka."""
        return bool(self.why)


def tell_braked(lanes: Sequence[LaneStatus]) -> dict[str, str]:
    """What `/readyz` says of lanes that the brake holds; empty if there are none."""
    held = [f"lane {lane.lane}: {lane.braked}" for lane in lanes if lane.braked]
    if not held:
        return {}
    return {"brake": "; ".join(held) + "; nothing is lost. See `omniroute brake`"}
