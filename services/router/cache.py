"""The owner's cache of customers: what it wrote last, so that Redis is asked only for the others.

It may be trusted because one process owns the partition, it is filled only with what is
committed, and it dies with the lane's life at any error.
"""

from __future__ import annotations

from collections import OrderedDict

from services.router.core.customer import Customer

MEMORY_PER_BYTE = 6
"""A customer as an object weighs about so many times its packed bytes: 5 as it was folded, 7 to 9 as it was
read from Redis (`python -m bench.weight`)."""
LEAST_WEIGHT = 600


class Cache:
    """Customers by partition and id, the least recently used dropped first.

    Bounded by entries and by estimated bytes, whichever is reached first; (0, 0) caches nothing.
    """

    def __init__(self, entries: int, size: int) -> None:
        self._entries = entries
        self._size = size
        self._held: OrderedDict[tuple[int, str], tuple[Customer | None, int]] = OrderedDict()
        self._weight = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Customers held, those known to be new included."""
        return len(self._held)

    def get(self, partition: int, customer_id: str) -> tuple[bool, Customer | None]:
        """(known, customer); known with None means that nothing is remembered of this one."""
        found = self._held.get((partition, customer_id))
        if found is None:
            self.misses += 1
            return False, None
        self._held.move_to_end((partition, customer_id))
        self.hits += 1
        return True, found[0]

    def put(self, partition: int, customer_id: str, customer: Customer | None, size: int) -> None:
        """Hold a customer as it is committed; `size` is that of its packed bytes."""
        weight = LEAST_WEIGHT + MEMORY_PER_BYTE * size
        key = (partition, customer_id)
        before = self._held.pop(key, None)
        if before is not None:
            self._weight -= before[1]
        self._held[key] = (customer, weight)
        self._weight += weight
        while self._held and (len(self._held) > self._entries or self._weight > self._size):
            _, (_, gone) = self._held.popitem(last=False)
            self._weight -= gone

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self._weight = 0
