"""A backtest as one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure

from streams.offline.backtest.text import comparison_lines, judgement_lines, minutes, share, summary
from streams.offline.backtest.whatif import curves
from streams.render.charts import bands_of, colours_of, figure
from streams.render.html import image, page, pre

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.base import Severity
    from streams.offline.backtest.comparison import Comparison
    from streams.offline.backtest.judgement import Judgement
    from streams.offline.backtest.labels import Expected
    from streams.offline.backtest.playback import Played

MOST_BRANDS: Final = 40
"""Brands drawn; those with incidents come first."""


def report(
    new: Played,
    current: Played | None,
    comparison: Comparison | None,
    expected: Sequence[Expected],
    judgements: Sequence[tuple[Played, Judgement]],
    severity: Severity,
    notes: Sequence[str] = (),
) -> str:
    """The page; all text in it is escaped, and pictures are part of it.

    Parameters
    ----------
    new, current
        What the configs made of the posts; `current` may be missing.
    comparison
        Of both.
    expected
        What people say happened: drawn above each brand.
    judgements
        Of each config, where something was expected.
    severity
        From which on an incident pages.
    notes
        About where the mentions come from.
    """
    configs = [played for played in (current, new) if played is not None]
    body = [f"<p>{escape(line)}</p>" for line in (*notes, *(summary(played, severity) for played in configs))]
    if judgements:
        body += ["<h2>Against the labels</h2>", _judgement_table(judgements)]
        for played, judged in judgements:
            body.append(pre(judgement_lines(played.name, judged, severity)))
    if comparison is not None:
        body += ["<h2>Gained, lost and moved incidents</h2>", pre(comparison_lines(comparison, severity))]
    body += ["<h2>What if</h2>", *(_what_if(played) for played in configs)]
    for brand in _brands(configs):
        body.append(f"<h2>{escape(brand)}</h2>")
        body += [_brand(played, brand, expected) for played in configs if brand in played.courses]
    return page("firewatch: backtest", body)


def _judgement_table(judgements: Iterable[tuple[Played, Judgement]]) -> str:
    rows = "".join(
        f"<tr><td>{escape(played.name)}</td><td>{share(judged.recall)}</td><td>{share(judged.precision)}</td>"
        f"<td>{minutes(judged.delay_minutes)}</td></tr>"
        for played, judged in judgements
    )
    return f"<table><tr><th>config</th><th>recall</th><th>precision</th><th>median delay</th></tr>{rows}</table>"


def _brands(configs: Sequence[Played]) -> list[str]:
    """The brands to draw, those with incidents first."""
    busy = {alert.brand for played in configs for alert in played.alerts}
    all_of_them = sorted({brand for played in configs for brand in played.courses}, key=lambda id: (id not in busy, id))
    return all_of_them[:MOST_BRANDS]


def _brand(played: Played, brand: str, expected: Sequence[Expected]) -> str:
    events = [
        {"kind": each.title, "brand": brand}
        | {"onset": each.from_.isoformat(), "peak": each.from_.isoformat(), "end": each.to.isoformat()}
        for each in expected
        if each.brand == brand
    ]
    settings = next((each for each in played.config.brands if each.id == brand), None)
    bands = bands_of(played.config.detectors_of(settings))
    drawn = figure(played.name, played.courses[brand], played.steps(brand), events, bands)
    return image(drawn, f"{brand} by {played.name}")


def _what_if(played: Played) -> str:
    drawn = Figure(figsize=(7, 3), dpi=100, layout="constrained")
    axis = drawn.subplots()
    found = curves(played.config, played.courses)
    colours = colours_of(sorted(curve.detector for curve in found))  # as in the pictures of brands
    for curve in found:
        colour = colours[curve.detector]
        axis.plot(curve.days, curve.firings, color=colour, marker=".", label=curve.detector)
        if curve.in_use is not None:
            axis.axvline(curve.in_use, color=colour, linestyle=":", linewidth=1)
    axis.set_xscale("log")
    axis.set_xticks([2, 7, 14, 30, 90, 365], ["2", "7", "14", "30", "90", "365"])
    axis.minorticks_off()
    axis.set_xlabel("once_in_days (dotted: in use)")
    axis.set_ylabel("firings per brand and week")
    if found:
        axis.legend(frameon=False, fontsize=8.5)
    return f"<h3>{escape(played.name)}</h3>{image(drawn, 'firings at other thresholds', 'small')}"
