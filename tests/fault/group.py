"""Takes members out of a consumer group at once, instead of waiting for their session to end.

A worker that was killed is a member until its session is over, six seconds at least. A campaign of
many kills says for the dead worker what it cannot say any more: that it left. The broker then
does what it would have done later by itself.
"""

from __future__ import annotations

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.group import LeaveGroupRequest
from confluent_kafka.admin import AdminClient

WITHIN_S = 10.0


def list_members(brokers: str, group: str) -> list[str]:
    """The ids of the group's members."""
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    described = admin.describe_consumer_groups([group], request_timeout=WITHIN_S)
    return [member.member_id for member in described[group].result(WITHIN_S).members]


def evict(brokers: str, group: str) -> int:
    """Say for every member that it left; how many that were."""
    members = list_members(brokers, group)
    if members:
        asyncio.run(_leave(brokers, group, members))
    return len(members)


async def _leave(brokers: str, group: str, members: list[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    try:
        async with asyncio.timeout(WITHIN_S):
            await admin.start()
            coordinator = await admin.find_coordinator(group)
            for member in members:
                await admin._send_request_to_node(coordinator, LeaveGroupRequest(group, member))
    finally:
        await admin.close()
