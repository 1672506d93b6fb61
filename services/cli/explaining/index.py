"""Where each decision lies on `contact.decisions`: a cache that can be built anew at any time.

It holds ids and places, nothing of what was decided: no address, no customer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from services.cli.judging.evidence import Record
from services.cli.progress import Progress
from services.contact.codec import decode_decision
from services.contact.decision import Decision
from services.contact.topics import CE_ID, DECISIONS, Topics

if TYPE_CHECKING:
    from services.cli.judging.reading import Reader

FORMAT = 1
SHORTEST = 6
"""Hex digits of an id that are enough to look for it."""
WAIT_S = 30.0
"""Another command may be writing the same index."""
BATCH = 20_000
_ID = re.compile(r"^[0-9a-f]{6,32}$")
_TABLES = """
CREATE TABLE IF NOT EXISTS decisions (
    id BLOB PRIMARY KEY, partition INTEGER NOT NULL, offset INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (
    partition INTEGER PRIMARY KEY, offset INTEGER NOT NULL, id BLOB NOT NULL
);
"""


class Place(msgspec.Struct, frozen=True):
    """Where a decision lies."""

    id: bytes
    """The 16 bytes of its UUID."""
    partition: int
    offset: int


def read_id(text: str) -> str | None:
    """The hex digits of an id or of its beginning; None if it is no id."""
    digits = text.strip().lower().replace("-", "")
    return digits if _ID.match(digits) else None


def find_folder() -> Path:
    """The user's cache: `$XDG_CACHE_HOME/omniroute`, else `~/.cache/omniroute`."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "omniroute"


def name_index(cluster: str, brokers: str, prefix: str) -> str:
    """A name for each deployment; brokers stand in where a cluster tells no id."""
    told = f"{cluster or brokers}\n{prefix}"
    return f"decisions-{hashlib.sha256(told.encode()).hexdigest()[:16]}.sqlite"


class DecisionIndex:
    """The index of one deployment; use `open_index`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(_TABLES)

    def __len__(self) -> int:
        (count,) = self._database.execute("SELECT count(*) FROM decisions").fetchone()
        return int(count)

    def find(self, digits: str, most: int = 10) -> list[Place]:
        """The decisions whose ids begin with these hex digits, at most so many."""
        low = bytes.fromhex(digits.ljust(32, "0"))
        high = bytes.fromhex(digits.ljust(32, "f"))
        words = "SELECT id, partition, offset FROM decisions WHERE id BETWEEN ? AND ? LIMIT ?"
        return [Place(*row) for row in self._database.execute(words, (low, high, most))]

    def clear(self) -> None:
        """Forget everything."""
        with self._database:
            self._database.execute("DELETE FROM decisions")
            self._database.execute("DELETE FROM progress")

    def update(self, reader: Reader, prefix: str, progress: Progress) -> int:
        """Read on to the ends of the topic; how many decisions came in.

        Raises `UnreadableError`. A partition whose last indexed record is no longer what it was
        (the topic was made anew) is indexed from its beginning.
        """
        topic = Topics(prefix).name(DECISIONS)
        added = 0
        for partition in range(reader.partitions()):
            known = self._known(partition)
            records = _read_on(reader, topic, partition, known)
            if records is None:
                with self._database:
                    self._database.execute("DELETE FROM decisions WHERE partition=?", (partition,))
                records = reader.stream(topic, partition)
            for batch in _batches(partition, records):
                self._put(batch)
                added += len(batch)
                progress.tell(added, f"partition {partition}")
        return added

    def _known(self, partition: int) -> Place | None:
        words = "SELECT id, partition, offset FROM progress WHERE partition=?"
        row = self._database.execute(words, (partition,)).fetchone()
        return None if row is None else Place(*row)

    def _put(self, batch: list[Place]) -> None:
        rows = [(one.id, one.partition, one.offset) for one in batch]
        last = batch[-1]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO decisions VALUES (?,?,?)", rows)
            self._database.execute(
                "INSERT OR REPLACE INTO progress VALUES (?,?,?)",
                (last.partition, last.offset, last.id),
            )


def id_of(record: Record) -> bytes:
    """The 16 bytes of a decision's id; empty for what is no decision."""
    for name, value in record.headers:
        if name == CE_ID:
            return _bytes_of(value.decode("ascii", "replace"))
    made = decode_decision(record.value, record.headers)
    return _bytes_of(made.decision_id) if isinstance(made, Decision) else b""


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return b""


def _read_on(
    reader: Reader, topic: str, partition: int, known: Place | None
) -> Iterator[Record] | None:
    """What came after the last record that is known; None if that one is another now."""
    if known is None:
        return None
    low, _ = reader.edges(topic, partition)
    records = reader.stream(topic, partition, known.offset)
    if known.offset < low:
        return records
    first = next(records, None)
    return records if first is not None and id_of(first) == known.id else None


def _batches(partition: int, records: Iterator[Record]) -> Iterator[list[Place]]:
    batch: list[Place] = []
    for record in records:
        known = id_of(record)
        if known:
            batch.append(Place(known, partition, record.offset))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@contextlib.contextmanager
def open_index(file: Path | None) -> Iterator[DecisionIndex]:
    """The index in a file, made if it is not there; None keeps it in memory.

    A file that is broken, or of another format, is made anew: it is only a cache.
    """
    database = _open(file) if file is not None else sqlite3.connect(":memory:")
    try:
        yield DecisionIndex(database)
    finally:
        database.close()


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _checked(file)
    except sqlite3.DatabaseError:
        file.unlink(missing_ok=True)
        return _checked(file)


def _checked(file: Path) -> sqlite3.Connection:
    """Raises `sqlite3.DatabaseError` for what is no index of this format."""
    database = sqlite3.connect(file, timeout=WAIT_S)
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and version != FORMAT:
        database.close()
        raise sqlite3.DatabaseError(f"format {version}")
    database.execute(f"PRAGMA user_version={FORMAT}")
    return database
