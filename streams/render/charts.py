"""Draw charts of each brand, over its whole time and around each incident, and write a page that shows them all."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from streams.errors import FirewatchError
from streams.render.brand_chart import NumberedIncident, figure, incident_span
from streams.render.bucket_series import BucketSeries
from streams.render.chart_page import IncidentSection, Section, page
from streams.runtime.files import open_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from matplotlib.figure import Figure

    from streams.records import Alert, Window
    from streams.render.bands import Bands

_ALL_OF_IT: Final = 0.7
"""Share of the time of the brand's own chart from which an incident needs no chart of its own."""


def draw(
    windows: Iterable[Window],
    alerts: Iterable[Alert],
    out_dir: Path,
    truth: Mapping[str, Any] | None = None,
    *,
    names: Mapping[str, str] | None = None,
    bands: Bands | None = None,
    zone: tzinfo = UTC,
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
    zone
        Time zone of the charts and of the page.

    Returns
    -------
    list of Path
        PNGs of each brand that has windows, its own chart before those of its incidents, and last the page
        ``index.html``.

    Raises
    ------
    FirewatchError
        If the folder can't be written.
    """
    names = names or {}
    series_of: dict[str, BucketSeries] = {brand: BucketSeries() for brand in names}
    for window in windows:
        series_of.setdefault(window.brand, BucketSeries()).add(window)
    incidents = incidents_of(alerts)
    paths, sections = [], []
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        for brand, series in series_of.items():
            if not series:
                continue
            name, own = names.get(brand, brand), incidents.get(brand, [])
            events = [event for event in (truth or {}).get("events", ()) if event["brand"] in {brand, None}]
            stem = quote(brand, safe="")
            path = _save(figure(name, series, own, events, bands, zone=zone), out_dir / f"{stem}.png")
            paths.append(path)
            shown = []
            for number, steps in _to_zoom(own, series):
                title, span = f"{name}: incident {number}", incident_span(steps, series)
                chart = figure(title, series, own, events, bands, span=span, zone=zone)
                paths.append(_save(chart, out_dir / f"{stem}-incident-{number}.png"))
                shown.append(IncidentSection(number, paths[-1].name, steps[-1]))
            last = [(number, steps[-1]) for number, steps in own]
            sections.append(Section(name, path.name, series.mentions, series.peak, last, shown))
        index = out_dir / "index.html"
        with open_output(index) as file:
            file.write(page(sections, zone).encode())
    except OSError as error:
        raise FirewatchError(f"{out_dir}: charts can't be written there ({error.strerror or error})") from error
    return [*paths, index]


def incidents_of(alerts: Iterable[Alert]) -> dict[str, list[NumberedIncident]]:
    """Return the openings of the incidents by brand, in order of time; those of one incident have the same number.

    Repeated alerts are dropped.
    """
    openings: dict[str, dict[tuple[str, int], list[Alert]]] = defaultdict(lambda: defaultdict(list))
    for alert in sorted(alerts, key=lambda alert: alert.at):
        steps = openings[alert.brand][alert.fingerprint, alert.reopened]
        if all(step.id != alert.id for step in steps):
            steps.append(alert)
    found = {}
    for brand, of_brand in openings.items():
        numbers: dict[str, int] = {}
        found[brand] = [
            NumberedIncident(numbers.setdefault(fingerprint, len(numbers) + 1), steps)
            for (fingerprint, _), steps in of_brand.items()
        ]
    return found


def _to_zoom(incidents: Sequence[NumberedIncident], series: BucketSeries) -> Iterator[NumberedIncident]:
    """Yield each incident with the alerts of all its openings, but for those that fill the brand's own chart."""
    steps_of: dict[int, list[Alert]] = defaultdict(list)
    for number, steps in incidents:
        steps_of[number] += steps
    whole = sum(end - begin for begin, end in series.stretches())
    for number, steps in steps_of.items():
        begin, end = incident_span(steps, series)
        if 0 < end - begin < _ALL_OF_IT * whole:
            yield NumberedIncident(number, steps)


def _save(chart: Figure, path: Path) -> Path:
    with open_output(path) as file:
        chart.savefig(file, format="png")
    return path
