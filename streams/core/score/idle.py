"""When a partition of `social.posts` counts as read to its end."""

from __future__ import annotations

from typing import Final

IDLE_SECONDS: Final = 1.0
"""Time without records before a partition is reported idle, and between two reports."""


class Idleness:
    """Decides as of which broker time one partition is reported idle.

    A fetch without records proves the end of the partition for some moment after it was sent. One fetch is in flight at
    a time, so it was sent after the answer to the fetch before. The time of that answer is therefore the latest for
    which the end is certain.

    Parameters
    ----------
    now
        Monotonic seconds.

    Examples
    --------
    >>> idleness = Idleness(now=0.0)
    >>> [idleness.as_of_ms(answered_ms, at_end=True, now=now) for answered_ms, now in ((7_000, 0.5), (7_500, 1.0))]
    [None, 7000]
    """

    def __init__(self, now: float) -> None:
        self._since = now
        self._answered_ms: int | None = None

    def as_of_ms(self, answered_ms: int | None, *, at_end: bool, now: float) -> int | None:
        """Return the time as of which to report the partition idle, None if there is nothing to report.

        Parameters
        ----------
        answered_ms
            When the newest fetch was answered, in milliseconds since the epoch; None before the first answer.
        at_end
            Whether everything below the high watermark in that answer has been processed.
        now
            Monotonic seconds.

        Returns
        -------
        int or None
            Milliseconds since the epoch.
        """
        before, self._answered_ms = self._answered_ms, answered_ms
        if not at_end:
            self._since = now
            return None
        if before is None or before == answered_ms or now - self._since < IDLE_SECONDS:
            return None
        self._since = now
        return before
