"""Per-minute counts of mentions for each group of brands, from which the platform load is computed.

A minute is one of the clock of a partition of `social.posts`, and so a function of the partition alone. A scorer
reports the counts of a minute from its first post up to some offset, so reporting them again changes nothing. Where the
clock was moved back (`streams.core.score.clock`), the count of a minute begins again, and both counts are reported:
their starts differ by the number of times that it was moved back, in milliseconds.
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from detectors.reference import GROUPS
from detectors.units import MINUTE_MS

Minute = tuple[int, list[int]]
"""Start in milliseconds since the epoch plus the turn, and the mentions of each group."""


@lru_cache(maxsize=10_000)
def group_of(brand: str) -> int:
    """Return the group of a brand.

    >>> group_of("nordtel")
    15
    """
    return crc32(brand.encode()) % GROUPS


class MinuteCounts:
    """The counts of one partition.

    Parameters
    ----------
    current
        The unfinished minute to resume with, if there is one.
    """

    def __init__(self, current: Minute | None = None) -> None:
        self._minutes: dict[int, list[int]] = {current[0]: list(current[1])} if current else {}

    def count(self, at_ms: int, brand: str, turn: int = 0) -> None:
        """Count a mention.

        Parameters
        ----------
        at_ms
            The clock of its partition.
        brand
            Brand id.
        turn
            How often the clock was moved back.
        """
        minute = at_ms - at_ms % MINUTE_MS + turn % MINUTE_MS
        counts = self._minutes.get(minute)
        if counts is None:
            counts = self._minutes[minute] = [0] * GROUPS
        counts[group_of(brand)] += 1

    @property
    def current(self) -> Minute | None:
        """The unfinished minute, with which counting resumes after a restart."""
        newest = next(reversed(self._minutes), None)
        return None if newest is None else (newest, list(self._minutes[newest]))

    def flush(self) -> list[Minute]:
        """Return the minutes with mentions since the last call, in order; the current one will be returned again."""
        minutes = [(minute, list(counts)) for minute, counts in self._minutes.items()]
        for minute, _ in minutes[:-1]:
            del self._minutes[minute]
        return sorted(minutes)
