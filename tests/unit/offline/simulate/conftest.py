from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from streams.offline.simulate import Simulation, SimulationSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.offline.simulate.publishing import Arrival


@dataclass
class Run:
    """A finished simulation."""

    simulation: Simulation
    arrivals: list[Arrival]
    truth: dict[str, Any]

    @property
    def unique(self) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if not arrival.duplicate]

    def event(self, kind: str) -> dict[str, Any]:
        (event,) = [event for event in self.truth["events"] if event["kind"] == kind]
        return event  # type: ignore[no-any-return]


def _finish(settings: SimulationSettings) -> Run:
    simulation = Simulation(settings)
    arrivals = list(simulation.arrivals())
    return Run(simulation, arrivals, simulation.truth())


@pytest.fixture(scope="session")
def finish() -> Callable[[SimulationSettings], Run]:
    """Runs a simulation to its end."""
    return _finish


@pytest.fixture(scope="session")
def day() -> Run:
    """The default day with all events."""
    return _finish(SimulationSettings())


@pytest.fixture(scope="session")
def calm_days() -> list[Run]:
    """The same day without events, six times: what is usual, and how far it varies."""
    return [_finish(SimulationSettings(scenario="calm", seed=seed)) for seed in range(6)]


@pytest.fixture(scope="session")
def calm_day(calm_days: list[Run]) -> Run:
    """One of them."""
    return calm_days[0]


@pytest.fixture(scope="session")
def calm_weeks() -> Run:
    """Two weeks without events of a mostly German and a mostly English brand."""
    return _finish(SimulationSettings(days=14, brands=2, scenario="calm"))
