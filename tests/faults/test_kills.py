"""Workers are killed at random moments, under load."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

WORKERS = {"score": 2, "detect": 2, "train": 2}
PAUSE_SECONDS = 5.0
"""Between two kills, on average."""


async def kill_at_random(stage: Trial, rounds: int, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Kill -9 one worker after another, whichever is drawn."""
    for _ in range(rounds):
        await asyncio.sleep(stage.random.uniform(0.4, 1.6) * pause_seconds)
        await stage.kill(stage.random.choice(stage.fleet.members))


async def test_random_workers_are_killed(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(20)
    async with trial(workers=WORKERS, seconds=1.6 * PAUSE_SECONDS * count) as stage:
        stage.teach(PAUSE_SECONDS * count)
        await kill_at_random(stage, count)
        record(await stage.verdict("kill -9 of a random worker", count))
