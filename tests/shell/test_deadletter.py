"""`omniroute deadletter`: what was refused is found, explained, and worked off once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from services.cli.deadletter import main
from services.cli.deadletters.archive import Span, open_archive
from services.cli.deadletters.prospects import foresee
from services.cli.deadletters.settling import FailedError, Order, open_settler
from services.contact.codec import encode_event
from services.contact.deadletter import State
from services.contact.partition import partition_of
from services.contact.topics import DEADLETTER, EVENTS, Topics
from services.runtime.embedded import Broker
from services.runtime.log import hash_customer
from tests import machine
from tests.servers import ValkeyUnderTest
from tests.shell.lanework import PARTITIONS, Deployment, chat, running, until
from tests.shell.routerwork import RouterWorker, verdict

KEY = "a key of the logs"


def say(deployment: Deployment, what: str, *words: str) -> int:
    """The command on this deployment."""
    place = ["--brokers", deployment.access.brokers, "--prefix", deployment.prefix]
    return main([what, *words, *place])


async def ask(
    capsys: pytest.CaptureFixture[str], deployment: Deployment, *words: str
) -> tuple[int, str]:
    """Exit code and output of the command."""
    capsys.readouterr()
    code = await asyncio.to_thread(say, deployment, *words)
    told = capsys.readouterr()
    return code, told.out + told.err


class Refused(NamedTuple):
    """A deployment whose router has refused four records and decided one."""

    deployment: Deployment
    url: str
    before: int
    """Records of contact.events."""

    async def more(self) -> int:
        """Records of contact.events that came since."""
        return len(await self.deployment.read(EVENTS)) - self.before

    async def decide(self, decisions: int) -> None:
        """Let a router run until it has made so many decisions."""
        worker = RouterWorker(self.deployment, self.url)
        async with running(worker.lanes):
            await until(lambda: worker.counted("omniroute_router_decisions_total") >= decisions)
        await worker.close()


@pytest.fixture
async def refused(broker: Broker, valkey: ValkeyUnderTest, prefix: str) -> Refused:
    """Four letters of four causes, by a router that has ended."""
    deployment = await Deployment(broker.bootstrap, prefix).create()
    ana, bo = (encode_event(chat(name, 0)).value or b"" for name in ("ana", "bo"))
    home = partition_of(b"ana", PARTITIONS)
    astray = (partition_of(b"bo", PARTITIONS) + 1) % PARTITIONS
    await deployment.send(
        [
            (EVENTS, home, b"ana", ana),
            (EVENTS, home, b"ana", b"not json \x1b[31m"),
            (EVENTS, home, b"ana", ana.replace(b'"chat"', b'"fax"')),
            (EVENTS, home, b"ana", b"\xff"),
            (EVENTS, astray, b"bo", bo),
        ]
    )
    worker = RouterWorker(deployment, valkey.url)
    async with running(worker.lanes):
        await until(lambda: worker.counted() >= 5)
    await worker.close()
    return Refused(deployment, valkey.url, 5)


async def list_all(capsys: pytest.CaptureFixture[str], deployment: Deployment) -> list[Any]:
    """Every letter, as programs read it."""
    _, out = await ask(capsys, deployment, "list", "--state", "all", "--format", "json")
    return [json.loads(line) for line in out.splitlines()]


async def test_letters_are_listed_and_explained(
    refused: Refused,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Law: each is found by cause, source, customer and time; shown with its remedy, all escaped."""
    monkeypatch.setenv("OMNIROUTE_LOG_KEY", KEY)
    deployment = refused.deployment
    code, out = await ask(capsys, deployment, "list")
    assert code == 0
    assert "4 dead letters (4 open)" in out
    letters = await list_all(capsys, deployment)
    assert {one["cause"] for one in letters} == {
        "not_json",
        "enum_unknown",
        "not_utf8",
        "wrong_partition",
    }
    for words, count in (
        (("--cause", "not_json", "--cause", "not_utf8"), 2),
        (("--source", "test"), 2),
        (("--customer", hash_customer("bo", KEY)), 1),
        (("--key", "ana"), 3),
        (("--since", "1h"), 4),
        (("--until", "1h"), 0),
        (("--state", "replayed"), 0),
    ):
        _, out = await ask(capsys, deployment, "list", "--format", "json", *words)
        assert len(out.splitlines()) == count, words
    by_cause = {one["cause"]: one["letter"] for one in letters}
    code, out = await ask(capsys, deployment, "show", by_cause["enum_unknown"])
    assert code == 0
    assert "remedy: The reason lists them." in out
    assert "it would not be accepted: enum_unknown" in out
    _, out = await ask(capsys, deployment, "show", by_cause["not_json"])
    assert "\x1b" not in out
    assert "\\x1b[31m" in out
    _, out = await ask(capsys, deployment, "show", by_cause["wrong_partition"])
    assert f"it would be accepted on partition {partition_of(b'bo', PARTITIONS)}" in out
    code, out = await ask(capsys, deployment, "show", "0:9999")
    assert code == 1
    assert "there is no dead letter 0:9999" in out


async def test_a_letter_is_sent_again_once_and_the_judge_agrees(
    refused: Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: what would be accepted is sent again, as it came, and decided; nothing is sent twice."""
    deployment = refused.deployment
    code, out = await ask(capsys, deployment, "replay", "--all")
    assert (code, await refused.more()) == (1, 0)
    assert "1 would be sent again, 3 left; nothing was done: --yes does it" in out
    code, out = await ask(capsys, deployment, "replay", "--all", "--yes", "--why", "mended")
    assert code == 1
    assert "1 sent again, 3 left" in out
    _, out = await ask(capsys, deployment, "replay", "--all", "--yes")
    assert "0 sent again, 3 left" in out
    letters = await list_all(capsys, deployment)
    (done,) = (one for one in letters if one["state"] == "replayed")
    records = await deployment.read(EVENTS)
    assert await refused.more() == 1
    to = done["replayed_to"]
    (again,) = (r for r in records if (r.partition, r.offset) == (to["partition"], to["offset"]))
    assert again.key == b"bo"
    assert again.headers == ()
    await refused.decide(1)
    code, out = await ask(capsys, deployment, "drop", "--all", "--yes", "--why", "rubbish")
    assert "3 dropped" in out
    assert (await ask(capsys, deployment, "list"))[1].strip() == "no dead letter is as asked for"
    code, out = await ask(capsys, deployment, "replay", done["letter"], "--yes")
    assert code == 1
    assert "left: it is replayed already" in out
    assert await verdict(deployment, refused.url) == 0


@pytest.mark.durable
@pytest.mark.parametrize("point", ["before_settlement", "before_settled"])
async def test_a_tool_that_is_killed_in_the_middle_leaves_nothing_half_done(
    refused: Refused,
    capsys: pytest.CaptureFixture[str],
    point: str,
) -> None:
    """Law: the record and the note that it was sent are one; the next operator sends it, once."""
    deployment = refused.deployment
    access, prefix = deployment.access, deployment.prefix
    words = ["deadletter", "replay", "--all", "--yes", "--brokers"]
    process = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "services.cli.main", *words, access.brokers, "--prefix", prefix],
        cwd=machine.CLONE,
        env={**os.environ, "OMNIROUTE_CRASH_AT": point},
        timeout=50,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL
    _, out = await ask(capsys, deployment, "replay", "--all", "--yes")
    assert "1 sent again, 3 left" in out
    assert await refused.more() == 1


async def test_two_operators_never_send_a_letter_twice(refused: Refused) -> None:
    """Law: who begins takes over; the one before can settle nothing any more, and is told."""
    deployment = refused.deployment
    access, topics = deployment.access, Topics(deployment.prefix)
    async with open_settler(access, topics, by="first", why="") as first:
        async with open_archive(access, topics) as archive:
            await archive.survey(Span())
            found = [one async for one in archive.letters()]
        orders = [
            Order(one, seen.partition)
            for one in found
            if one.state is State.OPEN
            and not (seen := foresee(one.letter, archive.partitions)).refused
        ]
        async with open_settler(access, topics, by="second", why="") as second:
            await second.settle(orders)
            with pytest.raises(FailedError, match="another `omniroute deadletter` began"):
                await first.settle(orders)
    assert await refused.more() == 1
    assert len(await deployment.read(DEADLETTER)) == 5


def test_what_is_meant_must_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Law: nothing is replayed or dropped because an option was forgotten."""
    for words, why in (
        (["replay"], "or say --all"),
        (["drop", "--all"], "--why"),
        (["show", "seven"], "names no letter"),
        (["list", "--customer", "abc"], "OMNIROUTE_LOG_KEY"),
        (["replay", "--all", "--yes", "--dry-run"], "contradict"),
        (["list", "--cause", "no_such"], "invalid choice"),
    ):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 2
        assert why in capsys.readouterr().err
    assert main(["list", "--brokers", "127.0.0.1:1"]) == 1
    assert "no Kafka at 127.0.0.1:1" in capsys.readouterr().err
