"""The owner's cache of customers: what it wrote last, so that Redis is asked only for the others.

It may be trusted because one process owns the partition, it is filled only with what is
committed, and it dies with the lane's life at any error.

Two tiers: as objects the customers of the moment, and packed, at a seventh of the weight, those
who were here a while ago. Unpacking one costs less than asking Redis for it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, NamedTuple, TypeVar

from services.router.core.customer import Customer, unpack

MEMORY_PER_BYTE = 7
"""A customer as an object weighs about so many times its packed bytes (5.4 as folded, 7.2 as read
from Redis: `python -m bench.weight`)."""
LEAST_WEIGHT = 600
PACKED_WEIGHT = 300
"""What an entry of the packed tier weighs beside its bytes: its key, its place, its headers."""
OBJECTS_SHARE = 0.5
"""Of the bytes; what the objects do not use, the packed ones do not get."""

Key = tuple[int, str]
"""Partition and customer."""
Value = TypeVar("Value")


class Held(NamedTuple):
    """A customer as an object, beside its packed bytes; both None: nothing is remembered of it."""

    customer: Customer | None
    packed: bytes | None


class Cache:
    """Customers by partition and id, the least recently used dropped first.

    Bounded by entries and by estimated bytes, whichever is reached first; (0, 0) caches nothing.
    """

    def __init__(self, entries: int, size: int) -> None:
        objects = int(size * OBJECTS_SHARE)
        self._objects = _Tier[Held](entries, objects)
        self._packed = _Tier[bytes](entries, size - objects)
        self._entries = entries
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Customers held, those known to be new included."""
        return len(self._objects) + len(self._packed)

    def get(self, partition: int, customer_id: str) -> tuple[bool, Customer | None]:
        """(known, customer); known with None means that nothing is remembered of this one."""
        key = (partition, customer_id)
        held = self._objects.touch(key)
        if held is not None:
            self.hits += 1
            return True, held.customer
        packed = self._packed.pop(key)
        if packed is None:
            self.misses += 1
            return False, None
        self.hits += 1
        customer = unpack(packed)
        self._hold(key, Held(customer, packed))
        return True, customer

    def put(
        self, partition: int, customer_id: str, customer: Customer | None, packed: bytes | None
    ) -> None:
        """Hold a customer as it is committed, beside its packed bytes."""
        key = (partition, customer_id)
        self._packed.pop(key)
        self._hold(key, Held(customer, packed))

    def _hold(self, key: Key, held: Held) -> None:
        size = len(held.packed or b"")
        dropped = self._objects.put(key, held, LEAST_WEIGHT + (1 + MEMORY_PER_BYTE) * size)
        for old, gone in dropped:
            if gone.packed is not None:
                self._packed.put(old, gone.packed, PACKED_WEIGHT + len(gone.packed))
        while self._packed and len(self) > self._entries:
            self._packed.drop()

    def clear(self) -> None:
        """Forget everything."""
        self._objects.clear()
        self._packed.clear()


class _Tier(Generic[Value]):
    """Values with their weights, the least recently used first."""

    def __init__(self, entries: int, size: int) -> None:
        self._entries = entries
        self._size = size
        self._held: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._held)

    def touch(self, key: Key) -> Value | None:
        """The value, which counts as used now."""
        found = self._held.get(key)
        if found is None:
            return None
        self._held.move_to_end(key)
        return found[0]

    def pop(self, key: Key) -> Value | None:
        """The value, which is held no longer."""
        found = self._held.pop(key, None)
        if found is None:
            return None
        self._weight -= found[1]
        return found[0]

    def put(self, key: Key, value: Value, weight: int) -> list[tuple[Key, Value]]:
        """Hold a value; what had to go for it, oldest first, it may be that very one."""
        self.pop(key)
        self._held[key] = (value, weight)
        self._weight += weight
        dropped = []
        while self._held and (len(self._held) > self._entries or self._weight > self._size):
            dropped.append(self.drop())
        return dropped

    def drop(self) -> tuple[Key, Value]:
        """Let go of the least recently used."""
        key, (value, weight) = self._held.popitem(last=False)
        self._weight -= weight
        return key, value

    def clear(self) -> None:
        """Let go of all."""
        self._held.clear()
        self._weight = 0
