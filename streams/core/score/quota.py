"""How many posts of one source are scored in a minute, so that no source starves the others.

The minutes are those of a partition's event time, so a replay drops the same posts as the workers do; and an archive
that is read at full speed is not taken for a flood. Repeats of a post are not to be shown to it: whether they are
dropped before or behind Kafka must make no difference. A source can't get round it by dating posts back, as a
partition's event time never goes back.
"""

from __future__ import annotations

from typing import Final

from detectors.units import MINUTE_MS

MAX_COUNTED_SOURCES: Final = 256
"""Sources counted by themselves in a minute; more share what one may have."""

OTHERS: Final = ""
"""Stands for all of these; no source has an empty name."""


class Quota:
    """Counts the posts of each source in the running minute of one partition.

    Parameters
    ----------
    limit
        Posts of one source in a minute; None is without end.
    watermark_ms
        Newest event time of the partition so far, -1 if there is none.
    first
        Offset of the first record of the minute that runs, -1 if not known.

    Attributes
    ----------
    first
        As above: what comes from there on has to be counted anew after a restart.

    Examples
    --------
    >>> quota = Quota(2)
    >>> [quota.admits(source, 60_000, offset) for offset, source in enumerate(["a", "a", "b", "a"])]
    [True, True, True, False]
    >>> quota.admits("a", 120_000, 4), quota.first
    (True, 4)
    """

    def __init__(self, limit: int | None, watermark_ms: int = -1, first: int = -1) -> None:
        self._limit = limit
        self._minute = watermark_ms // MINUTE_MS
        self._counts: dict[str, int] = {}
        self.first = first

    def admits(self, source: str, watermark_ms: int, offset: int) -> bool:
        """Count a post and tell whether its source is within the limit.

        Parameters
        ----------
        source
            Of the post.
        watermark_ms
            Newest event time of the partition, this post included.
        offset
            Of the post.
        """
        if self._limit is None:
            return True
        if watermark_ms // MINUTE_MS != self._minute or self.first < 0:
            self._minute, self.first = watermark_ms // MINUTE_MS, offset
            self._counts.clear()
        return self.count(source) <= self._limit

    def count(self, source: str) -> int:
        """Count a post of the running minute and return how many its source has by now."""
        if source not in self._counts and len(self._counts) >= MAX_COUNTED_SOURCES:
            source = OTHERS
        counted = self._counts[source] = self._counts.get(source, 0) + 1
        return counted
