"""Pieces of a Grafana dashboard: queries, panels, their look and their places.

Two traps of counters are dealt with here rather than in every panel. A rate needs at least two scrapes, hence
``$__rate_interval`` throughout. And ``increase()`` does not see the first event of a series that is born with it, which
is how rare events (an incident, a new reason for a reject) arrive; `events` adds those births.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Json = dict[str, Any]

DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS: Final = 24
ORANGE, RED, GREEN, BLUE = "#E69F00", "#D55E00", "#009E73", "#0072B2"  # Okabe and Ito's colours: told apart by everyone


def rate(counter: str, by: str = "") -> str:
    """Events a second, summed over all workers."""
    return f"sum{_by(by)} (rate({counter}[$__rate_interval]))"


def events(counter: str, by: str) -> str:
    """Events within the rate interval, those with which a series is born included."""
    born = f"({counter} unless {counter} offset $__rate_interval)"
    return f"sum{_by(by)} ({born} or increase({counter}[$__rate_interval]))"


def quantile(q: float, histogram: str, by: str = "") -> str:
    """Quantile over all workers; NaN, drawn as a gap, where nothing happened."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, sum{_by(labels)} (rate({histogram}_bucket[$__rate_interval])))"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""


def query(expr: str, legend: str, *, instant: bool = False, table: bool = False) -> Json:
    """One query of a panel."""
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": expr,
        "format": "table" if table else "time_series",
        "instant": instant,
        "legendFormat": legend,
        "range": not instant,
    }


def panel(
    kind: str,
    title: str,
    description: str,
    unit: str,
    queries: Sequence[Json],
    *,
    size: tuple[int, int] = (8, 8),
    thresholds: Iterable[tuple[float | None, str]] = ((None, BLUE),),
    custom: Json | None = None,
    overrides: Sequence[Json] = (),
    options: Json | None = None,
    transformations: Sequence[Json] = (),
    **defaults: Any,
) -> Json:
    """One panel, not yet placed; `size` is width in columns of 24 and height in rows of 30 pixels."""
    steps = [{"value": value, "color": colour} for value, colour in thresholds]
    field = {"unit": unit, "thresholds": {"mode": "absolute", "steps": steps}, "custom": custom or {}, **defaults}
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": {"w": size[0], "h": size[1]},
        "fieldConfig": {"defaults": field, "overrides": list(overrides)},
        "options": options or {},
        "targets": [{**item, "refId": chr(ord("A") + index)} for index, item in enumerate(queries)],
        "transformations": list(transformations),
    }


def lines(title: str, description: str, unit: str, *queries: Json, **more: Any) -> Json:
    """A chart of lines over time."""
    custom = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": False}
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    look = {"custom": custom, "options": options, "min": 0, **more}
    return panel("timeseries", title, description, unit, queries, **look)


def bars(title: str, description: str, unit: str, *queries: Json, **more: Any) -> Json:
    """A chart of stacked bars over time, for events that are rare."""
    custom = {"drawStyle": "bars", "lineWidth": 0, "fillOpacity": 80, "stacking": {"mode": "normal", "group": "A"}}
    return lines(title, description, unit, *queries, custom=custom, **more)


def number(title: str, description: str, unit: str, expr: str, legend: str = "", **more: Any) -> Json:
    """One number, or one for each series."""
    options = {
        "colorMode": "value",
        "graphMode": "area",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "value_and_name" if legend else "value",
    }
    return panel("stat", title, description, unit, [query(expr, legend)], size=(4, 4), options=options, **more)


def states(title: str, description: str, *queries: Json, **more: Any) -> Json:
    """When which series was in which state."""
    options = {"showValue": "never", "rowHeight": 0.8, "mergeValues": True, "legend": {"showLegend": False}}
    return panel("state-timeline", title, description, "none", queries, options=options, **more)


def styled(name: str, colour: str, **custom: Any) -> Json:
    """How the series `name` looks: a colour, and settings of a line such as ``lineWidth=0``."""
    properties = [{"id": f"custom.{key}", "value": value} for key, value in {"fillOpacity": 0, **custom}.items()]
    fixed = {"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}
    return {"matcher": {"id": "byName", "options": name}, "properties": [fixed, *properties]}


def placed(rows: Iterable[tuple[Json, list[Json]]]) -> list[Json]:
    """Lay out row by row from left to right, and number the panels."""
    result: list[Json] = []
    top = 0
    for header, panels in rows:
        where = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        result.append({"type": "row", "collapsed": False, "panels": [], "gridPos": where, **header})
        top += 1
        x = line_height = 0
        for item in panels:
            width, height = item["gridPos"]["w"], item["gridPos"]["h"]
            if x + width > COLUMNS:
                x, top, line_height = 0, top + line_height, 0
            result.append(item | {"gridPos": {"x": x, "y": top, "w": width, "h": height}})
            x, line_height = x + width, max(line_height, height)
        top += line_height
    return [item | {"id": index} for index, item in enumerate(result, 1)]
