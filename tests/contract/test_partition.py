"""Keys lie where the Java client and aiokafka put them."""

from __future__ import annotations

import aiokafka.partitioner
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contact.partition import murmur2, partition_of


@given(key=st.binary(max_size=300), partitions=st.integers(1, 512))
def test_a_key_lies_where_aiokafka_puts_it(key: bytes, partitions: int) -> None:
    """Law: hash and partition equal those of aiokafka's default partitioner."""
    assert murmur2(key) == aiokafka.partitioner.murmur2(key)
    everywhere = list(range(partitions))
    placed = aiokafka.partitioner.DefaultPartitioner()(key, everywhere, everywhere)
    assert partition_of(key, partitions) == placed


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_the_values_of_the_java_client(key: bytes, signed: int) -> None:
    """Law: the vectors of org.apache.kafka.common.utils.UtilsTest hold."""
    assert murmur2(key) == signed & 0xFFFFFFFF
