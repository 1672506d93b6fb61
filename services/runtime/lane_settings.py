"""How lanes run, and how they say that they are doing."""

from __future__ import annotations

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
    stop_within: float = 8.0
    """How long a running batch may still take when the lane is to stop."""
    stuck_after: float = 60.0
    """A lane that has records waiting and does not move for so long ends the process."""
    backoff_first: float = 0.2
    backoff_most: float = 5.0
    session_timeout: float = 10.0
    """After so long without a sign of life the group gives our lanes to others."""

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
    paused: bool
    """It waits for a dependency other than Kafka."""
    lag: int
    """Records that wait, over all inputs, as far as the last fetch told."""
    lives: int
    """How often it was built in this process."""
    quiet_s: float
    """Seconds since it last moved."""
