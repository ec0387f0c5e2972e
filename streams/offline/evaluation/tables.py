"""Format the figures of an evaluation as Markdown tables."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from detectors.units import MINUTE_MS
from streams.offline.evaluation.figures import CRISES, LIMITS, Delays, Figures
from streams.offline.incident_matching import CLASSIFICATIONS, LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.offline.simulate import Kind

_WIDTH = 160


def rendered(figures: Figures, oracle: Mapping[Kind, float]) -> str:
    """Return all tables, with the share of each kind of crisis that an oracle finds in time."""
    parts = [_about(figures)]
    if any(kind in figures.kinds for kind in CRISES):
        parts.append(f"Crises: recall and delay from onset\n\n{_crises(figures, oracle)}")
    if figures.kinds:
        parts.append(f"Events by the level as which they were raised\n\n{_raised(figures)}")
        parts.append(f"Events by their classification\n\n{_confusion(figures)}")
    parts.append(f"Incidents that count for no event\n\n{_others(figures)}")
    return "\n".join(parts)


def _about(figures: Figures) -> str:
    seeds = ", ".join(map(str, figures.seeds))
    return f"seeds {seeds}; {figures.brand_weeks:g} brand-weeks, {figures.posts:,} posts\n"


def _crises(figures: Figures, oracle: Mapping[Kind, float]) -> str:
    headings = [
        "kind", "cases", "raised as", "recall", "in time", "an oracle", "median", "90th percentile", "posts by then"
    ]  # fmt: skip
    rows = []
    for kind in CRISES:
        if kind not in figures.kinds:
            continue
        of_kind = figures.kinds[kind]
        in_time = f"{of_kind.in_time:.0%} in {duration(LIMITS[kind])}"
        best = f"{oracle[kind]:.0%}"
        rows.append([kind, str(of_kind.cases), "warning or above", *_delays(of_kind.warning, in_time, best)])
        rows.append(["", "", "watch or above", *_delays(of_kind.watch, "", "")])
    return _table(headings, rows)


def _delays(delays: Delays, in_time: str, best: str) -> list[str]:
    posts = "" if delays.median_posts is None else f"{delays.median_posts:.0f}"
    return [f"{delays.share:.0%}", in_time, best, duration(delays.median_ms), duration(delays.p90_ms), posts]


def _raised(figures: Figures) -> str:
    levels = LEVELS[::-1]
    rows = []
    for kind, of_kind in figures.kinds.items():
        counts = [str(of_kind.raised_as[level]) for level in levels]
        rows.append([_name(kind), str(of_kind.cases), *counts, f"{of_kind.warning.share:.1%}"])
    return _table(["kind", "cases", *levels, "warning or above"], rows)


def _confusion(figures: Figures) -> str:
    classes = CLASSIFICATIONS[::-1]
    rows = [
        [_name(kind), str(of_kind.cases), *(str(of_kind.taken_for[name]) for name in classes)]
        for kind, of_kind in figures.kinds.items()
    ]
    return _table(["kind", "cases", *classes], rows)


def _name(kind: Kind) -> str:
    roles = {"launch": "launch (praise)", "surge": "surge (per brand)", "outage": "outage (per brand)"}
    return roles.get(kind, kind)


def _others(figures: Figures) -> str:
    watch, warning = figures.false_count("watch"), figures.false_count("warning")
    counts = {
        "at warning or above": warning,
        "at any severity": watch,
        "only suppressed": figures.others["suppressed"],
    }
    rows = [[name, str(count), f"{count / figures.brand_weeks:.3f}"] for name, count in counts.items()]
    return _table(["false incidents", "count", "per brand-week"], rows)


def duration(ms: float | None) -> str:
    """Format a duration; an empty text for None.

    >>> duration(95_000), duration(600_000), duration(3 * 3_600_000), duration(None)
    ('1.58 min', '10 min', '3 h', '')
    """
    if ms is None:
        return ""
    minutes = ms / MINUTE_MS
    return f"{minutes:.3g} min" if minutes < 120 else f"{minutes / 60:.3g} h"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    table = Table(box=MARKDOWN)
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position and heading != "raised as" else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    out = StringIO()
    Console(file=out, width=_WIDTH).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines() if line.strip()) + "\n"
