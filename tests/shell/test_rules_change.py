"""`--on-change` through Kafka: counted first, then asked for, resumed, and judged good."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from services.cli import rules_live
from services.cli.rules import main as rules_command
from services.cli.rules_change import NOTE, Done
from services.contact.event import Kind
from services.router.live.changing import RulesDirectory
from services.router.live.reload import load_first
from services.runtime.embedded import Broker
from tests.live.rule_texts import put, rule_text
from tests.servers import ValkeyUnderTest
from tests.shell.lanework import PARTITIONS, Deployment, running, until
from tests.shell.routerwork import RouterWorker, read_decisions, verdict, write_mails

OLD, MOVED = rule_text(2), rule_text(2, "other")
CUSTOMERS = 24


@pytest.mark.timeout(120)
async def test_open_decisions_are_counted_then_decided_anew_and_judged_good(
    *,
    broker: Broker,
    prefix: str,
    valkey: ValkeyUnderTest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Law: each open one once, what was begun never; a router that is behind is told and waited for."""
    deployment = await Deployment(broker.bootstrap, prefix).create()
    directory = RulesDirectory(tmp_path / "rules")
    directory.promote(OLD)
    monkeypatch.setenv("OMNIROUTE_RULES", str(directory.path))
    monkeypatch.setattr(rules_live, "SETTLE_S", 0.0)
    rules = load_first(str(directory.path))
    worker = RouterWorker(deployment, valkey.url, figures=rules.figures)
    worker.rules = rules
    new = put(tmp_path / "new.yaml", MOVED.text)
    kafka = ["--brokers", broker.bootstrap, "--prefix", prefix, "--rate", "1000"]

    async def command(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(rules_command, [*words, *kafka])
        said = capsys.readouterr()
        return code, said.out + said.err

    async with running(worker.lanes):
        await deployment.send_events(write_mails(0, CUSTOMERS))
        await until(lambda: worker.counted() >= CUSTOMERS, 40)
        begun = next(one for one in await read_decisions(deployment) if one.event_id == "m0")
        report = msgspec.structs.replace(
            write_mails(0, CUSTOMERS)[0],
            event_id="r0",
            kind=Kind.ROUTING_STARTED,
            decision_id=begun.decision_id,
        )
        await deployment.send_events([report])
        await until(lambda: worker.counted() >= CUSTOMERS + 1, 40)

        code, said = await command("promote", "--dry-run", str(new))
        assert code == 0
        assert f"{CUSTOMERS - 1} of them are open" in said
        assert "they stay as they are; --on-change reevaluate would revise 23:" in said
        wanted = "23  route email, general, priority 5 -> route email, other, priority 5"
        assert wanted in said
        assert directory.switch().live == OLD.version

        # No router has read the new rules: the command sees it in the markers.
        code, said = await command("promote", str(new), "--on-change", "reevaluate")
        assert code == 1
        assert "still decides by generation" in said
        await rules.look()
        code, said = await command("reevaluate", "--dry-run")
        assert (code, "23 would be revised:" in said) == (0, True)
        code, said = await command("reevaluate")
        assert (code, "23 open decisions asked about, 23 revised" in said) == (0, True), said
        done = msgspec.json.decode((directory.path / NOTE).read_bytes(), type=Done)
        assert done == Done(directory.switch().generation, tuple(range(PARTITIONS)))
        # Gone on with: nothing is left. From the beginning: nothing changes any more.
        code, said = await command("reevaluate")
        assert (code, "0 open decisions asked about, 0 revised" in said) == (0, True)
        (directory.path / NOTE).unlink()
        code, said = await command("reevaluate")
        assert (code, "23 open decisions asked about, 0 revised" in said) == (0, True)
    await rules.close()
    await worker.close()
    made = await read_decisions(deployment)
    assert Counter((one.queue, one.cause) for one in made) == {
        ("general", ""): CUSTOMERS,
        ("other", "rules_changed"): CUSTOMERS - 1,
    }
    assert await verdict(deployment, valkey.url, "--rules", str(directory.path)) == 0
