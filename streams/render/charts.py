"""Draw a chart of each brand over the whole time, and write a page that shows them all."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

import numpy as np

from detectors.registry import KINDS
from detectors.units import MENTIONS_PER_BUCKET, NEGATIVE_SHARE
from streams.errors import FirewatchError
from streams.render.bucket_series import BucketSeries
from streams.render.chart_page import Section, page
from streams.runtime.files import open_output

try:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter
except ModuleNotFoundError as error:
    raise FirewatchError("charts need matplotlib, which is not installed: pip install 'firewatch[plot]'") from error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from detectors.base import Severity
    from streams.config import DetectorSettings
    from streams.records import Alert, Window
    from streams.render.bucket_series import Array

INK, GREY, BLUE, SKY = "#222222", "#888888", "#0072B2", "#56B4E9"
LINES: Final = (BLUE, "#D55E00", "#009E73", "#CC79A7", SKY)
"""Okabe and Ito's palette, whose colours are distinct for any colour vision."""

SEVERITY_COLOURS: Final[dict[Severity, str]] = {"watch": "#F0E442", "warning": "#E69F00", "critical": "#CC3311"}
HIGHEST_SCORE: Final = 5.0
"""Value at which higher scores are drawn, since only the side of 1 matters."""


def colours_of(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each line, in order; the colours repeat after the last one."""
    return {name: LINES[place % len(LINES)] for place, name in enumerate(names)}


class Bands(NamedTuple):
    """Names of the detectors whose expected bands are drawn behind the volume and behind the negative share."""

    volume: str | None = None
    negative_share: str | None = None


def bands_of(detectors: Sequence[DetectorSettings]) -> Bands:
    """Return the detectors whose expected values have the units of the charts.

    Of several with the same unit the first one is chosen, except that a detector which compares each bucket with its
    expected value comes before one that tests for a change of level.

    Examples
    --------
    >>> from streams.config import Config
    >>> brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    >>> detectors = [{"name": name, "kind": name} for name in ("tone_drift", "sentiment_shift", "composite")]
    >>> bands_of(Config.model_validate({"brands": [brand], "detectors": detectors}).detectors_of())
    Bands(volume=None, negative_share='sentiment_shift')
    """
    ordered = sorted(detectors, key=lambda each: not KINDS[each.kind].score_is_rarity)
    first = {KINDS[each.kind].unit: each.name for each in reversed(ordered)}
    return Bands(first.get(MENTIONS_PER_BUCKET), first.get(NEGATIVE_SHARE))


def draw(
    windows: Iterable[Window],
    alerts: Iterable[Alert],
    out_dir: Path,
    truth: Mapping[str, Any] | None = None,
    *,
    names: Mapping[str, str] | None = None,
    bands: Bands | None = None,
) -> list[Path]:
    """Draw each brand's volume, negative share, scores and incidents over time.

    Parameters
    ----------
    windows
        Windows of any brands in any order; repeats are dropped.
    alerts
        Alerts of the same time in any order; repeats are dropped.
    out_dir
        Folder for the files; it is created if it is missing.
    truth
        Truth as `firewatch simulate --truth` writes it; its events are drawn at the top.
    names
        Names to show by brand ID, in the order of the page.
    bands
        Detectors whose expected bands are drawn; none by default.

    Returns
    -------
    list of Path
        A PNG for each brand that has windows, and last the page ``index.html``.

    Raises
    ------
    FirewatchError
        If the folder can't be written.
    """
    names = names or {}
    series_of: dict[str, BucketSeries] = {brand: BucketSeries() for brand in names}
    for window in windows:
        series_of.setdefault(window.brand, BucketSeries()).add(window)
    incidents: dict[str, dict[tuple[str, int], list[Alert]]] = defaultdict(lambda: defaultdict(list))
    for alert in sorted(alerts, key=lambda alert: alert.at):
        steps = incidents[alert.brand][alert.fingerprint, alert.reopened]
        if all(step.id != alert.id for step in steps):
            steps.append(alert)
    paths, sections = [], []
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        for brand, series in series_of.items():
            if not series:
                continue
            name, steps_of = names.get(brand, brand), list(incidents[brand].values())
            events = [event for event in (truth or {}).get("events", ()) if event["brand"] in {brand, None}]
            path = out_dir / f"{quote(brand, safe='')}.png"
            with open_output(path) as file:
                figure(name, series, steps_of, events, bands or Bands()).savefig(file, format="png")
            paths.append(path)
            sections.append(Section(name, path.name, series.mentions, series.peak, [steps[-1] for steps in steps_of]))
        index = out_dir / "index.html"
        with open_output(index) as file:
            file.write(page(sections).encode())
    except OSError as error:
        raise FirewatchError(f"{out_dir}: charts can't be written there ({error.strerror or error})") from error
    return [*paths, index]


def figure(
    name: str,
    series: BucketSeries,
    incidents: Sequence[Sequence[Alert]],
    events: Sequence[Mapping[str, Any]],
    bands: Bands,
) -> Figure:
    """Return the chart of one brand.

    Parameters
    ----------
    name
        Title of the chart.
    series
        Counts and scores; not empty.
    incidents
        Alerts of each incident, in order.
    events
        Events of the truth that affect the brand.
    bands
        Detectors whose expected bands are drawn.
    """
    events = [
        event for event in events if _day_of(event["onset"]) < series.end and _day_of(event["end"]) > series.begin
    ]
    drawn = Figure(figsize=(13, 8 + 0.3 * len(events)), dpi=100, layout="constrained")
    drawn.suptitle(name, x=0.01, ha="left", fontsize=15, fontweight="bold", color=INK, parse_math=False)
    heights = ([0.15 + 0.3 * len(events)] if events else []) + [3.0, 2.0, 2.0]
    axes = list(drawn.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    if events:
        _events(axes.pop(0), events, series)
    volume, tone, scores = axes
    _volume(volume, series, bands.volume)
    _tone(tone, series, bands.negative_share)
    _scores(scores, series)
    for axis in axes:
        _style(axis)
        _no_data(axis, series)
        for steps in incidents:
            _incident_spans(axis, steps, series)
        axis.legend(loc="upper left", bbox_to_anchor=(1.005, 1), frameon=False, fontsize=8.5)
    for row, steps in enumerate(incidents):
        _incident_label(volume, steps, row % 3)
    _time(scores, series)
    return drawn


def _time(axis: Axes, series: BucketSeries) -> None:
    locator = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))  # type: ignore[no-untyped-call]
    axis.set_xlim(series.begin, series.end)
    axis.set_xlabel("event time, UTC", color=INK)


def _volume(axis: Axes, series: BucketSeries, detector: str | None) -> None:
    count = _column(series, "count")
    axis.fill_between(series.days(), count, step="post", color=BLUE, alpha=0.55, linewidth=0, label="mentions")
    axis.plot(series.days(), series.mean_count(), color=INK, linewidth=1, label="mean, last hour")
    _band(axis, series, detector)
    upper = None if detector is None else series.column(detector, "upper")
    normal = 0.0 if upper is None else float(np.nanmax(upper, initial=0))
    axis.set_ylim(0, 1.25 * max(4, series.peak, min(normal, 2 * series.peak)))  # room for the labels of incidents
    axis.set_ylabel(f"mentions in {series.minutes:g} min")


def _tone(axis: Axes, series: BucketSeries, detector: str | None) -> None:
    hours = series.tone_hours
    label = f"negative, last {hours} h" if hours > 1 else "negative, last hour"
    axis.plot(series.days(), series.negative_share(hours), color=INK, linewidth=1.3, label=label)
    _band(axis, series, detector)
    axis.set_ylim(0, 1)
    axis.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    axis.set_ylabel("negative share")


def _band(axis: Axes, series: BucketSeries, detector: str | None) -> None:
    if detector is None:
        return
    lower, upper, expected = (series.column(detector, part) for part in ("lower", "upper", "expected"))
    if lower is None or upper is None or expected is None:
        return
    days = series.days()
    axis.fill_between(days, lower, upper, step="post", color=SKY, alpha=0.28, linewidth=0, zorder=0.5, label="normal")
    axis.plot(days, expected, color=BLUE, linewidth=0.9, linestyle=(0, (4, 3)), label="expected")


def _scores(axis: Axes, series: BucketSeries) -> None:
    highest = 1.5
    colours = colours_of(series.detectors)
    for detector in series.detectors:
        value = np.minimum(_column(series, detector, "value"), HIGHEST_SCORE)
        highest = np.nanmax(value, initial=highest)
        axis.plot(series.days(), value, color=colours[detector], linewidth=1.2, label=detector)
    axis.axhline(1, color=INK, linewidth=1, linestyle=(0, (6, 3)), label="threshold")
    axis.set_ylim(0, highest * 1.05)
    axis.set_ylabel("score")


def _column(series: BucketSeries, *key: str) -> Array:
    column = series.column(*key)
    if column is None:
        raise KeyError(key)
    return column


def _incident_spans(axis: Axes, steps: Sequence[Alert], series: BucketSeries) -> None:
    """Shade an incident from step to step, in the colour of the severity until the next one."""
    over = _day(steps[-1].ends_at) if steps[-1].ends_at else series.end
    begin = _day(steps[0].since)
    ends = [*(min(_day(step.at), over) for step in steps[1:]), over]
    for step, end in zip(steps, ends, strict=True):
        if end <= begin:
            continue
        if step.suppressed:
            axis.axvspan(begin, end, facecolor="none", edgecolor=GREY, hatch="///", linewidth=0, alpha=0.45, zorder=0.2)
        else:
            axis.axvspan(begin, end, color=SEVERITY_COLOURS[step.severity], alpha=0.25, linewidth=0, zorder=0.2)
        begin = end


def _incident_label(axis: Axes, steps: Sequence[Alert], row: int) -> None:
    last = steps[-1]
    text = f"{last.severity} ({last.suppressed.replace('_', ' ')})" if last.suppressed else last.severity
    place = axis.get_xaxis_transform()
    axis.text(
        _day(steps[0].since), 0.98 - 0.075 * row, f" {text}", transform=place, va="top", ha="left", fontsize=9,
        color=GREY if last.suppressed else INK, fontweight="normal" if last.suppressed else "bold", clip_on=True,
    )  # fmt: skip


def _no_data(axis: Axes, series: BucketSeries) -> None:
    for begin, end in series.without_data():
        axis.axvspan(begin, end, color=GREY, alpha=0.18, linewidth=0, zorder=0.1)


def _events(axis: Axes, events: Sequence[Mapping[str, Any]], series: BucketSeries) -> None:
    for row, event in enumerate(events):
        begin, peak, end = (_day_of(event[key]) for key in ("onset", "peak", "end"))
        begin, end = max(begin, series.begin), min(end, series.end)
        axis.broken_barh([(begin, end - begin)], (row + 0.2, 0.6), color=INK if event["brand"] else GREY, alpha=0.8)
        if begin < peak < end:
            axis.plot([peak], [row + 0.5], marker="|", color="white", markersize=8)
        affected = f" of {event['source']}" if event.get("source") else "" if event["brand"] else " of all brands"
        axis.text(
            end, row + 0.45, f"  {event['kind'].replace('_', ' ')}{affected}", va="center", fontsize=8.5, color=INK
        )
    axis.set_ylim(len(events), 0)
    axis.set_yticks([])
    axis.set_ylabel("truth", rotation=0, ha="right", va="center", color=INK)
    axis.tick_params(axis="x", bottom=False)
    axis.spines[:].set_visible(False)


def _style(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(GREY)
    axis.tick_params(colors=INK, labelsize=9)
    axis.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axis.set_axisbelow(True)


def _day(moment: datetime) -> float:
    return moment.timestamp() / 86_400


def _day_of(iso: str) -> float:
    return _day(datetime.fromisoformat(iso))
