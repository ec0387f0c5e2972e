"""Results as Markdown tables."""

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
    from streams.offline.series.peers import Best

_PROFILE_NAMES = tuple(profile.name for profile in PROFILES)


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table whose columns are aligned: the first to the left, the others to the right.

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


def per_series(judged: Sequence[SeriesEvaluation]) -> str:
    """Hits, false alarms, delays and normalised scores of each series, and of all together."""
    marked = any(mark is not None for one in judged for mark in one.series.marks)
    header = ["series", "windows hit", "false alarms", "per week", "median delay from window start"]
    rows = [_series_row(one.series.name, [one], marked=marked) for one in judged]
    rows.append(_series_row("all", judged, marked=marked))
    return markdown([*header, *(["from label"] if marked else []), *_PROFILE_NAMES], rows)


def sensitivity(table: Mapping[float, Sequence[AlarmScore]]) -> str:
    """Scores at each return period."""
    return markdown(
        ["once_in_days", *_PROFILE_NAMES, "windows hit", "false alarms"],
        [[f"{days:g}", *_scores(verdicts), *_counts(verdicts)] for days, verdicts in table.items()],
    )


def leave_one_out(found: Sequence[LeftOut]) -> str:
    """The choice and the scores for each series that was left out, their mean, and all of them as one corpus."""
    singles = [[normalised([one.verdict], profile) for profile in PROFILES] for one in found]
    together = [one.verdict for one in found]
    rows = [
        [one.series.name, f"{one.once_in_days:g}", *map(_number, scores), *_counts([one.verdict])]
        for one, scores in zip(found, singles, strict=True)
    ]
    rows.append(["mean", "", *(_number(fmean(column)) for column in zip(*singles, strict=True)), "", ""])
    rows.append(["as one corpus", "", *_scores(together), *_counts(together)])
    return markdown(["left out", "chosen once_in_days", *_PROFILE_NAMES, "windows hit", "false alarms"], rows)


def peers(ours: str, verdicts: Sequence[AlarmScore], best: Sequence[Best]) -> str:
    """Peers from the best standard score down, below our own detector."""
    ranked = sorted(best, key=lambda one: -normalised(one.verdicts, STANDARD))
    rows = [[ours, *_scores(verdicts), *_counts(verdicts)]]
    for one in ranked:
        name = f"{one.setting.peer}, {one.setting.parameters}, threshold {one.threshold:.6g}"
        rows.append([name, *_scores(one.verdicts), *_counts(one.verdicts)])
    return markdown(["detector", *_PROFILE_NAMES, "windows hit", "false alarms"], rows)


def _series_row(name: str, judged: Sequence[SeriesEvaluation], *, marked: bool) -> list[object]:
    verdicts = [one.verdict for one in judged]
    weeks = sum(map(_weeks_without_windows, judged))
    false_alarms = sum(len(verdict.false_alarms) for verdict in verdicts)
    from_start, from_mark = _delays(judged)
    return [
        name,
        *_counts(verdicts),
        f"{false_alarms / weeks:.2f}" if weeks else "-",
        _hours(from_start),
        *([_hours(from_mark)] if marked else []),
        *_scores(verdicts),
    ]


def _delays(judged: Sequence[SeriesEvaluation]) -> tuple[list[float], list[float]]:
    """Hours from the start of each hit window, and from the labelled moment where it is known, to the first alarm."""
    from_start, from_mark = [], []
    for series, _, verdict in judged:
        for window, mark in zip(series.windows, series.marks, strict=True):
            if window in verdict.hits:
                alarm_ms = series.rows[verdict.hits[window][0]].ms
                from_start.append((alarm_ms - series.rows[window.first].ms) / HOUR_MS)
                if mark is not None:
                    from_mark.append((alarm_ms - mark) / HOUR_MS)
    return from_start, from_mark


def _weeks_without_windows(judged: SeriesEvaluation) -> float:
    rows = judged.series.rows
    start = probation(len(rows))
    spans = ((max(window.first, start), window.last) for window in judged.series.windows if window.last >= start)
    within = sum(rows[last].ms - rows[first].ms for first, last in spans)
    return (rows[-1].ms - rows[start].ms - within) / WEEK_MS


def _counts(verdicts: Sequence[AlarmScore]) -> list[object]:
    hit = sum(len(verdict.hits) for verdict in verdicts)
    windows = sum(len(verdict.windows) for verdict in verdicts)
    return [f"{hit} of {windows}", sum(len(verdict.false_alarms) for verdict in verdicts)]


def _scores(verdicts: Sequence[AlarmScore]) -> list[str]:
    return [_number(normalised(verdicts, profile)) for profile in PROFILES]


def _number(score: float) -> str:
    return "-" if score != score else f"{score:.2f}"  # noqa: PLR0124  NaN: no windows


def _hours(delays: Sequence[float]) -> str:
    return f"{median(delays):+.1f} h" if delays else "-"
