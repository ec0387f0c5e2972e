"""The end of a worker in order: what is in hand is finished, but nobody waits for it for ever."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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
