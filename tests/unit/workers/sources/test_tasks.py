"""Coroutines that run together."""

from __future__ import annotations

import asyncio

import pytest

from streams.workers.sources.tasks import until_all_end, until_one_ends


class Part:
    """Runs until cancelled."""

    def __init__(self) -> None:
        self.cancelled = False

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.cancelled = True


async def raising() -> None:
    raise ValueError("no")


async def test_the_first_that_ends_ends_the_others() -> None:
    part = Part()
    await until_one_ends(part.run(), asyncio.sleep(0))
    assert part.cancelled


async def test_the_exception_of_one_is_raised_once_the_others_have_ended() -> None:
    for together in (until_one_ends, until_all_end):
        part = Part()
        with pytest.raises(ValueError, match="no"):
            await together(part.run(), raising())
        assert part.cancelled


async def test_all_are_awaited_where_none_fails() -> None:
    ended = []

    async def end(after: int) -> None:
        for _ in range(after):
            await asyncio.sleep(0)
        ended.append(after)

    await until_all_end(end(5), end(1), end(3))
    assert sorted(ended) == [1, 3, 5]


async def test_a_cancellation_reaches_the_parts() -> None:
    part = Part()
    task = asyncio.create_task(until_all_end(part.run()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert part.cancelled
