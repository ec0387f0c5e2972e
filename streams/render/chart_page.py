"""Write the page that shows the charts of all brands and their incidents."""

from __future__ import annotations

from datetime import UTC
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from streams.core.text.clean import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from streams.records import Alert


class IncidentSection(NamedTuple):
    """The part of the page about one incident.

    Parameters
    ----------
    number
        Number of the incident in the charts.
    chart
        Name of the file with its own chart.
    last
        Its last alert.
    """

    number: int
    chart: str
    last: Alert


class Section(NamedTuple):
    """The part of the page about one brand.

    Parameters
    ----------
    name
        Name of the brand.
    chart
        Name of the file with the chart.
    mentions, peak
        Number of mentions, in total and in the fullest bucket.
    incidents
        Number and last alert of each opening of an incident.
    zoomed
        Incidents with a chart of their own.
    """

    name: str
    chart: str
    mentions: int
    peak: int
    incidents: Sequence[tuple[int, Alert]]
    zoomed: Sequence[IncidentSection]


_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto; padding: 0 1rem;
  max-width: 84rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem }
h3 { font-size: 1rem; margin: 1.5rem 0 .2rem }
table { border-collapse: collapse; margin: .5rem 0 1rem }
th, td { text-align: left; padding: .25rem 1.2rem .25rem 0; vertical-align: top }
th { border-bottom: 2px solid #bbb } td { border-bottom: 1px solid #e5e5e5 } td.n, th.n { text-align: right }
img { width: 100%; height: auto } a { color: #0060a0 }
.post { color: #555; overflow-wrap: anywhere }
.watch, .warning, .critical, .suppressed { padding: .05rem .5rem; border-radius: .6rem; white-space: nowrap }
.watch { background: #f7f0a0 } .warning { background: #f5ce80 } .critical { background: #cc3311; color: #fff }
.suppressed { background: none; color: #666; border: 1px dashed #999 }
"""


def page(sections: Sequence[Section], zone: tzinfo = UTC) -> str:
    """Return the page as HTML with relative links only and times in a zone; all text in it is escaped."""
    rows = "".join(map(_row, sections)) or '<tr><td colspan="4">No brand had a closed bucket.</td></tr>\n'
    head = '<tr><th>brand</th><th class="n">mentions</th><th class="n">fullest bucket</th><th>incidents</th></tr>\n'
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>firewatch: what happened</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>firewatch: what happened</h1>\n<table>\n{head}{rows}</table>\n"
        f"{''.join(_section(section, zone) for section in sections)}</body>\n</html>\n"
    )


def _row(section: Section) -> str:
    badges = " ".join(_badge(alert) for _, alert in section.incidents) or "none"
    return (
        f'<tr><td><a href="#{_anchor(section)}">{escape(section.name)}</a></td><td class="n">{section.mentions:,}</td>'
        f'<td class="n">{section.peak:,}</td><td>{badges}</td></tr>\n'
    )


def _section(section: Section, zone: tzinfo) -> str:
    zoomed = {each.number for each in section.zoomed}
    incidents = "".join(
        f'<tr><td class="n">{_link(section, number) if number in zoomed else number}</td><td>{_badge(alert)}</td>'
        f"<td>{_moment(alert.since, zone)}</td>"
        f"<td>{_moment(alert.ends_at, zone) if alert.ends_at else 'open'}</td>"
        f"<td>{escape(alert.summary)}<br>{escape(alert.annotations.get('description', ''))}{_texts(alert)}</td></tr>\n"
        for number, alert in section.incidents
    )
    head = (
        f'<tr><th class="n">no.</th><th>severity</th><th>from ({escape(str(zone))})</th><th>to</th><th>what</th></tr>\n'
    )
    name = escape(section.name)
    image = _image(section.chart, f"{name}: volume, negative share and scores over time")
    raised = f"<table>\n{head}{incidents}</table>" if incidents else "<p>No incident.</p>"
    charts = "".join(_zoom(section, each, zone) for each in section.zoomed)
    return f'<h2 id="{_anchor(section)}">{name}</h2>\n{image}\n{raised}\n{charts}'


def _zoom(section: Section, incident: IncidentSection, zone: tzinfo) -> str:
    begin = _moment(incident.last.starts_at, zone)
    title = f"{escape(section.name)}: incident {incident.number}, {begin}"
    return (
        f'<h3 id="{_anchor(section)}-{incident.number}">{title}</h3>\n'
        f"{_image(incident.chart, f'{title}: volume, negative share and scores')}\n"
    )


def _link(section: Section, number: int) -> str:
    return f'<a href="#{_anchor(section)}-{number}">{number}</a>'


def _image(file: str, escaped_description: str) -> str:
    return f'<img loading="lazy" src="{escape(quote(file))}" alt="{escaped_description}">'


def _moment(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _texts(alert: Alert) -> str:
    """Return the posts whose texts the alert has."""
    return "".join(
        f'<br><span class="post">“{escape(text)}” – {escape(post.source)}</span>'
        for post in alert.samples
        if (text := visible(post.text or ""))
    )


def _badge(alert: Alert) -> str:
    if alert.suppressed:
        return f'<span class="suppressed">{alert.severity}: {escape(alert.suppressed.replace("_", " "))}</span>'
    return f'<span class="{alert.severity}">{alert.severity}</span>'


def _anchor(section: Section) -> str:
    return escape(quote(section.chart.removesuffix(".png")))
