"""The chart of one brand: mentions, negative share, scores and incidents over time."""

from __future__ import annotations

from datetime import UTC
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from detectors import numbers
from streams.errors import FirewatchError
from streams.render.bands import Bands
from streams.render.event_strip import draw_events, event_span
from streams.render.palette import BLUE, GREY, INK, MARK, SEVERITY_COLOURS, SKY, colours_of

try:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
except ModuleNotFoundError as error:
    raise FirewatchError("charts need matplotlib, which is not installed: pip install 'firewatch[plot]'") from error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from matplotlib.axes import Axes

    from streams.records import Alert
    from streams.render.bucket_series import Array, BucketSeries

Span = tuple[float, float]
"""Begin and end in days since the epoch, matplotlib's unit of time."""

_HIGHEST_SCORE: Final = 5.0
"""Value at which higher scores are drawn, since only the side of 1 matters."""

_LEAD_DAYS: Final = 1.0
"""Time before a span whose buckets enter the means at its beginning: the longest of `bucket_series.TONE_HOURS`."""

_NARROWEST: Final = 0.12
"""Width of the shortest stretch as a share of the longest."""

_MARGIN: Final = 0.5
_MARGIN_HOURS: Final = (2.0, 24.0)
"""Time shown before and after an incident: half of its duration, within these limits."""

_LABEL_WIDTH: Final = 0.011
"""Width of a letter of a label as a share of the chart."""

_LABEL_ROWS: Final = 3
_NAMED_INCIDENTS: Final = 8
"""Number of incidents in a chart up to which their severities are written there; more have only their numbers."""


class NumberedIncident(NamedTuple):
    """The alerts of one opening of an incident in order, and its number among the incidents of the brand."""

    number: int
    steps: Sequence[Alert]


class ComparedScores(NamedTuple):
    """Scores and incidents of another config over the same mentions, drawn below those of the first.

    Parameters
    ----------
    name
        Name of the config.
    series
        Its counts and scores.
    incidents
        Its incidents.
    """

    name: str
    series: BucketSeries
    incidents: Sequence[NumberedIncident]


def figure(
    name: str,
    series: BucketSeries,
    incidents: Sequence[NumberedIncident],
    events: Sequence[Mapping[str, Any]] = (),
    bands: Bands | None = None,
    *,
    events_are: str = "truth",
    scores_are: str = "score",
    compared: Sequence[ComparedScores] = (),
    span: Span | None = None,
    moment: float | None = None,
    zone: tzinfo = UTC,
) -> Figure:
    """Return the chart of one brand.

    Parameters
    ----------
    name
        Title of the chart.
    series
        Counts and scores; not empty.
    incidents
        Incidents that are shaded.
    events
        Events that affect the brand, drawn at the top.
    bands
        Detectors whose expected bands are drawn; none by default.
    events_are
        Name of the events: the truth of a simulation, or labels.
    scores_are
        Name of the scores; where configs are compared, it says whose they are.
    compared
        Other configs, whose scores and incidents are drawn below.
    span
        Time to draw; by default that of the brand's mentions, without long silences (`BucketSeries.stretches`).
    moment
        Time that is marked by a line, in days since the epoch.
    zone
        Time zone of the axis.
    """
    spans = [_within(span, series)] if span else series.stretches()
    gaps = series.without_data()
    parts = [_Stretch(series, begin, end, gaps) for begin, end in spans]
    events = [each for each in events if any(_overlaps(event_span(each), part.span) for part in parts)]
    drawn = Figure(figsize=(13, 8 + 2.2 * len(compared) + 0.3 * len(events)), dpi=100, layout="constrained")
    drawn.suptitle(name, x=0.01, ha="left", fontsize=15, fontweight="bold", color=INK, parse_math=False)
    charts = [3.0, 2.0, 2.0, *(2.0 for _ in compared)]
    heights = ([0.15 + 0.3 * len(events)] if events else []) + charts
    longest = max(end - begin for begin, end in spans)
    widths = [max(_NARROWEST, (end - begin) / longest) for begin, end in spans]
    grid = drawn.subplots(
        len(heights), len(parts), sharex="col", sharey="row", squeeze=False, height_ratios=heights, width_ratios=widths
    )
    others = [[_Stretch(each.series, *part.span, gaps) for each in compared] for part in parts]
    highest = _HighestValues.of(parts, bands or Bands(), [each for of_part in others for each in of_part])
    for place, (part, share) in enumerate(zip(parts, (width / sum(widths) for width in widths), strict=True)):
        axes = list(grid[:, place])
        if events:
            draw_events(axes.pop(0), events, part.span, "" if place else events_are)
        _draw(axes[:3], part, bands or Bands(), incidents, moment, highest)
        for axis, other, each in zip(axes[3:], others[place], compared, strict=True):
            _scores(axis, other, highest.score)
            _finish(axis, other, each.incidents, moment)
            _incident_labels(axis, each.incidents, other, share)
        _incident_labels(axes[0], incidents, part, share)
        _time_axis(axes[-1], part, share, zone)
        for axis in axes if place else ():
            axis.tick_params(axis="y", left=False)
            axis.spines["left"].set_visible(False)
    labels = [f"mentions in {series.minutes:g} min", "negative share", scores_are, *(each.name for each in compared)]
    for row, label in zip(grid[-len(charts) :], labels, strict=True):
        row[-1].legend(loc="upper left", bbox_to_anchor=(1.005, 1), frameon=False, fontsize=8.5)
        row[0].set_ylabel(label, parse_math=False)
    drawn.supxlabel(f"event time, {zone}" + _left_out(spans), fontsize=10, color=INK)
    return drawn


def incident_span(steps: Sequence[Alert], series: BucketSeries) -> Span:
    """Return the time to draw for an incident: all of it, with some time before and after it.

    Parameters
    ----------
    steps
        Its alerts in order, those of all its openings.
    """
    begin, end = _day(steps[0].since), _end(steps, series)
    least, most = _MARGIN_HOURS
    margin = min(most, max(least, _MARGIN * (end - begin) * 24)) / 24
    return _within((begin - margin, end + margin), series)


class _Stretch:
    """The buckets of a span of time, with those before it that enter the means at its beginning."""

    def __init__(self, series: BucketSeries, begin: float, end: float, gaps: Sequence[Span]) -> None:
        self.span = (begin, end)
        self.without_data = [
            (max(begin, since), min(end, until)) for since, until in gaps if begin < until and since < end
        ]
        self.shown = series.between(begin, end)
        self.series = series.between(begin - _LEAD_DAYS, end)

    @property
    def begin(self) -> float:
        return self.span[0]

    @property
    def end(self) -> float:
        return self.span[1]


class _HighestValues(NamedTuple):
    """The upper ends of the axes of mentions and of scores, and the hours of the negative share, for all parts."""

    mentions: float
    score: float
    tone_hours: int

    @classmethod
    def of(cls, parts: Sequence[_Stretch], bands: Bands, others: Sequence[_Stretch]) -> _HighestValues:
        peak = max(part.shown.peak for part in parts)
        uppers = [band.upper for part in parts if bands.volume and (band := part.shown.band(bands.volume))]
        normal = max((float(np.nanmax(upper, initial=0)) for upper in uppers), default=0.0)
        scores = [part.shown.column(name, "value") for part in [*parts, *others] for name in part.shown.detectors]
        score = max((float(np.nanmax(each, initial=0)) for each in scores if each is not None), default=0.0)
        return cls(
            1.25 * max(4, peak, min(normal, 2 * peak)),  # room for the labels of incidents
            1.05 * max(1.5, min(score, _HIGHEST_SCORE)),
            min(part.shown.tone_hours for part in parts),
        )


def _draw(
    axes: Sequence[Axes],
    part: _Stretch,
    bands: Bands,
    incidents: Sequence[NumberedIncident],
    moment: float | None,
    highest: _HighestValues,
) -> None:
    volume, tone, scores = axes
    _volume(volume, part, bands.volume, highest.mentions)
    _tone(tone, part, bands.negative_share, highest.tone_hours)
    _scores(scores, part, highest.score)
    for axis in axes:
        _finish(axis, part, incidents, moment)


def _finish(axis: Axes, part: _Stretch, incidents: Sequence[NumberedIncident], moment: float | None) -> None:
    _style(axis)
    _no_data(axis, part)
    for _, steps in incidents:
        _shade(axis, steps, part)
    if moment is not None and part.begin <= moment <= part.end:
        axis.axvline(moment, color=MARK, linewidth=1.8, linestyle=(0, (1, 1)), label="the moment")
    axis.set_xlim(*part.span)


def _time_axis(axis: Axes, part: _Stretch, share: float, zone: tzinfo) -> None:
    ticks = [max(2, round(most * share)) for most in (5, 11)]
    locator = AutoDateLocator(tz=zone, minticks=ticks[0], maxticks=ticks[1])  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]
    axis.set_xlim(*part.span)


def _volume(axis: Axes, part: _Stretch, detector: str | None, highest: float) -> None:
    series = part.series
    days, count = series.outline(_column(series, "count"))
    axis.fill_between(days, count, step="post", color=BLUE, alpha=0.55, linewidth=0, label="mentions")
    axis.plot(*series.outline(series.mean_count()), color=INK, linewidth=1, label="mean, last hour")
    if not series.mentions:
        axis.text(0.5, 0.5, "no mentions", transform=axis.transAxes, ha="center", va="center", color=INK)
    _band(axis, series, detector)
    axis.set_ylim(0, highest)
    axis.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.shown(value)))


def _tone(axis: Axes, part: _Stretch, detector: str | None, hours: int) -> None:
    series = part.series
    label = f"negative, last {hours} h" if hours > 1 else "negative, last hour"
    axis.plot(*series.outline(series.negative_share(hours)), color=INK, linewidth=1.3, label=label)
    _band(axis, series, detector)
    axis.set_ylim(0, 1)
    axis.yaxis.set_major_formatter(PercentFormatter(xmax=1))


def _band(axis: Axes, series: BucketSeries, detector: str | None) -> None:
    band = None if detector is None else series.band(detector)
    if band is None:
        return
    days, lower = series.outline(band.lower)
    _, upper = series.outline(band.upper)
    axis.fill_between(days, lower, upper, step="post", color=SKY, alpha=0.28, linewidth=0, zorder=0.5, label="normal")
    axis.plot(*series.outline(band.expected), color=BLUE, linewidth=0.9, linestyle=(0, (4, 3)), label="expected")


def _scores(axis: Axes, part: _Stretch, highest: float) -> None:
    series = part.series
    colours = colours_of(series.detectors)
    for detector in series.detectors:
        days, value = series.outline(_column(series, detector, "value"))
        axis.plot(days, np.minimum(value, _HIGHEST_SCORE), color=colours[detector], linewidth=1.2, label=detector)
    axis.axhline(1, color=INK, linewidth=1, linestyle=(0, (6, 3)), label="threshold")
    axis.set_ylim(0, highest)


def _column(series: BucketSeries, *key: str) -> Array:
    column = series.column(*key)
    if column is None:
        raise KeyError(key)
    return column


def _shade(axis: Axes, steps: Sequence[Alert], part: _Stretch) -> None:
    """Shade an incident from step to step, in the colour of the severity until the next one."""
    over = _day(steps[-1].ends_at) if steps[-1].ends_at else part.end
    begin = _day(steps[0].since)
    ends = [*(min(_day(step.at), over) for step in steps[1:]), over]
    for step, end in zip(steps, ends, strict=True):
        if end <= begin:
            continue
        if _overlaps((begin, end), part.span):
            _shade_step(axis, step, max(begin, part.begin), min(end, part.end))
        begin = end


def _shade_step(axis: Axes, step: Alert, begin: float, end: float) -> None:
    if step.suppressed:
        axis.axvspan(begin, end, facecolor="none", edgecolor=GREY, hatch="///", linewidth=0, alpha=0.45, zorder=0.2)
    else:
        axis.axvspan(begin, end, color=SEVERITY_COLOURS[step.severity], alpha=0.25, linewidth=0, zorder=0.2)


def _incident_labels(axis: Axes, incidents: Sequence[NumberedIncident], part: _Stretch, share: float) -> None:
    """Write the number and severity of each incident at its beginning, where there is room for it.

    A label for which the stretch ends too early ends with it.
    """
    visible = [
        each for each in incidents if _overlaps((_day(each.steps[0].since), _end(each.steps, part.series)), part.span)
    ]
    taken = [-1.0] * _LABEL_ROWS
    for number, steps in visible:
        last = steps[-1]
        text = str(number)
        if len(visible) <= _NAMED_INCIDENTS:
            text += f" {last.severity}" + (f" ({last.suppressed.replace('_', ' ')})" if last.suppressed else "")
        begin = max(_day(steps[0].since), part.begin)
        at, width = (begin - part.begin) / (part.end - part.begin) * share, _LABEL_WIDTH * (len(text) + 1)
        is_last = width <= share < at + width
        at = share - width if is_last else at
        row = next((row for row, until in enumerate(taken) if until <= at), None)
        if row is None:
            continue
        taken[row] = at + width
        axis.text(
            part.end if is_last else begin, 0.98 - 0.075 * row, f" {text}", transform=axis.get_xaxis_transform(),
            va="top", ha="right" if is_last else "left", fontsize=9, color=GREY if last.suppressed else INK,
            fontweight="normal" if last.suppressed else "bold", clip_on=True,
        )  # fmt: skip


def _no_data(axis: Axes, part: _Stretch) -> None:
    spans = [(begin, end - begin) for begin, end in part.without_data]
    axis.broken_barh(
        spans, (0, 1), transform=axis.get_xaxis_transform(), color=GREY, alpha=0.18, linewidth=0, zorder=0.1
    )


def _style(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(GREY)
    axis.tick_params(colors=INK, labelsize=9)
    axis.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axis.set_axisbelow(True)


def _left_out(spans: Sequence[Span]) -> str:
    """Return how long the silences between the stretches are, in words; empty without any."""
    days = [after - before for (_, before), (after, _) in pairwise(spans)]
    if not days:
        return ""
    lengths = " and ".join(f"{numbers.shown(round(length))} days" for length in days)
    return f"; left out between the stretches: {lengths} without mentions"


def _within(span: Span, series: BucketSeries) -> Span:
    """Return the part of a span in which there are buckets."""
    return max(span[0], series.begin), min(span[1], series.end)


def _overlaps(one: Span, other: Span) -> bool:
    return one[0] < other[1] and one[1] > other[0]


def _end(steps: Sequence[Alert], series: BucketSeries) -> float:
    """Return the end of an incident, which is that of the series while it is open."""
    return _day(steps[-1].ends_at) if steps[-1].ends_at else series.end


def _day(moment: datetime) -> float:
    return moment.timestamp() / 86_400
