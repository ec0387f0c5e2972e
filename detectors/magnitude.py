"""Effect size: how large an anomaly must be, besides being rare."""

from __future__ import annotations

import math


def times_usual(observed: float, usual: float) -> float:
    """Return an observed value as a multiple of the usual one; infinite if the usual one is 0.

    >>> times_usual(6, 2), times_usual(6, 0), times_usual(0, 0)
    (3.0, inf, 0.0)
    """
    if usual > 0:
        return observed / usual
    return math.inf if observed > 0 else 0.0


def demanding(value: float, times: float, at_least: float) -> float:
    """Return a score that is below 1 if the observed value is less than `at_least` times the usual one.

    The result never falls as `value` or `times` grows.

    >>> demanding(1.4, times=3.2, at_least=3), demanding(1.4, times=1.5, at_least=3)
    (1.4, 0.5)
    """
    return value if times >= at_least else min(value, times / at_least)
