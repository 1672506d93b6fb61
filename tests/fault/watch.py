"""The concurrent reader: what is committed while the faults go on, when, and how far it lags."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Self

import msgspec
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from services.contact.topics import CE_ID, Topics

SAMPLE_S = 1.0
ANSWER_S = 4.0
BATCH = 2_000
POLL_S = 0.1


class Sample(msgspec.Struct, frozen=True):
    """How things stood at one moment."""

    at_ms: int
    decisions: int
    """Committed so far."""
    taken: int | None
    """Events with an outcome so far; None where the brokers did not tell."""
    lag: int | None
    """Events that wait."""


class Watch:
    """Reads `contact.decisions` as an executor would, and samples the lag. A context manager."""

    def __init__(self, brokers: str, prefix: str, partitions: int, lanes: int) -> None:
        self._topics = Topics(prefix)
        self._partitions = partitions
        self._lanes = lanes
        settings: dict[str, str | int | bool] = {
            "bootstrap.servers": brokers,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 50,
            "log_level": 0,
        }
        self._reader = Consumer({**settings, "group.id": f"{prefix}watch"})
        self._asker = Consumer({**settings, "group.id": f"{prefix}omniroute-router"})
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, name="watch", daemon=True),
            threading.Thread(target=self._sample, name="samples", daemon=True),
        ]
        self._ids: set[bytes] = set()
        self.twice = 0
        """Decisions whose id had been read before."""
        self.count = 0
        self.times: dict[int, list[int]] = defaultdict(list)
        """By lane: when each decision was appended, ms since the epoch."""
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(15)
        self._reader.close()
        self._asker.close()

    def await_count(self, count: int, within_s: float) -> bool:
        """Until so many decisions were read: then the concurrent reader saw what there is."""
        deadline = time.monotonic() + within_s
        while self.count < count and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return self.count == count

    def await_all_lanes(self, since_ms: int, within_s: float) -> bool:
        """Until every lane has decided something at this moment or later."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            last = {lane: times[-1] for lane, times in self.times.items()}
            if all(last.get(lane, 0) >= since_ms for lane in range(self._lanes)):
                return True
            time.sleep(POLL_S)
        return False

    def _read(self) -> None:
        topic = self._topics.decisions
        self._reader.assign([TopicPartition(topic, p, 0) for p in range(self._partitions)])
        while not self._stopping.is_set():
            for message in self._reader.consume(BATCH, POLL_S):
                if message.error() is None:
                    self._note(message)

    def _note(self, message: Message) -> None:
        at = message.timestamp()[1]
        self.times[(message.partition() or 0) % self._lanes].append(at)
        self.count += 1
        found = dict(message.headers() or []).get(CE_ID)
        name = found.encode() if isinstance(found, str) else found or b""
        self.twice += name in self._ids
        self._ids.add(name)

    def _sample(self) -> None:
        while not self._stopping.wait(SAMPLE_S):
            taken, end = self._try(self._ask_taken), self._try(self._ask_end)
            lag = None if taken is None or end is None else max(0, end - taken)
            self.samples.append(Sample(int(time.time() * 1000), self.count, taken, lag))

    @staticmethod
    def _try(ask: Callable[[], int]) -> int | None:
        try:
            return ask()
        except (KafkaException, TimeoutError):
            return None

    def _ask_taken(self) -> int:
        asked = [TopicPartition(self._topics.events, p) for p in range(self._partitions)]
        return sum(max(0, tp.offset) for tp in self._asker.committed(asked, timeout=ANSWER_S))

    def _ask_end(self) -> int:
        end = 0
        for partition in range(self._partitions):
            asked = TopicPartition(self._topics.events, partition)
            edges = self._asker.get_watermark_offsets(asked, timeout=ANSWER_S)
            if edges is None:
                raise TimeoutError
            end += edges[1]
        return end


def find_gaps(
    times: Mapping[int, Sequence[int]], lanes: int, begin_ms: int, end_ms: int
) -> list[float]:
    """Of each lane the longest silence, seconds, that touches this span.

    A lane that says nothing more until `end_ms` was silent up to there.
    """
    gaps = []
    for lane in range(lanes):
        said = sorted(times.get(lane, ()))
        before = [at for at in said if at <= begin_ms][-1:] or [begin_ms]
        within = [at for at in said if begin_ms < at <= end_ms]
        after = [at for at in said if at > end_ms][:1] or [end_ms]
        marks = [*before, *within, *after]
        longest = max(b - a for a, b in pairwise(marks))
        gaps.append(round(longest / 1000, 2))
    return gaps


def find_resume(
    times: Mapping[int, Sequence[int]], lanes: int, healed_ms: int, *, late_ms: int, quiet_ms: int
) -> float:
    """Seconds from the heal until the last lane decided again; 0 where none was interrupted.

    Counts the end of every silence longer than `quiet_ms` that the heal, or the `late_ms` behind
    it, fall into. A lane that never decided again counts as an hour.
    """
    worst = 0
    for lane in range(lanes):
        said = sorted(times.get(lane, ()))
        marks = [-1, *said]
        for begin, end in pairwise(marks):
            if end > healed_ms and begin <= healed_ms + late_ms and end - begin > quiet_ms:
                worst = max(worst, end - healed_ms)
        if not said or said[-1] <= healed_ms:
            worst = max(worst, 3_600_000)
    return round(worst / 1000, 2)
