"""Reload on live traffic: new rules come into force, bad and older ones never, no lane waits."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from services.contact.decision import Effect
from services.router.live import reload as reloading
from services.router.live.beside import Trials
from services.router.live.changing import RulesDirectory
from services.router.live.directory import Limits, SourceError
from services.router.live.guardrails import Arm
from services.router.live.reload import LiveRules, load_first
from services.runtime.lane import Unavailable
from tests.live.rule_texts import BROKEN, put, rule_text, write_many, write_rules
from tests.yardstick import find_slowness

OLD, NEW, THIRD = rule_text(2), rule_text(3), rule_text(4)
WITHIN_S = 20.0
FAILING = """\
tests:
  - name: a chat is called back
    events:
      - customer: Hello?
        channel: chat
    expect: {action: callback}
"""


@asynccontextmanager
async def watching(rules: LiveRules) -> AsyncIterator[None]:
    """Let it watch, and end it afterwards."""
    task = asyncio.create_task(rules.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until_live(rules: LiveRules, version: str) -> float:
    """Seconds until this version is live."""
    began = time.monotonic()
    while rules.edition().table.version != version:
        assert time.monotonic() - began < WITHIN_S, f"{version} is not live"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def figure(rules: LiveRules, name: str, **labels: str) -> float | None:
    """A figure as Prometheus would read it."""
    registry = CollectorRegistry()
    registry.register(rules.figures)
    return registry.get_sample_value(f"omniroute_rules_{name}", labels)


async def test_a_file_is_reloaded_and_a_bad_one_never_replaces_a_good_one(tmp_path: Path) -> None:
    """Law: what decides is always the last good content; the figures say how the reload went."""
    path = put(tmp_path / "routing.yaml", OLD.text)
    rules = load_first(str(path))
    try:
        put(path, BROKEN)
        await rules.look()
        assert rules.edition().table.version == OLD.version
        assert figure(rules, "last_reload_successful") == 0
        assert figure(rules, "reload_failures_total", why="refused") == 1
        path.unlink()
        await rules.look()
        await rules.look()
        assert figure(rules, "reload_failures_total", why="unreadable") == 1
        put(path, NEW.text)
        await rules.look()
        assert rules.edition().table.version == NEW.version
        assert figure(rules, "last_reload_successful") == 1
        assert figure(rules, "info", role="live", version=NEW.version) == 1
    finally:
        await rules.close()


async def test_a_file_whose_own_tests_fail_is_refused(tmp_path: Path) -> None:
    """Law: the tests beside the file are asked before it decides anybody."""
    path = put(tmp_path / "routing.yaml", OLD.text)
    rules = load_first(str(path))
    try:
        put(tmp_path / "routing.tests.yaml", FAILING)
        put(path, NEW.text)
        await rules.look()
        assert rules.edition().table.version == OLD.version
        (tmp_path / "routing.tests.yaml").unlink()
        await rules.look()
        assert rules.edition().table.version == NEW.version
    finally:
        await rules.close()


@pytest.mark.parametrize("named", ["file", "directory"])
async def test_a_configmap_swap_is_seen(tmp_path: Path, named: str) -> None:
    """Law: Kubernetes replaces the link `..data`, nothing else; the new rules come into force."""
    mount = tmp_path / "mount"
    put(mount / "..1" / "routing.yaml", OLD.text)
    (mount / "..data").symlink_to("..1")
    (mount / "routing.yaml").symlink_to("..data/routing.yaml")
    rules = load_first(str(mount / "routing.yaml" if named == "file" else mount))
    async with watching(rules):
        await asyncio.sleep(0.3)
        put(mount / "..2" / "routing.yaml", NEW.text)
        (mount / "..tmp").symlink_to("..2")
        (mount / "..tmp").rename(mount / "..data")
        assert await until_live(rules, NEW.version) < 10


async def test_what_the_watch_does_not_tell_the_poll_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: on a file system that reports nothing, new rules come too."""

    async def silent(*_: object, **__: object) -> AsyncIterator[set[object]]:
        while True:
            await asyncio.sleep(reloading.POLL_MS / 1000)
            yield set()

    monkeypatch.setattr(reloading, "awatch", silent)
    monkeypatch.setattr(reloading, "POLL_MS", 100)
    path = put(tmp_path / "routing.yaml", OLD.text)
    rules = load_first(str(path))
    async with watching(rules):
        await asyncio.sleep(0.2)
        put(path, NEW.text)
        await until_live(rules, NEW.version)


async def test_an_older_generation_is_refused(tmp_path: Path) -> None:
    """Law: a directory that was put back from a backup does not take customers back."""
    directory = RulesDirectory(tmp_path)
    directory.promote(OLD)
    backup = (tmp_path / "current.json").read_bytes()
    directory.promote(NEW)
    rules = load_first(str(tmp_path))
    try:
        (tmp_path / "current.json").write_bytes(backup)
        await rules.look()
        assert rules.edition().table.version == NEW.version
        assert figure(rules, "reload_failures_total", why="older") == 1
        directory.rollback(OLD.version)
        directory.promote(THIRD)
        await rules.look()
        assert rules.edition().table.version == THIRD.version
    finally:
        await rules.close()


async def test_a_lane_waits_for_the_generation_that_decided_it_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: whoever takes a lane over decides by rules at least as new, or not at all yet."""
    monkeypatch.setattr(reloading, "REACH_WITHIN_S", 0.1)
    directory = RulesDirectory(tmp_path)
    now = directory.promote(OLD).generation
    rules = load_first(str(tmp_path))
    try:
        await rules.reach(now, 0, lambda: None)
        with pytest.raises(Unavailable, match="only"):
            await rules.reach(now + 1, 0, lambda: None)
        monkeypatch.setattr(reloading, "REACH_WITHIN_S", WITHIN_S)
        newer = directory.promote(NEW).generation
        waiting = asyncio.create_task(rules.reach(newer, 0, lambda: None))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await rules.look()
        await asyncio.wait_for(waiting, WITHIN_S)
        assert rules.edition().table.version == NEW.version
    finally:
        await rules.close()


async def test_a_plain_file_has_no_age_and_nobody_waits_for_it(tmp_path: Path) -> None:
    """Law: from a directory to a plain file is the operator's word, not a step back."""
    rules = load_first(str(put(tmp_path / "routing.yaml", OLD.text)))
    await asyncio.wait_for(rules.reach(99, 0, lambda: None), 1)


async def test_guardrails_stop_a_canary_everywhere(tmp_path: Path) -> None:
    """Law: it stops in this process, in the directory for the others, and by markers for the rest."""
    directory = RulesDirectory(tmp_path)
    directory.promote(OLD)
    generation = directory.canary(20, NEW, Limits()).generation
    rules, other, third = (load_first(str(tmp_path)) for _ in range(3))
    try:
        live = Arm(decisions=300, records=300)
        canary = Arm(decisions=100, records=100, escalations=90)
        rules.learn(Trials(generation, live, canary, (), 0, 0))
        assert rules.edition().percent == 20
        rules.learn(Trials(generation - 1, live, canary, (), 0, 0))
        rules.learn(Trials(generation, live, canary, (), 0, 0))
        assert rules.edition().percent == 0
        assert rules.stopped == generation
        assert figure(rules, "canary_stopped") == 1
        await other.look()
        assert (other.edition().percent, other.stopped) == (0, generation)
        await third.reach(generation, generation, lambda: None)
        assert third.edition().percent == 0
        assert load_first(str(tmp_path)).edition().percent == 0
        directory.canary(20, None, Limits(escalations=99))
        await rules.look()
        assert rules.edition().percent == 20
        assert figure(rules, "canary_stopped") == 0
    finally:
        for one in (rules, other, third):
            await one.close()


async def test_a_bad_candidate_does_not_hold_back_the_live_rules(tmp_path: Path) -> None:
    """Law: a rule that is switched off is off, whatever lies in candidate/."""
    live = put(tmp_path / "live" / "routing.yaml", OLD.text)
    rules = load_first(str(tmp_path))
    try:
        put(tmp_path / "candidate" / "routing.yaml", BROKEN)
        put(live, NEW.text)
        await rules.look()
        edition = rules.edition()
        assert (edition.table.version, edition.candidate) == (NEW.version, None)
        assert figure(rules, "last_reload_successful") == 0
    finally:
        await rules.close()


async def test_an_observing_service_observes_after_a_reload_too(tmp_path: Path) -> None:
    """Law: a new file does not make it live."""
    path = put(tmp_path / "routing.yaml", OLD.text)
    rules = load_first(str(path), Effect.NONE)
    try:
        put(path, NEW.text)
        await rules.look()
        assert rules.edition().table.version == NEW.version
        assert rules.edition().effect is Effect.NONE
    finally:
        await rules.close()


def test_no_rules_no_start(tmp_path: Path) -> None:
    """Law: a service without good rules says what is wrong and does not start."""
    with pytest.raises(SourceError, match="yaml-syntax"):
        load_first(str(put(tmp_path / "routing.yaml", BROKEN)))
    with pytest.raises(SourceError, match="nowhere"):
        load_first(str(tmp_path / "nowhere"))


async def test_loading_500_rules_never_stops_the_loop_for_20_ms(tmp_path: Path) -> None:
    """Law: a lane goes on while rules are read.

    Between two turns of the loop this process burns less than 20 ms: its own clock is asked, for on
    a shared machine others make any wall clock stand still.
    """
    path = put(tmp_path / "routing.yaml", write_rules())
    rules = load_first(str(path))
    gaps: list[float] = []

    async def beat() -> None:
        last = time.process_time()
        while True:
            await asyncio.sleep(0)
            now = time.process_time()
            gaps.append(now - last)
            last = now

    best: list[float] = []
    try:
        for number in range(5):
            put(path, write_many(500) + f"# {number}\n")
            gc.collect()
            gaps.clear()
            beating = asyncio.create_task(beat())
            assert await rules.look()
            beating.cancel()
            best.append(max(gaps) / find_slowness())
            if min(best) < 0.02:
                break
            await asyncio.sleep(0.1)
    finally:
        await rules.close()
    assert len(rules.edition().table.root.children) == 500
    assert min(best) < 0.02, best


def test_the_trials_of_a_batch_hold_what_the_guardrails_read() -> None:
    """Law: both arms count the same things."""
    added = Arm(decisions=1, records=2)
    added.add(Arm(decisions=3, escalations=1, nanoseconds=5))
    assert msgspec.structs.asdict(added) == {
        "decisions": 4,
        "escalations": 1,
        "unreachable": 0,
        "records": 2,
        "errors": 0,
        "nanoseconds": 5,
    }
