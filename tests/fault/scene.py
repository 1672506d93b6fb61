"""Rows of the list of proofs, and the scenes in which they are played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from services.runtime.embedded import Valkey
from tests.fault.nemesis import Nemesis

EVENTS = "events"
"""The target that counts events with an outcome that was judged."""


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the first fault."""

    brokers: int = 1
    """1, or 3 (replicated threefold, two of which must answer; then also `proxied`)."""
    proxied: bool = False
    """The workers reach Kafka and Redis through a TCP proxy each (`stage.links`)."""
    redis: Callable[[], AbstractContextManager[Any]] = Valkey
    """Opens the memory: anything with a `url`."""
    partitions: int = 4
    lanes: int = 2
    workers: int = 2
    """Workers that are kept running: one that ends is replaced."""
    disk_mib: int = 0
    """With proxied brokers: size of a file system under the last one alone; 0: none (needs root)."""
    settings: Mapping[str, str] = {}
    """Environment variables of the workers."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One round: traffic, a plan of faults, and the judge at last."""

    name: str
    topology: Topology
    strands: tuple[Mapping[type[Nemesis], int], ...]
    """Faults of one strand come one after the other, strands side by side. How many of each."""
    throughout: tuple[type[Nemesis], ...] = ()
    """Struck once at the beginning and healed at the end."""
    rate: float = 150.0
    """Events a second."""
    lead_s: float = 3.0
    """Undisturbed traffic before the first fault."""
    by: Callable[[int, Callable[[str], None]], Any] | None = None
    """Plays the round itself (seed, say -> Result) where it is no day with faults in it."""

    @property
    def needs(self) -> set[str]:
        """Tools that its faults need."""
        kinds = {kind for strand in (*self.strands, self.throughout) for kind in strand}
        return {need for kind in kinds for need in kind.needs}


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What a measured time must not exceed."""

    seconds: float
    quantile: float = 1.0
    """1: no single one may be longer (then a run that breaks it is red). Less: of all runs."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One proof."""

    number: int
    title: str
    scenes: tuple[Scene, ...]
    """Of the long form; rounds play them in turn."""
    short: tuple[Scene, ...]
    """Of `make check`; a minute each at most."""
    targets: Mapping[str, int]
    """What must be reached in sum. A name ending in `*` sums all counts that begin so."""
    limits: Mapping[str, Limit] = {}
    """By what was measured."""
    since: str = ""
    """Rounds that ended before this moment (UTC, as in the ledger) count no more: they are of a program
    that differs from ours in what the row is about. The reason stands beside it."""
    lacking: tuple[str, ...] = ()
    """What this machine does not let us do, and how it would; told loudly."""


def sum_counts(counts: Mapping[str, int], target: str, events: int) -> int:
    """How much of a target these counts are."""
    if target == EVENTS:
        return events
    if target.endswith("*"):
        return sum(n for name, n in counts.items() if name.startswith(target[:-1]))
    return counts.get(target, 0)
