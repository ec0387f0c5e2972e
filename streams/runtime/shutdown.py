"""The life of a worker and its end in order: what is in hand is finished, but nobody waits for it for ever."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any

DRAIN_SECONDS: Final = 10.0
"""With what clients get to say goodbye it stays below the 30 s after which orchestrators kill."""

log = structlog.get_logger()


@asynccontextmanager
async def drained(in_hand: asyncio.Lock, limit_seconds: float = DRAIN_SECONDS) -> AsyncIterator[None]:
    """Run the body when nobody holds `in_hand`, or after `limit_seconds`: what is cut off is done again at the next
    start, as after a crash."""
    try:
        async with asyncio.timeout(limit_seconds):
            await in_hand.acquire()
    except TimeoutError:
        log.warning("what is in hand was not finished in time, it will be done again", seconds=limit_seconds)
        yield
        return
    try:
        yield
    finally:
        in_hand.release()


async def work_until(stop: asyncio.Event, in_hand: asyncio.Lock, *parts: Coroutine[Any, Any, object]) -> None:
    """Run the parts of a worker until `stop` is set or one of them ends, then end them all when nothing is in hand.

    Parameters
    ----------
    stop
        Set it to end the worker.
    in_hand
        Held by whatever must not be cut off.
    parts
        What the worker does at the same time.

    Raises
    ------
    Exception
        Whatever a part has raised.
    """
    tasks = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        async with drained(in_hand):
            for task in tasks:
                task.cancel()
        await asyncio.wait(tasks)
    finally:
        for task in (*tasks, stopping):
            task.cancel()
    for task in tasks:
        if not task.cancelled():
            task.result()
