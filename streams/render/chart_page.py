"""Write the page that shows the charts of all brands and their incidents."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.records import Alert


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
        Last alert of each incident.
    """

    name: str
    chart: str
    mentions: int
    peak: int
    incidents: Sequence[Alert]


_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto; padding: 0 1rem;
  max-width: 84rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem }
table { border-collapse: collapse; margin: .5rem 0 1rem }
th, td { text-align: left; padding: .25rem 1.2rem .25rem 0; vertical-align: top }
th { border-bottom: 2px solid #bbb } td { border-bottom: 1px solid #e5e5e5 } td.n, th.n { text-align: right }
img { width: 100%; height: auto } a { color: #0060a0 }
.watch, .warning, .critical, .suppressed { padding: .05rem .5rem; border-radius: .6rem; white-space: nowrap }
.watch { background: #f7f0a0 } .warning { background: #f5ce80 } .critical { background: #cc3311; color: #fff }
.suppressed { background: none; color: #666; border: 1px dashed #999 }
"""


def page(sections: Sequence[Section]) -> str:
    """Return the page as HTML with relative links only; all text in it is escaped."""
    rows = "".join(map(_row, sections)) or '<tr><td colspan="4">No brand had a closed bucket.</td></tr>\n'
    head = '<tr><th>brand</th><th class="n">mentions</th><th class="n">fullest bucket</th><th>incidents</th></tr>\n'
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>firewatch: what happened</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>firewatch: what happened</h1>\n<table>\n{head}{rows}</table>\n"
        f"{''.join(map(_section, sections))}</body>\n</html>\n"
    )


def _row(section: Section) -> str:
    badges = " ".join(_badge(alert) for alert in section.incidents) or "none"
    return (
        f'<tr><td><a href="#{_anchor(section)}">{escape(section.name)}</a></td><td class="n">{section.mentions:,}</td>'
        f'<td class="n">{section.peak:,}</td><td>{badges}</td></tr>\n'
    )


def _section(section: Section) -> str:
    incidents = "".join(
        f"<tr><td>{_badge(alert)}</td><td>{alert.starts_at:%a %Y-%m-%d %H:%M}</td>"
        f"<td>{f'{alert.ends_at:%a %Y-%m-%d %H:%M}' if alert.ends_at else 'open'}</td>"
        f"<td>{escape(alert.summary)}<br>{escape(alert.annotations.get('description', ''))}</td></tr>\n"
        for alert in section.incidents
    )
    head = "<tr><th>severity</th><th>from (UTC)</th><th>to</th><th>what</th></tr>\n"
    name, source = escape(section.name), escape(quote(section.chart))
    image = f'<img src="{source}" alt="{name}: volume, negative share and scores over time">'
    raised = f"<table>\n{head}{incidents}</table>" if incidents else "<p>No incident.</p>"
    return f'<h2 id="{_anchor(section)}">{name}</h2>\n{image}\n{raised}\n'


def _badge(alert: Alert) -> str:
    if alert.suppressed:
        return f'<span class="suppressed">{alert.severity}: {escape(alert.suppressed.replace("_", " "))}</span>'
    return f'<span class="{alert.severity}">{alert.severity}</span>'


def _anchor(section: Section) -> str:
    return escape(quote(section.chart.removesuffix(".png")))
