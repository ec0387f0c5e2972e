"""Scored mentions played through configs, side by side in processes of their own."""

from __future__ import annotations

import gc
import os
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.backtest.lanes import LaneReader
from streams.course import Course
from streams.evaluation.matching import raised
from streams.monitor import PartitionMonitor
from streams.sources.progress_bar import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.sharedctypes import SynchronizedArray
    from pathlib import Path

    from streams.backtest.lanes import Mentions
    from streams.config import Config
    from streams.evaluation.matching import Raised
    from streams.monitor import Outcome
    from streams.records import Alert

_LOOK_SECONDS: Final = 0.5

SMALL_BYTES: Final = 4_000_000
"""Of mentions that are detected over faster than other processes start."""


_GARBAGE: Final = (200_000, 20, 50)
"""When to look for garbage, in terms of `gc.set_threshold`: with Python's own thresholds all that is known of the
brands is looked through so often that it takes an eighth of the time."""


@dataclass(slots=True)
class Played:
    """What a config made of the mentions.

    Attributes
    ----------
    name
        Of the config, for people.
    courses
        Counts and scores of each brand; none if they were not asked for.
    alerts
        In order of time.
    counted, late
        Mentions put into windows, and beside them.
    seconds
        Of CPU that it took.
    """

    name: str
    config: Config
    courses: dict[str, Course] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    counted: int = 0
    late: int = 0
    seconds: float = 0.0

    @property
    def raised(self) -> list[Raised]:
        """The incidents behind the alerts."""
        return raised(self.alerts)

    def steps(self, brand: str) -> list[list[Alert]]:
        """The alerts of each incident of a brand; one that begins again counts again."""
        incidents: dict[tuple[str, int], list[Alert]] = {}
        for alert in self.alerts:
            if alert.brand == brand:
                incidents.setdefault((alert.fingerprint, alert.reopened), []).append(alert)
        return list(incidents.values())


class _Task(NamedTuple):
    """One lane by one config."""

    place: int
    config: Config
    lane: Path
    courses: bool


def play(
    configs: Sequence[tuple[str, Config]], mentions: Mentions, *, courses: bool = True, processes: int | None = None
) -> list[Played]:
    """Run configs over scored mentions: what each would have raised, by the code that detects live.

    Parameters
    ----------
    configs
        With a name for people; none needs to be the one that scored.
    mentions
        Read by every config.
    courses
        Whether counts and scores of every bucket are kept.
    processes
        How many run at the same time; by default as many as there are cores, or one for few mentions.
    """
    played = [Played(name, config) for name, config in configs]
    tasks = [_Task(place, each.config, lane, courses) for place, each in enumerate(played) for lane in mentions.lanes]
    sizes = {lane: lane.stat().st_size for lane in mentions.lanes}
    tasks.sort(key=lambda task: sizes[task.lane], reverse=True)
    total = sum(sizes[task.lane] for task in tasks)
    small = total <= SMALL_BYTES
    side_by_side = min(len(tasks), processes or (1 if small else os.cpu_count() or 1))
    with bar(mentions.name, "bytes") as show:
        for task, part in _parts(tasks, side_by_side, lambda consumed: show(consumed, total)):
            whole = played[task.place]
            whole.courses |= part.courses
            whole.alerts += part.alerts
            whole.counted += part.counted
            whole.late += part.late
            whole.seconds += part.seconds
    for each in played:
        each.alerts.sort(key=lambda alert: (alert.at, alert.brand))
    return played


@dataclass(slots=True)
class _Part:
    """What came of one task."""

    courses: dict[str, Course] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    counted: int = 0
    late: int = 0
    seconds: float = 0.0

    def take(self, outcome: Outcome, *, courses: bool) -> None:
        for window in outcome.windows:
            self.counted += window.count
            self.late += window.late
            if courses:
                self.courses.setdefault(window.brand, Course()).add(window)
        self.alerts += outcome.alerts


def _parts(tasks: Sequence[_Task], processes: int, on_bytes: Callable[[int], None]) -> Iterator[tuple[_Task, _Part]]:
    """What came of each task as it ends; `on_bytes` hears what all have read so far."""
    if processes == 1:
        before = 0

        def on_bytes_of_lane(consumed: int) -> None:
            on_bytes(before + consumed)

        for task in tasks:
            yield task, _run(task, on_bytes_of_lane)
            before += task.lane.stat().st_size
        return
    context = get_context("spawn")
    consumed = context.Array("Q", len(tasks))
    with ProcessPoolExecutor(processes, context, _begin, (consumed,)) as pool:
        running = {pool.submit(_run_there, task, place): task for place, task in enumerate(tasks)}
        left = set(running)
        while left:
            done, left = wait(left, _LOOK_SECONDS, FIRST_COMPLETED)
            on_bytes(sum(consumed[:]))
            for future in done:
                yield running.pop(future), future.result()


def _run(task: _Task, on_bytes: Callable[[int], None]) -> _Part:
    part = _Part()
    started = time.process_time()
    monitor = PartitionMonitor(task.config, 0)
    lane = LaneReader(task.lane)
    for batch in lane.batches():
        for record in batch:
            monitor.absorb(record)
        part.take(monitor.advance(), courses=task.courses)
        on_bytes(lane.consumed_bytes)
    part.take(monitor.finish(), courses=task.courses)
    part.seconds = time.process_time() - started
    return part


_consumed: list[SynchronizedArray[int]] = []


def _begin(consumed: SynchronizedArray[int]) -> None:
    _consumed.append(consumed)
    gc.set_threshold(*_GARBAGE)


def _run_there(task: _Task, place: int) -> _Part:
    def on_bytes(consumed: int) -> None:
        _consumed[0][place] = consumed

    return _run(task, on_bytes)
