"""When to stop rather than to divert the whole input quietly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.errors import BadShareExceeded

if TYPE_CHECKING:
    from streams.config import IngestSettings


class BadShare:
    """Counts good and bad records against ``ingest.max_bad_share``.

    >>> from streams.config import IngestSettings
    >>> share = BadShare(IngestSettings(max_bad_share=0.5, bad_share_after=1))
    >>> share.good(), share.bad("broken_json")
    (None, None)
    >>> share.bad("broken_json")
    Traceback (most recent call last):
    ...
    streams.errors.BadShareExceeded: 2 of 3 records are bad (broken_json 2): over the limit ingest.max_bad_share=0.5. \
Stopped so as not to divert the whole input; check the source, or raise the limit if this is expected.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._limit = settings.max_bad_share
        self._after = settings.bad_share_after
        self.seen = 0
        self.reasons: dict[str, int] = {}

    def good(self) -> None:
        """Count a usable record."""
        self.seen += 1

    def bad(self, reason: str) -> None:
        """Count one that is not.

        Raises
        ------
        BadShareExceeded
            If their share is over the limit and ``ingest.bad_share_after`` records have been seen.
        """
        self.seen += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if self.seen >= self._after:
            self.check_end()

    def check_end(self) -> None:
        """Judge what has been seen, however little.

        Raises
        ------
        BadShareExceeded
            If the share is over the limit.
        """
        bad = sum(self.reasons.values())
        if bad > self._limit * self.seen:
            raise BadShareExceeded(bad, self.seen, self._limit, self.reasons)
