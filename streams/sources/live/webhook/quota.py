"""How many posts a sender may push in a minute."""

from __future__ import annotations

from typing import Final

MINUTE_MS: Final = 60_000


class PostQuota:
    """A budget of posts that fills evenly, up to the quota of a minute (a token bucket).

    Parameters
    ----------
    per_minute
        The quota; None for no limit.
    now_ms
        The present, milliseconds since the epoch.

    Examples
    --------
    >>> quota = PostQuota(60, now_ms=0)
    >>> quota.wait_seconds(60, now_ms=0), quota.wait_seconds(61, now_ms=0)
    (0.0, 0.0)
    >>> quota.take(60, now_ms=0)
    >>> quota.wait_seconds(5, now_ms=1_000)
    4.0
    """

    def __init__(self, per_minute: int | None, now_ms: int) -> None:
        self._per_minute = per_minute
        self._left = float(per_minute or 0)
        self._filled_ms = now_ms

    def wait_seconds(self, posts: int, now_ms: int) -> float:
        """Return in how many seconds there is room for some posts, 0 if there is.

        More posts than a whole minute may have fit once the budget is full, and leave it in debt: they would never fit
        otherwise, and over time the quota holds.
        """
        if self._per_minute is None:
            return 0.0
        self._fill(now_ms)
        lacking = min(posts, self._per_minute) - self._left
        return max(0.0, lacking * 60 / self._per_minute)

    def take(self, posts: int, now_ms: int) -> None:
        """Take room for posts that are pushed."""
        if self._per_minute is not None:
            self._fill(now_ms)
            self._left -= posts

    def give_back(self, posts: int) -> None:
        """Return room of posts that were not taken in the end."""
        if self._per_minute is not None:
            self._left = min(float(self._per_minute), self._left + posts)

    def _fill(self, now_ms: int) -> None:
        per_minute = float(self._per_minute or 0)
        passed_ms = max(0, now_ms - self._filled_ms)
        self._filled_ms = now_ms
        self._left = min(per_minute, self._left + passed_ms * per_minute / MINUTE_MS)
