"""From an event on Kafka to its score, readable with read_committed: exactly once, how late, how big.

python -m bench.sentiment_latency [RATE] [SECONDS]

Texts of a played day in eight languages go out at RATE messages a second (2,000) over 8 partitions of
Apache Kafka; the sentiment service runs as a process. Told are p50, p95 and p99 from the broker's append
of the event to the moment at which a reader has the score, the service's memory, and whether every
message was scored exactly once. Clocks are one: everything is on this machine.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from pathlib import Path

import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from services.contact.codec import encode_event
from services.contact.event import Channel, ContactEvent, Kind, Side
from services.contact.topics import EVENTS, SENTIMENT
from services.runtime.admin import apply_topics
from services.runtime.connection import KafkaAccess
from services.runtime.embedded import ApacheKafka

PARTITIONS, WARM_S = 8, 3.0
TEXTS = Path(__file__).parents[1] / "services" / "cli" / "day" / "texts"


def read_texts() -> list[tuple[str, str]]:
    """(language, text) of everything that customers say on a played day."""
    found = []
    for path in sorted(TEXTS.glob("*.yaml")):
        page = yaml.safe_load(path.read_text("utf-8"))
        for case in page["cases"]:
            found += [(page["language"], text) for text in (case["ask"], *case["more"])]
    return found


async def send(brokers: str, rate: int, seconds: float) -> dict[str, float]:
    """Send at a steady rate; event id -> append time, seconds."""
    producer = AIOKafkaProducer(bootstrap_servers=brokers, linger_ms=2)
    await producer.start()
    texts = read_texts()
    sent = []
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        language, text = texts[number % len(texts)]
        event = ContactEvent(
            event_id=f"m{number}",
            source="bench",
            kind=Kind.MESSAGE,
            customer_id=f"c{number % 997}",
            contact_id=f"k{number % 997}",
            channel=Channel.CHAT,
            side=Side.CUSTOMER,
            text=text,
            language=language,
        )
        e = encode_event(event)
        sent.append(await producer.send(EVENTS, e.value, key=e.key, headers=list(e.headers)))
        ahead = number / rate - (time.monotonic() - began)
        if ahead > 0.001:  # noqa: PLR2004 - a millisecond
            await asyncio.sleep(ahead)
    places = await asyncio.gather(*sent)
    await producer.stop()
    return {f"m{number}": place.timestamp / 1000 for number, place in enumerate(places)}


async def read(brokers: str, count: int) -> list[tuple[str, float]]:
    """(event id, when it was read) of every score, until none comes any more."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers, isolation_level="read_committed", fetch_max_wait_ms=5
    )
    await consumer.start()
    places = [TopicPartition(SENTIMENT, p) for p in range(PARTITIONS)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    found: list[tuple[str, float]] = []
    quiet = time.monotonic()
    while time.monotonic() - quiet < (2.0 if len(found) >= count else 20.0):
        for records in (await consumer.getmany(timeout_ms=20)).values():
            quiet, now = time.monotonic(), time.time()
            for record in records:
                headers = dict(record.headers)
                found.append((headers["ce_id"].decode().rpartition("/")[2], now))
    await consumer.stop()
    return found


def find_memory(pid: int) -> float:
    """MiB that the process has resident."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def measure(kafka: ApacheKafka, rate: int, seconds: float) -> int:
    """Run it and print what was seen; 1 if a message was lost or scored twice."""
    await apply_topics(KafkaAccess(brokers=kafka.bootstrap), "", partitions=PARTITIONS)
    words = {"OMNIROUTE_KAFKA": kafka.bootstrap, "OMNIROUTE_HTTP": "127.0.0.1:0"}
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.sentiment"),
        env={**os.environ, **words},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        count = int(rate * seconds)
        await asyncio.sleep(8)
        appended, found = await asyncio.gather(
            send(kafka.bootstrap, rate, seconds), read(kafka.bootstrap, count)
        )
        memory = find_memory(service.pid)
    finally:
        service.terminate()
        await service.wait()
    first = min(appended.values()) + WARM_S
    late = sorted(at - appended[name] for name, at in found if appended[name] >= first)
    p50, p95, p99 = (1000 * late[int(len(late) * share)] for share in (0.5, 0.95, 0.99))
    rate_seen = count / (max(appended.values()) - min(appended.values()))
    once = Counter(name for name, _ in found) == Counter(dict.fromkeys(appended, 1))
    print(f"{count:,} messages at {rate_seen:,.0f}/s, each scored exactly once: {once}")
    print(f"event to score: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms")
    print(f"resident memory of the service: {memory:.0f} MiB")
    return 0 if once else 1


def main() -> int:
    """0 good, 1 a score is missing or double."""
    rate, seconds = (*sys.argv[1:], *("2000", "15")[len(sys.argv) - 1 :])
    with ApacheKafka(quick=False) as kafka:
        return asyncio.run(measure(kafka, int(rate), float(seconds)))


if __name__ == "__main__":
    sys.exit(main())
