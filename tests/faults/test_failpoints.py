"""Workers are killed exactly between two steps of what makes counting exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.failpoints import Failpoint
from tests.faults.trial import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.table import Row
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
    latest = 2 if point in RARE else 20
    return [f"{point}:{stage.random.randint(1, latest)}" for _ in range(rounds)]


async def die_at(stage: Trial, point: Failpoint, rounds: int, fault: str) -> Row:
    """Have a worker die at a failpoint, life after life."""
    planned = failpoints(stage, point, rounds)
    name = point.split(".")[0]
    if name == "ingest":
        victim = stage.ingest(LOAD_SECONDS, failpoints=planned)
    else:
        victim = stage.fleet.start(name, failpoints=planned)
        stage.ingest(LOAD_SECONDS)
    if name == "train":
        stage.teach(LOAD_SECONDS)
    for life in range(rounds):
        await victim.reborn(life)
        with stage.recovery(victim):
            await victim.reborn(life + 1, seconds=120)
    row = await stage.verdict(fault, rounds)
    row.problems += not_reached(stage, planned)
    return row


def not_reached(stage: Trial, planned: Sequence[str]) -> list[str]:
    """A test in which nothing failed would prove nothing."""
    reached = sum('"failing here"' in log for _, log in stage.fleet.logs)
    return [] if reached == len(planned) else [f"{reached} of {len(planned)} failpoints were reached"]


@pytest.mark.parametrize("point", list(Failpoint))
async def test_a_worker_dies_at(
    point: Failpoint,
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    rounds: Callable[[int], int],
) -> None:
    async with trial(workers=others(point)) as stage:
        record(await die_at(stage, point, rounds(2), f"kill -9 at {point}"))
