"""Compare how soon two configs find the same labelled incidents."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from streams.offline.backtest import LabelEvaluation
    from streams.offline.backtest.evaluation import LabelResult

MUCH_LATER_MINUTES: Final = 1.0
"""Median from which a config that finds the same incidents later deserves a warning."""

MUCH_LATER_ONCE_MINUTES: Final = 10.0
"""The same for a single incident."""


class Delay(NamedTuple):
    """How much later a config finds the labelled incidents that another one finds too.

    The difference is taken incident by incident, because the medians of two configs that find different incidents
    can't be compared: a config that misses the hardest ones has the lower median.

    Parameters
    ----------
    labels
        Number of labelled incidents that both find.
    median_minutes
        Median of the differences in minutes; negative if it finds them earlier.
    most_minutes, most_title
        Largest of the differences, and the label that it belongs to.
    """

    labels: int
    median_minutes: float
    most_minutes: float
    most_title: str

    @property
    def is_much(self) -> bool:
        """Return whether the delay deserves a warning."""
        return self.median_minutes >= MUCH_LATER_MINUTES or self.most_minutes >= MUCH_LATER_ONCE_MINUTES


def later(current: LabelEvaluation, other: LabelEvaluation) -> Delay | None:
    """Return how much later `other` finds the incidents that `current` finds too; None if there are none."""
    before = {_key(result): result.delay_minutes for result in current.results}
    differences = [
        (result.delay_minutes - minutes, result.expected.title)
        for result in other.results
        if result.delay_minutes is not None and (minutes := before.get(_key(result))) is not None
    ]
    if not differences:
        return None
    most, title = max(differences)
    return Delay(len(differences), median(minutes for minutes, _ in differences), most, title)


def _key(result: LabelResult) -> tuple[str, datetime]:
    return result.expected.brand, result.expected.from_
