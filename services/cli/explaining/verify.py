"""`omniroute rules explain --verify`: does `Table.match` still say what was decided?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from services.cli.judging.evidence import UnreadableError
from services.cli.progress import Progress
from services.cli.rule_versions import RulesMissingError, Shelf
from services.contact.codec import decode_decision
from services.contact.decision import Decision
from services.contact.reject import Reject
from services.contact.topics import DECISIONS, Topics
from services.router.core.table import Table
from services.router.rules.verifying import Difference, verify

if TYPE_CHECKING:
    from services.cli.judging.reading import Reader

MOST_WRONG = 20


class Wrong(msgspec.Struct, frozen=True):
    """A decision that is not what the rules say of its facts."""

    place: str
    decision_id: str
    differences: tuple[Difference, ...]


class Verified(msgspec.Struct, kw_only=True):
    """What came out."""

    verified: int = 0
    versions: Counter[str] = msgspec.field(default_factory=Counter)
    """Decisions by the version of the rules that made them."""
    wrong: list[Wrong] = []
    missing: dict[str, str] = {}
    """Versions that are not at hand, and why."""
    unverified: int = 0
    """Decisions under those."""

    @property
    def good(self) -> bool:
        """Is every decision as it was made?"""
        return not (self.wrong or self.unverified)


def verify_all(
    decisions: Iterable[tuple[str, Decision]], shelf: Shelf, progress: Progress
) -> Verified:
    """Match every decision's facts again; decisions come with the place to name."""
    done = Verified()
    tables: dict[str, Table | None] = {}
    for place, made in decisions:
        version = made.rules_version
        if version not in tables:
            tables[version] = _find(shelf, version, done)
        table = tables[version]
        if table is None:
            done.unverified += 1
            continue
        done.verified += 1
        done.versions[version] += 1
        differences = verify(table, made)
        if differences:
            done.wrong.append(Wrong(place, made.decision_id, tuple(differences)))
        if not done.verified % 500:
            progress.tell(done.verified, f"{len(done.wrong)} wrong")
    return done


def _find(shelf: Shelf, version: str, done: Verified) -> Table | None:
    try:
        return shelf.find(version)[1]
    except RulesMissingError as why:
        done.missing[version] = str(why)
        return None


def read_range(
    reader: Reader, prefix: str, since: int | None, until: int | None
) -> Iterator[tuple[str, Decision]]:
    """The decisions appended in [since, until), ms since the epoch; raises UnreadableError."""
    topic = Topics(prefix).name(DECISIONS)
    for partition in range(reader.partitions()):
        first = 0 if since is None else reader.offset_at(topic, partition, since)
        last = None if until is None else reader.offset_at(topic, partition, until)
        for record in reader.stream(topic, partition, first, last):
            place = f"{topic} {partition}/{record.offset}"
            made = decode_decision(record.value, record.headers)
            if isinstance(made, Reject):
                raise UnreadableError(f"{place} is no decision: {made.code} {made.why}")
            yield place, made


def tell_verified(done: Verified, seconds: float) -> list[str]:
    """The result in lines; at most `MOST_WRONG` decisions are spelled out."""
    versions = ", ".join(f"{count:,} by {version}" for version, count in done.versions.items())
    lines = [f"{done.verified:,} decisions matched again in {seconds:.1f} s: {versions or 'none'}"]
    for one in done.wrong[:MOST_WRONG]:
        lines.append(f"{one.place} {one.decision_id}")
        lines += [
            f"    {d.field}: recorded {d.recorded!r}, the rules say {d.expected!r}"
            for d in one.differences
        ]
    if len(done.wrong) > MOST_WRONG:
        lines.append(f"and {len(done.wrong) - MOST_WRONG:,} more")
    lines += [f"not verified: {why}" for why in done.missing.values()]
    if done.unverified:
        lines.append(f"{done.unverified:,} decisions were not verified")
    if done.wrong:
        lines.append(f"{len(done.wrong):,} decisions are NOT what the rules say of their facts")
    elif done.good:
        lines.append("all are what the rules say of their facts")
    return lines
