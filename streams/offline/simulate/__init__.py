"""Simulate posts with a known truth, in German and English: fictional brands, their usual days, and events.

A post is a JSON object in the input format (`streams.core.ingest.parsing`). Posts come in order of *arrival*, so that
late posts and duplicates appear where a collector would have received them. The truth is a JSON object:

``version``, ``seed``, ``start``, ``end``
    Version of the format, and seed and time of the run; times are ISO 8601, UTC.
``brands``
    ``id``, ``name`` and ``usual_posts_per_day`` of each brand.
``events``
    ``kind``, ``brand`` (null if it affects all), ``source`` (of an outage), ``onset``, ``peak``, ``end``; ``factor``,
    the planned volume at the peak as a multiple of the usual volume at that minute; ``posts``, the number of unique
    posts that exist because of the event; ``negative_share``, the share of these with a negative tone; ``topic`` and
    ``hashtags``, the subject of these posts and their characteristic terms.
``posts``, ``duplicates``, ``late``
    Numbers of unique posts, of further lines that repeat one of them, and of unique posts that arrive after a post with
    a later ``created_at``. The file has ``posts`` + ``duplicates`` lines.
``mentions``
    Number of unique posts that name each brand; a post may name two.
"""

from collections.abc import Iterator
from typing import Any

from streams.offline.simulate.settings import KINDS, Kind, SimulationSettings
from streams.offline.simulate.simulation import Simulation
from streams.offline.simulate.writer import config_yaml, write

__all__ = ["KINDS", "Kind", "Simulation", "SimulationSettings", "config_yaml", "simulate", "truth", "write"]


def simulate(settings: SimulationSettings) -> Iterator[dict[str, Any]]:
    """Yield posts in order of arrival, drawn one by one.

    >>> post = next(simulate(SimulationSettings()))
    >>> post["created_at"][:16], post["lang"] in ("de", "en"), post["url"].startswith("https://example.org/")
    ('2026-03-02T00:00', True, True)
    """
    return (arrival.post for arrival in Simulation(settings).arrivals())


def truth(settings: SimulationSettings) -> dict[str, Any]:
    """Return the truth about these posts, which takes as long as drawing them; `write` does both at once."""
    run = Simulation(settings)
    for _ in run.arrivals():
        pass
    return run.truth()
