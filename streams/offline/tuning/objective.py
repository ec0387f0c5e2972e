"""Score candidates by the F-measure with recall weighted twice as much as precision.

``F = 5 found / (5 found + 4 missed + false)``, van Rijsbergen's effectiveness measure at ``beta = 2`` (*Information
Retrieval*, 2nd ed. 1979, chapter 7; in this form Chinchor, *MUC-4 Evaluation Metrics*, 1992): a missed incident weighs
as much as four false ones. A false one costs an operator some minutes, while a missed one is never looked at. The delay
does not count: an incident is found until an hour after its end.
"""

from __future__ import annotations

import math
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.offline.backtest import LabelEvaluation

BETA: Final = 2
"""Importance of recall relative to precision."""

FEWEST: Final = 5
"""Number of labels below which nothing is suggested. All of four labels favour a change by chance in one case of 16,
and all of five in one of 32, which is below the usual 5 % (sign test)."""

WIDE: Final = 0.3
"""Width of the interval from which on a recall is not known well."""

_Z: Final = 1.959964
"""Quantile of the normal distribution for 95 %."""


def score(evaluation: LabelEvaluation) -> float:
    """Return the F-measure of an evaluation, 0 to 1; 0 without labels.

    >>> from streams.offline.backtest import LabelEvaluation
    >>> score(LabelEvaluation([], []))
    0.0
    """
    found, missed = evaluation.found, len(evaluation.missed)
    weight = BETA * BETA
    return (1 + weight) * found / max((1 + weight) * found + weight * missed + len(evaluation.false), 1)


def interval(recall: float, labels: int) -> tuple[float, float]:
    """Return the shares between which the true recall lies with 95 % confidence (Wilson 1927).

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
    """Return the number of labels it takes to know a recall of about this size to within `WIDE`.

    >>> labels_needed(1.0), labels_needed(0.5)
    (9, 39)
    """
    return next(labels for labels in count(FEWEST) if _width(recall, labels) <= WIDE)


def _width(recall: float, labels: int) -> float:
    low, high = interval(recall, labels)
    return high - low
