"""The partition of a key: Kafka's default partitioner, without a Kafka client."""

from __future__ import annotations

from typing import Final

_SEED: Final = 0x9747B28C
_MULTIPLIER: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition to which Kafka's default partitioner sends a key.

    Every client that keeps this partitioner agrees: Java's, librdkafka's ``murmur2_random`` and aiokafka's.

    Parameters
    ----------
    key
        Key of the record.
    partitions
        Number of partitions of the topic.

    Examples
    --------
    >>> partition_of(b"nordtel", 4)
    1
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Return the 32-bit MurmurHash2 of `data`, as an unsigned number.

    The algorithm and its constants are those of ``org.apache.kafka.common.utils.Utils.murmur2``.

    Examples
    --------
    >>> murmur2(b"21") == -973932308 % 2**32  # a test vector of Kafka's own UtilsTest
    True
    """
    length = len(data)
    whole = length - length % 4
    hashed = _SEED ^ length
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * _MULTIPLIER & _MASK
        word = (word ^ word >> 24) * _MULTIPLIER & _MASK
        hashed = (hashed * _MULTIPLIER & _MASK) ^ word
    if whole < length:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _MASK
    hashed = (hashed ^ hashed >> 13) * _MULTIPLIER & _MASK
    return hashed ^ hashed >> 15
