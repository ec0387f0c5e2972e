"""Posts with a known truth: fictional brands in German and English, their usual days, and what happens to them.

A post is a JSON object in the input format (`streams.core.ingest.parsing`). Posts come in order of *arrival*, so that
late ones and duplicates stand where a collector would have met them. The truth is a JSON object:

``version``, ``seed``, ``start``, ``end``
    Of the run; times are ISO 8601, UTC.
``brands``
    ``id``, ``name`` and ``usual_posts_per_day`` of each.
``events``
    ``kind``, ``brand`` (null if it befalls all), ``source`` (of an outage), ``onset``, ``peak``, ``end``; ``factor``,
    the planned volume at the peak as a multiple of what is usual at that minute; ``posts``, the unique posts that exist
    because of the event; ``negative_share``, the share of these that are meant negatively; ``topic`` and ``hashtags``,
    what they speak of and the terms that stand out.
``posts``, ``duplicates``, ``late``
    Unique posts; further lines that repeat one of them; unique posts that arrive after a post with a later
    ``created_at``. The file has ``posts`` + ``duplicates`` lines.
``mentions``
    Unique posts that name each brand; a post may name two.
"""

from collections.abc import Iterator
from typing import Any

from streams.offline.simulate.settings import KINDS, Kind, SimulationSettings
from streams.offline.simulate.simulation import Simulation
from streams.offline.simulate.writer import config_yaml, write

__all__ = ["KINDS", "Kind", "Simulation", "SimulationSettings", "config_yaml", "simulate", "truth", "write"]


def simulate(settings: SimulationSettings) -> Iterator[dict[str, Any]]:
    """Posts in order of arrival, drawn one by one.

    >>> post = next(simulate(SimulationSettings()))
    >>> post["created_at"][:16], post["lang"] in ("de", "en"), post["url"].startswith("https://example.org/")
    ('2026-03-02T00:00', True, True)
    """
    return (arrival.post for arrival in Simulation(settings).arrivals())


def truth(settings: SimulationSettings) -> dict[str, Any]:
    """What is true about these posts; it takes as long as drawing them. `write` returns it without drawing twice."""
    run = Simulation(settings)
    for _ in run.arrivals():
        pass
    return run.truth()
