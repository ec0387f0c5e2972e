"""Draw the hours around a moment that is explained."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from detectors.units import DAY_MS, HOUR_MS
from streams.offline.why import words
from streams.render.bands import bands_of
from streams.render.brand_chart import figure
from streams.render.charts import incidents_of
from streams.render.html import image, page, pre

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from matplotlib.figure import Figure

    from streams.config import BrandSettings, Config
    from streams.offline.why.playback import Played

_BEFORE_HOURS: Final = 4.0
_AFTER_HOURS: Final = 2.0


def drawn(played: Played, config: Config, brand: BrandSettings, at_ms: int, zone: tzinfo) -> Figure:
    """Return the chart of a brand around a moment, which is marked; there must be a closed bucket.

    Where no bucket is near, it is the chart of the brand's whole time.
    """
    series = played.series
    begin, end = ((at_ms + hours * HOUR_MS) / DAY_MS for hours in (-_BEFORE_HOURS, _AFTER_HOURS))
    is_near = bool(series.between(begin, end))
    return figure(
        f"{brand.name}: {words.moment(at_ms, zone)}",
        series,
        incidents_of(played.alerts).get(brand.id, []),
        bands=bands_of(config.detectors_of(brand)),
        span=(begin, end) if is_near else None,
        moment=at_ms / DAY_MS,
        zone=zone,
    )


def html(drawn: Figure, lines: Sequence[str]) -> str:
    """Return a page with the conclusion, which is the first line, the chart, and the other lines."""
    conclusion, *others = lines
    return page("firewatch: why?", [f"<p><b>{escape(conclusion)}</b></p>", image(drawn, conclusion), pre(others)])
