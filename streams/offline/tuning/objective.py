"""What is better: the F-measure with recall weighted twice as much as precision.

``F = 5 found / (5 found + 4 missed + false)``, van Rijsbergen's effectiveness measure at ``beta = 2`` (*Information
Retrieval*, 2nd ed. 1979, chapter 7; in this form Chinchor, *MUC-4 Evaluation Metrics*, 1992): a missed incident weighs
as much as four false ones. Somebody looks at a false one for some minutes, and nobody at a missed one. The delay does
not count: an incident is found until an hour after its end.
"""

from __future__ import annotations

import math
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.offline.backtest import LabelEvaluation

BETA: Final = 2
"""How many times as important recall is as precision."""

FEWEST: Final = 5
"""Labels below which nothing is suggested. With four, all of them may speak for a change by chance in one case of 16;
with five in one of 32, which is below the usual 5 % (sign test)."""

WIDE: Final = 0.3
"""Width from which on a recall is not known well."""

_Z: Final = 1.959964
"""Of the normal distribution, for 95 %."""


def score(judged: LabelEvaluation) -> float:
    """F-measure of what was found of the labels, 0 to 1; 0 without any.

    >>> from streams.offline.backtest import LabelEvaluation
    >>> score(LabelEvaluation([], []))
    0.0
    """
    missed = len(judged.missed)
    found = len(judged.results) - missed
    weight = BETA * BETA
    return (1 + weight) * found / max((1 + weight) * found + weight * missed + len(judged.false), 1)


def interval(recall: float, labels: int) -> tuple[float, float]:
    """Between which shares the true recall lies with 95 % confidence (Wilson 1927).

    >>> low, high = interval(1.0, labels=6)
    >>> round(low, 2), round(high, 2)
    (0.61, 1.0)
    """
    square = _Z * _Z
    middle = recall + square / (2 * labels)
    half = _Z * math.sqrt(recall * (1 - recall) / labels + square / (4 * labels * labels))
    whole = 1 + square / labels
    return max((middle - half) / whole, 0.0), min((middle + half) / whole, 1.0)


def labels_needed(recall: float) -> int:
    """How many labels it takes to know a recall of about this to within `WIDE`.

    >>> labels_needed(1.0), labels_needed(0.5)
    (9, 39)
    """
    return next(labels for labels in count(FEWEST) if _width(recall, labels) <= WIDE)


def _width(recall: float, labels: int) -> float:
    low, high = interval(recall, labels)
    return high - low
