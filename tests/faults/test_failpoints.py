"""Workers are killed exactly between two steps of what makes counting exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.runtime.failpoints import Failpoint
from tests.faults.trial import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

LOAD_SECONDS = 40.0
RARE = {Failpoint.DETECT_ALERT_SENT, Failpoint.TRAIN_PUBLISHED}
"""Reached a few times in a test, not with every batch."""


def others(point: Failpoint) -> dict[str, int]:
    """Workers beside the one that is to die, so that it has all partitions and must come to its failpoint."""
    victim = point.split(".")[0]
    return {name: count for name, count in WORKERS.items() if name != victim}


def failpoints(stage: Trial, point: Failpoint, rounds: int) -> list[str]:
    """One for each life of the victim: the first or a later time it gets there."""
    latest = 2 if point in RARE else 10
    return [f"{point}:{stage.random.randint(1, latest)}" for _ in range(rounds)]


async def die_at(stage: Trial, point: Failpoint, rounds: int, seconds: float = LOAD_SECONDS) -> None:
    """Send the load, and have a worker die at a failpoint, life after life; return when it lives on."""
    planned = failpoints(stage, point, rounds)
    name = point.split(".")[0]
    if name == "ingest":
        victim = stage.ingest(seconds, failpoints=planned)
    else:
        victim = stage.fleet.start(name, failpoints=planned)
        stage.ingest(seconds)
    if name == "train":
        stage.teach(seconds)
    for life in range(rounds):
        await victim.reborn(life)
        with stage.recovery(victim):
            await victim.reborn(life + 1, seconds=120)
    reached = sum('"failing here"' in log for _, log in stage.fleet.logs)
    assert reached == rounds, "a test in which nothing failed proves nothing"


ELSEWHERE = {Failpoint.DETECT_RESTORING, Failpoint.TRAIN_DEAD_LETTERS_SENT}
"""Reached only in a test that sends something else."""


@pytest.mark.parametrize("point", [point for point in Failpoint if point not in ELSEWHERE])
async def test_a_worker_dies_at(
    point: Failpoint,
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    rounds: Callable[[int], int],
) -> None:
    count = rounds(2)
    async with trial(workers=others(point)) as stage:
        await die_at(stage, point, count)
        record(await stage.verdict(f"kill -9 at {point}", count))
