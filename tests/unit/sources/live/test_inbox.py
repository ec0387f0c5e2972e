"""What several tasks of a source receive comes out in order, without loss, and with empty batches in pauses."""

from __future__ import annotations

import asyncio

import pytest

from streams.errors import SourceUnavailable
from streams.sources.live import inbox as module
from streams.sources.live.base import Batch
from streams.sources.live.inbox import Inbox


async def put_numbers(inbox: Inbox, first: int, count: int) -> None:
    for number in range(first, first + count):
        await inbox.put(Batch((), {"number": number}))


async def numbers_of(inbox: Inbox) -> list[int]:
    return [batch.position["number"] async for batch in inbox.batches() if batch.position]


async def test_all_batches_of_all_tasks_are_yielded_each_once_and_those_of_a_task_in_order() -> None:
    async with Inbox(max_batches=2) as inbox:
        inbox.start(put_numbers(inbox, 0, 50))
        inbox.start(put_numbers(inbox, 100, 50))
        found = await numbers_of(inbox)
    assert [number for number in found if number < 100] == list(range(50))
    assert [number for number in found if number >= 100] == list(range(100, 150))


async def test_a_pause_yields_an_empty_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    async with Inbox() as inbox:
        inbox.start(asyncio.sleep(3600))
        batch = await anext(inbox.batches())
    assert batch == Batch(())


async def test_the_error_of_a_task_comes_after_what_it_had_put() -> None:
    async def fail(inbox: Inbox) -> None:
        await put_numbers(inbox, 1, 3)
        raise SourceUnavailable("x", "broken", "the connection ended")

    found = []

    async def read(inbox: Inbox) -> None:
        async for batch in inbox.batches():
            found.append(batch.position)  # noqa: PERF401  it ends by an error

    async with Inbox() as inbox:
        inbox.start(fail(inbox))
        inbox.start(asyncio.sleep(3600))
        with pytest.raises(SourceUnavailable, match="the connection ended"):
            await read(inbox)
    assert [position["number"] for position in found if position] == [1, 2, 3]


async def test_tasks_end_with_the_inbox() -> None:
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async with Inbox() as inbox:
        inbox.start(wait())
        await asyncio.sleep(0)
    assert ended.is_set()


async def test_a_fast_task_waits_for_its_reader() -> None:
    async with Inbox(max_batches=2) as inbox:
        task = asyncio.create_task(put_numbers(inbox, 0, 10))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
