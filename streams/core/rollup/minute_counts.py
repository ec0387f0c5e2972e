"""How many mentions each group of brands gets by the minute: what the reference over all brands is made of.

A minute is one of the event time of a partition of `social.posts`, its running maximum, and so is a function of the
partition alone. What a scorer tells of it counts from its first post to some offset: told again it changes nothing.
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from detectors.reference import GROUPS
from detectors.units import MINUTE_MS

Minute = tuple[int, list[int]]
"""Start in milliseconds since the epoch, and mentions of each group."""


@lru_cache(maxsize=10_000)
def group_of(brand: str) -> int:
    """Which group a brand is in.

    >>> group_of("nordtel")
    15
    """
    return crc32(brand.encode()) % GROUPS


class Pulse:
    """Counts the mentions of one partition.

    Parameters
    ----------
    current
        What the minute that is not over had when counting stopped before, if it did.
    """

    def __init__(self, current: Minute | None = None) -> None:
        self._minutes: dict[int, list[int]] = {current[0]: list(current[1])} if current else {}

    def count(self, at_ms: int, brand: str) -> None:
        """Take a mention that arrived at some event time of its partition, none before the last one."""
        minute = at_ms - at_ms % MINUTE_MS
        counts = self._minutes.get(minute)
        if counts is None:
            counts = self._minutes[minute] = [0] * GROUPS
        counts[group_of(brand)] += 1

    @property
    def current(self) -> Minute | None:
        """The minute that may get more; what to begin with when counting goes on from here."""
        newest = max(self._minutes, default=None)
        return None if newest is None else (newest, list(self._minutes[newest]))

    def take(self) -> list[Minute]:
        """All minutes since the last call that have mentions, in order; the current one will be told again."""
        minutes = sorted((minute, list(counts)) for minute, counts in self._minutes.items())
        for minute, _ in minutes[:-1]:
            del self._minutes[minute]
        return minutes
