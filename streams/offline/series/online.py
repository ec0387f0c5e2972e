"""Run a detector over a series online: the score of a row depends on that row and earlier ones only."""

from __future__ import annotations

import csv
from collections import deque
from statistics import median_low
from typing import TYPE_CHECKING, Final

from detectors.base import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from detectors.base import Detector, Score
    from streams.offline.series.csv_reader import SeriesRow

COLUMNS: Final = ("timestamp", "value", "anomaly_score", "expected", "lower", "upper")

SUPPRESSED: Final = 0.999
"""Value that is written for a suppressed score: high, but no alarm."""

_GAPS: Final = 25
"""Number of latest gaps whose median is the spacing: enough that a dozen outages in a row do not look like a new
spacing, and few enough that a series which changes its spacing soon has rows of the right length."""

_UNKNOWN_MS: Final = 300_000
"""Spacing for the score of the first row, before any gap: the default bucket of the pipeline."""


class Spacing:
    """The length of time that one row covers, learned from the gaps between rows.

    It is the median of the latest 25 gaps, so that single holes and jitter don't matter.

    Examples
    --------
    >>> spacing = Spacing()
    >>> for ms in (0, 300_000, 600_000, 4_200_000, 4_500_000):
    ...     spacing.add(ms)
    >>> spacing.ms
    300000
    """

    def __init__(self) -> None:
        self._gaps: deque[int] = deque(maxlen=_GAPS)
        self._last_ms: int | None = None
        self.ms: int | None = None

    def add(self, ms: int) -> None:
        """Add the time of the next row."""
        if self._last_ms is not None:
            self._gaps.append(ms - self._last_ms)
            if self.ms is None or self._gaps[-1] != self.ms:
                self.ms = median_low(self._gaps)
        self._last_ms = ms


class SeriesScorer:
    """A scorer that runs one detector over one series.

    A row is a bucket that begins at its timestamp and is as long as the spacing known so far (`Spacing`). A larger gap
    before the next row is time without data, not a time of zeros. The length of the first row is known only once there
    is a second one, so the detector learns from it then.

    Parameters
    ----------
    detector
        A new detector; it learns from each row after it has scored it.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._spacing = Spacing()
        self._first: SeriesRow | None = None

    def step(self, row: SeriesRow) -> Score:
        """Score the next row, then learn from it."""
        self._spacing.add(row.ms)
        length_ms = self._spacing.ms
        if length_ms is None:
            self._first = row
            return self._detector.score_one(Bucket(row.ms, _UNKNOWN_MS, row.value))
        if self._first is not None:
            self._detector.learn_one(Bucket(self._first.ms, length_ms, self._first.value))
            self._first = None
        bucket = Bucket(row.ms, length_ms, row.value)
        score = self._detector.score_one(bucket)
        self._detector.learn_one(bucket)
        return score


def scored_rows(rows: Iterable[SeriesRow], detector: Detector) -> Iterator[tuple[SeriesRow, Score]]:
    """Yield each row with its score."""
    scorer = SeriesScorer(detector)
    for row in rows:
        yield row, scorer.step(row)


def write_scores(scored: Iterable[tuple[SeriesRow, Score]], out: TextIO, *, at_once: bool = False) -> None:
    """Write CSV, one line for each row.

    Parameters
    ----------
    scored
        Rows and scores, as from `scored_rows`.
    out
        File for the CSV.
    at_once
        Flush each line, for a reader that waits for it.
    """
    writer = csv.writer(out, lineterminator="\n")
    for index, (row, score) in enumerate(scored):
        if index == 0:
            writer.writerow(COLUMNS)
        band = (f"{number:.6g}" for number in (score.expected, score.lower, score.upper))
        writer.writerow((row.timestamp, row.text, alarm_score(score), *band))
        if at_once:
            out.flush()


def alarm_score(score: Score) -> float:
    """Return the value of a score, clipped below the threshold if the score is suppressed: >= 1 is an alarm."""
    return score.value if score.suppressed is None else min(score.value, SUPPRESSED)
