"""Tables and spans of time as the commands of operators print them."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table


def screen_table() -> Table:
    """Return an empty table."""
    return Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 2, 0, 0), border_style="dim", header_style="bold")


def span(seconds: float) -> str:
    """Return a span of time in the largest unit of which it has two at least.

    >>> span(90), span(900), span(0.4)
    ('90 s', '15 min', '0 s')
    """
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
