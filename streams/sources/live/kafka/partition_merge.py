"""Records of several partitions in one order of time, so that in a backlog no partition runs ahead of the others.

Event time only goes forward: if one partition of a backlog were read to its end first, the posts of the others would be
late, and no detector would count them.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class Timed(Protocol):
    """A record with a time, milliseconds since the epoch."""

    @property
    def timestamp(self) -> int: ...

    @property
    def value(self) -> bytes | None: ...


R = TypeVar("R", bound=Timed)


class PartitionMerge(Generic[R]):
    """Holds records that have been fetched, and hands them out in order of time.

    Parameters
    ----------
    most_records, most_bytes
        Records and bytes of values of one partition from which on it is `full`.
    """

    def __init__(self, most_records: int, most_bytes: int) -> None:
        self._most_records = most_records
        self._most_bytes = most_bytes
        self._held: dict[int, deque[R]] = {}
        self._bytes: dict[int, int] = {}

    def add(self, partition: int, records: Iterable[R]) -> None:
        """Hold further records of a partition."""
        held = self._held.setdefault(partition, deque())
        for record in records:
            held.append(record)
            self._bytes[partition] = self._bytes.get(partition, 0) + len(record.value or b"")

    def forget(self, partition: int) -> None:
        """Drop the records of a partition, which is read from elsewhere."""
        self._held.pop(partition, None)
        self._bytes.pop(partition, None)

    def has(self, partition: int) -> bool:
        """Return whether records of a partition are held."""
        return bool(self._held.get(partition))

    def __len__(self) -> int:
        """Return the number of records that are held."""
        return sum(len(held) for held in self._held.values())

    def full(self) -> set[int]:
        """Return the partitions of which enough is held."""
        return {
            partition
            for partition, held in self._held.items()
            if len(held) >= self._most_records or (held and self._bytes[partition] >= self._most_bytes)
        }

    def take(self, most: int, waiting: Iterable[int] = ()) -> list[R]:
        """Return the earliest records, in order within each partition.

        Parameters
        ----------
        most
            Most records.
        waiting
            Partitions that have more, which may be earlier: nothing is returned while one of them is empty here, and
            none beyond the last record of one.
        """
        awaited = set(waiting)
        taken: list[R] = []
        if any(not self.has(partition) for partition in awaited):
            return taken
        heads = [(held[0].timestamp, partition) for partition, held in self._held.items() if held]
        heapq.heapify(heads)
        while heads and len(taken) < most:
            _, partition = heads[0]
            held = self._held[partition]
            record = held.popleft()
            self._bytes[partition] -= len(record.value or b"")
            taken.append(record)
            if held:
                heapq.heapreplace(heads, (held[0].timestamp, partition))
            elif partition in awaited:
                break
            else:
                heapq.heappop(heads)
        return taken
