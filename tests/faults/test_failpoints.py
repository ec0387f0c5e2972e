"""Workers are killed exactly between two steps of what makes counting exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.runtime.failpoints import Failpoint
from tests.faults.disturbances import die_at
from tests.faults.trial import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial


def others(point: Failpoint) -> dict[str, int]:
    """Workers beside the one that is to die, so that it has all partitions and must come to its failpoint."""
    victim = point.split(".")[0]
    return {name: count for name, count in WORKERS.items() if name != victim}


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
