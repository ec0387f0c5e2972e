"""Several trials, side by side in processes of their own."""

from __future__ import annotations

import os
import sys
from concurrent.futures import wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from streams.offline.evaluation.trial import Trial, run_trial
from streams.offline.simulate import Simulation
from streams.runtime.processes import CONTEXT, process_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.queues import SimpleQueue

    from streams.config import Config
    from streams.offline.simulate import SimulationSettings

    Report = Callable[[int, float], None]

_LOOK_SECONDS: Final = 0.5


def run_trials(
    wanted: Sequence[SimulationSettings], config: Config, *, processes: int | None = None, shown: bool | None = None
) -> list[Trial]:
    """Run at least one trial and give their results in the order asked for.

    Parameters
    ----------
    wanted
        One simulation a trial.
    config
        Watches the brands of all of them.
    processes
        How many at the same time; as many as there are cores by default.
    shown
        Whether progress is shown on stderr; by default if that is a terminal.

    Raises
    ------
    ConfigError
        If a scenario does not fit, before anything is run.
    """
    for settings in wanted:
        Simulation(settings)
    workers = min(len(wanted), processes or os.cpu_count() or 1)
    with _bars(wanted, sys.stderr.isatty() if shown is None else shown) as report:
        if workers > 1:
            return _side_by_side(wanted, config, workers, report)
        return [run_trial(settings, config, partial(report, position)) for position, settings in enumerate(wanted)]


def _side_by_side(wanted: Sequence[SimulationSettings], config: Config, workers: int, report: Report) -> list[Trial]:
    reports: SimpleQueue[tuple[int, float]] = CONTEXT.SimpleQueue()
    with process_pool(workers, _begin, reports) as others:
        running = [
            others.submit(_reporting_trial, settings, config, position) for position, settings in enumerate(wanted)
        ]
        left = set(running)
        while left:
            done, left = wait(left, _LOOK_SECONDS)
            for future in done:
                future.result()
            while not reports.empty():
                report(*reports.get())
        return [future.result() for future in running]


_reports: list[SimpleQueue[tuple[int, float]]] = []


def _begin(reports: SimpleQueue[tuple[int, float]]) -> None:
    _reports.append(reports)


def _reporting_trial(settings: SimulationSettings, config: Config, position: int) -> Trial:
    return run_trial(settings, config, lambda minutes: _reports[0].put((position, minutes)))


@contextmanager
def _bars(wanted: Sequence[SimulationSettings], shown: bool) -> Iterator[Report]:
    """One bar a trial; yields what moves the bar at some position to some simulated minute."""
    if not shown:
        yield lambda _position, _minutes: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = [bars.add_task(f"seed {settings.seed}", total=settings.minutes) for settings in wanted]
        yield lambda position, minutes: bars.update(tasks[position], completed=minutes)
