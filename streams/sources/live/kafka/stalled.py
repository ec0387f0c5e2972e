"""Partitions whose next records can't be read: since when, until when they are waited for, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.kafka.record_batches import DamagedBatch

PASS_MS: Final = 60_000
"""Time after which a damaged batch is passed over. Damage on the way is over at the next request, and a leader with a
whole copy is elected within seconds; what is damaged on the disk of the leader stays so."""

LOOK_MS: Final = 10_000
"""Time between two looks whether a batch can be read."""

SILENT_MS: Final = 30_000
"""Time without a record after which it is looked why a partition that has some delivers none."""

_NAMED: Final = 3


class StalledAt(NamedTuple):
    """Where a partition has stalled.

    Parameters
    ----------
    damage
        The batch that can't be read.
    since_ms
        Since when.
    looked_ms
        When it was looked at last.
    """

    damage: DamagedBatch
    since_ms: int
    looked_ms: int


class StalledPartitions:
    """Partitions that have stalled, over all connections of a source.

    Parameters
    ----------
    topic
        Name of the topic.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._stalls: dict[int, StalledAt] = {}
        self._since: dict[int, tuple[int, int]] = {}
        self._silent: dict[int, int] = {}

    @property
    def partitions(self) -> set[int]:
        """Return the partitions that have stalled."""
        return set(self._stalls)

    def put(self, partition: int, damage: DamagedBatch, now_ms: int) -> bool:
        """Note that a partition can't be read from some offset on; return whether that is new."""
        offset, since_ms = self._since.get(partition, (None, now_ms))
        is_new = offset != damage.first
        if is_new:
            since_ms = now_ms
            self._since[partition] = damage.first, since_ms
        self._stalls[partition] = StalledAt(damage, since_ms, now_ms)
        return is_new

    def release(self, partition: int) -> None:
        """Note that a partition is read again."""
        self._stalls.pop(partition, None)
        self._silent.pop(partition, None)

    def begin(self) -> None:
        """Note that all partitions are read, again; since when they have stalled is remembered."""
        self._stalls.clear()
        self._silent.clear()

    def damage(self, partition: int) -> DamagedBatch:
        """Return the batch at which a partition has stalled."""
        return self._stalls[partition].damage

    def due(self, now_ms: int) -> list[int]:
        """Return the partitions that are to be looked at again."""
        return [each for each, stall in self._stalls.items() if now_ms - stall.looked_ms >= LOOK_MS]

    def is_given_up(self, partition: int, now_ms: int) -> bool:
        """Return whether a partition has stalled for long enough to go on behind the damage."""
        stall = self._stalls[partition]
        return stall.damage.next is not None and now_ms - stall.since_ms >= PASS_MS

    def silent(self, partitions: Iterable[int], now_ms: int) -> list[int]:
        """Return the partitions that have delivered nothing for long.

        Parameters
        ----------
        partitions
            Those that have records, of which none has come.
        now_ms
            The present, milliseconds since the epoch.
        """
        awaited = set(partitions) - self.partitions
        self._silent = {each: self._silent.get(each, now_ms) for each in awaited}
        found = [each for each, since_ms in self._silent.items() if now_ms - since_ms >= SILENT_MS]
        self._silent.update(dict.fromkeys(found, now_ms))
        return found

    def why(self) -> str:
        """Return which partitions have stalled, why, and what becomes of them; empty if none does."""
        sentences = [self._why(each, stall) for each, stall in sorted(self._stalls.items())]
        more = f"; {len(sentences) - _NAMED:,} more partitions have stalled" if len(sentences) > _NAMED else ""
        return "; ".join(sentences[:_NAMED]) + more

    def _why(self, partition: int, stall: StalledAt) -> str:
        damage = stall.damage
        place = f"partition {partition} of topic {self._topic} can't be read from offset {damage.first:,} on"
        if damage.next is None:
            return (
                f"{place}: {damage.why}; it is tried again every {LOOK_MS // 1000} s: have another replica lead the "
                "partition, or delete the damaged records"
            )
        return (
            f"{place}: the batch of records up to {damage.next - 1:,} is damaged ({damage.why}); it is passed over, "
            f"with a gap, {PASS_MS // 1000} s after it was first found so"
        )
