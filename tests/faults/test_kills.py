"""Workers are killed at random moments, under load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.disturbances import PAUSE_SECONDS, kill_at_random

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

WORKERS = {"score": 2, "detect": 2, "train": 2}


async def test_random_workers_are_killed(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(20)
    async with trial(workers=WORKERS, seconds=1.6 * PAUSE_SECONDS * count) as stage:
        stage.teach(PAUSE_SECONDS * count)
        await kill_at_random(stage, count)
        record(await stage.verdict("kill -9 of a random worker", count))
