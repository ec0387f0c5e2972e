"""Workers join and leave while others work, in good order and all at once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.faults.disturbances import restart_one_after_another

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial


async def join_and_leave(stage: Trial, rounds: int) -> None:
    """One more score and detect worker each come, and another pair goes."""
    for _ in range(rounds):
        coming = [stage.fleet.start(name) for name in ("score", "detect")]
        began = time.monotonic()
        await asyncio.gather(*[stage.ready(member) for member in coming])
        for member in coming:
            stage.measure(member, began)
        await asyncio.sleep(stage.random.uniform(1, 3))
        for name in ("score", "detect"):
            going = stage.random.choice([each for each in stage.fleet.named(name) if not each.gone])
            with stage.recovery(going):
                await going.leave()
        await asyncio.sleep(stage.random.uniform(1, 3))


async def rebalance_twice_in_a_row(stage: Trial, rounds: int) -> None:
    """A second detect worker is asked for, and another killed, before the first rebalance can have come to its end."""
    for _ in range(rounds):
        await asyncio.sleep(stage.random.uniform(2, 4))
        coming = stage.fleet.start("detect")
        await stage.heard(coming, '"starting"')
        await asyncio.sleep(stage.random.uniform(0, 1.0))
        await stage.kill(stage.random.choice([each for each in stage.fleet.named("detect") if not each.gone]))
        await stage.ready(coming)
        with stage.recovery(coming):
            await coming.leave()


async def test_workers_join_and_leave(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    async with trial(seconds=20.0 * count) as stage:
        await join_and_leave(stage, count)
        record(await stage.verdict("workers join and leave", count))


async def test_workers_are_restarted_one_after_another(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(3)
    async with trial(seconds=20.0 * count) as stage:
        await restart_one_after_another(stage, count)
        record(await stage.verdict("rolling restart by SIGTERM", count))


async def test_two_rebalances_in_a_row(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(5)
    async with trial(seconds=20.0 * count) as stage:
        await rebalance_twice_in_a_row(stage, count)
        record(await stage.verdict("two rebalances in a row", count))
