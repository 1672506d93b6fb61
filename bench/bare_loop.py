"""The bare loop that ours is held against: consume, produce the same bytes, commit, and nothing else.

python -m bench.bare_loop --brokers HOST:PORT --prefix P. --lanes 4 --partitions 8

What aiokafka can do at best with the same guarantee and the same lanes: each lane reads its partitions,
writes every value unchanged to the topic of decisions, and commits both in one transaction. No decoding,
no decision, no memory, no metrics, no fencing of a former owner beyond Kafka's own. SIGTERM ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import ConsumerRecord, TopicPartition

from services.contact.topics import DECISIONS, EVENTS

BATCH_RECORDS = 500
"""As the services have it by default."""


def build(producer: AIOKafkaProducer, records: Sequence[ConsumerRecord]) -> list[BatchBuilder]:
    """The records of one partition as few batches."""
    built = [producer.create_batch()]
    for r in records:
        words = {"timestamp": r.timestamp, "key": r.key, "value": r.value}
        words["headers"] = list(r.headers)
        if built[-1].append(**words) is None:
            built.append(producer.create_batch())
            built[-1].append(**words)
    return built


async def run_lane(lane: int, partitions: Sequence[int], options: argparse.Namespace) -> None:
    """Carry the records of these partitions over, for ever."""
    inputs = [TopicPartition(options.prefix + EVENTS, p) for p in partitions]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=options.brokers,
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=options.brokers, transactional_id=f"{options.prefix}bare-{lane}"
    )
    async with contextlib.AsyncExitStack() as stack:
        for client in (consumer, producer):
            await client.start()
            stack.push_async_callback(client.stop)
        consumer.assign(inputs)
        await consumer.seek_to_beginning(*inputs)
        print("ready", flush=True)
        while True:
            polled = await consumer.getmany(timeout_ms=200, max_records=BATCH_RECORDS)
            if polled:
                await carry(producer, polled, options.prefix)


async def carry(
    producer: AIOKafkaProducer,
    polled: Mapping[TopicPartition, Sequence[ConsumerRecord]],
    prefix: str,
) -> None:
    """What was polled, in one transaction."""
    async with producer.transaction():
        sent = []
        for tp, records in polled.items():
            for batch in build(producer, records):
                where = {"topic": prefix + DECISIONS, "partition": tp.partition}
                sent.append(await producer.send_batch(batch, **where))
        await asyncio.gather(*sent)
        offsets = {tp: records[-1].offset + 1 for tp, records in polled.items()}
        await producer.send_offsets_to_transaction(offsets, prefix + "bare")


async def run(options: argparse.Namespace) -> None:
    """All lanes, until SIGTERM or until one fails."""
    lanes = [range(options.partitions)[n :: options.lanes] for n in range(options.lanes)]
    tasks = [asyncio.create_task(run_lane(n, ps, options)) for n, ps in enumerate(lanes)]
    running = asyncio.gather(*tasks)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    await running


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(prog="python -m bench.bare_loop")
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--partitions", type=int, default=8)
    try:
        asyncio.run(run(parser.parse_args()))
    except asyncio.CancelledError:
        return


if __name__ == "__main__":
    main()
