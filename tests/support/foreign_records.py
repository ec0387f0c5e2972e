"""Records of Kafka as its client returns them, made without a broker."""

from __future__ import annotations

from typing import Final, NamedTuple

NOW: Final = 1_772_446_800_000


class Record(NamedTuple):
    """One record."""

    value: bytes | None
    key: bytes | None = None
    timestamp: int = NOW
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes | None], ...] = ()
    topic: str = "raw"
    partition: int = 3
    offset: int = 17
