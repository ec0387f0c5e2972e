"""When a worker counts as stuck, and when it must fear to have lost its partitions."""

from __future__ import annotations

import asyncio
import time

import pytest

from streams.errors import WorkerFailed
from streams.runtime.watchdog import Heartbeat, Stall


def test_work_without_progress_is_a_stall() -> None:
    stall = Stall(60)
    stall.check(progress=7, waiting=True, now=100)
    stall.check(progress=7, waiting=True, now=160)
    with pytest.raises(WorkerFailed, match="no progress for 61 s although records are waiting"):
        stall.check(progress=7, waiting=True, now=161)


def test_progress_and_idleness_are_no_stall() -> None:
    stall = Stall(60)
    stall.check(progress=7, waiting=True, now=0)
    stall.check(progress=8, waiting=True, now=59)
    stall.check(progress=8, waiting=True, now=118)
    stall.check(progress=8, waiting=False, now=1_000)
    stall.check(progress=8, waiting=True, now=1_059)


async def test_a_busy_event_loop_is_no_stalled_process() -> None:
    with Heartbeat(0.5) as heartbeat:
        time.sleep(1.0)  # noqa: ASYNC251  blocking the loop is the point
        heartbeat.check()


async def test_a_process_that_was_stalled_fails_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic
    with Heartbeat(0.5) as heartbeat:
        heartbeat.check()
        monkeypatch.setattr(time, "monotonic", lambda: now() + 12)
        with pytest.raises(WorkerFailed, match="was stalled for 12 s"):
            heartbeat.check()
        await asyncio.sleep(0.2)
        with pytest.raises(WorkerFailed, match="was stalled for 12 s"):
            await heartbeat.watch()
