"""`omniroute rules explain` over real servers: the index, the revisions, a range verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli import rules
from services.cli.explaining.index import DecisionIndex, Place, open_index
from services.cli.judging.reading import open_reader
from services.cli.progress import Progress
from services.contact.codec import decode_decision
from services.contact.decision import Decision
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import Broker
from tests.servers import ValkeyUnderTest
from tests.shell.recorded import PARTITIONS
from tests.shell.test_judge_reads import Stage


@pytest.fixture
async def stage(broker: Broker, valkey: ValkeyUnderTest, prefix: str) -> Stage:
    """A recorded run on the servers."""
    await apply_topics(KafkaAccess(brokers=broker.bootstrap), prefix, partitions=PARTITIONS)
    on = Stage(broker, valkey, prefix)
    on.perform()
    return on


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("OMNIROUTE_RULES", raising=False)


def decisions(stage: Stage) -> list[Decision]:
    """All that was decided."""
    made = []
    for partition in stage.run.partitions:
        for record in partition.decisions:
            one = decode_decision(record.value, record.headers)
            assert isinstance(one, Decision)
            made.append(one)
    return made


def explain(stage: Stage, *words: str) -> int:
    """Call the command on the stage."""
    where = ["--brokers", stage.brokers, "--prefix", stage.prefix, "--quiet"]
    return rules.main(["explain", *words, *where])


def test_a_decision_is_found_by_its_id_or_the_beginning_of_it(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """With all its revisions; an id that is not there is said to be none of so many."""
    made = decisions(stage)
    revised = max(made, key=lambda one: one.revision)
    assert revised.revision >= 1
    for word in (revised.decision_id, revised.decision_id[:13].upper()):
        assert explain(stage, word) == 0
        said = capsys.readouterr().out
        assert f"decision {revised.decision_id}, revision {revised.revision}" in said
        assert said.index("\n  0  ") < said.index(f"\n  {revised.revision}  ")
        assert "<- this one" in said
    assert explain(stage, "00000000-0000") == 1
    said = capsys.readouterr().err
    assert f"none of the {len(made)} decisions" in said
    assert "--reindex" in said


def test_the_index_reads_on_and_is_rebuilt_when_it_is_lost(stage: Stage, tmp_path: Path) -> None:
    """Only what is new is read; a broken file, and a topic that was made anew, begin again."""
    made = decisions(stage)
    file = tmp_path / "index.sqlite"
    with (
        open_reader(stage.brokers, stage.prefix, lambda _: None) as reader,
        Progress("", quiet=True) as quiet,
    ):

        def update() -> int:
            with open_index(file) as index:
                added = index.update(reader, stage.prefix, quiet)
                assert len(index) == len(made)
                assert all(find(index, one.decision_id) for one in made)
                return added

        assert update() == len(made)
        assert update() == 0
        file.write_bytes(b"no database at all, but long enough to be taken for one" * 40)
        assert update() == len(made)
        with open_index(file) as index:  # as if the topic had been deleted and made anew
            index._database.execute("UPDATE progress SET id=x'00'")
            index._database.execute("INSERT INTO decisions VALUES (x'01', 0, 0), (x'02', 1, 0)")
            index._database.commit()
        assert update() == len(made)


def find(index: DecisionIndex, decision_id: str) -> list[Place]:
    """Where an id lies."""
    return index.find(decision_id.replace("-", ""))


def test_reindex_forgets_what_the_index_held(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--reindex` reads the topic from its beginning."""
    made = decisions(stage)
    file = tmp_path / "index.sqlite"
    with open_index(file) as index:
        index._database.execute("INSERT INTO decisions VALUES (x'aabbccdd', 0, 0)")
        index._database.commit()
    assert explain(stage, made[0].decision_id, "--index", str(file), "--reindex") == 0
    with open_index(file) as index:
        assert len(index) == len(made)
    capsys.readouterr()


def test_all_decisions_of_a_range_are_verified(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing differs; a range that has not begun holds nothing."""
    made = decisions(stage)
    assert explain(stage, "--verify") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{len(made)} decisions matched again")
    assert "all are what the rules say" in said
    assert explain(stage, "--verify", "--from", "1h") == 0
    assert capsys.readouterr().out.startswith(f"{len(made)} decisions")
    assert explain(stage, "--verify", "--from", "2100-01-01") == 0
    assert capsys.readouterr().out.startswith("0 decisions")
    assert explain(stage, "--verify", "--to", "1h") == 0
    assert capsys.readouterr().out.startswith("0 decisions")
