"""Write a report as one self-contained HTML file with embedded charts; all text in it is escaped."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Final

from streams.core.ingest.links import safe_link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.figure import Figure

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto; padding: 0 1rem;
  max-width: 84rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem } h3 { font-size: 1rem; margin: 1rem 0 .2rem }
table { border-collapse: collapse } th, td { text-align: left; padding: .25rem 1.2rem .25rem 0 }
th { border-bottom: 2px solid #bbb } td { border-bottom: 1px solid #e5e5e5 }
pre { background: #f6f6f6; padding: .6rem; overflow-x: auto } img { width: 100%; height: auto }
img.small { max-width: 44rem } td { vertical-align: top } td a { overflow-wrap: anywhere }
"""


def page(title: str, body: Iterable[str]) -> str:
    """Return the whole file; `body` is HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"{''.join(part + chr(10) for part in body)}</body>\n</html>\n"
    )


def pre(lines: Iterable[str]) -> str:
    """Return lines as preformatted text."""
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def link(url: str) -> str:
    """Return a link that shows its address; only the address if it is none that `safe_link` passes on."""
    safe = safe_link(url)
    return escape(url) if safe is None else f'<a href="{escape(safe)}" rel="noopener noreferrer">{escape(safe)}</a>'


def image(drawn: Figure, description: str, style: str = "") -> str:
    """Return a chart as an embedded image, with a description for those who can't see it."""
    buffer = BytesIO()
    drawn.savefig(buffer, format="png")
    data = b64encode(buffer.getvalue()).decode()
    return f'<img class="{style}" alt="{escape(description)}" src="data:image/png;base64,{data}">'
