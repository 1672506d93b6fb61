"""The short form of every row: faults against Apache Kafka, and the judge at last."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from tests.fault.round import play
from tests.fault.rows.table import ROWS
from tests.fault.scene import Row, Scene

SEED = 11
SLACK = 2.0
"""The promises are checked as they are. Times are those of a few faults on a machine that others
use: the long form, over hundreds of faults, holds them to the limits of the row."""
SHORT = [
    pytest.param(row, scene, id=f"row {row.number}: {scene.name}")
    for row in ROWS.values()
    for scene in row.short
]


@pytest.mark.slow
@pytest.mark.durable
@pytest.mark.kafka
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("row", "scene"), SHORT)
def test_faults_lose_nothing_repeat_nothing_and_disorder_nothing(
    row: Row, scene: Scene, tmp_path: Path
) -> None:
    """Law: after every planned fault all promises are kept, and what is interrupted goes on in time."""
    limits = {
        name: msgspec.structs.replace(limit, seconds=limit.seconds * SLACK)
        for name, limit in row.limits.items()
    }
    result = play(scene, SEED, limits, say=_say, keep=tmp_path / "logs")
    assert result.kept, "\n".join([*result.wrong, result.verdict])
    planned = sum(count for strand in scene.strands for count in strand.values())
    assert len(result.struck) + result.missed == planned + len(scene.throughout)
    assert result.missed <= planned // 10
    assert result.events > 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
