"""The state of detection as a compacted changelog keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.detect.partition import PartitionMonitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

    from streams.config import Config
    from streams.core.detect.quarantine import Quarantine


def save(state: MutableMapping[bytes, bytes], changes: Iterable[tuple[bytes, bytes | None]]) -> None:
    """Apply changes that `PartitionMonitor.dirty` returned."""
    for key, value in changes:
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value


def restored(
    config: Config, state: Mapping[bytes, bytes], quarantine: Quarantine | None = None, partition: int = 0
) -> PartitionMonitor:
    """Return the monitor of a partition with such a state."""
    monitor = PartitionMonitor(config, partition, quarantine)
    for key, value in sorted(state.items()):
        monitor.restore(key, value)
    return monitor
