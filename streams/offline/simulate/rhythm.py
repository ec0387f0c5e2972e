"""Activity over time: hours of the day and days of the week of two audiences, and random fluctuation on top."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

from streams.offline.simulate.settings import DAY

if TYPE_CHECKING:
    from random import Random

WEEK: Final = 7 * DAY

# Relative activity by hour of the day in UTC, 0 to 23. German: quiet nights, a lunch break, the evening. English:
# Britain and Ireland by day, North America into the night.
_GERMAN_HOURS: Final = (
    0.22, 0.13, 0.10, 0.12, 0.28, 0.62, 0.95, 1.10, 1.15, 1.20, 1.30, 1.38,
    1.25, 1.20, 1.22, 1.30, 1.45, 1.65, 1.80, 1.85, 1.65, 1.20, 0.75, 0.42,
)  # fmt: skip
_ENGLISH_HOURS: Final = (
    1.15, 1.05, 0.92, 0.75, 0.58, 0.45, 0.45, 0.60, 0.72, 0.78, 0.82, 0.95,
    1.10, 1.15, 1.18, 1.20, 1.22, 1.25, 1.28, 1.32, 1.35, 1.35, 1.30, 1.22,
)  # fmt: skip
_GERMAN_WEEK: Final = (1.08, 1.06, 1.04, 1.04, 1.00, 0.84, 0.94)
_ENGLISH_WEEK: Final = (1.02, 1.04, 1.04, 1.06, 1.04, 0.88, 0.92)


@cache
def audience(language: str) -> tuple[float, ...]:
    """Return the relative activity in each minute of the week from Monday 00:00 UTC, 1 on average.

    >>> german = audience("de")
    >>> len(german), round(sum(german) / len(german), 9), german[3 * 60] < german[19 * 60] / 5
    (10080, 1.0, True)
    """
    hours, week = (_GERMAN_HOURS, _GERMAN_WEEK) if language == "de" else (_ENGLISH_HOURS, _ENGLISH_WEEK)
    shape = []
    for minute in range(WEEK):
        day, minute_of_day = divmod(minute, DAY)
        hour, past = divmod(minute_of_day, 60)
        between = hours[hour] + (hours[(hour + 1) % 24] - hours[hour]) * past / 60
        shape.append(between * week[day])
    mean = sum(shape) / WEEK
    return tuple(value / mean for value in shape)


class Fluctuation:
    """A positive factor that fluctuates around 1 and makes counts over-dispersed.

    The logarithm is a first-order autoregressive process, so that neighbouring minutes are correlated; counts drawn
    with it are a log-normal mixture of Poissons.

    Parameters
    ----------
    rng
        Generator of the steps.
    spread
        Standard deviation of the logarithm.
    memory_minutes
        Time after which the correlation has fallen to 1/e.
    """

    def __init__(self, rng: Random, spread: float, memory_minutes: float) -> None:
        self._rng = rng
        self._spread = spread
        self._keep = math.exp(-1.0 / memory_minutes)
        self._step = spread * math.sqrt(1.0 - self._keep**2)
        self._log = rng.gauss(0.0, spread)

    def next_minute(self) -> float:
        """Return the factor of the next minute; its mean over time is 1."""
        self._log = self._keep * self._log + self._rng.gauss(0.0, self._step)
        return math.exp(self._log - self._spread**2 / 2)


def poisson(rng: Random, mean: float) -> int:
    """Draw a Poisson count, by counting arrivals of rate 1 until `mean` (Knuth); the cost grows with the count."""
    if mean <= 0.0:
        return 0
    uniform = rng.random
    count = 0
    while mean > 500.0:  # exp(-mean) must stay far from underflow: a sum of Poissons is Poisson
        count += poisson(rng, 500.0)
        mean -= 500.0
    limit = math.exp(-mean)
    product = uniform()
    while product > limit:
        count += 1
        product *= uniform()
    return count
