"""A worker ends on SIGTERM, at whatever moment it comes."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.fleet import STOP_SECONDS
from tests.faults.table import Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.conftest import Recorder
    from tests.faults.trial import Trial


async def seconds_to_end(stage: Trial, name: str) -> tuple[float, str]:
    """SIGTERM while a worker starts and waits for partitions that a dead one still has; how long it took, and its
    log."""
    before = stage.fleet.start(name)
    await stage.ready(before)
    await before.vanish()
    member = stage.fleet.start(name)
    await stage.heard(member, '"starting"')
    await asyncio.sleep(stage.random.uniform(0, 12))
    began = time.monotonic()
    assert member.worker is not None
    member.gone = True
    member.signal(signal.SIGTERM)
    done, _ = await asyncio.wait({member.keeping}, timeout=2 * STOP_SECONDS)
    taken = time.monotonic() - began
    log = member.worker.log
    if not done:
        await member.vanish()
    return taken, log


@pytest.mark.parametrize("name", ["score", "detect", "train"])
async def test_it_ends_at_any_moment(
    name: str,
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    rounds: Callable[[int], int],
) -> None:
    count = rounds(5)
    row = Row(f"SIGTERM to {name} while it starts (seconds to its end)", count, 0)
    async with trial(workers={}) as stage:
        for _ in range(count):
            seconds, log = await seconds_to_end(stage, name)
            row.recovery_seconds.append(seconds)
            if seconds > STOP_SECONDS:
                row.problems.append(f"{name} took {seconds:.0f} s: {log}")
    record(row)
