"""The daily and weekly rhythm of a brand: its rate at each hour of the day and day of the week relative to its level.

Each hour of the day has a mean ratio of mentions to those expected from the level, and so has each day of the week. The
ratios are shrunk towards 1 as far as their differences could be chance: the empirical Bayes estimate of Morris
(*Journal of the American Statistical Association* 78, 1983), ``w = T / (T + V / n)`` with `V` the variance of a ratio
from one visit to the next, `n` visits, and `T` the variance of the true means, which is what the observed means vary
beyond ``V / n``. So a brand without a rhythm gets none, and one with a rhythm gets it within days.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY_HOURS: Final = 24
_WEEK_DAYS: Final = 7
_FIRST_WEEKDAY: Final = 3
"""Weekday of 1 January 1970, counted from Monday."""

_VISITS: Final = 14.0
"""Visits after which a ratio has lost half of its weight: two weeks of an hour, three months of a weekday. Between one
and four weeks it does not matter."""

_CLIP: Final = 3.0
"""Highest ratio that is learned: the hours of a crisis are no rhythm."""

_PRIOR_VARIANCE: Final = 1.0
_PRIOR_VISITS: Final = 3.0
"""Prior variance of a ratio from one visit to the next, about that of a bursty brand, and its weight in visits of each
slot."""

_LOWEST: Final = 0.1
"""Smallest factor: no hour is so quiet that a few mentions are an event."""


class Rhythm:
    """Daily and weekly shape of a brand's mentions, in UTC.

    The state is always 72 numbers.

    Examples
    --------
    >>> rhythm = Rhythm()
    >>> for hour in range(21 * 24):
    ...     rhythm.learn(hour * HOUR_MS, count=30 if hour % 24 >= 12 else 10, expected=20)
    >>> round(rhythm.factor(3 * HOUR_MS, HOUR_MS), 1), round(rhythm.factor(15 * HOUR_MS, HOUR_MS), 1)
    (0.5, 1.5)
    """

    __slots__ = ("_day", "_day_count", "_day_expected", "_hour", "_hour_count", "_hour_expected", "_of_day", "_of_week")

    def __init__(self) -> None:
        self._of_day = _Cycle(_DAY_HOURS)
        self._of_week = _Cycle(_WEEK_DAYS)
        self._hour = self._day = -1
        self._hour_count = self._hour_expected = 0.0
        self._day_count = self._day_expected = 0.0

    def factor(self, start_ms: int, length_ms: int) -> float:
        """Return the usual multiple of the level in the middle of a span, interpolated between the middles of hours."""
        hour, past = divmod(start_ms + length_ms / 2 - HOUR_MS / 2, HOUR_MS)
        hour, past = int(hour), past / HOUR_MS
        hours = self._of_day.factors
        before, after = hours[hour % _DAY_HOURS], hours[(hour + 1) % _DAY_HOURS]
        day = start_ms // (_DAY_HOURS * HOUR_MS)
        return (before + (after - before) * past) * self._of_week.factors[(day + _FIRST_WEEKDAY) % _WEEK_DAYS]

    def learn(self, start_ms: int, count: float, expected: float) -> None:
        """Learn the mentions of a span, given those expected from the level alone."""
        hour = start_ms // HOUR_MS
        if hour != self._hour:
            self._end_hour()
            self._hour = hour
        self._hour_count += count
        self._hour_expected += expected

    def _end_hour(self) -> None:
        count, expected = self._hour_count, self._hour_expected
        self._hour_count = self._hour_expected = 0.0
        if expected <= 0:
            return
        count = min(count, _CLIP * expected)
        day, slot = divmod(self._hour, _DAY_HOURS)
        self._of_day.learn(slot, count / expected)
        if day != self._day:
            self._end_day()
            self._day = day
        self._day_count += count
        self._day_expected += expected * self._of_day.factors[slot]

    def _end_day(self) -> None:
        if self._day_expected > 0:
            self._of_week.learn((self._day + _FIRST_WEEKDAY) % _WEEK_DAYS, self._day_count / self._day_expected)
        self._day_count = self._day_expected = 0.0

    def dump(self) -> tuple[float, ...]:
        """Return the state as numbers."""
        return (
            self._hour, self._hour_count, self._hour_expected, self._day, self._day_count, self._day_expected,
            *self._of_day.dump(), *self._of_week.dump(),
        )  # fmt: skip

    def load(self, values: Iterator[float]) -> None:
        """Restore the state from the numbers that `dump` returned."""
        hour, self._hour_count, self._hour_expected, day, self._day_count, self._day_expected = islice(values, 6)
        self._hour, self._day = int(hour), int(day)
        self._of_day.load(values)
        self._of_week.load(values)


class _Cycle:
    """Ratios of the slots of one cycle, and their shrunk factors around 1."""

    __slots__ = ("_mean", "_seen", "_variance", "_visits", "factors")

    def __init__(self, slots: int) -> None:
        self._mean = [1.0] * slots
        self._visits = [0.0] * slots
        self._variance = _PRIOR_VARIANCE
        self._seen = _PRIOR_VISITS * slots
        self.factors = [1.0] * slots

    def learn(self, slot: int, ratio: float) -> None:
        visits = self._visits[slot]
        change = ratio - self._mean[slot]
        if visits:
            # a mean of n values is itself off by a variance of V / n
            square = change * change * visits / (visits + 1)
            self._seen = min(self._seen + 1, _VISITS * len(self._mean))
            self._variance += (square - self._variance) / self._seen
        visits = self._visits[slot] = visits * 0.5 ** (1 / _VISITS) + 1
        self._mean[slot] += change / visits
        self._refit()

    def _refit(self) -> None:
        if not all(self._visits):
            return
        slots = len(self._mean)
        centre = sum(self._mean) / slots
        chance = [self._variance / visits for visits in self._visits]
        spread = sum((mean - centre) ** 2 for mean in self._mean) / (slots - 1) - sum(chance) / slots
        if centre <= 0 or spread <= 0:
            self.factors = [1.0] * slots
            return
        self.factors = [
            max(_LOWEST, 1 + (mean / centre - 1) * spread / (spread + noise))
            for mean, noise in zip(self._mean, chance, strict=True)
        ]

    def dump(self) -> tuple[float, ...]:
        return (self._variance, self._seen, *self._mean, *self._visits)

    def load(self, values: Iterator[float]) -> None:
        slots = len(self._mean)
        self._variance, self._seen = islice(values, 2)
        self._mean, self._visits = list(islice(values, slots)), list(islice(values, slots))
        self._refit()
