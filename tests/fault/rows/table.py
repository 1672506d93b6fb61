"""All rows, by number."""

from __future__ import annotations

from tests.fault.rows import cluster, kills, memory, poison, workers
from tests.fault.scene import Row

ROWS: dict[int, Row] = {
    row.number: row for row in (kills.ROW, workers.ROW, cluster.ROW, memory.ROW, poison.ROW)
}
