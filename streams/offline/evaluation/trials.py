"""Run several trials in parallel, in processes of their own."""

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
from streams.runtime.processes import CONTEXT, ProcessPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.queues import SimpleQueue

    from streams.config import Config
    from streams.offline.simulate import SimulationSettings

    Report = Callable[[int, float], None]

_POLL_SECONDS: Final = 0.5


def run_trials(
    wanted: Sequence[SimulationSettings], config: Config, *, processes: int | None = None, shown: bool | None = None
) -> list[Trial]:
    """Run at least one trial, and return the results in the order of the simulations.

    Parameters
    ----------
    wanted
        One simulation for each trial.
    config
        Config that watches the brands of all simulations.
    processes
        Largest number of processes; by default the number of cores.
    shown
        Whether progress is shown on stderr; by default if stderr is a terminal.

    Raises
    ------
    ConfigError
        If a scenario does not fit into its simulation; nothing has run then.
    """
    for settings in wanted:
        Simulation(settings)
    workers = min(len(wanted), processes or os.cpu_count() or 1)
    with _bars(wanted, sys.stderr.isatty() if shown is None else shown) as report:
        if workers > 1:
            return _in_parallel(wanted, config, workers, report)
        return [run_trial(settings, config, partial(report, position)) for position, settings in enumerate(wanted)]


def _in_parallel(wanted: Sequence[SimulationSettings], config: Config, workers: int, report: Report) -> list[Trial]:
    reports: SimpleQueue[tuple[int, float]] = CONTEXT.SimpleQueue()
    with ProcessPool(workers, _share_reports, reports) as pool:
        running = [
            pool.submit(_reporting_trial, settings, config, position) for position, settings in enumerate(wanted)
        ]
        left = set(running)
        while left:
            done, left = wait(left, _POLL_SECONDS)
            for future in done:
                future.result()
            while not reports.empty():
                report(*reports.get())
        return [future.result() for future in running]


def _share_reports(reports: SimpleQueue[tuple[int, float]]) -> SimpleQueue[tuple[int, float]]:
    return reports


def _reporting_trial(
    reports: SimpleQueue[tuple[int, float]], settings: SimulationSettings, config: Config, position: int
) -> Trial:
    return run_trial(settings, config, lambda minutes: reports.put((position, minutes)))


@contextmanager
def _bars(wanted: Sequence[SimulationSettings], shown: bool) -> Iterator[Report]:
    """Show a bar for each trial; yield a function that moves the bar at a position to a simulated minute."""
    if not shown:
        yield lambda _position, _minutes: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = [bars.add_task(f"seed {settings.seed}", total=settings.minutes) for settings in wanted]
        yield lambda position, minutes: bars.update(tasks[position], completed=minutes)
