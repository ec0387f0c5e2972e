"""Format results as Markdown tables."""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING

from detectors.units import HOUR_MS, WEEK_MS
from streams.offline.series.benchmark import PROFILES, normalised, probation
from streams.offline.series.evaluation import STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.offline.series.benchmark import AlarmScore
    from streams.offline.series.evaluation import LeftOut, SeriesEvaluation
    from streams.offline.series.peers import BestSetting

_PROFILE_NAMES = tuple(profile.name for profile in PROFILES)


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with aligned columns: the first to the left, the others to the right.

    >>> print(markdown(["series", "hit"], [["a.csv", 3]]))
    | series | hit |
    |:-------|----:|
    | a.csv  |   3 |
    """
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| "
        + " | ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in cells
    ]
    rule = "|" + "|".join(
        f":{'-' * (width + 1)}" if column == 0 else f"{'-' * (width + 1)}:" for column, width in enumerate(widths)
    )
    return "\n".join([lines[0], f"{rule}|", *lines[1:]])


def per_series(evaluations: Sequence[SeriesEvaluation]) -> str:
    """Return hits, false alarms, delays and normalised scores of each series, and of all together."""
    marked = any(mark is not None for one in evaluations for mark in one.series.marks)
    header = ["series", "windows hit", "false alarms", "per week", "median delay from window start"]
    rows = [_series_row(one.series.name, [one], marked=marked) for one in evaluations]
    rows.append(_series_row("all", evaluations, marked=marked))
    return markdown([*header, *(["from label"] if marked else []), *_PROFILE_NAMES], rows)


def sensitivity(table: Mapping[float, Sequence[AlarmScore]]) -> str:
    """Return the scores at each return period."""
    return markdown(
        ["once_in_days", *_PROFILE_NAMES, "windows hit", "false alarms"],
        [[f"{days:g}", *_scores(alarms), *_counts(alarms)] for days, alarms in table.items()],
    )


def leave_one_out(left_out: Sequence[LeftOut]) -> str:
    """Return choice and scores for each series that was left out, the mean scores, and those of all as one corpus."""
    singles = [[normalised([one.alarms], profile) for profile in PROFILES] for one in left_out]
    together = [one.alarms for one in left_out]
    rows = [
        [one.series.name, f"{one.once_in_days:g}", *map(_number, scores), *_counts([one.alarms])]
        for one, scores in zip(left_out, singles, strict=True)
    ]
    rows.append(["mean", "", *(_number(fmean(column)) for column in zip(*singles, strict=True)), "", ""])
    rows.append(["as one corpus", "", *_scores(together), *_counts(together)])
    return markdown(["left out", "chosen once_in_days", *_PROFILE_NAMES, "windows hit", "false alarms"], rows)


def peers(ours: str, alarms: Sequence[AlarmScore], best: Sequence[BestSetting]) -> str:
    """Return the scores of our own detector, and below it those of the peers, the best standard score first."""
    ranked = sorted(best, key=lambda one: -normalised(one.alarms, STANDARD))
    rows = [[ours, *_scores(alarms), *_counts(alarms)]]
    for one in ranked:
        name = f"{one.setting.peer}, {one.setting.parameters}, threshold {one.threshold:.6g}"
        rows.append([name, *_scores(one.alarms), *_counts(one.alarms)])
    return markdown(["detector", *_PROFILE_NAMES, "windows hit", "false alarms"], rows)


def _series_row(name: str, evaluations: Sequence[SeriesEvaluation], *, marked: bool) -> list[object]:
    alarms = [one.alarms for one in evaluations]
    weeks = sum(map(_weeks_without_windows, evaluations))
    false_alarms = sum(len(one.false_alarms) for one in alarms)
    from_start, from_mark = _delays(evaluations)
    return [
        name,
        *_counts(alarms),
        f"{false_alarms / weeks:.2f}" if weeks else "-",
        _hours(from_start),
        *([_hours(from_mark)] if marked else []),
        *_scores(alarms),
    ]


def _delays(evaluations: Sequence[SeriesEvaluation]) -> tuple[list[float], list[float]]:
    """Return hours from the start of each hit window, and from its labelled moment if known, to the first alarm."""
    from_start, from_mark = [], []
    for series, _, alarms in evaluations:
        for window, mark in zip(series.windows, series.marks, strict=True):
            if window in alarms.hits:
                alarm_ms = series.rows[alarms.hits[window][0]].ms
                from_start.append((alarm_ms - series.rows[window.first].ms) / HOUR_MS)
                if mark is not None:
                    from_mark.append((alarm_ms - mark) / HOUR_MS)
    return from_start, from_mark


def _weeks_without_windows(evaluation: SeriesEvaluation) -> float:
    rows = evaluation.series.rows
    start = probation(len(rows))
    spans = ((max(window.first, start), window.last) for window in evaluation.series.windows if window.last >= start)
    within = sum(rows[last].ms - rows[first].ms for first, last in spans)
    return (rows[-1].ms - rows[start].ms - within) / WEEK_MS


def _counts(alarms: Sequence[AlarmScore]) -> list[object]:
    hit = sum(len(one.hits) for one in alarms)
    windows = sum(len(one.windows) for one in alarms)
    return [f"{hit} of {windows}", sum(len(one.false_alarms) for one in alarms)]


def _scores(alarms: Sequence[AlarmScore]) -> list[str]:
    return [_number(normalised(alarms, profile)) for profile in PROFILES]


def _number(score: float) -> str:
    return "-" if score != score else f"{score:.2f}"  # noqa: PLR0124  NaN: no windows


def _hours(delays: Sequence[float]) -> str:
    return f"{median(delays):+.1f} h" if delays else "-"
