"""How a worker ends: work in flight is finished, but only until a deadline, and failures are raised."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from streams.runtime import shutdown
from streams.runtime.shutdown import work_until
from tests.support.patience import PATIENCE_SECONDS


class Work:
    """Holds the lock until it may finish, as a batch does."""

    def __init__(self) -> None:
        self.in_flight, self.begun, self.may_finish = asyncio.Lock(), asyncio.Event(), asyncio.Event()
        self.finished = False

    async def run(self) -> None:
        async with self.in_flight:
            self.begun.set()
            await self.may_finish.wait()
            self.finished = True
        await asyncio.Event().wait()


async def forever() -> None:
    await asyncio.Event().wait()


async def test_work_in_flight_is_finished_before_the_worker_ends() -> None:
    work, stop = Work(), asyncio.Event()
    running = asyncio.create_task(work_until(stop, work.in_flight, work.run(), forever()))
    await work.begun.wait()
    stop.set()
    await asyncio.sleep(0.01)
    assert not running.done()
    work.may_finish.set()
    await asyncio.wait_for(running, PATIENCE_SECONDS)
    assert work.finished


async def test_work_that_does_not_finish_is_cut_off_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "drained", partial(shutdown.drained, limit_seconds=0.01))
    work, stop = Work(), asyncio.Event()
    running = asyncio.create_task(work_until(stop, work.in_flight, work.run()))
    await work.begun.wait()
    stop.set()
    await asyncio.wait_for(running, PATIENCE_SECONDS)
    assert not work.finished


async def test_a_part_that_fails_ends_the_others_and_its_failure_is_raised() -> None:
    ended = []

    async def other() -> None:
        try:
            await forever()
        finally:
            ended.append("other")

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        await work_until(asyncio.Event(), asyncio.Lock(), other(), fail())
    assert ended == ["other"]


async def test_a_worker_whose_part_is_done_ends() -> None:
    await asyncio.wait_for(work_until(asyncio.Event(), asyncio.Lock(), asyncio.sleep(0), forever()), PATIENCE_SECONDS)
