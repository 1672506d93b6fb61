"""`omniroute rules replay` over what a run left behind: in the recorded order, and where it is cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.cli import rules, traffic
from services.cli.judging.evidence import Evidence, Log
from services.cli.replaying.sums import Sums
from services.cli.replaying.topics import KafkaSource, order_inputs
from services.cli.replaying.work import fold_slice
from services.contact.topics import MARKER_KEY
from services.router.core.table import Table
from services.router.rules.file import load_table
from services.router.rules.packaged import find_default
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import Broker
from tests.servers import ValkeyUnderTest
from tests.shell.recorded import PARTITIONS, Recording, tell_story
from tests.shell.test_judge_reads import Stage

DEFAULT = find_default().read_text("utf-8")
THREE = DEFAULT.replace("thread.exchanges: {gte: 2}", "thread.exchanges: {gte: 3}")
SOURCE = KafkaSource(brokers="", prefix="")


def table_of(text: str) -> Table:
    """The table of a rule file."""
    table = load_table(text)
    assert isinstance(table, Table), table
    return table


CURRENT, CANDIDATE = table_of(DEFAULT), table_of(THREE)


@pytest.fixture(autouse=True)
def _no_rules_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMNIROUTE_RULES", raising=False)


@pytest.fixture(scope="module")
def run() -> Recording:
    """A run of the default rules."""
    recording = Recording(CURRENT)
    tell_story(recording, seed=8, customers=30)
    return recording


def folded(run: Recording, candidate: Table, cut: Any = lambda evidence: evidence) -> Sums:
    """The sums of all partitions."""
    total = Sums()
    for partition in run.partitions:
        part = order_inputs(cut(partition.evidence()), SOURCE)
        total.add(fold_slice(part, (CURRENT, candidate), lambda _: None))
    total.sort()
    return total


def keep_last_marker(evidence: Evidence) -> Evidence:
    """As compaction leaves it: of all markers the newest."""
    markers = [r for r in evidence.memory.records if r.key == MARKER_KEY]
    kept = tuple(r for r in evidence.memory.records if r.key != MARKER_KEY or r is markers[-1])
    memory = msgspec.structs.replace(evidence.memory, records=kept)
    return msgspec.structs.replace(evidence, memory=memory)


def drop_first_third(evidence: Evidence) -> Evidence:
    """As retention leaves it: the first events are gone."""
    records = evidence.events.records[len(evidence.events.records) // 3 :]
    return msgspec.structs.replace(
        evidence, events=Log(records, records[0].offset, evidence.events.end)
    )


# -------------------------------------------------------------------------- without servers
def test_what_was_decided_comes_out_again_in_the_recorded_order(run: Recording) -> None:
    """The current side is the run itself, clock and order included; nothing is approximate."""
    sums = folded(run, CURRENT)
    assert sums.changes == []
    assert sums.approximate == 0
    assert sums.made[0] == sums.made[1] == sum(len(p.decisions) for p in run.partitions)
    assert folded(run, CANDIDATE).changes


@pytest.mark.parametrize("cut", [keep_last_marker, drop_first_third])
def test_an_unchanged_file_changes_nothing_where_history_is_gone(run: Recording, cut: Any) -> None:
    """Zero, whatever compaction and retention left."""
    sums = folded(run, CURRENT, cut)
    assert sums.changes == []
    assert sums.made[0] == sums.made[1] > 0


def test_lost_markers_are_counted(run: Recording) -> None:
    """Every input whose recorded batch is gone."""
    sums = folded(run, CURRENT, keep_last_marker)
    assert sums.approximate == sums.inputs > 0


def test_customers_whose_history_is_cut_are_named_and_told_from_their_facts(run: Recording) -> None:
    """Those whose recorded decisions do not come out again, and only those."""
    sums = folded(run, CANDIDATE, drop_first_third)
    whole = folded(run, CANDIDATE)
    assert 0 < len(sums.incomplete) < len(whole.customers)
    assert sums.recorded > 0
    told = [one for one in sums.changes if one.recorded]
    assert {one.customer_id for one in told} <= set(sums.incomplete)
    assert {one.customer_id for one in sums.changes if not one.recorded}.isdisjoint(sums.incomplete)
    gone = {one.decision_id for one in told}
    assert gone
    assert gone <= {one.decision_id for one in whole.changes}


# ----------------------------------------------------------------------------- over servers
@pytest.fixture
async def stage(broker: Broker, valkey: ValkeyUnderTest, prefix: str) -> Stage:
    """A recorded run on the servers."""
    await apply_topics(KafkaAccess(brokers=broker.bootstrap), prefix, partitions=PARTITIONS)
    on = Stage(broker, valkey, prefix)
    on.perform()
    return on


def replay(stage: Stage, *words: str) -> int:
    """Call the command on the stage."""
    where = ["--brokers", stage.brokers, "--prefix", stage.prefix, "--quiet"]
    return rules.main(["replay", *words, *where])


def test_through_kafka_an_unchanged_file_changes_nothing(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At one process and at two; another file changes the same decisions at both."""
    for workers in ("1", "2"):
        assert replay(stage, "--against", str(find_default()), "--workers", workers) == 0
        assert "no decision changes" in capsys.readouterr().out
    (tmp_path / "three.yaml").write_text(THREE, "utf-8")
    found = []
    for workers in ("1", "2"):
        words = ["--against", str(tmp_path / "three.yaml"), "--format", "json"]
        assert replay(stage, *words, "--workers", workers) == 1
        found.append(json.loads(capsys.readouterr().out))
    assert found[0] == found[1]
    assert found[0]["decisions"][0] == sum(len(p.decisions) for p in stage.run.partitions)
    assert found[0]["changes"]
    assert replay(stage, *words, "--from", "2100-01-01") == 0
    assert json.loads(capsys.readouterr().out)["inputs"] == 0


def test_traffic_is_written_to_a_file_that_can_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same seed gives the same file, scores included; it needs no Kafka."""
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for file in files:
        words = ["--events", "300", "--seed", "7", "--begin", "2026-11-20T06:00:00Z", "--rate", "1"]
        assert traffic.main(["--output", str(file), *words]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert b'"scored_at"' in files[0].read_bytes()
    capsys.readouterr()
    same = ["--against", str(find_default()), "--quiet", "--format", "json"]
    assert rules.main(["replay", str(files[0]), *same]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["inputs"] > 300
    assert data["decisions"][0] > 50
