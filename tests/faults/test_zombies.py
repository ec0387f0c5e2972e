"""Workers are suspended until others have their partitions, and wake up to write what was in flight."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from streams.errors import WorkerFailed
from streams.runtime.failpoints import Failpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial

SUSPENDED_SECONDS = 16.0
"""Past the session timeout of 10 s, and long enough for the others to have taken over and gone on."""


async def suspend_at_random(stage: Trial, rounds: int) -> None:
    """SIGSTOP one worker of a pair, SIGCONT when the other one has its partitions."""
    for number in range(rounds):
        await asyncio.sleep(stage.random.uniform(2, 4))
        member = stage.random.choice(stage.fleet.named(("score", "detect")[number % 2]))
        if member.name == "detect":
            member.condemn(WorkerFailed.exit_code)  # as it must when it wakes up
        with stage.recovery(member):
            member.signal(signal.SIGSTOP)
            await asyncio.sleep(SUSPENDED_SECONDS)
            member.signal(signal.SIGCONT)


async def suspend_at(stage: Trial, point: Failpoint, nth: int) -> None:
    """Suspend a detect worker exactly there, and wake it when its partitions have been others' for a while."""
    other = stage.fleet.start("detect", failpoints=[f"{point}:{nth}:stop"])
    await stage.ready(other)
    stage.ingest(3 * SUSPENDED_SECONDS)
    await stage.heard(other, '"failing here"')
    other.condemn(WorkerFailed.exit_code)
    successor = stage.fleet.start("detect")
    with stage.recovery(successor):
        await asyncio.sleep(SUSPENDED_SECONDS)
        await stage.ready(successor)
    await asyncio.sleep(SUSPENDED_SECONDS / 4)
    other.signal(signal.SIGCONT)


async def test_random_workers_are_suspended(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(6)
    async with trial(seconds=20.0 * count) as stage:
        await suspend_at_random(stage, count)
        record(await stage.verdict("SIGSTOP past the session timeout, then SIGCONT", count))


@pytest.mark.parametrize(
    "point", [Failpoint.DETECT_ALERT_SENT, Failpoint.DETECT_OWNERSHIP_CHECKED, Failpoint.DETECT_STATE_SENT]
)
async def test_a_detect_worker_is_suspended_at(
    point: Failpoint, trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder
) -> None:
    async with trial(workers={"score": 1}) as stage:
        nth = 1 if point is Failpoint.DETECT_ALERT_SENT else stage.random.randint(5, 20)
        await suspend_at(stage, point, nth)
        record(await stage.verdict(f"SIGSTOP at {point}, then SIGCONT", 1))
