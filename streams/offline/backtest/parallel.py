"""Work over lanes of mentions, side by side in processes of their own, with a progress bar."""

from __future__ import annotations

import gc
import os
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from streams.offline.backtest.partition_files import PartitionFileReader
from streams.render.progress_bar import bar
from streams.runtime.processes import CONTEXT, process_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.sharedctypes import SynchronizedArray
    from pathlib import Path

_LOOK_SECONDS: Final = 0.5

SMALL_BYTES: Final = 4_000_000
"""Of mentions that are detected over faster than other processes start."""

_GARBAGE: Final = (200_000, 20, 50)
"""When to look for garbage, in terms of `gc.set_threshold`: with Python's own thresholds all that is known of the
brands is looked through so often that it takes an eighth of the time."""

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Work(Protocol[T_co]):
    """Reads a lane to its end; it is sent to other processes."""

    def __call__(self, lane: PartitionFileReader, on_batch: Callable[[], None]) -> T_co:
        """Call `on_batch` after each batch."""


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """What to do with which lane."""

    lane: Path
    work: Work[T]


def side_by_side(name: str, jobs: Sequence[Job[T]], processes: int | None = None) -> Iterator[tuple[int, T]]:
    """Do all jobs, the longest first; yields the place of each and what came of it as soon as it is done.

    Parameters
    ----------
    name
        Stands beside the progress bar.
    jobs
        Independent of each other.
    processes
        How many run at the same time; by default as many as there are cores, or one for few mentions.
    """
    sizes = [job.lane.stat().st_size for job in jobs]
    order = sorted(range(len(jobs)), key=lambda place: sizes[place], reverse=True)
    total = sum(sizes)
    workers = min(len(jobs), processes or (1 if total <= SMALL_BYTES else os.cpu_count() or 1))
    with bar(name, "bytes") as show:

        def on_bytes(consumed: int) -> None:
            show(consumed, total)

        yield from (_here(jobs, order, on_bytes) if workers == 1 else _there(jobs, order, workers, on_bytes))


def _here(jobs: Sequence[Job[T]], order: Sequence[int], on_bytes: Callable[[int], None]) -> Iterator[tuple[int, T]]:
    before = 0
    for place in order:
        lane = PartitionFileReader(jobs[place].lane)

        def on_batch(lane: PartitionFileReader = lane, before: int = before) -> None:
            on_bytes(before + lane.consumed_bytes)

        yield place, jobs[place].work(lane, on_batch)
        before += lane.consumed_bytes


def _there(
    jobs: Sequence[Job[T]], order: Sequence[int], workers: int, on_bytes: Callable[[int], None]
) -> Iterator[tuple[int, T]]:
    consumed = CONTEXT.Array("Q", len(jobs))
    with process_pool(workers, _begin, consumed) as others:
        running = {others.submit(_run, jobs[place], place): place for place in order}
        left = set(running)
        while left:
            done, left = wait(left, _LOOK_SECONDS, FIRST_COMPLETED)
            on_bytes(sum(consumed[:]))
            for future in done:
                yield running.pop(future), future.result()


_consumed: list[SynchronizedArray[int]] = []


def _begin(consumed: SynchronizedArray[int]) -> None:
    _consumed.append(consumed)
    gc.set_threshold(*_GARBAGE)


def _run(job: Job[T], place: int) -> T:
    lane = PartitionFileReader(job.lane)

    def on_batch() -> None:
        _consumed[0][place] = lane.consumed_bytes

    return job.work(lane, on_batch)
