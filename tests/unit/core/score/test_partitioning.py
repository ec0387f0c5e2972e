"""The partition of a key is the one that Kafka's clients choose."""

from __future__ import annotations

import random

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as aiokafka_murmur2

from streams.core.score.partitioning import murmur2, partition_of


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
def test_the_hash_is_the_one_of_kafkas_own_test_vectors(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


def test_the_hash_is_aiokafkas_for_keys_of_every_length() -> None:
    randomly = random.Random(1)
    for length in range(70):
        for _ in range(100):
            key = randomly.randbytes(length)
            assert murmur2(key) == aiokafka_murmur2(key), key


@pytest.mark.parametrize("partitions", [1, 2, 4, 7, 12, 100])
def test_the_partition_is_the_one_of_the_default_partitioner(partitions: int) -> None:
    partitioner = DefaultPartitioner()
    every = list(range(partitions))
    for number in range(1_000):
        for key in (f"brand-{number}", f"Müller {number} 👍", f"forum:{number}"):
            assert partition_of(key.encode(), partitions) == partitioner(key.encode(), every, every), key
