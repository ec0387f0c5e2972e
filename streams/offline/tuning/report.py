"""What tuning found, as a page with the trade-off drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure

from streams.offline.tuning.candidates import LADDER
from streams.offline.tuning.objective import score
from streams.offline.tuning.text import lines
from streams.render.charts import colours_of
from streams.render.html import image, page, pre

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from streams.offline.tuning.search import Tuned


DASHES: Final = ("-", "--", ":", "-.")
"""So that lines which lie on each other are seen."""


def report(tuned: Tuned, config_name: str) -> str:
    """The page.

    Parameters
    ----------
    tuned
        All of it.
    config_name
        Of the config in use, for people.
    """
    return page("firewatch: tune", [_pictures(tuned), pre(lines(tuned, config_name))])


def _pictures(tuned: Tuned) -> str:
    drawn = Figure(figsize=(12, 4), dpi=100, layout="constrained")
    trade, flat = drawn.subplots(1, 2)
    colours = colours_of([knob.name for knob in tuned.knobs])
    for place, (knob, judgements) in enumerate(zip(tuned.knobs, tuned.judgements, strict=True)):
        style: dict[str, Any] = {
            "color": colours[knob.name],
            "linestyle": DASHES[place % len(DASHES)],
            "marker": ".",
        }
        false = [tuned.false_per_week(each) for each in judgements]
        trade.plot(false, [each.recall for each in judgements], label=knob.name, **style)
        factors = [candidate.factor for candidate in knob.candidates]
        flat.plot(factors, [score(each) for each in judgements], label=knob.name, **style)
    _mark_now(trade, tuned.false_per_week(tuned.now), tuned.now.recall or 0.0)
    _mark_now(flat, 1.0, score(tuned.now))
    best = max(score(each) for judgements in tuned.judgements for each in judgements)
    flat.axhspan(best - tuned.tolerance, best, color="#ddd", zorder=0)
    trade.set_ylim(0, 1.05)
    trade.set_xlabel("false incidents per brand and week")
    trade.set_ylabel("recall")
    flat.set_xscale("log")
    flat.set_xticks(LADDER, [f"{factor:g}" for factor in LADDER])
    flat.minorticks_off()
    flat.set_xlabel("times as rare as now")
    flat.set_ylabel("score (grey: as good as the best)")
    trade.legend(frameon=False, fontsize=8.5)
    return image(drawn, "recall against false incidents, and the score along each threshold")


def _mark_now(axis: Axes, x: float, y: float) -> None:
    axis.plot([x], [y], color="#222", marker="o", fillstyle="none", linestyle="", label="now")
