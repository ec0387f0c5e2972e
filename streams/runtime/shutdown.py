"""Orderly shutdown of a worker: work in flight is finished, but only until a deadline."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any

DRAIN_SECONDS: Final = 10.0
"""Together with the time that clients get to disconnect it stays below the 30 s after which orchestrators kill."""

log = structlog.get_logger()


@asynccontextmanager
async def drained(in_flight: asyncio.Lock, limit_seconds: float = DRAIN_SECONDS) -> AsyncIterator[None]:
    """Run the body when `in_flight` is free, or after `limit_seconds`.

    Work that is cut off is repeated after the next start, as after a crash.
    """
    try:
        async with asyncio.timeout(limit_seconds):
            await in_flight.acquire()
    except TimeoutError:
        log.warning("in-flight work did not finish before the deadline; it will be retried", seconds=limit_seconds)
        yield
        return
    try:
        yield
    finally:
        in_flight.release()


async def work_until(stop: asyncio.Event, in_flight: asyncio.Lock, *parts: Coroutine[Any, Any, object]) -> None:
    """Run the parts of a worker until `stop` is set or one of them ends, then end them all when nothing is in flight.

    Parameters
    ----------
    stop
        Set it to end the worker.
    in_flight
        Held during all work that must not be cut off.
    parts
        Coroutines that run concurrently.

    Raises
    ------
    Exception
        The exception that a part has raised.
    """
    tasks = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        async with drained(in_flight):
            for task in tasks:
                task.cancel()
        await asyncio.wait(tasks)
    finally:
        for task in (*tasks, stopping):
            task.cancel()
    for task in tasks:
        if not task.cancelled():
            task.result()
