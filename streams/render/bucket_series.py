"""Collect the closed buckets of a brand as arrays for drawing."""

from __future__ import annotations

from array import array
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detectors.units import DAY_MS, HOUR_MS, MINUTE_MS
from streams.records import SHARE

if TYPE_CHECKING:
    from streams.records import Window

Array = NDArray[np.float64]


TONE_HOURS: Final = (1, 3, 6, 12, 24)
"""Hours over which a negative share may be averaged."""

ENOUGH_MENTIONS: Final = 20
"""Number of mentions with which a share of a third has a standard error of about 0.1."""


class BucketSeries:
    """A collection of windows, added in any order and returned as columns in order of time.

    A column has one number for each bucket, and a NaN where buckets are missing in between, so that no line is drawn
    across the gap. A number takes 8 bytes, so that a month of 5-minute buckets takes about 1 MB.

    Examples
    --------
    >>> from streams.records import Window
    >>> series = BucketSeries()
    >>> for start_ms in (600_000, 0, 0, 300_000):
    ...     series.add(Window("nordtel", start_ms, 300_000, 5, 0, 20_000, 0, 4, 0, 0, 1.0, {}, "c1"))
    >>> len(series), series.mentions, series.negative_share().tolist()
    (3, 15, [0.4, 0.4, 0.4])
    """

    def __init__(self) -> None:
        self._starts: dict[int, int] = {}
        self._columns: dict[tuple[str, ...], array[float]] = {}
        self._length_ms = 0

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, window: Window) -> None:
        """Add a closed bucket; of repeats the first one counts."""
        if window.start_ms in self._starts:
            return
        row: dict[tuple[str, ...], float] = {
            ("count",): window.count,
            ("negative",): window.negative / SHARE,
            ("coverage",): window.coverage,
        }
        for name, score in window.scores.items():
            row |= {(name, part): getattr(score, part) for part in ("value", "expected", "lower", "upper")}
        for key in row.keys() - self._columns.keys():
            self._columns[key] = array("d", [np.nan]) * len(self._starts)
        for key, column in self._columns.items():
            column.append(row.get(key, np.nan))
        self._starts[window.start_ms] = len(self._starts)
        self._length_ms = max(self._length_ms, window.length_ms)

    @property
    def minutes(self) -> float:
        """Return the length of a bucket in minutes."""
        return self._length_ms / MINUTE_MS

    @property
    def begin(self) -> float:
        """Return the start of the first bucket in days since the epoch, matplotlib's unit of time."""
        return min(self._starts) / DAY_MS

    @property
    def end(self) -> float:
        """Return the end of the last bucket in days since the epoch."""
        return (max(self._starts) + self._length_ms) / DAY_MS

    @property
    def mentions(self) -> int:
        """Return the number of mentions in all buckets."""
        return round(sum(self._columns["count",]))

    @property
    def peak(self) -> int:
        """Return the number of mentions in the fullest bucket."""
        return round(max(self._columns["count",]))

    @property
    def detectors(self) -> list[str]:
        """Return the names of all detectors that scored a bucket."""
        return sorted({key[0] for key in self._columns if len(key) > 1})

    def days(self) -> Array:
        """Return the starts of the buckets in days since the epoch."""
        return self._with_gaps(np.array(sorted(self._starts), dtype=np.float64) / DAY_MS, missing=None)

    def column(self, *key: str) -> Array | None:
        """Return a column, or None if there is none of that key.

        Keys are ``"count"``, ``"negative"``, ``"coverage"``, and a detector's name with a field of its `WindowScore`.
        """
        if key not in self._columns:
            return None
        order = [self._starts[start] for start in sorted(self._starts)]
        return self._with_gaps(np.frombuffer(self._columns[key])[order], missing=np.nan)

    @property
    def tone_hours(self) -> int:
        """Return the fewest hours over which the average number of mentions is enough for a negative share."""
        per_hour = self.mentions / max(1.0, len(self) * self._length_ms / HOUR_MS)
        return next((hours for hours in TONE_HOURS if per_hour * hours >= ENOUGH_MENTIONS), TONE_HOURS[-1])

    def negative_share(self, hours: int = 1) -> Array:
        """Return the share of negative mentions in the hours up to the end of each bucket; NaN without mentions."""
        negative, count, _ = self._trailing_sums(hours)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._with_gaps(np.where(count > 0, negative / count, np.nan), missing=np.nan)

    def mean_count(self, hours: int = 1) -> Array:
        """Return the mentions in a bucket, averaged over the buckets of the hours up to the end of each one."""
        _, count, buckets = self._trailing_sums(hours)
        return self._with_gaps(count / buckets, missing=np.nan)

    def _trailing_sums(self, hours: int) -> tuple[Array, Array, Array]:
        """Return the numbers of negative mentions, mentions and buckets in the hours up to the end of each bucket."""
        starts = np.array(sorted(self._starts))
        order = [self._starts[start] for start in starts.tolist()]
        columns = [np.frombuffer(self._columns[key])[order] for key in (("negative",), ("count",))]
        before = np.searchsorted(starts, starts + self._length_ms - hours * HOUR_MS)
        sums = [np.concatenate(([0.0], np.cumsum(column))) for column in (*columns, np.ones(len(starts)))]
        negative, count, buckets = (total[1:] - total[before] for total in sums)
        return negative, count, buckets

    def without_data(self) -> list[tuple[float, float]]:
        """Return the spans, in days since the epoch, in which no source delivered: without buckets or coverage."""
        starts = sorted(self._starts)
        covered = self._columns["coverage",]
        spans = []
        for has_data, run in groupby(starts, key=lambda start: covered[self._starts[start]] > 0):
            if not has_data:
                buckets = list(run)
                spans.append((buckets[0], buckets[-1] + self._length_ms))
        spans += [
            (before + self._length_ms, after) for before, after in pairwise(starts) if self._is_gap(before, after)
        ]
        return [(begin / DAY_MS, end / DAY_MS) for begin, end in spans]

    def _is_gap(self, before: int, after: int) -> bool:
        return after - before > self._length_ms

    def _with_gaps(self, values: Array, missing: float | None) -> Array:
        """Return values with an entry more at the beginning of each gap: `missing`, or the time if that is None."""
        starts = sorted(self._starts)
        after = [index for index, pair in enumerate(pairwise(starts), 1) if self._is_gap(*pair)]
        entries = [missing if missing is not None else (starts[at - 1] + self._length_ms) / DAY_MS for at in after]
        return np.insert(values, after, entries)
