"""Run jobs over partition files in parallel, in processes of their own, with a progress bar."""

from __future__ import annotations

import gc
import os
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from streams.offline.backtest.partition_files import PartitionFileReader
from streams.render.progress_bar import bar
from streams.runtime.processes import CONTEXT, ProcessPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.sharedctypes import SynchronizedArray
    from pathlib import Path

_POLL_SECONDS: Final = 0.5

SMALL_BYTES: Final = 4_000_000
"""Size of mentions up to which detection takes less time than starting other processes."""

_GARBAGE_THRESHOLDS: Final = (200_000, 20, 50)
"""Arguments of `gc.set_threshold`: with Python's own thresholds the collector scans the state of all brands so often
that it takes an eighth of the time."""

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Work(Protocol[T_co]):
    """A picklable function that reads a partition file to its end."""

    def __call__(self, file: PartitionFileReader, on_batch: Callable[[], None]) -> T_co:
        """Read the file, and call `on_batch` after each batch."""


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """Work to be done on a partition file."""

    file: Path
    work: Work[T]


def run_jobs(name: str, jobs: Sequence[Job[T]], processes: int | None = None) -> Iterator[tuple[int, T]]:
    """Run all jobs, the longest first; yield the index and the result of each as soon as it is done.

    Parameters
    ----------
    name
        Title of the progress bar.
    jobs
        Jobs that are independent of each other.
    processes
        Largest number of processes; by default the number of cores, or one for few mentions.
    """
    sizes = [job.file.stat().st_size for job in jobs]
    order = sorted(range(len(jobs)), key=lambda index: sizes[index], reverse=True)
    total = sum(sizes)
    workers = min(len(jobs), processes or (1 if total <= SMALL_BYTES else os.cpu_count() or 1))
    with bar(name, "bytes") as show:

        def on_bytes(consumed: int) -> None:
            show(consumed, total)

        run = _run_in_this_process if workers == 1 else _run_in_pool
        yield from run(jobs, order, workers, on_bytes)


def _run_in_this_process(
    jobs: Sequence[Job[T]], order: Sequence[int], _workers: int, on_bytes: Callable[[int], None]
) -> Iterator[tuple[int, T]]:
    before = 0
    for index in order:
        file = PartitionFileReader(jobs[index].file)

        def on_batch(file: PartitionFileReader = file, before: int = before) -> None:
            on_bytes(before + file.consumed_bytes)

        yield index, jobs[index].work(file, on_batch)
        before += file.consumed_bytes


def _run_in_pool(
    jobs: Sequence[Job[T]], order: Sequence[int], workers: int, on_bytes: Callable[[int], None]
) -> Iterator[tuple[int, T]]:
    consumed = CONTEXT.Array("Q", len(jobs))
    with ProcessPool(workers, _share_consumed, consumed) as pool:
        running = {pool.submit(_run_job, jobs[index], index): index for index in order}
        left = set(running)
        while left:
            done, left = wait(left, _POLL_SECONDS, FIRST_COMPLETED)
            on_bytes(sum(consumed[:]))
            for future in done:
                yield running.pop(future), future.result()


def _share_consumed(consumed: SynchronizedArray[int]) -> SynchronizedArray[int]:
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    return consumed


def _run_job(consumed: SynchronizedArray[int], job: Job[T], index: int) -> T:
    file = PartitionFileReader(job.file)

    def on_batch() -> None:
        consumed[index] = file.consumed_bytes

    return job.work(file, on_batch)
