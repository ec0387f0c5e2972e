"""Page's cumulative sums: since when has a quantity been off, and how rarely would noise feign that.

The one-sided sum ``S = max(0, S + z - k)`` of standardised values is that of Page (*Biometrika* 41, 1954). Hinkley's
form for a learned mean (*Biometrika* 58, 1971), river's `PageHinkley`, computes the same as the cumulative sum minus
its minimum.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

DRIFT: Final = 0.2
"""The reference value `k`, per hour: the test is the quickest for a shift of twice that (Lorden, *Annals of
Mathematical Statistics* 42, 1971), here two standard deviations of a day's mean, ``0.4 * sqrt(24)``."""

CLIP: Final = 1.0
"""The most that an hour may speak for a change, in standard deviations, as in Huber's estimators: a few wild hours are
none. What speaks against a change counts in full, so that heavy tails make the test slower, never more excitable."""


class Page(NamedTuple):
    """One side of the test.

    Parameters
    ----------
    value
        The sum, in standard deviations times hours; never below 0.
    hours
        Since it was last 0.
    seen, usual
        The quantity and what was usual, each times hours, over these hours.

    Examples
    --------
    >>> Page().plus(3.0, 10, seen=9.0, usual=8.0)
    Page(value=8.0, hours=10.0, seen=90.0, usual=80.0)
    """

    value: float = 0.0
    hours: float = 0.0
    seen: float = 0.0
    usual: float = 0.0

    def plus(self, step: float, hours: float, seen: float, usual: float) -> Page:
        """The side after some hours with a mean `step`, in standard deviations towards it."""
        value = self.value + (min(step, CLIP) - DRIFT) * hours
        if value <= 0:
            return _ZERO
        return Page(value, self.hours + hours, self.seen + seen * hours, self.usual + usual * hours)


_ZERO: Final = Page()


def run_days(value: float) -> float:
    """Average days until one of two sums reaches the value by chance.

    A sum of standardised noise is a Brownian motion with drift `-k` in the long run. Reflected at 0, it reaches `h` on
    average after ``(exp(2 k h) - 2 k h - 1) / (2 k**2)`` (Reynolds, *Technometrics* 17, 1975). That is the least: noise
    that holds for a whole day moves the sum in larger steps, and reaches `h` some eight times as rarely in simulation.

    >>> round(run_days(12.0))
    30
    """
    exponent = 2 * DRIFT * value
    return (math.expm1(exponent) - exponent) / (2 * DRIFT * DRIFT) / 2 / 24


def threshold(days: float) -> float:
    """Inverse of `run_days`, by bisection.

    >>> round(threshold(run_days(12.0)), 6)
    12.0
    """
    low, high = 0.0, 100.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if run_days(middle) < days else (low, middle)
    return high
