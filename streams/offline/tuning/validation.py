"""Cross-validate the choice: evaluate it on incidents by which it was not chosen.

If at least three brands have labels, folds are brands: each labelled brand is left out once, together with its share of
the brands without labels. Otherwise folds are spans of time, cut in the middle between labels. Detectors learn without
labels, so each candidate runs once over the whole time, as it would have done live, and only the choice is made fold by
fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.offline.backtest import LabelEvaluation
from streams.offline.backtest.evaluation import paged_ms
from streams.offline.backtest.text import moment
from streams.offline.incident_matching import AFTERMATH_MS
from streams.offline.tuning.curve import choose
from streams.offline.tuning.objective import score
from streams.records import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.base import Severity
    from streams.offline.backtest import Expected
    from streams.offline.tuning.curve import Choice

BRANDS: Final = 3
"""Number of labelled brands from which on folds are brands."""

SPANS: Final = 5
"""Largest number of folds that are spans of time."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of the labels and incidents: those of some brands, or those that begin in a span of event time.

    Parameters
    ----------
    brands
        Brands of the fold; None for all.
    first_ms, end_ms
        Span of a fold of all brands, without its end, milliseconds since the epoch.
    """

    name: str
    brands: frozenset[str] | None = None
    first_ms: float = 0.0
    end_ms: float = 0.0

    def holds(self, brand: str, at_ms: float) -> bool:
        """Return whether a label or incident of a brand that begins at a moment belongs to the fold."""
        return brand in self.brands if self.brands is not None else self.first_ms <= at_ms < self.end_ms

    def part(self, evaluation: LabelEvaluation, severity: Severity, *, inside: bool) -> LabelEvaluation:
        """Return the part of an evaluation inside or outside of the fold."""
        return LabelEvaluation(
            [each for each in evaluation.results if self.holds(each.expected.brand, begin_ms(each.expected)) == inside],
            [each for each in evaluation.false if self.holds(each.brand, paged_ms(each, severity)) == inside],
        )


class HeldOut(NamedTuple):
    """A fold that was left out, the choice made without it, and the evaluation of that choice on the fold."""

    fold: Fold
    choice: Choice
    evaluation: LabelEvaluation


def begin_ms(label: Expected) -> float:
    """Return when a labelled incident begins, milliseconds since the epoch."""
    return epoch_ms(label.from_)


def folds(labels: Sequence[Expected], brands: Iterable[str]) -> list[Fold]:
    """Divide labels into folds; a single fold if they can't be divided.

    Parameters
    ----------
    labels
        At least one label.
    brands
        All brands, labelled or not.
    """
    labelled = sorted({label.brand for label in labels})
    if len(labelled) >= BRANDS:
        groups = {brand: {brand} for brand in labelled}
        others = sorted(set(brands) - set(labelled))
        for place, brand in enumerate(others):
            groups[labelled[place % len(labelled)]].add(brand)
        return [Fold(_group_name(brand, len(group) - 1), frozenset(group)) for brand, group in groups.items()]
    return _spans(labels)


def _spans(labels: Sequence[Expected]) -> list[Fold]:
    ordered = sorted(labels, key=begin_ms)
    cuts = []
    over_ms = 0.0
    for before, after in pairwise(ordered):
        over_ms = max(over_ms, epoch_ms(before.to) + AFTERMATH_MS)
        if over_ms < begin_ms(after):
            cuts.append((over_ms + begin_ms(after)) / 2)
    count = min(len(cuts) + 1, SPANS)
    kept = [cuts[(place * (len(cuts) + 1)) // count - 1] for place in range(1, count)]
    ends = [*kept, float("inf")]
    begins = [float("-inf"), *kept]
    return [Fold(_span_name(begin, end), None, begin, end) for begin, end in zip(begins, ends, strict=True)]


def _group_name(labelled: str, others: int) -> str:
    return f"{labelled}, and {others} without labels" if others else labelled


def _span_name(begin_ms: float, end_ms: float) -> str:
    since = "the beginning" if begin_ms == float("-inf") else moment(begin_ms)
    return f"{since} to {'the end' if end_ms == float('inf') else moment(end_ms)}"


def validate(
    curves: Sequence[Sequence[LabelEvaluation]],
    current: Sequence[int],
    divided: Sequence[Fold],
    severity: Severity,
    tolerance: float,
) -> list[HeldOut]:
    """Choose a candidate without each fold, and evaluate it on that fold.

    Parameters
    ----------
    curves
        Evaluation of each candidate, parameter by parameter.
    current, tolerance
        Arguments of `choose`.
    divided
        At least two folds.
    severity
        Lowest severity at which an incident pages.
    """
    held = []
    for fold in divided:
        scores = [[score(fold.part(each, severity, inside=False)) for each in curve] for curve in curves]
        choice = choose(scores, current, tolerance)
        chosen = curves[choice.parameter][choice.place]
        held.append(HeldOut(fold, choice, fold.part(chosen, severity, inside=True)))
    return held


def pooled(held: Iterable[HeldOut]) -> LabelEvaluation:
    """Return the evaluations of all folds as one."""
    parts = [each.evaluation for each in held]
    return LabelEvaluation(
        [result for part in parts for result in part.results], [each for part in parts for each in part.false]
    )
