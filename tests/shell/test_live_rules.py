"""Rules on live traffic, through Kafka: what decided is what the markers say, and the judge agrees."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.rules import main as rules_command
from services.contact.codec import decode_decision
from services.contact.decision import Decision, Effect
from services.contact.topics import DECISIONS, LIVE_DECISION, SHADOW
from services.router.core.edition import in_canary
from services.router.live import reload as reloading
from services.router.live.changing import RulesDirectory
from services.router.live.directory import Limits
from services.router.live.reload import LiveRules, load_first
from services.runtime.embedded import Broker, EmbeddedBroker
from tests.live.rule_texts import BROKEN, put, rule_text, write_rules
from tests.servers import ValkeyUnderTest
from tests.shell import through_kafka
from tests.shell.lanework import Deployment, chat, running, until
from tests.shell.routerwork import RouterWorker, verdict

OLD, MOVED = rule_text(2), rule_text(2, "other")
CUSTOMERS = 30


@pytest.fixture
async def deployment(broker: Broker, prefix: str) -> Deployment:
    """Topics on the broker in turn."""
    return await Deployment(broker.bootstrap, prefix).create()


@pytest.fixture
def directory(tmp_path: Path) -> RulesDirectory:
    """A rules directory in which OLD is live."""
    made = RulesDirectory(tmp_path / "rules")
    made.promote(OLD)
    return made


class Desk:
    """One worker with rules of its own, and the chats that it is sent."""

    def __init__(self, deployment: Deployment, url: str, rules: LiveRules) -> None:
        self.worker = RouterWorker(deployment, url, figures=rules.figures)
        self.worker.rules = self.rules = rules

    async def feed(self, first: int, count: int = CUSTOMERS) -> None:
        """One chat message of each customer, until all of them are counted."""
        before = self.worker.counted()
        events = [chat(f"c{n % CUSTOMERS}", n) for n in range(first, first + count)]
        await self.worker.deployment.send_events(events)
        await until(lambda: self.worker.counted() >= before + count, 40)

    async def close(self) -> None:
        """Let go of everything."""
        await self.rules.close()
        await self.worker.close()


@pytest.fixture
async def desk(
    deployment: Deployment, valkey: ValkeyUnderTest, directory: RulesDirectory
) -> AsyncIterator[Desk]:
    """A worker on the directory."""
    one = Desk(deployment, valkey.url, load_first(str(directory.path)))
    yield one
    await one.close()


async def decisions(deployment: Deployment, topic: str = DECISIONS) -> dict[int, Decision]:
    """What was decided, by the number of the chat."""
    made = {}
    for record in await deployment.read(topic):
        decision = decode_decision(record.value, record.headers)
        assert isinstance(decision, Decision), decision
        made[int(decision.contact_id.partition("/")[2])] = decision
    return made


async def test_shadow_canary_promote_disable_and_rollback_are_judged_good(
    deployment: Deployment, desk: Desk, directory: RulesDirectory, valkey: ValkeyUnderTest
) -> None:
    """Law: each step decides whom it says; the judge, with the history, folds to the same bytes."""
    versions: list[tuple[str, str]] = []

    async def step(first: int, live: str, canary: str = "") -> None:
        await desk.rules.look()
        await desk.feed(first)
        versions.append((live, canary or live))

    async with running(desk.worker.lanes):
        await step(0, OLD.version)
        directory.shadow(MOVED)
        await step(30, OLD.version)
        directory.canary(40, None, Limits())
        await step(60, OLD.version, MOVED.version)
        directory.promote(None)
        await step(90, MOVED.version)
        off = directory.disable("chats").live
        await step(120, off)
        directory.rollback(OLD.version)
        await step(150, OLD.version)

    made = await decisions(deployment)
    assert len(made) == 6 * CUSTOMERS
    for number, (live, canary) in enumerate(versions):
        for one in range(number * CUSTOMERS, (number + 1) * CUSTOMERS):
            decision = made[one]
            chosen = canary if in_canary(decision.customer_id, 40) else live
            assert decision.rules_version == chosen, number
    shadows = await deployment.read(SHADOW)
    would = await decisions(deployment, SHADOW)
    assert {one.rules_version for one in would.values()} == {MOVED.version}
    for record in shadows:
        named = dict(record.headers)[LIVE_DECISION].decode()
        assert any(one.decision_id == named for one in made.values())
    in_control = [n for n in range(60, 90) if not in_canary(f"c{n % CUSTOMERS}", 40)]
    assert len(would) == CUSTOMERS + len(in_control)
    counted = desk.worker.counted("omniroute_rules_shadow_disagreements_total")
    assert counted == len(would)
    assert await verdict(deployment, valkey.url, "--rules", str(directory.path)) == 0
    alone = put(directory.path.parent / "alone.yaml", OLD.text)
    assert await verdict(deployment, valkey.url, "--rules", str(alone)) == 1


async def test_an_observing_service_publishes_effect_none_and_is_judged_good(
    deployment: Deployment, directory: RulesDirectory, valkey: ValkeyUnderTest
) -> None:
    """Law: nothing is to be carried out; once it is live, everything is, and the states agree."""
    for effect, first in ((Effect.NONE, 0), (Effect.LIVE, 30)):
        desk = Desk(deployment, valkey.url, load_first(str(directory.path), effect))
        async with running(desk.worker.lanes):
            await desk.feed(first)
        observed = desk.worker.counted("omniroute_rules_observed_total")
        assert observed == (CUSTOMERS if effect is Effect.NONE else 0)
        await desk.close()
    made = await decisions(deployment)
    for number in range(2 * CUSTOMERS):
        decision = made[number]
        assert decision.effect is (Effect.NONE if number < CUSTOMERS else Effect.LIVE)
    assert await verdict(deployment, valkey.url, "--rules", str(directory.path)) == 0


async def test_a_lane_never_goes_back_to_older_rules(
    deployment: Deployment,
    directory: RulesDirectory,
    valkey: ValkeyUnderTest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Law: a worker that has not read the newest rules yet takes the lane over and waits."""
    monkeypatch.setattr(reloading, "REACH_WITHIN_S", 0.2)
    late = Desk(deployment, valkey.url, load_first(str(directory.path)))
    directory.promote(MOVED)
    first = Desk(deployment, valkey.url, load_first(str(directory.path)))
    async with running(first.worker.lanes):
        await first.feed(0)
    async with running(late.worker.lanes):
        await until(lambda: any(one.paused for one in late.worker.lanes.statuses()))
        feeding = asyncio.create_task(late.feed(30))
        await asyncio.sleep(0.5)
        assert late.worker.counted() == 0
        await late.rules.look()
        await feeding
    made = await decisions(deployment)
    assert {one.rules_version for one in made.values()} == {MOVED.version}
    assert await verdict(deployment, valkey.url, "--rules", str(directory.path)) == 0
    for desk in (first, late):
        await desk.close()


async def test_a_running_router_acts_on_disable_within_10_s(
    *,
    embedded: EmbeddedBroker,
    prefix: str,
    valkey: ValkeyUnderTest,
    directory: RulesDirectory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Law: the command is obeyed in time, and a dry run counts what stands in the memory."""
    routed = through_kafka.Deployment(embedded.bootstrap, valkey.url, prefix)
    monkeypatch.setenv("OMNIROUTE_RULES", str(directory.path))

    def last_rule(number: int) -> str:
        routed.send([chat("c1", number)])
        routed.await_all()
        return routed.decisions()[-1].rule

    def play() -> None:
        with routed.router(OMNIROUTE_RULES=str(directory.path)):
            assert last_rule(0) == "chats"
            began = time.monotonic()
            assert rules_command(["disable", "chats"]) == 0
            for number in itertools.count(1):
                if last_rule(number) == "default":
                    break
            assert time.monotonic() - began < 10
        words = ["--brokers", embedded.bootstrap, "--prefix", prefix]
        new = put(directory.path.parent / "new.yaml", MOVED.text)
        assert rules_command(["promote", "--dry-run", str(new), *words]) == 0
        assert re.search(r"^ +[1-9]\d*  route, issued$", capsys.readouterr().out, re.MULTILINE)

    await asyncio.to_thread(play)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_many_reloads_under_load_lose_nothing_and_stamp_no_wrong_version(
    embedded: EmbeddedBroker, prefix: str, valkey: ValkeyUnderTest, tmp_path: Path
) -> None:
    """Law: one in three files is broken; every decision is of a good one, and memory stays flat."""
    deployment = await Deployment(embedded.bootstrap, prefix).create()
    reloads = int(os.environ.get("OMNIROUTE_RELOADS", "1000"))
    texts = [write_rules(2, queue) + f"# {n}\n" for n in range(8) for queue in ("general", "other")]
    path = put(tmp_path / "routing.yaml", texts[0])
    desk = Desk(deployment, valkey.url, load_first(str(path)))
    good = {path.read_text()}
    history = tmp_path / "history"
    ended = asyncio.Event()
    peaks = []

    async def reload() -> None:
        try:
            for number in range(reloads):
                text = BROKEN + f"# {number}\n" if number % 3 == 2 else texts[number % len(texts)]
                if number % 3 != 2:
                    good.add(text)
                put(path, text)
                await desk.rules.look()
                if number in {reloads // 3, reloads - 1}:
                    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        finally:
            ended.set()

    sent = 0
    async with running(desk.worker.lanes):
        reloading_task = asyncio.create_task(reload())
        for first in itertools.count(0, CUSTOMERS):
            await desk.feed(first)
            sent = first + CUSTOMERS
            if ended.is_set():
                break
        await reloading_task
    for number, text in enumerate(sorted(good)):
        put(history / f"{number}.yaml", text)
    made = await decisions(deployment)
    assert len(made) == sent
    assert len({one.rules_version for one in made.values()}) > 1
    assert desk.worker.counted("omniroute_rules_reload_failures_total") == reloads // 3
    assert await verdict(deployment, valkey.url, "--rules", str(tmp_path)) == 0
    assert peaks[1] < peaks[0] * 1.2, peaks
    await desk.close()
