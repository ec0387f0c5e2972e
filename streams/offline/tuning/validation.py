"""How well what one would have chosen does on incidents that it was not chosen by.

Folds are brands where at least three of them have labels: each labelled brand is left out once, with its share of
those without. Else they are spans of time, cut in the middle between labels. Detectors learn without labels, so each
candidate runs once over all of the time, as it would have done live, and only the choice is made fold by fold.
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
"""Labelled brands from which on folds are brands."""

SPANS: Final = 5
"""At most, where they are not."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of what happened: that of some brands, or of all in a span of event time without its end."""

    name: str
    brands: frozenset[str] | None = None
    first_ms: float = 0.0
    end_ms: float = 0.0

    def holds(self, brand: str, at_ms: float) -> bool:
        """Whether something that began with a brand at some moment belongs to it."""
        return brand in self.brands if self.brands is not None else self.first_ms <= at_ms < self.end_ms

    def part(self, judged: LabelEvaluation, severity: Severity, *, inside: bool) -> LabelEvaluation:
        """What of a judgement is in the fold, or outside of it."""
        return LabelEvaluation(
            [case for case in judged.results if self.holds(case.expected.brand, begin_ms(case.expected)) == inside],
            [each for each in judged.false if self.holds(each.brand, paged_ms(each, severity)) == inside],
        )


class HeldOut(NamedTuple):
    """A fold that was left out, what was chosen without it, and how that does on it."""

    fold: Fold
    choice: Choice
    judged: LabelEvaluation


def begin_ms(label: Expected) -> float:
    """When it began, milliseconds since the epoch."""
    return epoch_ms(label.from_)


def folds(labels: Sequence[Expected], brands: Iterable[str]) -> list[Fold]:
    """How to divide what happened; a single fold if it can't be divided.

    Parameters
    ----------
    labels
        At least one.
    brands
        All, labelled or not.
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
    now: Sequence[int],
    divided: Sequence[Fold],
    severity: Severity,
    tolerance: float,
) -> list[HeldOut]:
    """Choose without each fold, and judge on it.

    Parameters
    ----------
    curves
        What came of each candidate, knob by knob.
    now, tolerance
        As in `choose`.
    divided
        At least two folds.
    severity
        From which on an incident pages.
    """
    held = []
    for fold in divided:
        scores = [[score(fold.part(each, severity, inside=False)) for each in curve] for curve in curves]
        choice = choose(scores, now, tolerance)
        chosen = curves[choice.parameter][choice.place]
        held.append(HeldOut(fold, choice, fold.part(chosen, severity, inside=True)))
    return held


def pooled(held: Iterable[HeldOut]) -> LabelEvaluation:
    """What was held out, of all folds together."""
    parts = [each.judged for each in held]
    return LabelEvaluation(
        [case for part in parts for case in part.results], [each for part in parts for each in part.false]
    )
