"""The ratio of rejected records, above which ingest stops instead of sending a whole input to the dead-letter topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.errors import RejectionRatioExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.config import IngestSettings
    from streams.errors import RecordError

EXAMPLES_OF_A_REASON: Final = 2
"""Rejected records of each reason that are described; the first ones show whether the others are alike."""

MAX_EXAMPLES: Final = 8
"""Rejected records of all reasons that are described."""

SET_ASIDE: Final = frozenset({"outlier_date"})
"""Reasons that are no sign of a bad source: their records are rejected, but do not count towards the ratio."""


class RejectionRatio:
    """Counts accepted and rejected records against ``ingest.max_bad_share``.

    Parameters
    ----------
    settings
        Section `ingest` of the config.
    source
        Name of the source, for messages.
    remarks
        Function that returns remarks on the source, for messages.

    Attributes
    ----------
    records
        Number of records so far, those that were skipped excluded.
    skipped
        Number of records that were skipped.
    reasons
        Number of rejected records by reason.
    examples
        Place, reason and detail of the first rejected records of each reason.

    Examples
    --------
    >>> from streams.config import IngestSettings
    >>> from streams.errors import RecordError
    >>> ratio = RejectionRatio(IngestSettings(max_bad_share=0.5, bad_share_after=1))
    >>> ratio.accept(), ratio.reject(RecordError("empty_id", "'id' is empty"), "line 2")
    (None, None)
    >>> ratio.reject(RecordError("empty_id", "'id' is empty"), "line 3")
    Traceback (most recent call last):
    ...
    streams.errors.input.RejectionRatioExceeded: 2 of 3 records are rejected (empty_id 2): over the limit \
ingest.max_bad_share=0.5. Stopped before the whole input goes to the dead letter queue; check the source, or raise the \
limit if this is expected.
      line 2: empty_id: 'id' is empty
      line 3: empty_id: 'id' is empty
    """

    def __init__(
        self, settings: IngestSettings, source: str = "", remarks: Callable[[], Sequence[str]] = lambda: ()
    ) -> None:
        self._source = source
        self._remarks = remarks
        self._limit = settings.max_bad_share
        self._after = settings.bad_share_after
        self.records = 0
        self.skipped = 0
        self.reasons: dict[str, int] = {}
        self.examples: list[str] = []

    def accept(self) -> None:
        """Count an accepted record."""
        self.records += 1

    def skip(self) -> None:
        """Count a record that is no post for firewatch and no defect, and has no effect on the ratio."""
        self.skipped += 1

    def reject(self, error: RecordError, place: str) -> None:
        """Count a rejected record.

        Parameters
        ----------
        error
            Why the record is rejected.
        place
            Where it is in its source, such as ``line 17``.

        Raises
        ------
        RejectionRatioExceeded
            If the ratio is over the limit and there have been ``ingest.bad_share_after`` records.
        """
        self.records += 1
        count = self.reasons[error.reason] = self.reasons.get(error.reason, 0) + 1
        if count <= EXAMPLES_OF_A_REASON and len(self.examples) < MAX_EXAMPLES:
            self.examples.append(f"{place}: {error}")
        if self.records >= self._after:
            self.check()

    def check(self) -> None:
        """Compare the ratio with the limit, however few records there have been.

        Raises
        ------
        RejectionRatioExceeded
            If the ratio is over the limit.
        """
        rejected = sum(count for reason, count in self.reasons.items() if reason not in SET_ASIDE)
        if rejected > self._limit * self.records:
            lines = [*self.examples, *self._remarks()]
            raise RejectionRatioExceeded(rejected, self.records, self._limit, self.reasons, lines, self._source)
