"""The ratio of rejected records, above which ingest stops instead of sending a whole input to the dead-letter topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.errors import RejectionRatioExceeded

if TYPE_CHECKING:
    from streams.config import IngestSettings


class RejectionRatio:
    """Counts accepted and rejected records against ``ingest.max_bad_share``.

    Parameters
    ----------
    settings
        Section `ingest` of the config.

    Attributes
    ----------
    records
        Number of records so far.
    reasons
        Number of rejected records by reason.

    Examples
    --------
    >>> from streams.config import IngestSettings
    >>> ratio = RejectionRatio(IngestSettings(max_bad_share=0.5, bad_share_after=1))
    >>> ratio.accept(), ratio.reject("broken_json")
    (None, None)
    >>> ratio.reject("broken_json")
    Traceback (most recent call last):
    ...
    streams.errors.RejectionRatioExceeded: 2 of 3 records are rejected (broken_json 2): over the limit \
ingest.max_bad_share=0.5. Stopped before the whole input goes to the dead letter queue; check the source, or raise the \
limit if this is expected.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._limit = settings.max_bad_share
        self._after = settings.bad_share_after
        self.records = 0
        self.reasons: dict[str, int] = {}

    def accept(self) -> None:
        """Count an accepted record."""
        self.records += 1

    def reject(self, reason: str) -> None:
        """Count a rejected record.

        Raises
        ------
        RejectionRatioExceeded
            If the ratio is over the limit and there have been ``ingest.bad_share_after`` records.
        """
        self.records += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if self.records >= self._after:
            self.check()

    def check(self) -> None:
        """Compare the ratio with the limit, however few records there have been.

        Raises
        ------
        RejectionRatioExceeded
            If the ratio is over the limit.
        """
        rejected = sum(self.reasons.values())
        if rejected > self._limit * self.records:
            raise RejectionRatioExceeded(rejected, self.records, self._limit, self.reasons)
