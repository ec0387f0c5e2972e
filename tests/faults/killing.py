"""Kills the worker of live sources in the middle of a stream: the only one, or the owner beside a stand-by."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from streams.kafka.cursor_board import LEASE_SECONDS
from tests.support.live_sources import live_worker

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator
    from pathlib import Path

    from streams.config import Config
    from tests.support.live_sources import LiveWorker


@asynccontextmanager
async def two_workers(
    config: Config, folder: Path, *, module: str = "streams.cli"
) -> AsyncIterator[tuple[LiveWorker, LiveWorker]]:
    """Start two workers for the same sources: one reads each of them, the other stands by."""
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(live_worker(config, folder, name=name, module=module))
            for name in ("first", "second")
        ]
        yield first, second


async def owner_of(*workers: LiveWorker) -> LiveWorker:
    """Return the worker that reads, once one does."""
    async with asyncio.timeout(6 * LEASE_SECONDS):
        while True:
            for worker in workers:
                if "reading source" in worker.log:
                    return worker
            await asyncio.sleep(0.05)


async def kill_owner(*workers: LiveWorker, rounds: int, chance: random.Random, seconds: float = 2) -> None:
    """Kill the worker that reads, again and again, each after a moment of up to some seconds, and start it again."""
    for _ in range(rounds):
        owner = await owner_of(*workers)
        await asyncio.sleep(chance.uniform(0, seconds))
        await owner.kill()
        await owner.start()
    await owner_of(*workers)


async def take_over(first: LiveWorker, second: LiveWorker, *, rounds: int) -> None:
    """Kill the worker that reads, again and again, and start it again once the other one reads in its place."""
    for _ in range(rounds):
        owner = await owner_of(first, second)
        await owner.kill()
        await (second if owner is first else first).reads()
        await owner.start()
