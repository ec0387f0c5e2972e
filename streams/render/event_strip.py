"""The strip above the charts of a brand: events of a simulation, or labels, as bars over time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from streams.render.palette import GREY, INK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes


def event_span(event: Mapping[str, Any]) -> tuple[float, float]:
    """Return the begin and end of an event in days since the epoch."""
    return _day_of(event["onset"]), _day_of(event["end"])


def draw_events(axis: Axes, events: Sequence[Mapping[str, Any]], span: tuple[float, float], name: str) -> None:
    """Draw the events that overlap with a span, one a row.

    Parameters
    ----------
    events
        Events with `kind`, `brand` and the moments `onset`, `peak` and `end` in ISO 8601.
    span
        Begin and end of the axis in days since the epoch.
    name
        Label of the strip; none if it is empty.
    """
    first, last = span
    for row, event in enumerate(events):
        begin, end = event_span(event)
        if begin >= last or end <= first:
            continue
        begin, peak, end = max(begin, first), _day_of(event["peak"]), min(end, last)
        axis.broken_barh([(begin, end - begin)], (row + 0.2, 0.6), color=INK if event["brand"] else GREY, alpha=0.8)
        if begin < peak < end:
            axis.plot([peak], [row + 0.5], marker="|", color="white", markersize=8)
        affected = f" of {event['source']}" if event.get("source") else "" if event["brand"] else " of all brands"
        axis.text(
            end, row + 0.45, f"  {event['kind'].replace('_', ' ')}{affected}", va="center", fontsize=8.5, color=INK,
            parse_math=False,
        )  # fmt: skip
    axis.set_ylim(len(events), 0)
    axis.set_yticks([])
    if name:
        axis.set_ylabel(name, rotation=0, ha="right", va="center", color=INK)
    axis.tick_params(axis="x", bottom=False)
    axis.spines[:].set_visible(False)


def _day_of(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp() / 86_400
