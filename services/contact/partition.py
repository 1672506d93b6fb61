"""Which partition a key belongs to: murmur2, as the Java client and aiokafka choose it.

librdkafka's own default is CRC32; a producer built on it needs `partitioner=murmur2_random`.
"""

from __future__ import annotations

from functools import lru_cache
from struct import unpack_from

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit unsigned MurmurHash2 of the bytes, with the seed that Kafka uses."""
    length = len(data)
    h = _SEED ^ length
    words = length >> 2
    for word in unpack_from(f"<{words}I", data):
        k = word * _M & _MASK
        h = (h * _M & _MASK) ^ ((k ^ k >> 24) * _M & _MASK)
    if length & 3:
        h = ((h ^ int.from_bytes(data[words << 2 :], "little")) * _M) & _MASK
    h = ((h ^ h >> 13) * _M) & _MASK
    return h ^ h >> 15


# The same customers come again and again; a hit costs a tenth of the hash. 8,192 keys are < 2 MB.
@lru_cache(maxsize=8192)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition, 0 to partitions - 1, on which a record with this key belongs."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
