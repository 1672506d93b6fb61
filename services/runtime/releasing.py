"""Lets go of the brake: takes the braked lane's identity for a moment and rewrites its note.

The lane waits and writes nothing meanwhile, so nobody is disturbed; a worker that begins at the same
moment fences us, and then nothing has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.contact.topics import EVENTS
from services.runtime.connection import KafkaAccess, discard_producer, make_admin, make_producer
from services.runtime.lane_note import Note, read_note, write_note
from services.runtime.lane_settings import LaneSettings

WITHIN_S = 30.0


class ReleaseError(Exception):
    """Kafka does not answer, or refuses; the text is for a person."""


async def find_notes(access: KafkaAccess, settings: LaneSettings) -> dict[int, tuple[int, Note]]:
    """The committed offset and the note of every lane of a service; raises `ReleaseError`.

    A lane's note stands at its first partition, which has the lane's number.
    """
    admin = make_admin(access)
    try:
        async with asyncio.timeout(WITHIN_S):
            await admin.start()
            found: Mapping[
                TopicPartition, OffsetAndMetadata
            ] = await admin.list_consumer_group_offsets(settings.group)
    except (KafkaError, OSError, TimeoutError) as broken:
        why = str(broken) or type(broken).__name__
        raise ReleaseError(f"Kafka at {access.brokers}: {why}") from broken
    finally:
        await admin.close()
    topic = settings.prefix + EVENTS
    notes = {
        tp.partition: (at.offset, read_note(at.metadata or ""))
        for tp, at in found.items()
        if tp.topic == topic
    }
    return {lane: one for lane, one in sorted(notes.items()) if one[1] != Note()}


async def release(access: KafkaAccess, settings: LaneSettings, lane: int) -> Note | None:
    """Let go of one lane, which then counts from nothing; the note as it was.

    None if the brake does not hold it (any more). Raises `ReleaseError`.
    """
    if not _is_held(await find_notes(access, settings), lane):
        return None  # a lane that runs is not to be fenced
    producer = make_producer(access, settings.transactional_id(lane))
    try:
        async with asyncio.timeout(WITHIN_S):
            await producer.start()
            found = await find_notes(access, settings)
            if not _is_held(found, lane):
                return None
            offset, note = found[lane]
            freed = msgspec.structs.replace(note, row=0, recent="", braked="", braked_at=0)
            place = TopicPartition(settings.prefix + EVENTS, lane)
            await producer.begin_transaction()
            await producer.send_offsets_to_transaction(
                {place: OffsetAndMetadata(offset, write_note(freed))}, settings.group
            )
            await producer.commit_transaction()
    except (ProducerFenced, InvalidProducerEpoch) as fenced:
        why = f"a worker began on lane {lane} at this moment; say it again"
        raise ReleaseError(why) from fenced
    except (KafkaError, OSError, TimeoutError) as broken:
        why = str(broken) or type(broken).__name__
        raise ReleaseError(f"Kafka at {access.brokers}: {why}") from broken
    finally:
        await discard_producer(producer)
    return note


def _is_held(found: Mapping[int, tuple[int, Note]], lane: int) -> bool:
    return lane in found and bool(found[lane][1].braked)
