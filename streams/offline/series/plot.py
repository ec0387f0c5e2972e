"""Draw series: counts, expected counts, scores, alarms and labelled windows."""

from __future__ import annotations

from datetime import UTC
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.units import DAY_MS
from streams.errors import FirewatchError
from streams.offline.series.benchmark import THRESHOLD, probation
from streams.offline.series.online import alarm_score
from streams.render.palette import BLUE, GREY, INK, SKY

try:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure
    from matplotlib.ticker import AsinhLocator
except ModuleNotFoundError as error:
    raise FirewatchError("charts need matplotlib, which is not installed: pip install 'firewatch[plot]'") from error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from streams.offline.series.evaluation import SeriesEvaluation

HIT_COLOUR, FALSE_COLOUR, WINDOW_COLOUR = "#009E73", "#CC3311", "#E69F00"

_HIGHEST_SCORE: Final = 2.5
"""Value at which higher scores are drawn."""


def draw(evaluations: Sequence[SeriesEvaluation], path: Path) -> None:
    """Draw series one above the other.

    Parameters
    ----------
    evaluations
        At least one series.
    path
        File to write; its suffix names the format.

    Raises
    ------
    FirewatchError
        If the file can't be written, or the format is unknown.
    """
    figure = Figure(figsize=(14, 0.4 + 3.4 * len(evaluations)), dpi=100, layout="constrained")
    subfigures = figure.subfigures(len(evaluations), 1, squeeze=False)[:, 0]
    for subfigure, one in zip(subfigures, evaluations, strict=True):
        counts, scores = subfigure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        days = np.array([row.ms for row in one.series.rows]) / DAY_MS
        _counts(counts, one, days)
        _scores(scores, one, days)
        for axis in (counts, scores):
            _windows(axis, one, days)
            axis.spines[["top", "right"]].set_visible(False)
            axis.tick_params(colors=INK, labelsize=9)
        locator = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
        scores.xaxis.set_major_locator(locator)
        scores.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))  # type: ignore[no-untyped-call]
        scores.set_xlim(days[0], days[-1])
    handles, labels = subfigures[0].axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), frameon=False, fontsize=9)
    try:
        figure.savefig(path)
    except OSError as error:
        raise FirewatchError(f"{path}: can't be written ({error.strerror})") from error
    except ValueError as error:
        raise FirewatchError(f"{path}: {error}") from error


def _counts(axis: Axes, evaluation: SeriesEvaluation, days: NDArray[np.float64]) -> None:
    """Draw counts on a scale that is linear up to the median and about logarithmic above, to show both extremes."""
    values = [row.value for row in evaluation.series.rows]
    lower, upper, expected = (
        np.array([getattr(score, part) for score in evaluation.scores]) for part in ("lower", "upper", "expected")
    )
    axis.fill_between(days, lower, upper, step="post", color=SKY, alpha=0.35, linewidth=0, label="normal")
    axis.plot(days, values, color=BLUE, linewidth=0.6, drawstyle="steps-post", label="count")
    axis.plot(days, expected, color=INK, linewidth=1, label="expected")
    width = max(1.0, median(values))
    axis.set_yscale("asinh", linear_width=width)
    axis.yaxis.set_major_locator(AsinhLocator(width, numticks=5))
    axis.yaxis.set_major_formatter("{x:,.0f}")
    top = max(*values, 1) * 1.6
    axis.set_ylim(0, top)
    hits = {row for row, _ in evaluation.alarms.hits.values()}
    false = {row for row, _ in evaluation.alarms.false_alarms}
    marked = [(hits, HIT_COLOUR, "alarm in a window"), (false, FALSE_COLOUR, "false alarm")]
    if not evaluation.series.windows:
        marked = [(set(_alarms(evaluation)), HIT_COLOUR, "alarm")]
    for rows, colour, label in marked:
        at = [days[row] for row in sorted(rows)]
        axis.plot(at, [top * 0.85] * len(at), "v", color=colour, markersize=7, label=label)
    axis.set_title(evaluation.series.name, loc="left", fontsize=11, fontweight="bold", color=INK, parse_math=False)
    axis.set_ylabel("count")


def _scores(axis: Axes, evaluation: SeriesEvaluation, days: NDArray[np.float64]) -> None:
    axis.plot(days, [min(score.value, _HIGHEST_SCORE) for score in evaluation.scores], color=GREY, linewidth=0.7)
    axis.vlines(days[_alarms(evaluation)], 0, _HIGHEST_SCORE, color=INK, linewidth=0.8)
    axis.axhline(THRESHOLD, color=INK, linewidth=0.8, linestyle=(0, (6, 3)))
    axis.set_ylim(0, _HIGHEST_SCORE)
    axis.set_ylabel("score")


def _alarms(evaluation: SeriesEvaluation) -> list[int]:
    return [index for index, score in enumerate(evaluation.scores) if alarm_score(score) >= THRESHOLD]


def _windows(axis: Axes, evaluation: SeriesEvaluation, days: NDArray[np.float64]) -> None:
    if not evaluation.series.windows:
        return
    label = "labelled window"
    for first, last in evaluation.series.windows:
        axis.axvspan(days[first], days[last], color=WINDOW_COLOUR, alpha=0.22, linewidth=0, zorder=0.2, label=label)
        label = "_"
    first = days[probation(len(days))]
    axis.axvspan(
        days[0], first, facecolor="none", edgecolor=GREY, hatch="///", linewidth=0, alpha=0.3, label="not evaluated"
    )
