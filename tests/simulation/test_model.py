"""The models answer as the real servers do: the same scripts of the same clients, side by side."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis

from services.router.marker import encode_partial_pos, pos_prefix
from services.router.view import APPLY, RESET
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import ApacheKafka
from tests.servers import ValkeyUnderTest
from tests.simulation.broker import Cluster
from tests.simulation.client import SCRIPTS, TOPIC, Clients
from tests.simulation.loop import Loop, Process, virtual
from tests.simulation.rediswire import Server
from tests.simulation.wire import Network, Weather, connected

Script = Callable[[Clients], Awaitable[list[object]]]
NODES = 2


def play_on_the_model(script: Script, seed: int) -> list[object]:
    """What a script sees on the model."""
    loop = Loop(seed)
    with virtual(loop, seed):
        cluster = Cluster(loop, random.Random(seed), NODES)
        cluster.create(TOPIC, 2)
        network = Network(loop, cluster, Weather(random.Random(seed)), lambda *_: None)
        with connected(network):
            its = Clients(KafkaAccess(brokers="model:9092", request_timeout_ms=10_000), "")
            told: list[object] = loop.run_until_complete(
                loop.spawn(Process("client"), play(script, its))
            )
        loop.bury()
    return told


async def play(script: Script, its: Clients) -> list[object]:
    """A script, tidied up."""
    try:
        return await script(its)
    finally:
        await its.close()


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.__name__ for script in SCRIPTS])
def test_the_model_of_kafka_answers_as_kafka_does(
    script: Script, kafka: ApacheKafka, prefix: str
) -> None:
    """Law: visibility, offsets, fencing and refusals are those of Apache Kafka, for every seed."""
    access = KafkaAccess(brokers=kafka.bootstrap, request_timeout_ms=10_000)

    async def really() -> list[object]:
        report = await apply_topics(access, prefix, partitions=2)
        assert report.is_good, report.describe()
        return await play(script, Clients(access, prefix))

    real = asyncio.run(really())
    for seed in range(5):
        assert play_on_the_model(script, seed) == real


KEY = "{r.0}:customers"
LINEAGES = ("a" * 32, "b" * 32)


def draw_commands(chance: random.Random) -> list[tuple[Any, ...]]:
    """A life of one hash: guarded writes from right and wrong positions, resets, losses."""
    commands: list[tuple[Any, ...]] = []
    for _ in range(60):
        lineage, clog = chance.choice(LINEAGES), chance.randrange(4)
        pos = encode_partial_pos(lineage, chance.randrange(4), 0)
        names = chance.sample([f"c/{n}".encode() for n in range(6)], 4)
        write = (KEY, pos_prefix(lineage, clog), pos, 2, names[0], b"1", names[1], b"2", *names[2:])
        commands.append(
            chance.choice(
                [
                    ("EVAL", APPLY, 1, *write),
                    ("EVALSHA", digest(APPLY), 1, *write),
                    ("EVAL", APPLY, 1, KEY, pos_prefix(lineage, clog), pos, 0),
                    ("EVAL", RESET, 1, KEY, b"", pos),
                    ("EVAL", RESET, 1, KEY, encode_partial_pos(lineage, clog, 0), pos),
                    ("EVALSHA", digest(RESET), 1, KEY, b"", pos),
                    ("HMGET", KEY, "pos", *names),
                    ("UNLINK", KEY),
                    ("SET", KEY, b"something else"),
                ]
            )
        )
    return commands


def digest(script: str) -> str:
    """Redis' name for a script."""
    return hashlib.sha1(script.encode()).hexdigest()  # noqa: S324 - as Redis names it


def plain(answer: Any) -> object:
    """An answer without the wording of errors, which differs between versions."""
    if isinstance(answer, redis.ResponseError):
        return "something else" if "WRONGTYPE" in str(answer) else type(answer).__name__
    return answer


@pytest.mark.parametrize("server", ["valkey", "redis_server"])
def test_the_model_of_redis_answers_as_redis_does(
    server: str, request: pytest.FixtureRequest
) -> None:
    """Law: each command of the router has the same answer and leaves the same hash behind."""
    found: ValkeyUnderTest = request.getfixturevalue(server)
    with found.client() as client:
        client.response_callbacks.clear()  # answers as they come
        for seed in range(40):
            client.flushall()
            client.script_flush()
            model = Server()
            for number, words in enumerate(draw_commands(random.Random(seed))):
                try:
                    real = client.execute_command(*words)
                except redis.ResponseError as error:
                    real = error
                assert plain(model.call(words)) == plain(real), (seed, number, words)
            assert held_by(client) == model.hashes.get(KEY.encode()), seed


def held_by(client: redis.Redis) -> object:
    """What lies under the key: fields and values, a text, or nothing."""
    if client.type(KEY) == b"string":
        return client.get(KEY)
    return client.hgetall(KEY) or None
