"""Evaluate a detector on labelled series, and how much the result depends on its threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.errors import InputError
from streams.offline.series.benchmark import PROFILES, AlarmScore, normalised, score_alarms
from streams.offline.series.labelled import LabelledSeries
from streams.offline.series.online import scored_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.base import Detector, Score
    from streams.offline.series.csv_reader import SeriesRow
    from streams.offline.series.detector_choice import DetectorChoice

SENSITIVITY_DAYS: Final = (4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
"""Return periods of the sensitivity table: from about half the shipped one to a third more."""

TUNING_DAYS: Final = (3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 21.0, 30.0)
"""Return periods to choose from when one series is left out: about equal steps on the scale of the score, three
days to a month."""

STANDARD: Final = PROFILES[0]


class SeriesEvaluation(NamedTuple):
    """One series, the score of each of its rows, and the worth of the alarms."""

    series: LabelledSeries
    scores: list[Score]
    alarms: AlarmScore


class LeftOut(NamedTuple):
    """A series, the return period that was best on all other series, and the score of this series with it."""

    series: LabelledSeries
    once_in_days: float
    alarms: AlarmScore


def evaluate(series: LabelledSeries, detector: Detector) -> SeriesEvaluation:
    """Run a new detector over a series; each row that fires is an alarm."""
    scores = [score for _, score in scored_rows(series.rows, detector)]
    alarms = (index for index, score in enumerate(scores) if score.fires)
    return SeriesEvaluation(series, scores, score_alarms(len(scores), series.windows, alarms))


def unlabelled(name: str, scored: Sequence[tuple[SeriesRow, Score]]) -> SeriesEvaluation:
    """Return the evaluation of a series without labels."""
    rows, scores = [row for row, _ in scored], [score for _, score in scored]
    return SeriesEvaluation(LabelledSeries(name, rows, [], []), scores, score_alarms(len(rows), (), ()))


def at_days(
    series: Sequence[LabelledSeries], choice: DetectorChoice, days: Sequence[float]
) -> dict[float, list[AlarmScore]]:
    """Return the scores of all series, in order, for each return period."""
    return {
        once_in_days: [evaluate(one, choice.build(once_in_days=once_in_days)).alarms for one in series]
        for once_in_days in days
    }


def leave_one_out(series: Sequence[LabelledSeries], choice: DetectorChoice) -> list[LeftOut]:
    """Choose `once_in_days` on all series but one by the standard score, and score that one; for each with windows.

    Of several equally good return periods the longest is chosen.

    Raises
    ------
    InputError
        If there are not at least two series with windows.
    """
    if sum(bool(one.windows) for one in series) < 2:
        raise InputError("leaving one series out takes at least two series with labelled windows")
    table = at_days(series, choice, TUNING_DAYS)
    left_out = []
    for index, one in enumerate(series):
        if not one.windows:
            continue
        others = {days: scores[:index] + scores[index + 1 :] for days, scores in table.items()}
        chosen = max(others, key=lambda days: (normalised(others[days], STANDARD), days))
        left_out.append(LeftOut(one, chosen, table[chosen][index]))
    return left_out
