"""An executor in Python: carries out the decisions that are ours and says how it goes.

OMNIROUTE_EXECUTOR=crm python consumer.py          (aiokafka; the rules are in ../consumers.md)
"""
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, INP001, T201

import asyncio
import json
import os
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

BROKERS = os.environ.get("OMNIROUTE_KAFKA", "127.0.0.1:9092")
PREFIX = os.environ.get("OMNIROUTE_PREFIX", "")
ME = os.environ["OMNIROUTE_EXECUTOR"]
TO_DO = {"route", "move", "callback"}  # stay, attach, duplicate, record: file it, no work
held = {}  # (source, event_id) -> the newest decision and its state; keep it in your database


async def take(decision, say):
    """Fold one decision into what we hold."""
    chain = decision["source"], decision["event_id"]
    before = held.get(chain)
    mine = decision["executor"] == ME and decision.get("effect", "live") == "live"
    if not mine and before is None:
        return  # never ours
    if before and decision["revision"] <= before["revision"]:
        return  # seen before, or older than what we hold
    if before and before["state"] == "started":
        await say("routing.started", before, decision, cause="revision_ignored")
        return
    dead = not mine or decision["type"] == "decision.cancelled"
    held[chain] = {**decision, "state": "dropped" if dead else "filed"}
    if not dead and decision["action"] in TO_DO:
        held[chain]["state"] = "accepted"
        await say("routing.accepted", decision)


async def start_due(say):
    """Begin what waits and may begin; a callback before its time stays accepted."""
    now = datetime.now(UTC)
    for work in held.values():
        due = "not_before" not in work or datetime.fromisoformat(work["not_before"]) <= now
        if work["state"] == "accepted" and due:
            work["state"] = "started"
            await say("routing.started", work)
            print(f"{work['action']}: {work['channel']}, queue {work['queue']}")  # your work
            await say("routing.completed", work, outcome="solved")


async def main():
    """Read decisions, acknowledge them, commit what was acknowledged; for ever."""
    consumer = AIOKafkaConsumer(
        f"{PREFIX}contact.decisions", bootstrap_servers=BROKERS, group_id=f"{PREFIX}{ME}",
        isolation_level="read_committed", auto_offset_reset="earliest", enable_auto_commit=False,
    )  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=BROKERS, enable_idempotence=True)

    async def say(kind, work, about=None, **more):
        event = {  # the same id whenever it is said again: a repetition is a duplicate, no harm
            "event_id": f"{(about or work)['decision_id']}/{more.get('cause', kind)}",
            "source": f"executor/{ME}", "kind": kind, "decision_id": work["decision_id"],
            "customer_id": work["customer_id"], "contact_id": work["contact_id"], **more,
        }  # fmt: skip
        key, value = work["customer_id"].encode(), json.dumps(event).encode()
        await producer.send_and_wait(f"{PREFIX}contact.events", value, key=key)

    async with consumer, producer:
        while True:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    await take(json.loads(record.value), say)
            await start_due(say)
            if consumer.assignment():
                await consumer.commit()


asyncio.run(main())
