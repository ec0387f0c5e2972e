"""Damages records where a broker of this machine keeps them, as a bad disk does."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from deploy.local.kafka import DEFAULT_HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD_BYTES: Final = 61
_BEFORE_LENGTH: Final = 12
_LENGTH_AT: Final = 8


def damage_batch(topic: str, partition: int, offset: int) -> tuple[int, int]:
    """Change a byte of the records of the batch with an offset; return its first offset, and the one behind it."""
    return _damage(topic, partition, offset, _HEAD_BYTES + 5)


def damage_length(topic: str, partition: int, offset: int) -> tuple[int, int]:
    """Change the length of the batch with an offset; return as `damage_batch` does."""
    return _damage(topic, partition, offset, _LENGTH_AT)


def _damage(topic: str, partition: int, offset: int, at: int) -> tuple[int, int]:
    (segment,) = (DEFAULT_HOME / "instances").glob(f"*/**/{topic}-{partition}/*.log")
    place, first, behind = next(each for each in _batches(segment) if each[2] > offset)
    with segment.open("r+b") as file:
        file.seek(place + at)
        byte = file.read(1)[0]
        file.seek(place + at)
        file.write(bytes([byte ^ 0x55]))
    return first, behind


def _batches(segment: Path) -> Iterator[tuple[int, int, int]]:
    """Yield where each batch is, its first offset, and the one behind it."""
    data, place = segment.read_bytes(), 0
    while place + _HEAD_BYTES <= len(data):
        first, length = struct.unpack_from(">qi", data, place)
        if not length:
            return
        yield place, first, first + int.from_bytes(data[place + 23 : place + 27]) + 1
        place += _BEFORE_LENGTH + length
