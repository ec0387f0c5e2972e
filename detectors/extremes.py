"""Return periods of heights among a brand's own daily maxima, which let one threshold serve every brand.

Daily maxima of many kinds of noise tend to a Gumbel distribution, whose mean and standard deviation give its two
parameters (Gumbel, *Statistics of Extremes*, 1958; the annual flood of hydrology). With the standardised height ``u =
(x - mean) / sd``, the reduced variate is ``y = u * pi / sqrt(6) + 0.5772`` and a height is exceeded on one day in ``1 /
(1 - exp(-exp(-y)))``.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from detectors.parameters import ONCE_IN_DAYS, within
from detectors.reasons import RAREST_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EULER: Final = 0.5772156649015329
_SPREAD: Final = math.pi / math.sqrt(6)

_DAY_HOURS: Final = 24.0

_DAYS: Final = 14
"""Number of daily maxima kept: two weeks, so that both weekends of a weekly rhythm are among them."""

PRIOR_DAYS: Final = 3.0
"""Weight of the prior in days: enough that two similar days don't make a third one impossible."""

_LONGEST: Final = 30.0
"""Reduced variate above which the return period need not be computed: it is far more than `RAREST_DAYS`."""


class Extremes:
    """Daily maxima of several heights, such as one per smoothing horizon, and the scores of new heights.

    A score is the return period of the mean of the standardised heights (`value`), or of each height alone (`each`).
    Days are spans of 24 h of observation, so that outages don't make a day's maximum small. Mean and variance are
    shrunk towards the prior.

    Parameters
    ----------
    mean, spread
        Prior mean and standard deviation of the daily maximum of each height.
    once_in_days
        Return period at which `value` is 1; 2 to 3650.
    prior_days
        Weight of the prior in days.

    Raises
    ------
    ParameterError
        If `once_in_days` is not a number from 2 to 3650.

    Attributes
    ----------
    bounds
        For each height, where it alone reaches the threshold.
    unit
        Increase of a height's value (`each`) per standard deviation of its daily maximum.

    Examples
    --------
    >>> extremes = Extremes(mean=(1.0,), spread=(0.5,), once_in_days=7)
    >>> extremes.value([1.0]) < 1 < extremes.value([3.0])
    True
    """

    __slots__ = (
        "_day_hours", "_day_max", "_maxima", "_offset", "_prior_days", "_prior_mean", "_prior_variance", "_singles",
        "_threshold", "_weights", "bounds", "unit",
    )  # fmt: skip

    def __init__(
        self, mean: Sequence[float], spread: Sequence[float], once_in_days: float, prior_days: float = PRIOR_DAYS
    ) -> None:
        within("once_in_days", once_in_days, *ONCE_IN_DAYS)
        self._prior_mean = tuple(mean)
        self._prior_variance = tuple(value * value for value in spread)
        self._prior_days = prior_days
        self._threshold = reduced_variate(once_in_days)
        self.unit = _SPREAD / self._threshold
        self._maxima: deque[tuple[float, ...]] = deque(maxlen=_DAYS)
        self._day_hours = 0.0
        self._day_max = [0.0] * len(self._prior_mean)
        self.refit(0.0)

    def value(self, heights: Sequence[float]) -> float:
        """Return the reduced variate of the heights divided by that of the threshold, at least 0; it grows as the log
        of the return period."""
        value = self._offset
        for weight, height in zip(self._weights, heights, strict=True):
            value += weight * height
        return max(value, 0.0)

    def each(self, heights: Sequence[float]) -> list[float]:
        """Return `value` of every height as if it were the only one, without a lower limit."""
        return [offset + weight * height for (offset, weight), height in zip(self._singles, heights, strict=True)]

    def learn(self, heights: Sequence[float], hours: float) -> bool:
        """Learn the heights of a span; return whether it completed a day."""
        self._day_max = list(map(max, self._day_max, heights))
        self._day_hours += hours
        if self._day_hours < _DAY_HOURS:
            return False
        self._maxima.append(tuple(self._day_max))
        self._day_hours = 0.0
        self._day_max = [0.0] * len(self._day_max)
        return True

    def refit(self, extra_variance: float) -> None:
        """Fit the distribution to the daily maxima, adding a variance to that of each height."""
        prior_days, width = self._prior_days, len(self._prior_mean)
        days = len(self._maxima) + prior_days
        self._weights = []
        self._singles: list[tuple[float, float]] = []
        self.bounds = []
        self._offset = _EULER / self._threshold
        columns = zip(*self._maxima, strict=True) if self._maxima else ((),) * width
        for prior_mean, prior_variance, maxima in zip(self._prior_mean, self._prior_variance, columns, strict=True):
            mean = (prior_days * prior_mean + sum(maxima)) / days
            squares = prior_days * (prior_variance + (prior_mean - mean) ** 2) + sum((x - mean) ** 2 for x in maxima)
            spread = math.sqrt(squares / days * (1 + 1 / days) + extra_variance)
            weight = self.unit / spread
            self._singles.append((_EULER / self._threshold - weight * mean, weight))
            self._weights.append(weight / width)
            self._offset -= weight / width * mean
            self.bounds.append(mean + spread * (self._threshold - _EULER) / _SPREAD)

    def days(self, value: float) -> float:
        """Return the return period of a value in days, at most `RAREST_DAYS`."""
        return return_days(value * self._threshold)

    def dump(self) -> tuple[float, ...]:
        """Return the state as a fixed number of numbers; missing days are zeros."""
        width = len(self._prior_mean)
        maxima = [height for day in self._maxima for height in day]
        return (self._day_hours, *self._day_max, len(self._maxima), *maxima, *(0.0,) * (_DAYS * width - len(maxima)))

    def load(self, values: Iterator[float]) -> None:
        """Restore the state from the numbers that `dump` returned; call `refit` afterwards."""
        width = len(self._prior_mean)
        self._day_hours = next(values)
        self._day_max = list(islice(values, width))
        days = int(next(values))
        maxima = [tuple(islice(values, width)) for _ in range(_DAYS)]
        self._maxima = deque(maxima[:days], maxlen=_DAYS)


def reduced_variate(days: float) -> float:
    """Return the reduced Gumbel variate of the daily maximum that is exceeded once in so many days (more than 1).

    >>> round(reduced_variate(7), 2)
    1.87
    """
    return -math.log(-math.log1p(-1 / days))


def return_days(variate: float) -> float:
    """Return in how many days the daily maximum exceeds a reduced Gumbel variate once, at most `RAREST_DAYS`.

    >>> round(return_days(reduced_variate(7)), 9), return_days(100)
    (7.0, 3650.0)
    """
    days = 1 / -math.expm1(-math.exp(-variate)) if variate < _LONGEST else math.inf
    return min(days, RAREST_DAYS)
