"""How large something must be, besides being rare: an effect size beside a significance."""

from __future__ import annotations

import math


def times_usual(observed: float, usual: float) -> float:
    """What is observed as a multiple of what is usual; of nothing, anything is infinitely many times as much.

    >>> times_usual(6, 2), times_usual(6, 0), times_usual(0, 0)
    (3.0, inf, 0.0)
    """
    if usual > 0:
        return observed / usual
    return math.inf if observed > 0 else 0.0


def demanding(value: float, times: float, at_least: float) -> float:
    """The value of what is so many times the usual, where less than `at_least` times is not anomalous.

    It never falls as `value` or `times` grows.

    >>> demanding(1.4, times=3.2, at_least=3), demanding(1.4, times=1.5, at_least=3)
    (1.4, 0.5)
    """
    return value if times >= at_least else min(value, times / at_least)
