"""The quota of a source: how many of its posts are scored in a minute, so that no source starves the others.

The minutes are those of a partition's event time. A replay therefore drops the same posts as the workers do, and an
archive that is read at full speed does not count as a flood. Dating posts back does not get round the quota: where the
partition's clock moves back (`streams.core.score.clock`), counting goes on. Repeats of a post must not be counted:
ingest may or may not have dropped them, and that must make no difference.
"""

from __future__ import annotations

from typing import Final

from detectors.units import MINUTE_MS

MAX_COUNTED_SOURCES: Final = 256
"""Sources that have a quota each in a minute; all further ones share one."""

OTHERS: Final = ""
"""Name of all that share one; no source has an empty name."""


class Quota:
    """Counts the posts of each source in the running minute of one partition.

    Parameters
    ----------
    limit
        Posts of one source in a minute, None for no limit.
    clock_ms
        The clock of the partition so far, -1 if there is none.
    first
        Offset of the first record of the running minute, -1 if it is not known. Without a limit nothing is counted.

    Attributes
    ----------
    first
        As above; -1 without a limit. After a restart the posts from there on have to be counted again.

    Examples
    --------
    >>> quota = Quota(2)
    >>> [quota.admits(source, 60_000, offset) for offset, source in enumerate(["a", "a", "b", "a"])]
    [True, True, True, False]
    >>> quota.admits("a", 120_000, 4), quota.first
    (True, 4)
    """

    def __init__(self, limit: int | None, clock_ms: int = -1, first: int = -1) -> None:
        self._limit = limit
        self._minute = clock_ms // MINUTE_MS
        self._counts: dict[str, int] = {}
        self.first = first if limit is not None else -1

    def change(self, limit: int | None) -> None:
        """Apply another limit to the next posts; a first limit counts from the next post on."""
        self._limit = limit
        if limit is None:
            self._counts.clear()
            self.first = -1

    def admits(self, source: str, clock_ms: int, offset: int) -> bool:
        """Count a post and return whether its source is within the limit.

        Parameters
        ----------
        source
            Source of the post.
        clock_ms
            The clock of the partition, this post included.
        offset
            Offset of the post.
        """
        if self._limit is None:
            return True
        minute, self._minute = self._minute, clock_ms // MINUTE_MS
        if self._minute > minute or self.first < 0:
            self.first = offset
            self._counts.clear()
        return self.count(source) <= self._limit

    def count(self, source: str) -> int:
        """Count a post of the running minute and return the count of its source so far."""
        if source not in self._counts and len(self._counts) >= MAX_COUNTED_SOURCES:
            source = OTHERS
        counted = self._counts[source] = self._counts.get(source, 0) + 1
        return counted
