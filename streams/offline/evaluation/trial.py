"""Run a trial: replay a simulation, and compare its alerts with its truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import orjson

from detectors.units import MINUTE_MS
from streams.config import Config
from streams.config.loader import load_config
from streams.offline.incident_matching import EventOutcome, RaisedIncident, brand_events, match, raised
from streams.offline.replay import Replay
from streams.offline.simulate import Simulation
from streams.offline.simulate.world import world
from streams.sources.base import Line, Source
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from streams.offline.simulate import SimulationSettings
    from streams.records import Alert

_CHUNK: Final = 1_000
"""Number of posts in a chunk, about as many as in one of a file."""


class SimulatedPosts(Source):
    """A simulation as a source that draws its posts on request, once.

    Attributes
    ----------
    posts_ms
        Times at which the posts of each event so far were written, by the position of the event in the truth.
    """

    def __init__(self, settings: SimulationSettings) -> None:
        self.name = f"simulation {settings.seed}"
        self.posts_ms: dict[int, list[int]] = defaultdict(list)
        self.simulation = Simulation(settings)
        self._newest_ms = settings.start_ms

    @property
    def passed_minutes(self) -> float:
        """Return the simulated minutes so far."""
        return (self._newest_ms - self.simulation.settings.start_ms) / MINUTE_MS

    def chunks(self) -> Iterator[list[Line]]:
        """Yield chunks of lines in order of arrival."""
        lines = self._lines()
        while chunk := list(islice(lines, _CHUNK)):
            yield chunk

    def _lines(self) -> Iterator[Line]:
        for post, draft, duplicate in self.simulation.arrivals():
            if draft.event is not None and not duplicate:
                self.posts_ms[draft.event].append(draft.created_ms)
            self._newest_ms = max(self._newest_ms, draft.created_ms)
            data = orjson.dumps(post)
            self.consumed_bytes += len(data) + 1
            yield Line(data, self.consumed_bytes)


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of one simulation.

    Parameters
    ----------
    seed, brands, days
        Settings of the simulation.
    posts
        Number of usable posts, repeats included.
    seconds
        Time taken by simulation and replay together.
    outcomes
        Outcome of each case.
    others
        Incidents that count for no case.
    """

    seed: int
    brands: int
    days: float
    posts: int
    seconds: float
    outcomes: list[EventOutcome]
    others: list[RaisedIncident]

    @property
    def brand_weeks(self) -> float:
        """Return the time for which brands were watched, summed over all brands."""
        return self.brands * self.days / 7


def config_for(brands: int, config_path: Path | None = None) -> Config:
    """Return a config that watches the first brands of the simulated world.

    Parameters
    ----------
    brands
        Number of brands.
    config_path
        Config with all other settings; the defaults without it.

    Raises
    ------
    ConfigError
        If the file can't be used.
    """
    base = load_config(config_path).model_dump() if config_path else {}
    return Config.model_validate(base | {"brands": [brand.to_config() for brand in world(brands)]})


def run_trial(
    settings: SimulationSettings, config: Config, on_progress: Callable[[float], None] = lambda _: None
) -> Trial:
    """Simulate posts, replay them, and compare the alerts with the truth.

    Parameters
    ----------
    settings
        Settings of the simulation.
    config
        Config that watches its brands.
    on_progress
        Function that is called now and then with the simulated minutes so far.

    Raises
    ------
    ConfigError
        If the scenario does not fit the brands or the days.
    """
    source = SimulatedPosts(settings)
    alerts: list[Alert] = []
    replay = Replay(config, load_model(), alerts.append)
    summary = replay.run(source, lambda: on_progress(source.passed_minutes))
    events = brand_events(source.simulation.truth(), source.posts_ms)
    outcomes, others = match(events, raised(alerts))
    return Trial(settings.seed, settings.brands, settings.days, summary.posts, summary.seconds, outcomes, others)
