"""Damages what Redis holds, while the router runs: losses and roll-backs, seeded."""

from __future__ import annotations

import contextlib
import random
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Self

import redis

Dump = dict[str, bytes | None]
"""The keys of a deployment as DUMP gives them; None for one that was absent."""
KEPT = 12
"""How many snapshots are kept to roll back to."""


class Vandal:
    """Flushes and rolls back the hashes of one deployment at random until told to stop."""

    def __init__(self, url: str, keys: Sequence[str], *, seed: int, every_s: float = 0.35) -> None:
        self._client = redis.Redis.from_url(url)
        self._keys = list(keys)
        self._chance = random.Random(seed)
        self._every_s = every_s
        self._snapshots: list[Dump] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._rage, name="vandal", daemon=True)
        self.done: Counter[str] = Counter()
        """What was done, by name."""
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End; raises what went wrong in the meantime."""
        self._stopping.set()
        self._thread.join(10)
        self._client.close()
        if self.failure is not None:
            raise self.failure

    def _rage(self) -> None:
        deeds = [
            (3, self._snapshot),
            (2, self._flush),
            (1, self._flush_one),
            (3, self._roll_back),
            (2, self._roll_back_one),
            (1, self._forget_scripts),
        ]
        weights = [weight for weight, _ in deeds]
        try:
            while not self._stopping.wait(self._chance.uniform(0, 2 * self._every_s)):
                deed = self._chance.choices(deeds, weights)[0][1]
                # A server that somebody else took away cannot be damaged; it is tried again.
                with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
                    deed()
        except Exception as error:  # noqa: BLE001 - told at the end, by `stop`
            self.failure = error

    def _snapshot(self) -> None:
        """All keys at one moment, as a backup or a lagging replica would have them."""
        with self._client.pipeline(transaction=True) as pipeline:
            for key in self._keys:
                pipeline.dump(key)
            dumped = pipeline.execute()
        self._snapshots = [*self._snapshots, dict(zip(self._keys, dumped, strict=True))][-KEPT:]
        self.done["snapshots"] += 1

    def _flush(self) -> None:
        self._client.delete(*self._keys)
        self.done["flushes"] += 1

    def _flush_one(self) -> None:
        self._client.delete(self._chance.choice(self._keys))
        self.done["flushes of one partition"] += 1

    def _roll_back(self) -> None:
        if self._snapshots:
            self._restore(self._chance.choice(self._snapshots))
            self.done["roll-backs"] += 1

    def _roll_back_one(self) -> None:
        if self._snapshots:
            key = self._chance.choice(self._keys)
            self._restore({key: self._chance.choice(self._snapshots)[key]})
            self.done["roll-backs of one partition"] += 1

    def _forget_scripts(self) -> None:
        self._client.script_flush()
        self.done["scripts forgotten"] += 1

    def _restore(self, dump: Dump) -> None:
        with self._client.pipeline(transaction=True) as pipeline:
            for key, value in dump.items():
                if value is None:
                    pipeline.delete(key)
                else:
                    pipeline.restore(key, 0, value, replace=True)
            pipeline.execute()
