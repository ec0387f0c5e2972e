"""Write a backtest as one self-contained HTML file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure

from streams.config.moments import zone_of
from streams.offline.backtest.evaluation import pages
from streams.offline.backtest.text import (
    MOST_LINKS,
    comparison_lines,
    evaluation_lines,
    minutes,
    moment,
    share,
    summary,
    until,
)
from streams.offline.backtest.whatif import curves
from streams.render.bands import bands_of
from streams.render.brand_chart import ComparedScores, figure
from streams.render.charts import incidents_of
from streams.render.html import image, link, page, pre
from streams.render.palette import colours_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.base import Severity
    from streams.offline.backtest.comparison import ConfigComparison
    from streams.offline.backtest.evaluation import LabelEvaluation
    from streams.offline.backtest.labels import Expected
    from streams.offline.backtest.playback import BacktestRun
    from streams.offline.incident_matching import RaisedIncident
    from streams.render.brand_chart import NumberedIncident

MOST_BRANDS: Final = 40
"""Largest number of brands that are drawn; those with incidents come first."""


def report(
    new: BacktestRun,
    current: BacktestRun | None,
    comparison: ConfigComparison | None,
    expected: Sequence[Expected],
    evaluations: Sequence[tuple[BacktestRun, LabelEvaluation]],
    severity: Severity,
    notes: Sequence[str] = (),
) -> str:
    """Return the page; all text in it is escaped, and the charts are embedded.

    Parameters
    ----------
    new, current
        Results of the new config and of the current one, which may be missing.
    comparison
        Comparison of the two.
    expected
        Labelled incidents, which are drawn above each brand.
    evaluations
        Evaluation of each config, where there are labels.
    severity
        Lowest severity at which an incident pages.
    notes
        Lines about the origin of the mentions.
    """
    configs = [run for run in (current, new) if run is not None]
    body = [
        f"<p>{escape(line)}</p>" for line in (*notes, *(line for run in configs for line in summary(run, severity)))
    ]
    if evaluations:
        body += ["<h2>Against the labels</h2>", _evaluation_table(evaluations)]
        for run, evaluation in evaluations:
            body.append(pre(evaluation_lines(run.name, evaluation, severity)))
    if comparison is not None:
        body += ["<h2>Gained, lost and moved incidents</h2>", pre(comparison_lines(comparison, severity))]
    body += ["<h2>Incidents</h2>", *(_incidents(run, severity) for run in configs)]
    body += ["<h2>What if</h2>", *(_what_if(run) for run in configs)]
    with_incidents = [(run, incidents_of(run.alerts)) for run in configs]
    for brand in _brands(configs):
        body.append(f"<h2>{escape(brand)}</h2>")
        runs = [(run, incidents.get(brand, [])) for run, incidents in with_incidents if brand in run.series]
        body.append(_brand(runs, brand, expected))
    return page("firewatch: backtest", body)


def _evaluation_table(evaluations: Iterable[tuple[BacktestRun, LabelEvaluation]]) -> str:
    rows = "".join(
        f"<tr><td>{escape(run.name)}</td><td>{share(evaluation.recall)}</td><td>{share(evaluation.precision)}</td>"
        f"<td>{minutes(evaluation.delay_minutes)}</td></tr>"
        for run, evaluation in evaluations
    )
    return f"<table><tr><th>config</th><th>recall</th><th>precision</th><th>median delay</th></tr>{rows}</table>"


def _incidents(run: BacktestRun, severity: Severity) -> str:
    """Return a table of all incidents of a config in order of time, each with its sentence and links."""
    raised = run.raised
    rows = "".join(
        f"<tr><td>{moment(each.rises[0].at_ms)}</td><td>{until(each) or 'open'}</td>"
        f"<td>{escape(each.brand)}</td><td>{_level(each, severity)}</td>"
        f"<td>{'<br>'.join([escape(each.summary), *map(link, each.links[:MOST_LINKS])])}</td></tr>\n"
        for each in raised
    )
    head = "<tr><th>from (UTC)</th><th>to</th><th>brand</th><th>raised as</th><th>sentence and links</th></tr>"
    table = f"<table>{head}\n{rows}</table>" if raised else "<p>none</p>"
    return f"<h3>{escape(run.name)}</h3>{table}"


def _level(incident: RaisedIncident, severity: Severity) -> str:
    return f"<b>{incident.level}</b>" if pages(incident, severity) else incident.level


def _brands(configs: Sequence[BacktestRun]) -> list[str]:
    """Return the brands to draw, those with incidents first."""
    with_alerts = {alert.brand for run in configs for alert in run.alerts}
    brands = sorted({brand for run in configs for brand in run.series}, key=lambda id: (id not in with_alerts, id))
    return brands[:MOST_BRANDS]


def _brand(
    runs: Sequence[tuple[BacktestRun, Sequence[NumberedIncident]]], brand: str, expected: Sequence[Expected]
) -> str:
    """Return one chart with the scores and incidents of each config; the bands are those of the last, the new one."""
    *others, (new, incidents) = runs
    events = [
        {"kind": each.title, "brand": brand}
        | {"onset": each.from_.isoformat(), "peak": each.from_.isoformat(), "end": each.to.isoformat()}
        for each in expected
        if each.brand == brand
    ]
    settings = next((each for each in new.config.brands if each.id == brand), None)
    drawn = figure(
        brand,
        new.series[brand],
        incidents,
        events,
        bands_of(new.config.detectors_of(settings)),
        events_are="labels",
        zone=zone_of(new.config.alerts.timezone),
        scores_are=f"score, {new.name}" if others else "score",
        compared=[
            ComparedScores(f"score, {other.name}", other.series[brand], incidents_of_other)
            for other, incidents_of_other in others
        ],
    )
    return image(drawn, f"{brand} by {' and '.join(run.name for run, _ in runs)}")


def _what_if(run: BacktestRun) -> str:
    drawn = Figure(figsize=(7, 3), dpi=100, layout="constrained")
    axis = drawn.subplots()
    what_if = curves(run.config, run.series)
    colours = colours_of(sorted(curve.detector for curve in what_if))  # as in the charts of brands
    for curve in what_if:
        colour = colours[curve.detector]
        axis.plot(curve.days, curve.firings, color=colour, marker=".", label=curve.detector)
        if curve.in_use is not None:
            axis.axvline(curve.in_use, color=colour, linestyle=":", linewidth=1)
    axis.set_xscale("log")
    axis.set_xticks([2, 7, 14, 30, 90, 365], ["2", "7", "14", "30", "90", "365"])
    axis.minorticks_off()
    axis.set_xlabel("once_in_days (dotted: in use)")
    axis.set_ylabel("firings per brand and week")
    if what_if:
        axis.legend(frameon=False, fontsize=8.5)
    return f"<h3>{escape(run.name)}</h3>{image(drawn, 'firings at other thresholds', 'small')}"
