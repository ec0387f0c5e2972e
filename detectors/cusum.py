"""CUSUM, Page's cumulative sums: for how long a quantity has been off, and how rarely noise alone would look like it.

The one-sided sum ``S = max(0, S + z - k)`` of standardised values is that of Cusum (*Biometrika* 41, 1954). Hinkley's
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
"""The most that an hour may add in favour of a change, in standard deviations, as in Huber's estimators: a few extreme
hours are no change. Evidence against a change counts in full, so that heavy tails make the test slower, never more
sensitive."""


class Cusum(NamedTuple):
    """One side of the test.

    Parameters
    ----------
    value
        The sum, in standard deviations times hours; never below 0.
    hours
        Hours since it was last 0.
    seen, usual
        The observed and the usual quantity, each times hours, summed over these hours.

    Examples
    --------
    >>> Cusum().plus(3.0, 10, seen=9.0, usual=8.0)
    Cusum(value=8.0, hours=10.0, seen=90.0, usual=80.0)
    """

    value: float = 0.0
    hours: float = 0.0
    seen: float = 0.0
    usual: float = 0.0

    def plus(self, step: float, hours: float, seen: float, usual: float) -> Cusum:
        """Return the side after some hours with a mean `step`, in standard deviations towards it."""
        value = self.value + (min(step, CLIP) - DRIFT) * hours
        if value <= 0:
            return _ZERO
        return Cusum(value, self.hours + hours, self.seen + seen * hours, self.usual + usual * hours)


_ZERO: Final = Cusum()


def run_days(value: float) -> float:
    """Return the average days until one of two sums reaches a value by chance.

    A sum of standardised noise is a Brownian motion with drift `-k` in the long run. Reflected at 0, it reaches `h` on
    average after ``(exp(2 k h) - 2 k h - 1) / (2 k**2)`` (Reynolds, *Technometrics* 17, 1975). That is the least: noise
    that holds for a whole day moves the sum in larger steps, and reaches `h` some eight times as rarely in simulation.

    >>> round(run_days(12.0))
    30
    """
    exponent = 2 * DRIFT * value
    return (math.expm1(exponent) - exponent) / (2 * DRIFT * DRIFT) / 2 / 24


def threshold(days: float) -> float:
    """Return the inverse of `run_days`, by bisection.

    >>> round(threshold(run_days(12.0)), 6)
    12.0
    """
    low, high = 0.0, 100.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if run_days(middle) < days else (low, middle)
    return high
