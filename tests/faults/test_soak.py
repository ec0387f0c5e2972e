"""A long time under load: memory does not grow, and the work goes on.

``FAULTS_SOAK_MINUTES`` is how long, by default half an hour.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.load import Load

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

MINUTES = float(os.environ.get("FAULTS_SOAK_MINUTES") or 30)
POSTS_PER_SECOND = 300
POSTS_PER_DAY = 35_000

SAMPLE_SECONDS = 5.0
WARMING_SHARE = 0.5
"""Of the time, after which caches are full."""

CONFIG = {"ingest": {"recent_ids": 5_000}}
"""Memories that fill within a minute, so that what still grows afterwards is a leak."""

MAX_GROWTH = 0.05
"""Share of its size by which a worker's memory may grow over the second half, by the slope through all samples."""

pytestmark = pytest.mark.timeout(MINUTES * 120 + 900)


def resident_mb(pid: int) -> float | None:
    """Resident memory of a process, None if it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def worker_memory(stage: Trial) -> dict[str, float]:
    """Resident memory by worker."""
    found = {}
    for number, member in enumerate(stage.fleet.members):
        size = resident_mb(member.worker.process.pid) if member.worker is not None else None
        if size is not None and not member.done:
            found[f"{member.name} {number}"] = size
    return found


async def committed(stage: Trial, name: str) -> int:
    """Records that the group of a worker has done with."""
    return sum(offset.next for offset in (await stage.offsets(name)).values())


async def test_memory_does_not_grow_and_commits_advance(
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    tmp_path: Path,
    seed: int,
) -> None:
    seconds = MINUTES * 60
    load = Load.simulated(tmp_path / "soak", seed, days=max(1.0, seconds * POSTS_PER_SECOND / POSTS_PER_DAY))
    samples: dict[str, list[tuple[float, float]]] = {}
    commits: list[tuple[int, int]] = []
    async with trial(load=load, config=CONFIG, workers={"score": 2, "detect": 2, "train": 1}, seconds=seconds) as stage:
        stage.teach(0.9 * seconds)
        began = time.monotonic()
        (ingest,) = stage.fleet.named("ingest")
        while not ingest.done:
            await asyncio.sleep(SAMPLE_SECONDS)
            for name, size in worker_memory(stage).items():
                samples.setdefault(name, []).append((time.monotonic() - began, size))
            committed = [
                sum(each.next for each in (await stage.offsets(name)).values()) for name in ("score", "detect")
            ]
            commits.append((committed[0], committed[1]))
        row = await stage.verdict(f"soak of {MINUTES:g} min", 1)
    stood = sum(any(new <= old for old, new in zip(*pair, strict=True)) for pair in pairwise(commits))
    if stood > len(commits) / 20:
        row.problems.append(f"the commits made no progress in {stood} of {len(commits)} intervals")
    slopes = []
    for name, points in samples.items():
        warm = [point for point in points if point[0] > WARMING_SHARE * seconds]
        slope = statistics.linear_regression(*zip(*warm, strict=True)).slope
        size = statistics.mean(mb for _, mb in warm)
        growth = slope * seconds * (1 - WARMING_SHARE) / size
        slopes.append(f"{name.split()[0]} {size:.0f} MB {growth:+.1%}")
        if growth > MAX_GROWTH:
            row.problems.append(f"{name}: {size:.0f} MB, growing by {slope * 60:.2f} MB a minute")
    row.fault += f" (memory over its second half: {', '.join(slopes)})"
    record(row)
