"""Compute the score of the Numenta Anomaly Benchmark, from its published definition.

Lavin & Ahmad, *Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark*, ICMLA 2015,
arXiv:1510.03336, sections II.B and II.C. An early alarm within a labelled window counts up to 1, no alarm there costs
`miss`, and each alarm outside costs up to `false_alarm`, less where it trails a window closely. A
perfect detector scores 100, and one that never fires 0. The first 15 % of a series, at most 750 rows, are for learning
and not evaluated.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

THRESHOLD: Final = 1.0
"""Score from which on a row is an alarm."""

_PROBATION_SHARE: Final = 0.15
_PROBATION_ROWS: Final = 750
_FAR: Final = 3.0
"""Distance behind a window, in widths of the window, from which on a false alarm has its full price."""


class Profile(NamedTuple):
    """Costs of a false alarm and of a missed window, relative to the worth of a hit."""

    name: str
    false_alarm: float
    miss: float


PROFILES: Final = (
    Profile("standard", 0.11, 1.0),
    Profile("low FP", 0.22, 1.0),
    Profile("low FN", 0.11, 2.0),
)


class LabelledWindow(NamedTuple):
    """First and last row of a labelled window."""

    first: int
    last: int


class AlarmScore(NamedTuple):
    """The worth of the alarms of one series.

    Parameters
    ----------
    windows
        Windows that do not lie completely within probation.
    hits
        First alarm row in each window that has one, and its gain, 0..1.
    false_alarms
        Each alarm row outside all windows, and its share of the price of a false alarm, 0..1.
    """

    windows: Sequence[LabelledWindow]
    hits: dict[LabelledWindow, tuple[int, float]]
    false_alarms: list[tuple[int, float]]

    def raw(self, profile: Profile) -> float:
        """Return the score before it is normalised."""
        gained = sum(gain for _, gain in self.hits.values())
        missed = len(self.windows) - len(self.hits)
        return gained - profile.miss * missed - profile.false_alarm * sum(price for _, price in self.false_alarms)


def score_alarms(rows: int, windows: Iterable[LabelledWindow], alarms: Iterable[int]) -> AlarmScore:
    """Score the alarms of one series against its windows.

    Parameters
    ----------
    rows
        Number of rows of the series.
    windows
        Windows in order, without overlap.
    alarms
        Rows at or above the threshold, in order.

    Examples
    --------
    An alarm in the first row of a window gains 1, one in the last row almost nothing:

    >>> score = score_alarms(1000, [LabelledWindow(400, 499), LabelledWindow(700, 799)], [400, 799, 950])
    >>> {window.first: round(gain, 2) for window, (_, gain) in score.hits.items()}
    {400: 1.0, 700: 0.03}
    >>> round(normalised([score], PROFILES[0]), 1)
    72.9
    """
    windows = list(windows)
    starts = [window.first for window in windows]
    first = probation(rows)
    hits: dict[LabelledWindow, tuple[int, float]] = {}
    false_alarms: list[tuple[int, float]] = []
    for row in alarms:
        if row < first:
            continue
        window = windows[index] if (index := bisect_right(starts, row) - 1) >= 0 else None
        if window is not None and row <= window.last:
            hits.setdefault(window, (row, _gain(row, window)))
        else:
            false_alarms.append((row, 1.0 if window is None else _price(row, window)))
    return AlarmScore([window for window in windows if window.last >= first], hits, false_alarms)


def normalised(scores: Iterable[AlarmScore], profile: Profile) -> float:
    """Return the score of one detector over all series, at most 100; NaN if there is no window."""
    scores = list(scores)
    windows = sum(len(score.windows) for score in scores)
    if not windows:
        return math.nan
    none = -profile.miss * windows
    return 100 * (sum(score.raw(profile) for score in scores) - none) / (windows - none)


def probation(rows: int) -> int:
    """Return the number of rows at the start of a series that are not evaluated."""
    return min(int(_PROBATION_SHARE * rows), _PROBATION_ROWS)


def _gain(row: int, window: LabelledWindow) -> float:
    return _sigmoid((row - window.last - 1) / (window.last - window.first + 1)) / _sigmoid(-1)


def _price(row: int, window: LabelledWindow) -> float:
    behind, width = row - window.last, window.last - window.first
    return -_sigmoid(behind / width) if behind <= _FAR * width else 1.0


def _sigmoid(position: float) -> float:
    """Return a value that falls from almost 1 at -1 (a window's start) through 0 at 0 (its end) to -1 far behind it."""
    return 2 / (1 + math.exp(5 * position)) - 1
