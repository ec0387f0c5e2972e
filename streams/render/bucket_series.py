"""Collect the closed buckets of a brand as arrays for drawing."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from detectors.units import DAY_MS, HOUR_MS, MINUTE_MS
from streams.records import SHARE

if TYPE_CHECKING:
    from streams.records import Window

Array = NDArray[np.float64]

_SCORE_PARTS: Final = ("value", "observed", "expected", "lower", "upper")

TONE_HOURS: Final = (1, 3, 6, 12, 24)
"""Hours over which a negative share may be averaged."""

ENOUGH_MENTIONS: Final = 20
"""Number of mentions with which a share of a third has a standard error of about 0.1."""

_MOST_STRETCHES: Final = 4
_SILENCE_MS: Final = 3 * DAY_MS
_LONG: Final = 0.2
"""At most three silences are left out of a chart, of three days and a fifth of the time and longer."""

_MARGIN: Final = 0.02
_MARGIN_MS: Final = 6 * HOUR_MS
"""Time shown before the first mention and after the last: a part of the time between them, and no more than this."""


class Band(NamedTuple):
    """The values of a quantity that a detector takes for normal, one for each bucket."""

    lower: Array
    expected: Array
    upper: Array


@dataclass(eq=False, slots=True)
class BucketSeries:
    """A collection of windows, added in any order and returned as columns in order of time.

    A column has one number for each bucket. `outline` makes steps of a column that end where buckets are missing, so
    that no line is drawn across the gap. A number takes 8 bytes, so that a month of 5-minute buckets takes about 1 MB.

    Examples
    --------
    >>> from streams.records import Window
    >>> series = BucketSeries()
    >>> for start_ms in (600_000, 0, 0, 300_000):
    ...     series.add(Window("nordtel", start_ms, 300_000, 5, 0, 20_000, 0, 4, 0, 0, 1.0, {}, "c1"))
    >>> len(series), series.mentions, series.negative_share().tolist()
    (3, 15, [0.4, 0.4, 0.4])
    """

    _starts: dict[int, int] = field(default_factory=dict)
    _columns: dict[tuple[str, ...], array[float]] = field(default_factory=dict)
    _length_ms: int = 0

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
            row |= {(name, part): getattr(score, part) for part in _SCORE_PARTS}
        for key in row.keys() - self._columns.keys():
            self._columns[key] = array("d", [np.nan]) * len(self._starts)
        for key, column in self._columns.items():
            column.append(row.get(key, np.nan))
        self._starts[window.start_ms] = len(self._starts)
        self._length_ms = max(self._length_ms, window.length_ms)

    def between(self, begin: float, end: float) -> Self:
        """Return the buckets that begin in ``[begin, end)``, in days since the epoch."""
        chosen = [start for start in sorted(self._starts) if begin <= start / DAY_MS < end]
        places = [self._starts[start] for start in chosen]
        columns = {key: array("d", [column[place] for place in places]) for key, column in self._columns.items()}
        return type(self)({start: place for place, start in enumerate(chosen)}, columns, self._length_ms)

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
        return round(sum(self._columns.get(("count",), ())))

    @property
    def peak(self) -> int:
        """Return the number of mentions in the fullest bucket; 0 without buckets."""
        return round(max(self._columns.get(("count",), ()), default=0))

    @property
    def detectors(self) -> list[str]:
        """Return the names of all detectors that scored a bucket."""
        return sorted({key[0] for key in self._columns if len(key) > 1})

    def days(self) -> Array:
        """Return the starts of the buckets in days since the epoch."""
        return np.array(sorted(self._starts), dtype=np.float64) / DAY_MS

    def column(self, *key: str) -> Array | None:
        """Return a column, or None if there is none of that key.

        Keys are ``"count"``, ``"negative"``, ``"coverage"``, and a detector's name with a field of its `WindowScore`.
        """
        if key not in self._columns:
            return None
        order = [self._starts[start] for start in sorted(self._starts)]
        return np.frombuffer(self._columns[key])[order]

    def band(self, detector: str) -> Band | None:
        """Return the band of a detector, or None if it scored no bucket.

        While a score is 1 and more, its detector moves a bound to the observed value where the bound would contradict
        the score (`detectors.base.Score`): hours after a storm the scores are still high, and the band would be as thin
        as the few mentions of the present bucket. Such bounds are replaced by a straight line between the buckets
        before and after.
        """
        lower, expected, upper, observed, value = (
            self.column(detector, part) for part in ("lower", "expected", "upper", "observed", "value")
        )
        if lower is None or expected is None or upper is None or observed is None or value is None:
            return None
        lower, upper = (_unmoved(bound, observed, value) for bound in (lower, upper))
        return Band(np.minimum(lower, expected), expected, np.maximum(upper, expected))

    @property
    def tone_hours(self) -> int:
        """Return the fewest hours over which the average number of mentions is enough for a negative share."""
        per_hour = self.mentions / max(1.0, len(self) * self._length_ms / HOUR_MS)
        return next((hours for hours in TONE_HOURS if per_hour * hours >= ENOUGH_MENTIONS), TONE_HOURS[-1])

    def negative_share(self, hours: int = 1) -> Array:
        """Return the share of negative mentions in the hours up to the end of each bucket; NaN without mentions."""
        negative, count, _ = self._trailing_sums(hours)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(count > 0, negative / count, np.nan)

    def mean_count(self, hours: int = 1) -> Array:
        """Return the mentions in a bucket, averaged over the buckets of the hours up to the end of each one."""
        _, count, buckets = self._trailing_sums(hours)
        return count / buckets

    def _trailing_sums(self, hours: int) -> tuple[Array, Array, Array]:
        """Return the numbers of negative mentions, mentions and buckets in the hours up to the end of each bucket."""
        starts = np.array(sorted(self._starts))
        order = [self._starts[start] for start in starts.tolist()]
        columns = [np.frombuffer(self._columns[key])[order] for key in (("negative",), ("count",))]
        before = np.searchsorted(starts, starts + self._length_ms - hours * HOUR_MS)
        sums = [np.concatenate(([0.0], np.cumsum(column))) for column in (*columns, np.ones(len(starts)))]
        negative, count, buckets = (total[1:] - total[before] for total in sums)
        return negative, count, buckets

    def stretches(self) -> list[tuple[float, float]]:
        """Return the spans of time worth drawing, in days since the epoch: from the first mention to the last, without
        the longest silences; the whole time of a brand without mentions.

        An archive has years in which a brand is not mentioned, and a storm of two days would be a line in it.
        """
        starts = np.array(sorted(self._starts))
        counts = self.column("count")
        mentioned = starts[counts > 0] if counts is not None else starts[:0]
        if not len(mentioned):
            return [(self.begin, self.end)]
        begin, end = int(mentioned[0]), int(mentioned[-1]) + self._length_ms
        margin = max(self._length_ms, min(_MARGIN_MS, round(_MARGIN * (end - begin))))
        gaps = sorted(
            ((after - before, before, after) for before, after in pairwise(mentioned.tolist())), reverse=True
        )[: _MOST_STRETCHES - 1]
        cuts = sorted(
            (before + self._length_ms + margin, after - margin)
            for length, before, after in gaps
            if length >= max(_SILENCE_MS, _LONG * (end - begin))
        )
        limits = [begin - margin, *(limit for cut in cuts for limit in cut), end + margin]
        first, last = min(self._starts), max(self._starts) + self._length_ms
        spans = zip(limits[::2], limits[1::2], strict=True)
        return [(max(begin, first) / DAY_MS, min(end, last) / DAY_MS) for begin, end in spans]

    def without_data(self) -> list[tuple[float, float]]:
        """Return the spans, in days since the epoch, in which no source delivered: without buckets or coverage."""
        starts = sorted(self._starts)
        covered = self._columns.get(("coverage",), array("d"))
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

    def outline(self, values: Array) -> tuple[Array, Array]:
        """Return times and values of the steps of a column; each run of buckets ends where its last bucket ends.

        A step is drawn from its time to the next one: without that end the last bucket of a run would not be drawn.
        """
        starts = sorted(self._starts)
        last = [index for index, pair in enumerate(pairwise(starts)) if self._is_gap(*pair)]
        if starts:
            last.append(len(starts) - 1)
        at = [place for index in last for place in (index + 1, index + 1)]
        ends = [(starts[index] + self._length_ms) / DAY_MS for index in last for _ in range(2)]
        ending = [value for index in last for value in (values[index], np.nan)]
        return np.insert(self.days(), at, ends), np.insert(values, at, ending)


def _unmoved(bound: Array, observed: Array, value: Array) -> Array:
    """Return a bound with the places where it was moved to the observed value of an anomalous bucket interpolated."""
    moved = (value >= 1) & (bound == observed)
    known = np.flatnonzero(~np.isnan(bound) & (bound != observed))
    if not moved.any() or not len(known):
        return bound
    at = np.flatnonzero(moved)
    straight = bound.copy()
    straight[at] = np.interp(at, known, bound[known])
    return straight
