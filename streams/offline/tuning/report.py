"""Write the result of tuning as one self-contained HTML file with charts of the trade-off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure

from streams.offline.tuning.candidates import FACTORS
from streams.offline.tuning.delays import later
from streams.offline.tuning.objective import score
from streams.offline.tuning.text import lines
from streams.render.html import image, page, pre
from streams.render.palette import colours_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from streams.offline.backtest import LabelEvaluation
    from streams.offline.tuning.search import TuningResult


DASHES: Final = ("-", "--", ":", "-.")
"""Line styles, which keep lines visible where they coincide."""


def report(result: TuningResult, config_name: str) -> str:
    """Return the page.

    Parameters
    ----------
    result
        Result of the search.
    config_name
        Name of the config in use, for messages.
    """
    return page("firewatch: tune", [_charts(result), pre(lines(result, config_name))])


def _charts(result: TuningResult) -> str:
    drawn = Figure(figsize=(16, 4), dpi=100, layout="constrained")
    trade, flat, delay = drawn.subplots(1, 3)
    colours = colours_of([parameter.name for parameter in result.parameters])
    for place, (parameter, evaluations) in enumerate(zip(result.parameters, result.evaluations, strict=True)):
        style: dict[str, Any] = {
            "color": colours[parameter.name],
            "linestyle": DASHES[place % len(DASHES)],
            "marker": ".",
        }
        false = [result.false_per_week(each) for each in evaluations]
        trade.plot(false, [each.recall for each in evaluations], label=parameter.name, **style)
        factors = [candidate.factor for candidate in parameter.candidates]
        flat.plot(factors, [score(each) for each in evaluations], label=parameter.name, **style)
        delay.plot(factors, [_later_minutes(result, each) for each in evaluations], label=parameter.name, **style)
    _mark_current(trade, result.false_per_week(result.current), result.current.recall or 0.0)
    _mark_current(flat, 1.0, score(result.current))
    _mark_current(delay, 1.0, 0.0)
    best = max(score(each) for evaluations in result.evaluations for each in evaluations)
    flat.axhspan(best - result.tolerance, best, color="#ddd", zorder=0)
    trade.set_ylim(0, 1.05)
    trade.set_xlabel("false incidents per brand and week")
    trade.set_ylabel("recall")
    for axis in (flat, delay):
        axis.set_xscale("log")
        axis.set_xticks(FACTORS, [f"{factor:g}" for factor in FACTORS])
        axis.minorticks_off()
        axis.set_xlabel("times as rare as now")
    delay.set_ylabel("later than now (median, min)")
    flat.set_ylabel("score (grey: as good as the best)")
    trade.legend(frameon=False, fontsize=8.5)
    return image(drawn, "recall against false incidents, and the score and the delay along each threshold")


def _later_minutes(result: TuningResult, evaluation: LabelEvaluation) -> float:
    delay = later(result.current, evaluation)
    return math.nan if delay is None else delay.median_minutes


def _mark_current(axis: Axes, x: float, y: float) -> None:
    axis.plot([x], [y], color="#222", marker="o", fillstyle="none", linestyle="", label="now")
